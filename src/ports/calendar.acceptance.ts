/**
 * What every calendar must answer, whatever it is made of: the windows of one table, worked out by hand, and what
 * must hold between its answers. An adapter's own test calls this once.
 *
 * Example: `calendarAcceptance('temporal calendar', createCalendar)`.
 */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Recurrence, RecurringSchedule, Schedule } from '../model/schedule.ts'
import type { Interval } from '../model/time.ts'
import type { Calendar } from './calendar.ts'
import { PluginError } from './plugin.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Daily at midnight UTC for an hour, but for what `parts` says; `at` is `HH:MM`, as is `until` (a local end). */
export function recurring(
  recurrence: Recurrence,
  at: string,
  parts: Partial<RecurringSchedule> & { readonly until?: string } = {},
): RecurringSchedule {
  const { until, ...rest } = parts
  return {
    kind: 'recurring',
    name: 'example',
    recurrence,
    start: timeOfDay(at),
    durationMs: until === undefined ? HOUR_MS : null,
    end: until === undefined ? null : timeOfDay(until),
    timeZone: 'UTC',
    startDate: null,
    endDate: null,
    exceptDates: [],
    ...rest,
  }
}

function timeOfDay(text: string): RecurringSchedule['start'] {
  const [hour = 0, minute = 0, second = 0] = text.split(':').map(Number)
  return { hour, minute, second }
}

/** `2026-07-01T07:00/2026-07-01T09:00`, in UTC. */
function intervals(...texts: readonly string[]): Interval[] {
  return texts.map(text => {
    const [from = '', to = ''] = text.split('/')
    return { from: Date.parse(`${from}Z`), to: Date.parse(`${to}Z`) }
  })
}

function instants(windows: readonly Interval[]): string[] {
  const instant = (at: number) => new Date(at).toISOString().slice(0, 16)
  return windows.map(window => `${instant(window.from)}/${instant(window.to)}`)
}

interface Case {
  readonly name: string
  readonly schedule: Schedule
  /** Days in UTC, the last one left out. */
  readonly from: string
  readonly to: string
  readonly windows: readonly string[]
}

const daily: Recurrence = { kind: 'daily' }
const london = { timeZone: 'Europe/London' }

