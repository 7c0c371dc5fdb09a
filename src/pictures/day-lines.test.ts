import { describe, expect, it } from 'vitest'
import { drawDayLines } from './day-lines.ts'

const HOUR = 3_600_000
const at = (text: string) => Date.parse(text)
const capacity = { lowest: 2, highest: 5, default: 2, constraint: 'capacity' }
const bounds = (constraint: string) => ({ lowest: 4, highest: 6, default: 4, constraint })

/** Stretches that begin at the times given and end at the next, the last at the end of the window. */
function over(from: string, to: string, ...parts: readonly (readonly [string, string])[]) {
  const window = { from: at(from), to: at(to) }
  const stretches = parts.map(([when, name], index) => ({
    from: at(when),
    to: at(parts[index + 1]?.[0] ?? to),
    ...(name === 'capacity' ? capacity : bounds(name)),
  }))
  return { window, stretches }
}

describe('lines of days', () => {
  it('say with a letter for half an hour which constraint is in force', () => {
    const day = over(
      '2026-11-21T00:00Z',
      '2026-11-22T00:00Z',
      ['2026-11-21T00:00Z', 'capacity'],
      ['2026-11-21T08:00Z', 'Peak'],
      ['2026-11-21T10:00Z', 'capacity'],
    )
    expect(drawDayLines({ ...day, timeZone: 'UTC' })).toEqual({
      hours: '            00    03    06    09    12    15    18    21',
      days: [`Sat 21 Nov  ${'.'.repeat(16)}PPPP${'.'.repeat(28)}`],
      legend: ['. capacity 2..5', 'P Peak 4..6'],
    })
  })

  it('do not lose what is shorter than a place, and begin where the window does', () => {
    const day = over(
      '2026-11-21T06:00Z',
      '2026-11-21T08:00Z',
      ['2026-11-21T06:00Z', 'capacity'],
      ['2026-11-21T06:40Z', 'Blink'],
      ['2026-11-21T06:41Z', 'capacity'],
    )
    expect(drawDayLines({ ...day, timeZone: 'UTC' }).days).toEqual([`Sat 21 Nov  ${' '.repeat(12)}.B..`])
  })

  it('give every name a letter of its own', () => {
    const parts = ['Peak', 'Premiere', 'pp', 'capacity', '--'].map(
      (name, n) => [new Date(at('2026-11-21T00:00Z') + n * HOUR).toISOString(), name] as const,
    )
    const day = over('2026-11-21T00:00Z', '2026-11-21T05:00Z', ...parts)
    expect(drawDayLines({ ...day, timeZone: 'UTC' }).legend.map(line => line[0])).toEqual([
      'P',
      'R',
      'A',
      '.',
      'B',
    ])
  })

  it('leave empty the hour that the clock skips, and draw once the one it shows twice', () => {
    const london = { timeZone: 'Europe/London' }
    const spring = over('2026-03-29T00:00Z', '2026-03-29T23:00Z', ['2026-03-29T00:00Z', 'capacity'])
    expect(drawDayLines({ ...spring, ...london }).days).toEqual([`Sun 29 Mar  ..  ${'.'.repeat(44)}`])
    const autumn = over(
      '2026-10-24T23:00Z',
      '2026-10-26T00:00Z',
      ['2026-10-24T23:00Z', 'capacity'],
      ['2026-10-25T00:30Z', 'Once'],
      ['2026-10-25T01:00Z', 'capacity'],
    )
    expect(drawDayLines({ ...autumn, ...london }).days).toEqual([`Sun 25 Oct  ...O${'.'.repeat(44)}`])
  })
})
