import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RecurringSchedule, Weekday } from '../model/schedule.ts'
import { covers, gapsBetween, joined, momentOf, WEEK_S, weekOf } from './week.ts'

const DAY = 86_400

function daily(hour: number, hours: number, change: Partial<RecurringSchedule> = {}): RecurringSchedule {
  return {
    kind: 'recurring',
    name: 's',
    recurrence: { kind: 'daily' },
    start: { hour, minute: 0, second: 0 },
    durationMs: hours * 3_600_000,
    end: null,
    timeZone: 'UTC',
    startDate: null,
    endDate: null,
    exceptDates: [],
    ...change,
  }
}

function on(...days: Weekday[]): Partial<RecurringSchedule> {
  return { recurrence: { kind: 'weekly', days } }
}

describe('a week of a schedule', () => {
  it('has a stretch a day, around midnight and the end of the week', () => {
    const week = weekOf(daily(22, 8)) ?? []
    expect(week).toHaveLength(8)
    expect(week[0]).toEqual({ from: 0, to: 6 * 3600 })
    expect(week.at(-1)).toEqual({ from: 6 * DAY + 22 * 3600, to: WEEK_S })
  })

  it('joins what touches', () => {
    expect(weekOf(daily(0, 24))).toEqual([{ from: 0, to: WEEK_S }])
    expect(weekOf(daily(0, 48, on('monday', 'tuesday')))).toEqual([{ from: 0, to: 3 * DAY }])
  })

  it('takes an end that is not after the start for one of the next day', () => {
    const end = { hour: 6, minute: 0, second: 0 }
    expect(weekOf(daily(22, 0, { durationMs: null, end }))).toEqual(weekOf(daily(22, 8)))
  })

  it.each([
    ['it has dates', daily(8, 2, { startDate: '2026-01-01' })],
    ['it has exceptions', daily(8, 2, { exceptDates: ['2026-01-01'] })],
    ['it is monthly', daily(8, 2, { recurrence: { kind: 'monthly', dayOfMonth: 1 } })],
  ])('is none where %s', (_why, schedule) => {
    expect(weekOf(schedule)).toBeNull()
  })

  it('agrees, second by second, with days counted one at a time', () => {
    const days: Weekday[] = ['monday', 'wednesday', 'saturday', 'sunday']
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: 1, max: 200 }),
        fc.subarray(days, { minLength: 1 }),
        fc.integer({ min: 0, max: WEEK_S - 1 }),
        (hour, hours, chosen, second) => {
          const week = weekOf(daily(hour, hours, on(...chosen))) ?? []
          const all: Weekday[] = [
            'monday',
            'tuesday',
            'wednesday',
            'thursday',
            'friday',
            'saturday',
            'sunday',
          ]
          const expected = [0, -WEEK_S].some(shift =>
            chosen.some(day => {
              const from = all.indexOf(day) * DAY + hour * 3600 + shift
              return from <= second && second < from + hours * 3600
            }),
          )
          expect(week.some(({ from, to }) => from <= second && second < to)).toBe(expected)
        },
      ),
    )
  })
})

describe('stretches', () => {
  it('cover what lies inside one of them', () => {
    expect(covers([{ from: 0, to: 10 }], [{ from: 2, to: 10 }])).toBe(true)
    expect(covers([{ from: 0, to: 10 }], [{ from: 2, to: 11 }])).toBe(false)
    expect(
      covers(
        joined([
          { from: 5, to: 10 },
          { from: 0, to: 5 },
        ]),
        [{ from: 2, to: 9 }],
      ),
    ).toBe(true)
  })

  it('leave gaps, around the end of the week too', () => {
    const gaps = gapsBetween([
      { from: 60, to: 100 },
      { from: 160, to: WEEK_S },
    ])
    expect(gaps).toEqual([
      { from: 100, to: 160 },
      { from: WEEK_S, to: WEEK_S + 60 },
    ])
    expect(gapsBetween([{ from: 0, to: WEEK_S }])).toEqual([])
  })

  it('are told in days and times', () => {
    expect(momentOf(0)).toBe('Monday 00:00')
    expect(momentOf(WEEK_S + 20 * 3600 + 61)).toBe('Monday 20:01:01')
    expect(momentOf(6 * DAY + 23 * 3600)).toBe('Sunday 23:00')
  })
})
