/**
 * Numbers and times in the words of the page.
 *
 * Example: `ageText(95_000)` is "1 min 35 s", `valueText(83.25, 'percent')` is "83.3 %", `countText(null)` is "?".
 */
import type { Action, Metric, Time } from './wire.ts'

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const SHORT_CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const DAY_CLOCK = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})
const NUMBER = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 3 })
const DAY_MS = 86_400_000

export function clockText(at: Time | number): string {
  return CLOCK.format(new Date(at))
}

export function shortClockText(at: Time | number): string {
  return SHORT_CLOCK.format(new Date(at))
}

/** With the day where it is not within a day of `now`. */
export function whenText(at: Time, now: number): string {
  const time = Date.parse(at)
  return Math.abs(time - now) < DAY_MS / 2 ? shortClockText(at) : DAY_CLOCK.format(time)
}

export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return `${minutes} min ${seconds % 60} s`
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** Unknown is never zero. */
export function countText(count: number | null | undefined): string {
  return count === null || count === undefined ? '?' : String(count)
}

export function changeText(from: number | null, to: number | null): string {
  return `${countText(from)} → ${countText(to)}`
}

const ACTION_TEXT: Readonly<Record<Action['kind'], string>> = {
  launch: 'launches an instance',
  reopen: 'reopens',
  close: 'closes',
  seal: 'seals',
  terminate: 'terminates',
  restart: 'restarts',
  resize: 'asks for another count',
}

export function actionText({ kind, instance }: Action): string {
  return instance === undefined ? ACTION_TEXT[kind] : `${ACTION_TEXT[kind]} ${instance}`
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

export function valueText(value: number, unit: Metric['unit']): string {
  switch (unit) {
    case 'percent':
      return `${NUMBER.format(value)} %`
    case 'ratio':
      return `${NUMBER.format(value * 100)} %`
    case 'ms':
      return `${NUMBER.format(value)} ms`
    case 's':
      return `${NUMBER.format(value)} s`
    case 'bytes': {
      const power = value > 0 ? Math.min(Math.floor(Math.log2(value) / 10), BYTE_UNITS.length - 1) : 0
      const steps = Math.max(power, 0)
      return `${NUMBER.format(value / 1024 ** steps)} ${BYTE_UNITS[steps]}`
    }
    case 'count':
    case null:
      return NUMBER.format(value)
  }
}

const KIND_TEXT: Readonly<Record<Metric['kind'], string>> = {
  perInstance: 'per instance',
  total: 'of the fleet',
  independent: '',
}

export function kindText(kind: Metric['kind']): string {
  return KIND_TEXT[kind]
}
