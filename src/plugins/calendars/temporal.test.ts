/**
 * The calendar against its port's acceptance suite and against an oracle that shares nothing with it: it walks date by
 * date, asks Intl what the clock shows, and tries every minute where the clock may jump.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Position, Recurrence, RecurringSchedule, Weekday } from '../../model/schedule.ts'
import type { Interval } from '../../model/time.ts'
import { calendarAcceptance, recurring } from '../../ports/calendar.acceptance.ts'
import { createCalendar, MOST_WINDOWS } from './temporal.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

calendarAcceptance('temporal calendar', createCalendar)

const WEEKDAYS: readonly Weekday[] = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
]
const POSITIONS: readonly Position[] = ['first', 'second', 'third', 'fourth', 'last']
const ZONES = [
  'UTC',
  '+05:30',
  '-03:00',
  'Europe/London',
  'America/New_York',
  'Africa/Cairo',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'America/Santiago',
  'Africa/Casablanca',
]

const formats = new Map<string, Intl.DateTimeFormat>()

/** What the clock shows, as if it were UTC. */
function shown(timeZone: string, at: number): number {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  formats.set(timeZone, format)
  const parts = Object.fromEntries(format.formatToParts(at).map(part => [part.type, Number(part.value)]))
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

/** The first instant at which the clock shows `local` or later: minute by minute where it may jump. */
function obviousInstant(timeZone: string, local: number): number {
  const offsets = [-2, -1, 0, 1, 2].map(
    days => shown(timeZone, local + days * DAY_MS) - (local + days * DAY_MS),
  )
  const first = local - Math.max(...offsets)
  const last = local - Math.min(...offsets)
  for (let at = first; at < last; at += MINUTE_MS) if (shown(timeZone, at) >= local) return at
  return last
}

function fallsOn(recurrence: Recurrence, midnight: number): boolean {
  const date = new Date(midnight)
  const [day, month, weekday] = [date.getUTCDate(), date.getUTCMonth() + 1, WEEKDAYS[date.getUTCDay()]]
  const inPosition = (position: Position, dayOfWeek: Weekday | 'day'): boolean => {
    const step = dayOfWeek === 'day' ? 1 : 7
    const isLast = new Date(midnight + step * DAY_MS).getUTCMonth() + 1 !== month
    const place = Math.ceil(day / step)
    return (
      (dayOfWeek === 'day' || weekday === dayOfWeek) &&
      (position === 'last' ? isLast : place === POSITIONS.indexOf(position) + 1)
    )
  }
  switch (recurrence.kind) {
    case 'daily':
      return true
    case 'weekly':
      return recurrence.days.some(each => each === weekday)
    case 'monthly':
      return day === recurrence.dayOfMonth
    case 'relativeMonthly':
      return inPosition(recurrence.position, recurrence.dayOfWeek)
    case 'yearly':
      return month === recurrence.month && day === recurrence.dayOfMonth
    case 'relativeYearly':
      return month === recurrence.month && inPosition(recurrence.position, recurrence.dayOfWeek)
    case 'cron': {
      const days = recurrence.expression.split(' ')[4] ?? '*'
      return days === '*' || days.split(',').includes(String(date.getUTCDay()))
    }
  }
}

/** Only `M,M H,H * * *`, `* H,H * * *` and those with `D,D` for the weekdays. */
function startsOf({ recurrence, start }: RecurringSchedule): number[] {
  if (recurrence.kind !== 'cron') return [start.hour * HOUR_MS + start.minute * MINUTE_MS]
  const [minute = '', hours = ''] = recurrence.expression.split(' ')
  const minutes = minute === '*' ? [...Array(60).keys()].join(',') : minute
  return hours
    .split(',')
    .flatMap(hour => minutes.split(',').map(minute => Number(hour) * HOUR_MS + Number(minute) * MINUTE_MS))
}

/** Every occurrence whose local date is in [`from`, `to`), not merged. */
function obviousOccurrences(schedule: RecurringSchedule, from: number, to: number): Interval[] {
  const found: Interval[] = []
  for (let midnight = from; midnight < to; midnight += DAY_MS) {
    const date = new Date(midnight).toISOString().slice(0, 10)
    if (schedule.startDate !== null && date < schedule.startDate) continue
    if (schedule.endDate !== null && date > schedule.endDate) continue
    if (schedule.exceptDates.includes(date) || !fallsOn(schedule.recurrence, midnight)) continue
    for (const start of startsOf(schedule)) {
      const begins = obviousInstant(schedule.timeZone, midnight + start)
      if (schedule.durationMs !== null) found.push({ from: begins, to: begins + schedule.durationMs })
      if (schedule.end === null) continue
      const end = schedule.end.hour * HOUR_MS + schedule.end.minute * MINUTE_MS
      found.push({
        from: begins,
        to: obviousInstant(schedule.timeZone, midnight + (end > start ? end : end + DAY_MS)),
      })
    }
  }
  return found.filter(each => each.from < each.to)
}

const clockTime = fc.record({
  hour: fc.oneof(fc.constantFrom(0, 1, 2, 3, 22, 23), fc.integer({ min: 0, max: 23 })),
  minute: fc.constantFrom(0, 15, 30, 45, 59),
  second: fc.constant(0),
})

const weekday = fc.constantFrom(...WEEKDAYS)
const place = {
  position: fc.constantFrom(...POSITIONS),
  dayOfWeek: fc.constantFrom<Weekday | 'day'>(...WEEKDAYS, 'day'),
}
const month = fc.integer({ min: 1, max: 12 })
const some = (...values: readonly string[]) =>
  fc.subarray([...values], { minLength: 1 }).map(list => list.join(','))

const anyRecurrence: fc.Arbitrary<Recurrence> = fc.oneof(
  fc.constant({ kind: 'daily' as const }),
  fc.record({ kind: fc.constant('weekly' as const), days: fc.uniqueArray(weekday, { minLength: 1 }) }),
  fc.record({ kind: fc.constant('monthly' as const), dayOfMonth: fc.integer({ min: 1, max: 31 }) }),
  fc.record({ kind: fc.constant('relativeMonthly' as const), ...place }),
  fc.record({ kind: fc.constant('yearly' as const), month, dayOfMonth: fc.integer({ min: 1, max: 31 }) }),
  fc.record({ kind: fc.constant('relativeYearly' as const), month, ...place }),
  fc
    .tuple(
      fc.oneof({ weight: 12, arbitrary: some('0', '15', '40') }, { weight: 1, arbitrary: fc.constant('*') }),
      some('0', '1', '2', '3', '12', '23'),
      fc.oneof(fc.constant('*'), some('0', '2', '6')),
    )
    .map(([minutes, hours, days]) => ({
      kind: 'cron' as const,
      expression: `${minutes} ${hours} * * ${days}`,
    })),
)

/** Days on which one of the zones changes its offset, and some others. */
const anyDay = fc.oneof(
  fc.constantFrom(
    ...['2026-03-29', '2026-10-25', '2026-03-08', '2026-11-01', '2026-04-24', '2026-10-30', '2026-04-05'],
    ...['2026-10-04', '2026-09-06', '2026-02-15', '2026-03-22', '2011-12-30', '2011-09-24', '2026-12-31'],
  ),
  fc
    .integer({ min: 0, max: 3 * 365 })
    .map(days => new Date(Date.UTC(2025, 0, 1) + days * DAY_MS).toISOString().slice(0, 10)),
)

const anyLength = fc.oneof(
  fc
    .constantFrom(
      MINUTE_MS / 2,
      15 * MINUTE_MS,
      HOUR_MS,
      8 * HOUR_MS,
      DAY_MS,
      25 * HOUR_MS,
      3 * DAY_MS,
      40 * DAY_MS,
    )
    .map(durationMs => {
      return { durationMs, end: null }
    }),
  clockTime.map(end => ({ durationMs: null, end })),
)

const anySchedule = fc
  .record({
    recurrence: anyRecurrence,
    start: clockTime,
    length: anyLength,
    timeZone: fc.constantFrom(...ZONES),
    startDate: fc.option(anyDay, { freq: 4 }),
    endDate: fc.option(anyDay, { freq: 4 }),
    exceptDates: fc.array(anyDay, { maxLength: 2 }),
  })
  .map(({ length, start, recurrence, ...rest }) => ({
    ...recurring(recurrence, '00:00', rest),
    start,
    ...length,
  }))

describe('temporal calendar, against walking the days with Intl', () => {
  it('is in a window exactly when some occurrence says so, around any day and change of the clock', () => {
    const calendar = createCalendar()
    fc.assert(
      fc.property(
        anySchedule,
        anyDay,
        fc.array(fc.integer({ min: -36 * 60, max: 36 * 60 }), { minLength: 5, maxLength: 25 }),
        (schedule, day, offsets) => {
          const noon = Date.parse(`${day}T12:00:00Z`)
          const midnight = noon - 12 * HOUR_MS
          const lookback = (schedule.durationMs ?? DAY_MS) + 4 * DAY_MS
          const occurrences = obviousOccurrences(
            schedule,
            midnight - Math.ceil(lookback / DAY_MS) * DAY_MS,
            midnight + 5 * DAY_MS,
          )
          const edges = occurrences.flatMap(({ from, to }) => [from - 1, from, to - 1, to])
          const near = edges.filter(at => Math.abs(at - noon) <= 36 * HOUR_MS)
          for (const at of [...offsets.map(minutes => noon + minutes * MINUTE_MS), ...near]) {
            const expected = occurrences.some(({ from, to }) => from <= at && at < to)
            const window = calendar.window(schedule, at)
            expect(window !== null && window.from <= at && at < window.to, new Date(at).toISOString()).toBe(
              expected,
            )
            const listed = calendar.windows(schedule, { from: at, to: at + 1 })
            expect(listed).toEqual(expected ? [window] : [])
          }
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('answers the next window when it is in none, and the whole window when it is in one', () => {
    const calendar = createCalendar()
    fc.assert(
      fc.property(anySchedule, anyDay, (schedule, day) => {
        const at = Date.parse(`${day}T12:00:00Z`)
        const occurrences = obviousOccurrences(
          schedule,
          at - 12 * HOUR_MS - 120 * DAY_MS,
          at - 12 * HOUR_MS + 130 * DAY_MS,
        )
        const window = calendar.window(schedule, at)
        if (window === null || window.from > at + 120 * DAY_MS) {
          expect(occurrences.filter(({ from, to }) => to > at && from < at + 120 * DAY_MS)).toEqual([])
          return
        }
        const from = Math.min(...occurrences.filter(each => each.to > at).map(each => each.from))
        if (window.from > at) expect(window.from).toBe(from)
        // Both ends are starts and ends of occurrences that no other one covers, where the oracle can see them.
        if (window.from > at - 70 * DAY_MS) {
          expect(occurrences.some(each => each.from === window.from)).toBe(true)
          expect(occurrences.some(each => each.from < window.from && each.to >= window.from)).toBe(false)
        }
        if (window.to < at + 120 * DAY_MS) {
          expect(occurrences.some(each => each.to === window.to)).toBe(true)
          expect(occurrences.some(each => each.from <= window.to && each.to > window.to)).toBe(false)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('answers the same whatever was asked before', () => {
    fc.assert(
      fc.property(
        anySchedule,
        fc.array(fc.integer({ min: 0, max: 1_500 * 24 }), { minLength: 2, maxLength: 12 }),
        (schedule, hours) => {
          const warm = createCalendar()
          for (const hour of hours) {
            const at = Date.UTC(2025, 0, 1) + hour * HOUR_MS
            expect(warm.window(schedule, at)).toEqual(createCalendar().window({ ...schedule }, at))
          }
        },
      ),
      { numRuns: 40 },
    )
  })
})

describe('the clocks of the temporal calendar', () => {
  it('show what the clocks of Intl show, whatever was asked before', () => {
    const warm = createCalendar()
    const instant = fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(2060, 0, 1) })
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.array(instant, { minLength: 1, maxLength: 8 }),
        (zone, instants) => {
          const offset = warm.offsetOf(zone)
          for (const at of instants) expect(offset(at)).toBe(shown(zone, at) - Math.floor(at / 1000) * 1000)
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('temporal calendar, windows beyond the ordinary', () => {
  const at = Date.UTC(2026, 6, 1)

  it('bounds a chain without end by the years around the one asked about', () => {
    const always = recurring({ kind: 'daily' }, '00:00', { durationMs: DAY_MS })
    expect(createCalendar().window(always, at)).toEqual({
      from: Date.UTC(2025, 0, 1),
      to: Date.UTC(2028, 0, 1),
    })
  })

  it('announces a chain without end as it will be once it has begun', () => {
    const soon = recurring({ kind: 'daily' }, '00:00', { durationMs: DAY_MS, startDate: '2027-06-01' })
    const calendar = createCalendar()
    const announced = { from: Date.UTC(2027, 5, 1), to: Date.UTC(2029, 0, 1) }
    expect(calendar.window(soon, at)).toEqual(announced)
    expect(calendar.window(soon, announced.from)).toEqual(announced)
  })

  it('keeps a window over the turn of a far year whole', () => {
    const eve = recurring({ kind: 'yearly', month: 12, dayOfMonth: 31 }, '20:00', {
      durationMs: 10 * HOUR_MS,
      startDate: '2030-06-01',
    })
    expect(createCalendar().window(eve, at)).toEqual({
      from: Date.UTC(2030, 11, 31, 20),
      to: Date.UTC(2031, 0, 1, 6),
    })
  })

  it('keeps an occurrence of several years whole', () => {
    const long = recurring({ kind: 'yearly', month: 1, dayOfMonth: 1 }, '00:00', {
      durationMs: 1_500 * DAY_MS,
      startDate: '2024-01-01',
      endDate: '2024-12-31',
    })
    const window = { from: Date.UTC(2024, 0, 1), to: Date.UTC(2024, 0, 1) + 1_500 * DAY_MS }
    expect(createCalendar().window(long, at)).toEqual(window)
    expect(createCalendar().windows(long, { from: at, to: at + 1 })).toEqual([window])
  })

  it.each([
    ['* * * * * *', 500],
    ['* * * * *', 30_000],
    ['*/7 * * 2 *', MINUTE_MS],
  ])('answers the dense cron expression %s for %d ms', (expression, durationMs) => {
    const calendar = createCalendar()
    const dense = recurring({ kind: 'cron', expression }, '00:00', { durationMs, timeZone: 'Europe/London' })
    const window = calendar.window(dense, at + 1)
    if (window === null) expect.fail('never comes')
    expect(window.to - window.from).toBe(durationMs)
    expect(calendar.window(dense, window.to - 1)).toEqual(window)
  })

  it('answers at most so many windows, the first of the range', () => {
    const dense = recurring({ kind: 'cron', expression: '* * * * *' }, '00:00', { durationMs: 1_000 })
    const windows = createCalendar().windows(dense, { from: at, to: at + 365 * DAY_MS })
    expect(windows.length).toBeLessThanOrEqual(MOST_WINDOWS)
    expect(windows[0]).toEqual({ from: at, to: at + 1_000 })
  })

  it('reads the names of cron', () => {
    const hourly = recurring({ kind: 'cron', expression: '@hourly' }, '00:00', { durationMs: MINUTE_MS })
    expect(createCalendar().window(hourly, at + HOUR_MS / 2)?.from).toBe(at + HOUR_MS)
    const lastDay = recurring({ kind: 'cron', expression: '0 12 L * *' }, '00:00')
    expect(createCalendar().window(lastDay, at)?.from).toBe(Date.UTC(2026, 6, 31, 12))
  })
})