const CASES: readonly Case[] = [
  {
    name: 'a daily schedule follows the local clock through summer time',
    schedule: recurring(daily, '08:00', { ...london, durationMs: 2 * HOUR_MS }),
    from: '2026-03-28',
    to: '2026-03-30',
    windows: ['2026-03-28T08:00/2026-03-28T10:00', '2026-03-29T07:00/2026-03-29T09:00'],
  },
  {
    name: 'a start the clock skips is the first instant after the gap',
    schedule: recurring(daily, '01:30', london),
    from: '2026-03-29',
    to: '2026-03-30',
    windows: ['2026-03-29T01:00/2026-03-29T02:00'],
  },
  {
    name: 'a start the clock shows twice is the first of the two, once',
    schedule: recurring(daily, '01:30', london),
    from: '2026-10-25',
    to: '2026-10-26',
    windows: ['2026-10-25T00:30/2026-10-25T01:30'],
  },
  {
    name: 'a gap of half an hour',
    schedule: recurring(daily, '02:15', { timeZone: 'Australia/Lord_Howe' }),
    from: '2026-10-03',
    to: '2026-10-04',
    windows: ['2026-10-03T15:30/2026-10-03T16:30'],
  },
  {
    name: 'a gap at midnight',
    schedule: recurring(daily, '00:00', { timeZone: 'Africa/Cairo' }),
    from: '2026-04-23',
    to: '2026-04-24',
    windows: ['2026-04-23T22:00/2026-04-23T23:00'],
  },
  {
    name: 'a duration is elapsed time',
    schedule: recurring(daily, '23:00', { ...london, durationMs: 8 * HOUR_MS }),
    from: '2026-03-29',
    to: '2026-03-29T12:00',
    windows: ['2026-03-28T23:00/2026-03-29T07:00'],
  },
  {
    name: 'an end is local time',
    schedule: recurring(daily, '23:00', { ...london, until: '07:00' }),
    from: '2026-03-29',
    to: '2026-03-29T12:00',
    windows: ['2026-03-28T23:00/2026-03-29T06:00'],
  },
  {
    name: 'an end that is not after the start is on the next day',
    schedule: recurring(daily, '22:00', { until: '22:00', startDate: '2026-05-01', endDate: '2026-05-01' }),
    from: '2026-05-01',
    to: '2026-05-03',
    windows: ['2026-05-01T22:00/2026-05-02T22:00'],
  },
  {
    name: 'a fixed offset has no summer time',
    schedule: recurring(daily, '08:00', { timeZone: '+05:30' }),
    from: '2026-07-01',
    to: '2026-07-02',
    windows: ['2026-07-01T02:30/2026-07-01T03:30'],
  },
  {
    name: 'a weekly schedule, over midnight',
    schedule: recurring({ kind: 'weekly', days: ['friday', 'monday'] }, '23:30'),
    from: '2026-11-16',
    to: '2026-11-23',
    windows: ['2026-11-16T23:30/2026-11-17T00:30', '2026-11-20T23:30/2026-11-21T00:30'],
  },
  {
    name: 'occurrences that overlap or touch are one window',
    schedule: recurring({ kind: 'weekly', days: ['monday', 'tuesday', 'thursday'] }, '06:00', {
      durationMs: 2 * DAY_MS,
    }),
    from: '2026-11-17',
    to: '2026-11-18',
    // Monday to Wednesday, Tuesday to Thursday, and from that very moment on Thursday to Saturday.
    windows: ['2026-11-16T06:00/2026-11-21T06:00'],
  },
  {
    name: 'a month without the day is left out',
    schedule: recurring({ kind: 'monthly', dayOfMonth: 31 }, '12:00'),
    from: '2026-03-01',
    to: '2026-06-01',
    windows: ['2026-03-31T12:00/2026-03-31T13:00', '2026-05-31T12:00/2026-05-31T13:00'],
  },
  {
    name: 'the last Friday of a month',
    schedule: recurring({ kind: 'relativeMonthly', position: 'last', dayOfWeek: 'friday' }, '12:00'),
    from: '2026-01-01',
    to: '2026-03-01',
    windows: ['2026-01-30T12:00/2026-01-30T13:00', '2026-02-27T12:00/2026-02-27T13:00'],
  },
  {
    name: 'the last day of a month',
    schedule: recurring({ kind: 'relativeMonthly', position: 'last', dayOfWeek: 'day' }, '12:00'),
    from: '2028-02-01',
    to: '2028-04-01',
    windows: ['2028-02-29T12:00/2028-02-29T13:00', '2028-03-31T12:00/2028-03-31T13:00'],
  },
  {
    name: 'the third day of a month',
    schedule: recurring({ kind: 'relativeMonthly', position: 'third', dayOfWeek: 'day' }, '12:00'),
    from: '2026-01-01',
    to: '2026-02-01',
    windows: ['2026-01-03T12:00/2026-01-03T13:00'],
  },
  {
    name: '29 February, in leap years only',
    schedule: recurring({ kind: 'yearly', month: 2, dayOfMonth: 29 }, '12:00'),
    from: '2025-01-01',
    to: '2033-01-01',
    windows: ['2028-02-29T12:00/2028-02-29T13:00', '2032-02-29T12:00/2032-02-29T13:00'],
  },
  {
    name: 'the second Thursday of March, for three days',
    schedule: recurring(
      { kind: 'relativeYearly', month: 3, position: 'second', dayOfWeek: 'thursday' },
      '02:00',
      {
        durationMs: 3 * DAY_MS,
      },
    ),
    from: '2026-01-01',
    to: '2028-01-01',
    windows: ['2026-03-12T02:00/2026-03-15T02:00', '2027-03-11T02:00/2027-03-14T02:00'],
  },
  {
    name: 'a cron expression says its own times of day, in local time',
    schedule: recurring({ kind: 'cron', expression: '30 8,17 * * 1-5' }, '00:00', {
      timeZone: 'America/New_York',
    }),
    from: '2026-11-20',
    to: '2026-11-24',
    windows: [
      '2026-11-20T13:30/2026-11-20T14:30',
      '2026-11-20T22:30/2026-11-20T23:30',
      '2026-11-23T13:30/2026-11-23T14:30',
      '2026-11-23T22:30/2026-11-23T23:30',
    ],
  },
  {
    name: 'cron starts that follow on each other are one window',
    schedule: recurring({ kind: 'cron', expression: '*/15 9-11 * * *' }, '00:00', {
      durationMs: HOUR_MS / 4,
    }),
    from: '2026-11-20',
    to: '2026-11-21',
    windows: ['2026-11-20T09:00/2026-11-20T12:00'],
  },
  {
    name: 'a cron expression with a local end',
    schedule: recurring({ kind: 'cron', expression: '0 9,20 * * *' }, '00:00', { until: '18:00' }),
    from: '2026-11-20T10:00',
    to: '2026-11-20T21:00',
    windows: ['2026-11-19T20:00/2026-11-20T18:00', '2026-11-20T20:00/2026-11-21T18:00'],
  },
  {
    name: 'first and last dates are inclusive and those of the start',
    schedule: recurring(daily, '23:30', { startDate: '2026-05-02', endDate: '2026-05-03' }),
    from: '2026-05-01',
    to: '2026-05-08',
    windows: ['2026-05-02T23:30/2026-05-03T00:30', '2026-05-03T23:30/2026-05-04T00:30'],
  },
  {
    name: 'dates are local',
    schedule: recurring(daily, '07:00', {
      timeZone: 'Asia/Tokyo',
      startDate: '2026-05-02',
      endDate: '2026-05-02',
    }),
    from: '2026-05-01',
    to: '2026-05-08',
    windows: ['2026-05-01T22:00/2026-05-01T23:00'],
  },
  {
    name: 'excepted dates are left out',
    schedule: recurring(daily, '12:00', { exceptDates: ['2026-12-25'] }),
    from: '2026-12-24',
    to: '2026-12-27',
    windows: ['2026-12-24T12:00/2026-12-24T13:00', '2026-12-26T12:00/2026-12-26T13:00'],
  },
  {
    name: 'a window of days, once',
    schedule: {
      kind: 'between',
      name: 'sale',
      from: Date.UTC(2026, 10, 27),
      to: Date.UTC(2026, 10, 30),
      timeZone: 'UTC',
    },
    from: '2026-11-28',
    to: '2026-11-29',
    windows: ['2026-11-27T00:00/2026-11-30T00:00'],
  },
]

