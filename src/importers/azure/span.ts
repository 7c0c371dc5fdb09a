/**
 * Lengths of time as Azure writes them: ISO 8601 (`PT5M`, `P1DT2H`), and as older command lines print them (`0:05:00`,
 * `1 day, 0:00:00`).
 *
 * Example: `PT1H30M` is 5,400,000 ms, and back again.
 */
const ISO = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i
const CLOCK = /^(?:(\d+)\s+days?,\s*|(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?$/

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const MOST_MS = 100 * 366 * DAY

/** `null` for what is none. */
export function spanMs(written: string): number | null {
  const text = written.trim()
  const iso = /\d/.test(text) ? ISO.exec(text) : null
  const clock = CLOCK.exec(text)
  const part = (match: RegExpExecArray, index: number): number => Number(match[index] ?? 0)
  const ms =
    iso !== null
      ? part(iso, 1) * 7 * DAY +
        part(iso, 2) * DAY +
        part(iso, 3) * HOUR +
        part(iso, 4) * MINUTE +
        part(iso, 5) * SECOND
      : clock !== null
        ? (part(clock, 1) + part(clock, 2)) * DAY +
          part(clock, 3) * HOUR +
          part(clock, 4) * MINUTE +
          part(clock, 5) * SECOND
        : Number.NaN
  return Number.isFinite(ms) && ms <= MOST_MS ? Math.round(ms) : null
}

export function isoSpan(ms: number): string {
  const days = Math.floor(ms / DAY)
  const hours = Math.floor((ms % DAY) / HOUR)
  const minutes = Math.floor((ms % HOUR) / MINUTE)
  const seconds = (ms % MINUTE) / SECOND
  const time = [
    [hours, 'H'],
    [minutes, 'M'],
    [seconds, 'S'],
  ].flatMap(([value, unit]) => (value === 0 ? [] : [`${value}${unit}`]))
  if (days === 0 && time.length === 0) return 'PT0S'
  return `P${days === 0 ? '' : `${days}D`}${time.length === 0 ? '' : `T${time.join('')}`}`
}
