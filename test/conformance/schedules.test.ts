/**
 * The golden schedules: for each, instants and whether they are in a window. `schedules.json` is kept as it came.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Recurrence, RecurringSchedule } from '../../src/model/schedule.ts'
import { createCalendar } from '../../src/plugins/calendars/temporal.ts'

const weekday = z.enum(['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'])
const position = z.enum(['first', 'second', 'third', 'fourth', 'last'])
const dayOfWeek = z.union([weekday, z.literal('day')])

const goldenSchedule = z.strictObject({
  timeZone: z.string(),
  start: z.string(),
  durationSeconds: z.number(),
  startDate: z.string().optional(),
  endDate: z.string().optional(),
  daily: z.literal(true).optional(),
  weekly: z.strictObject({ days: z.array(weekday) }).optional(),
  monthly: z.strictObject({ dayOfMonth: z.number() }).optional(),
  relativeMonthly: z.strictObject({ position, dayOfWeek }).optional(),
  yearly: z.strictObject({ month: z.number(), dayOfMonth: z.number() }).optional(),
  relativeYearly: z.strictObject({ month: z.number(), position, dayOfWeek }).optional(),
})

const golden = z.object({
  cases: z.array(
    z.object({ schedule: goldenSchedule, instants: z.array(z.tuple([z.string(), z.boolean()])) }),
  ),
})

type GoldenSchedule = z.infer<typeof goldenSchedule>

function recurrenceOf(schedule: GoldenSchedule): Recurrence {
  if (schedule.weekly !== undefined) return { kind: 'weekly', ...schedule.weekly }
  if (schedule.monthly !== undefined) return { kind: 'monthly', ...schedule.monthly }
  if (schedule.relativeMonthly !== undefined) return { kind: 'relativeMonthly', ...schedule.relativeMonthly }
  if (schedule.yearly !== undefined) return { kind: 'yearly', ...schedule.yearly }
  if (schedule.relativeYearly !== undefined) return { kind: 'relativeYearly', ...schedule.relativeYearly }
  if (schedule.daily === true) return { kind: 'daily' }
  throw new Error(`no recurrence in ${JSON.stringify(schedule)}`)
}

function scheduleOf(schedule: GoldenSchedule): RecurringSchedule {
  const [hour = 0, minute = 0] = schedule.start.split(':').map(Number)
  return {
    kind: 'recurring',
    name: 'golden',
    recurrence: recurrenceOf(schedule),
    start: { hour, minute, second: 0 },
    durationMs: schedule.durationSeconds * 1_000,
    end: null,
    timeZone: schedule.timeZone,
    startDate: schedule.startDate ?? null,
    endDate: schedule.endDate ?? null,
    exceptDates: [],
  }
}

const { cases } = golden.parse(JSON.parse(readFileSync(new URL('schedules.json', import.meta.url), 'utf8')))
const titled = cases.map((each, index) => ({
  ...each,
  title: `${index + 1}: ${JSON.stringify(each.schedule)}`,
}))

describe('golden schedules', () => {
  const calendar = createCalendar()

  it('are all read', () => expect(cases.length).toBe(25))

  it.each(titled)('$title', ({ schedule, instants }) => {
    const asked = scheduleOf(schedule)
    const answers = instants.map(([instant]) => {
      const at = Date.parse(instant)
      const window = calendar.window(asked, at)
      const inWindow = window !== null && window.from <= at && at < window.to
      expect(calendar.windows(asked, { from: at, to: at + 1 }).length > 0).toBe(inWindow)
      return [instant, inWindow]
    })
    expect(answers).toEqual(instants)
  })
})