/** Recurrences that fall on no day at all, or not in this range of values. */
const IMPOSSIBLE: readonly Recurrence[] = [
  { kind: 'weekly', days: [] },
  { kind: 'monthly', dayOfMonth: 0 },
  { kind: 'monthly', dayOfMonth: 32 },
  { kind: 'monthly', dayOfMonth: 1.5 },
  { kind: 'yearly', month: 4, dayOfMonth: 31 },
  { kind: 'yearly', month: 13, dayOfMonth: 1 },
  { kind: 'yearly', month: 0, dayOfMonth: 1 },
  { kind: 'relativeYearly', month: 13, position: 'last', dayOfWeek: 'day' },
  { kind: 'cron', expression: '0 0 30 2 *' },
]

export function calendarAcceptance(name: string, create: () => Calendar): void {
  describe(`${name} keeps the promises of a calendar`, () => {
    let calendar: Calendar

    beforeEach(() => {
      calendar = create()
    })

    it.each(CASES)('$name', ({ schedule, from, to, windows }) => {
      const [range] = intervals(`${from}/${to}`.replaceAll(/(\d{4}-\d\d-\d\d)(?!T)/g, '$1T00:00'))
      if (range === undefined) throw new Error('no range')
      expect(instants(calendar.windows(schedule, range))).toEqual(windows)
    })

    it.each(CASES)('window agrees with windows: $name', ({ schedule, windows }) => {
      for (const { from, to } of intervals(...windows)) {
        expect(calendar.window(schedule, from - 1)?.from).not.toBe(undefined)
        expect(calendar.window(schedule, from)).toEqual({ from, to })
        expect(calendar.window(schedule, to - 1)).toEqual({ from, to })
        expect(calendar.window(schedule, to)?.from ?? to).toBeGreaterThanOrEqual(to)
      }
    })

    it('answers the next window between two, and null after the last', () => {
      const schedule = recurring(daily, '12:00', { endDate: '2026-05-03', exceptDates: ['2026-05-02'] })
      const [first, last] = intervals(
        '2026-05-01T12:00/2026-05-01T13:00',
        '2026-05-03T12:00/2026-05-03T13:00',
      )
      expect(calendar.window(schedule, Date.UTC(2026, 4, 1, 12, 30))).toEqual(first)
      expect(calendar.window(schedule, Date.UTC(2026, 4, 1, 13))).toEqual(last)
      expect(calendar.window(schedule, Date.UTC(2026, 4, 3, 13))).toBe(null)
      expect(calendar.window(schedule, Date.UTC(2040, 0, 1))).toBe(null)
    })

    it('finds a 29 February eight years away', () => {
      const schedule = recurring({ kind: 'yearly', month: 2, dayOfMonth: 29 }, '12:00')
      const [next] = intervals('2104-02-29T12:00/2104-02-29T13:00')
      expect(calendar.window(schedule, Date.UTC(2096, 2, 1))).toEqual(next)
    })

    it('gives a chain of windows that never ends two ends, the same whenever it is asked', () => {
      const schedule = recurring(daily, '00:00', { durationMs: DAY_MS })
      const at = Date.UTC(2026, 6, 1)
      const window = calendar.window(schedule, at)
      expect(window?.from).toBeLessThan(at - 30 * DAY_MS)
      expect(window?.to).toBeGreaterThan(at + 300 * DAY_MS)
      expect(calendar.window(schedule, at + DAY_MS)).toEqual(window)
      expect(create().window(schedule, at + 17)).toEqual(window)
    })

    it.each(IMPOSSIBLE)('never comes: %o', recurrence => {
      const schedule = recurring(recurrence, '12:00')
      expect(calendar.window(schedule, Date.UTC(2026, 6, 1))).toBe(null)
      expect(calendar.windows(schedule, { from: Date.UTC(2026, 0, 1), to: Date.UTC(2030, 0, 1) })).toEqual([])
    })

    it('answers nothing for a range, a window or a duration that is empty or turned round', () => {
      const at = Date.UTC(2026, 6, 1)
      const always = recurring(daily, '00:00', { durationMs: DAY_MS })
      expect(calendar.windows(always, { from: at, to: at })).toEqual([])
      expect(calendar.windows(always, { from: at, to: at - 1 })).toEqual([])
      for (const durationMs of [0, -1, Number.NaN])
        expect(calendar.window(recurring(daily, '00:00', { durationMs }), at)).toBe(null)
      const empty: Schedule = { kind: 'between', name: 'never', from: at, to: at, timeZone: 'UTC' }
      expect(calendar.window(empty, at - 1)).toBe(null)
      expect(calendar.windows(empty, { from: at - 1, to: at + 1 })).toEqual([])
    })

    it.each([Number.NaN, Number.POSITIVE_INFINITY, -8.64e15, 8.64e15])(
      'survives being asked about %d',
      at => {
        const schedule = recurring(daily, '08:00', london)
        expect(calendar.window(schedule, at)).toBe(null)
        expect(calendar.windows(schedule, { from: at, to: at + DAY_MS })).toEqual([])
      },
    )

    it('refuses a zone it does not know and a cron expression it cannot read, rather than never come', () => {
      const at = Date.UTC(2026, 6, 1)
      const nowhere = recurring(daily, '00:00', { timeZone: 'Europe/Londn' })
      expect(() => calendar.window(nowhere, at)).toThrow(PluginError)
      expect(() => calendar.window(nowhere, at)).toThrow('Europe/Londn')
      const unreadable = recurring({ kind: 'cron', expression: '61 * * * *' }, '00:00')
      expect(() => calendar.window(unreadable, at)).toThrow(PluginError)
      expect(() => calendar.window(unreadable, at)).toThrow('61 * * * *')
    })

    it.each([
      ['UTC', '2026-07-01T00:00', 0],
      ['+05:30', '2026-07-01T00:00', 330],
      ['Europe/London', '2026-03-29T00:59', 0],
      ['Europe/London', '2026-03-29T01:00', 60],
      ['Europe/London', '2026-10-25T00:59', 60],
      ['Europe/London', '2026-10-25T01:00', 0],
      ['America/New_York', '2026-03-08T06:59', -300],
      ['America/New_York', '2026-03-08T07:00', -240],
      ['Australia/Lord_Howe', '2026-04-04T15:00', 630],
    ])('the clock of %s is at %s so many minutes ahead: %d', (timeZone, instant, minutes) => {
      expect(calendar.offsetOf(timeZone)(Date.parse(`${instant}Z`))).toBe(minutes * 60_000)
    })

    it('has clocks that stand still beyond what it knows, and none of a zone it does not know', () => {
      const offset = calendar.offsetOf('Europe/London')
      for (const at of [Number.NaN, Number.NEGATIVE_INFINITY, -8.64e15, 8.64e15, Number.POSITIVE_INFINITY])
        expect(offset(at)).toSatisfy(Number.isFinite)
      expect(() => calendar.offsetOf('Europe/Londn')).toThrow(PluginError)
      expect(() => calendar.offsetOf('Europe/Londn')).toThrow('Europe/Londn')
    })

    it('names its time-zone database', () => {
      expect(calendar.timeZoneDatabase).toMatch(/\w/)
    })
  })
}
