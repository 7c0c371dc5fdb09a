/**
 * The service model of a replay as it is written on the command line: `KEY=VALUE` pairs, in one option or several.
 *
 * Example: `--model per-instance=100,boot=3m,queue=30s` serves 100 per instance, boots for three minutes, and lets load wait up to
 * 30 s; `--model boot=23s/45s/52s` draws boot times with those values at 50, 95 and 99 %.
 */
import { parseDuration } from '../config/expression/units.ts'
import type { BootTime, Excess, ServiceModel } from '../lab/service-model.ts'
import { CliError } from './cli-error.ts'
import { suggest } from './nearest.ts'

/** What was said; the rest is up to the replay. */
export interface ModelWords extends Partial<ServiceModel> {
  /** The standard setting: an instance serves a fiftieth of the load's 99th percentile, boots for 180 s, excess is lost. */
  readonly standard?: boolean
}

const KEYS = [
  'per-instance',
  'boot',
  'warmup',
  'warmup-share',
  'queue',
  'drain',
  'delay',
  'every',
  'initial',
] as const
type Key = (typeof KEYS)[number]

const EXAMPLES: Readonly<Record<Key, string>> = {
  'per-instance': '100',
  boot: '3m',
  warmup: '1m',
  'warmup-share': '50%',
  queue: '30s',
  drain: '5m',
  delay: '1m',
  every: '1m',
  initial: '4',
}

const BOOT_SHARES = [0.5, 0.95, 0.99]

/** @throws CliError PLM-501 with what would be right */
export function parseModelWords(options: readonly string[]): ModelWords {
  let words: ModelWords = {}
  for (const word of options.flatMap(option => option.split(',')).map(part => part.trim())) {
    if (word === '') continue
    words = word === 'standard' ? { ...words, standard: true } : { ...words, ...parsePair(word) }
  }
  if (words.warmupShare !== undefined && words.warmupMs === undefined) {
    throw refused('--model warmup-share says nothing without how long it holds: add warmup=2m')
  }
  return words
}

function parsePair(word: string): Partial<ServiceModel> {
  const split = word.indexOf('=')
  const key = split < 0 ? word : word.slice(0, split)
  const value = split < 0 ? '' : word.slice(split + 1)
  if (!isKey(key)) throw refused(`--model has no "${key}". ${suggest(key, [...KEYS, 'standard'])}`)
  if (split < 0) throw refused(`--model ${key} is written ${key}=${EXAMPLES[key]}.`)
  switch (key) {
    case 'per-instance':
      return { perInstance: positive(key, value) }
    case 'boot':
      return { boot: bootOf(value) }
    case 'warmup':
      return { warmupMs: duration(key, value) }
    case 'warmup-share':
      return { warmupShare: share(key, value) }
    case 'queue':
      return { excess: excessOf(value) }
    case 'drain':
      return { drainMs: duration(key, value) }
    case 'delay':
      return { metricDelayMs: duration(key, value) }
    case 'every':
      return { everyMs: everyOf(value) }
    case 'initial':
      return { initial: whole(key, value) }
  }
}

function isKey(key: string): key is Key {
  return (KEYS as readonly string[]).includes(key)
}

function bootOf(value: string): BootTime {
  const points = value.split('/')
  if (points.length === 1) return { kind: 'constant', ms: duration('boot', value) }
  if (points.length !== BOOT_SHARES.length) {
    throw refused(
      `--model boot=${value}: write one duration (3m), or three for 50, 95 and 99 % (23s/45s/52s)`,
    )
  }
  const ms = points.map(point => duration('boot', point))
  const last = ms[2] ?? 0
  if (ms.some((one, index) => index > 0 && one < (ms[index - 1] ?? 0))) {
    throw refused(`--model boot=${value}: the three must not fall`)
  }
  return { kind: 'distribution', shares: [0, ...BOOT_SHARES, 1], ms: [(ms[0] ?? 0) / 2, ...ms, last] }
}

function excessOf(value: string): Excess {
  if (value === 'none' || value === '0') return { kind: 'lost' }
  return { kind: 'queued', longestMs: duration('queue', value) }
}

function everyOf(value: string): number {
  const ms = duration('every', value)
  if (ms >= 1_000) return ms
  throw refused(`--model every=${value}: at least 1s`)
}

function duration(key: string, value: string): number {
  const ms = parseDuration(value)
  if (ms !== null) return ms
  throw refused(`--model ${key}=${value}: "${value}" is no duration; write 30s, 3m or 1h`)
}

function positive(key: string, value: string): number {
  const number = Number(value)
  if (value.trim() !== '' && Number.isFinite(number) && number > 0) return number
  throw refused(`--model ${key}=${value}: a number above 0 is needed`)
}

function whole(key: string, value: string): number {
  const number = Number(value)
  if (value.trim() !== '' && Number.isInteger(number) && number >= 0 && number <= 100_000) return number
  throw refused(`--model ${key}=${value}: a whole number from 0 to 100000 is needed`)
}

function share(key: string, value: string): number {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(value)?.[1]
  const number = percent === undefined ? Number.NaN : Number(percent) / 100
  if (number >= 0 && number <= 1) return number
  throw refused(`--model ${key}=${value}: a share from 0% to 100% is needed`)
}

function refused(message: string): CliError {
  return new CliError('PLM-501', message)
}
