/**
 * What a cron expression says, as days and times of day on a clock that never jumps. croner reads the expression;
 * where the real clock jumps, schedules have one rule of their own, the same for all recurrences.
 *
 * Example: `30 8,17 * * 1-5` falls on Mondays to Fridays, at 30,600,000 ms and 63,000,000 ms after midnight.
 */
import { Cron, CronPattern } from 'croner'
import { PluginError } from '../../ports/plugin.ts'

const DAY_MS = 86_400_000

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

/** Milliseconds after midnight, ascending. The same on every day it falls on. */
export function cronTimesOfDay(expression: string): readonly number[] {
  const pattern = parse(expression, plain => new CronPattern(plain, 'UTC'))
  const hours = marked(pattern.hour)
  const minutes = marked(pattern.minute)
  const seconds = marked(pattern.second)
  return hours.flatMap(hour =>
    minutes.flatMap(minute => seconds.map(second => ((hour * 60 + minute) * 60 + second) * 1_000)),
  )
}

/** Days since 1970-01-01 in [`from`, `to`), ascending. */
export function* cronDays(expression: string, from: number, to: number): Generator<number> {
  const cron = parse(expression, plain => new Cron(plain, { utcOffset: 0, paused: true }))
  let day = from
  while (day < to) {
    // The first run after the last second of the day before.
    const run = cron.nextRun(new Date(day * DAY_MS - 1_000))
    if (run === null) return
    day = Math.floor(run.getTime() / DAY_MS)
    if (day < to) yield day
    day += 1
  }
}

function parse<Parsed>(expression: string, read: (plain: string) => Parsed): Parsed {
  const plain = expression.trim()
  try {
    return read(NICKNAMES[plain.toLowerCase()] ?? plain)
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause)
    throw new PluginError('misconfigured', `"${expression}" is not a cron expression: ${said}`, { cause })
  }
}

function marked(flags: readonly number[]): readonly number[] {
  return flags.flatMap((flag, index) => (flag === 1 ? [index] : []))
}
