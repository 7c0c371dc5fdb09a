/**
 * From a schedule as read to the model's: which recurrence it is, when it starts, and one of duration and end.
 *
 * Example: `{ daily: true, start: "08:00", durationSeconds: 7200 }` becomes `{ recurrence: { kind: 'daily' },
 * start: { hour: 8, ... }, durationMs: 7200000, end: null, ... }`.
 */
import type { z } from 'zod'
import type { Recurrence, Schedule } from '../model/schedule.ts'
import type { scheduleSchema } from './schema-schedules.ts'
import { instantOf } from './zone.ts'

type ReadSchedule = z.output<typeof scheduleSchema>

export function compileSchedule(name: string, read: ReadSchedule): Schedule {
  const { between, timeZone } = read
  if (between !== undefined) {
    const [from, to] = [instantOf(timeZone, between.from), instantOf(timeZone, between.to)]
    return { kind: 'between', name, from, to, timeZone }
  }
  return {
    kind: 'recurring',
    name,
    recurrence: recurrenceOf(read),
    start: read.start ?? { hour: 0, minute: 0, second: 0 },
    durationMs: durationOf(read),
    end: read.end ?? null,
    timeZone,
    startDate: read.startDate ?? null,
    endDate: read.endDate ?? null,
    exceptDates: read.exceptDates,
  }
}

function durationOf({ duration, durationSeconds }: ReadSchedule): number | null {
  if (duration !== undefined) return duration
  return durationSeconds === undefined ? null : durationSeconds * 1000
}

function recurrenceOf(read: ReadSchedule): Recurrence {
  if (read.weekly !== undefined) return { kind: 'weekly', ...read.weekly }
  if (read.monthly !== undefined) return { kind: 'monthly', ...read.monthly }
  if (read.relativeMonthly !== undefined) return { kind: 'relativeMonthly', ...read.relativeMonthly }
  if (read.yearly !== undefined) return { kind: 'yearly', ...read.yearly }
  if (read.relativeYearly !== undefined) return { kind: 'relativeYearly', ...read.relativeYearly }
  if (read.cron !== undefined) return { kind: 'cron', expression: read.cron }
  return { kind: 'daily' }
}
