/**
 * Imported autoscale settings against an oracle that does what Azure does: of fixed dates the first in the list, else the
 * recurrence that started last, else the default. Bounds and rules must be those of that profile, at any time.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseConfig } from '../src/config/load.ts'
import { localInstant } from '../src/config/zone.ts'
import { boundsAt, isActive } from '../src/engine/bounds.ts'
import { capacity, profile, rule, setting, weekly } from '../src/importers/azure/azure.fixture.ts'
import { importAzure } from '../src/importers/azure/import-azure.ts'
import type { Interval } from '../src/model/time.ts'
import { createCalendar } from '../src/plugins/calendars/temporal.ts'
import { runs } from './seed.ts'

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const
const ZONES = {
  UTC: 'UTC',
  'GMT Standard Time': 'Europe/London',
  'India Standard Time': 'Asia/Kolkata',
} as const
const HOUR_MS = 3_600_000

interface Week {
  readonly days: readonly (typeof DAYS)[number][]
  readonly hour: number
  /** Whole hours until the copy of the default begins; `null`: nothing ends it. */
  readonly hours: number | null
}

interface Once {
  /** Local hours since Monday 2026-06-01. */
  readonly from: number
  readonly hours: number
}

const week = fc.record({
  days: fc.subarray([...DAYS], { minLength: 1 }),
  hour: fc.nat(23),
  hours: fc.option(fc.integer({ min: 1, max: 23 })),
})
const once = fc.record({ from: fc.nat(14 * 24), hours: fc.integer({ min: 1, max: 50 }) })

describe('an imported setting', () => {
  it('has the bounds and the rules of the profile that Azure would have in force', () => {
    const given = fc.record({
      zone: fc.constantFrom('UTC' as const, 'GMT Standard Time' as const, 'India Standard Time' as const),
      weeks: fc.array(week, { maxLength: 3 }),
      dates: fc.array(once, { maxLength: 2 }),
      hours: fc.array(fc.nat(16 * 24 - 1), { minLength: 20, maxLength: 20 }),
    })
    fc.assert(
      fc.property(given, ({ zone, weeks, dates, hours }) => {
        fc.pre(startsApart(weeks))
        const imported = specOf(zone, weeks, dates)
        for (const hour of hours) {
          const wanted = azureAt(hour, weeks, dates)
          expect(imported(localInstant(ZONES[zone], local(hour)) + 600_000), `hour ${hour}`).toEqual({
            max: wanted,
            rules: [wanted],
          })
        }
      }),
      { numRuns: runs(60) },
    )
  }, 60_000)
})

const DEFAULT = 100

/** The highest bound of the profile in force, by which profiles are told apart: 100 the default, 10 and on recurrences, 50 and on dates. */
function azureAt(hour: number, weeks: readonly Week[], dates: readonly Once[]): number {
  const date = dates.findIndex(({ from, hours }) => hour >= from && hour < from + hours)
  if (date >= 0) return 50 + date
  const starts = weeks.flatMap(startsOf)
  if (starts.length === 0) return DEFAULT
  const inWeek = hour % 168
  const ago = ({ at }: Start): number => (inWeek - at + 168) % 168
  return starts.reduce((last, start) => (ago(start) < ago(last) ? start : last)).max
}

interface Start {
  readonly at: number
  readonly max: number
}

function startsOf({ days, hour, hours }: Week, index: number): Start[] {
  return days.flatMap(day => {
    const at = DAYS.indexOf(day) * 24 + hour
    return [{ at, max: 10 + index }, ...(hours === null ? [] : [{ at: (at + hours) % 168, max: DEFAULT }])]
  })
}

/** What Azure does with two that start at once, nobody has written down. */
function startsApart(weeks: readonly Week[]): boolean {
  const all = weeks.flatMap(startsOf).map(({ at }) => at)
  return new Set(all).size === all.length
}

function local(hour: number): string {
  return new Date(Date.UTC(2026, 5, 1) + hour * HOUR_MS).toISOString().slice(0, 16)
}

/** Each profile has one rule, whose threshold is its highest bound. */
function content(max: number): Readonly<Record<string, unknown>> {
  return { capacity: capacity(1, max, 1), rules: [rule({ threshold: max })] }
}

function specOf(zone: keyof typeof ZONES, weeks: readonly Week[], dates: readonly Once[]) {
  const timeZone = { timeZone: zone }
  const profiles = [
    ...dates.map(({ from, hours }, index) =>
      profile({
        name: `Date ${index}`,
        ...content(50 + index),
        fixedDate: { ...timeZone, start: local(from), end: local(from + hours) },
      }),
    ),
    ...weeks.flatMap(({ days, hour, hours }, index) => {
      const next = days.map(
        day => DAYS[(DAYS.indexOf(day) + Math.floor((hour + (hours ?? 0)) / 24)) % 7] ?? day,
      )
      const name = `Week ${index}`
      return [
        profile({ name, ...content(10 + index), recurrence: weekly(days, hour, 0, timeZone) }),
        ...(hours === null
          ? []
          : [
              profile({
                name: JSON.stringify({ name: 'default', for: name }),
                ...content(DEFAULT),
                recurrence: weekly(next, (hour + hours) % 24, 0, timeZone),
              }),
            ]),
      ]
    }),
    profile(content(DEFAULT)),
  ]
  const { text } = importAzure([{ file: 'a.json', text: JSON.stringify(setting({ profiles })) }])
  const result = parseConfig(text, { file: 'plimsoll.yaml', env: {}, readFile: () => '' })
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  const { spec } = result.loaded
  const fleet = spec.fleets.web
  if (fleet === undefined) throw new Error(text)
  const calendar = createCalendar()
  return (at: number) => {
    const windows: Record<string, Interval | null> = {}
    for (const schedule of Object.values(spec.schedules))
      windows[schedule.name] = calendar.window(schedule, at)
    const active = fleet.rules.filter(({ during }) => isActive(during, at, windows))
    return { max: boundsAt(fleet, at, windows).highest, rules: active.map(thresholdOf) }
  }
}

function thresholdOf(found: object): number {
  const text = 'whenText' in found ? String(found.whenText) : ''
  return Number(/> (\d+)%/.exec(text)?.[1])
}
