/**
 * What a schedule says, field by field, in words.
 *
 * Example: `{ weekly: [friday], start: "08:00", duration: 2h }` is `recurrence weekly on friday`, `start 08:00`, `duration 2h`.
 */
import type { Recurrence, Schedule, TimeOfDay } from '../model/schedule.ts'
import type { EpochMs } from '../model/time.ts'

const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July'],
  ...['August', 'September', 'October', 'November', 'December'],
]

/** Those fields of it that are no words of themselves; the others stay as they are. */
export function scheduleWords(schedule: Schedule): Record<string, string> {
  if (schedule.kind === 'between') return { from: instantText(schedule.from), to: instantText(schedule.to) }
  const { recurrence, start, end } = schedule
  return {
    recurrence: recurrenceText(recurrence),
    start: clockText(start),
    end: end === null ? 'none' : clockText(end),
  }
}

function recurrenceText(recurrence: Recurrence): string {
  switch (recurrence.kind) {
    case 'daily':
      return 'daily'
    case 'weekly':
      return `weekly on ${recurrence.days.join(', ')}`
    case 'monthly':
      return `monthly on day ${recurrence.dayOfMonth}`
    case 'relativeMonthly':
      return `monthly on the ${recurrence.position} ${recurrence.dayOfWeek}`
    case 'yearly':
      return `yearly on ${recurrence.dayOfMonth} ${monthText(recurrence.month)}`
    case 'relativeYearly':
      return `yearly on the ${recurrence.position} ${recurrence.dayOfWeek} of ${monthText(recurrence.month)}`
    case 'cron':
      return `by cron ${recurrence.expression}`
  }
}

function monthText(month: number): string {
  return MONTHS[month - 1] ?? `month ${month}`
}

function clockText({ hour, minute, second }: TimeOfDay): string {
  const parts = second === 0 ? [hour, minute] : [hour, minute, second]
  return parts.map(part => String(part).padStart(2, '0')).join(':')
}

function instantText(at: EpochMs): string {
  return new Date(at).toISOString().replace(/(:00)?\.000Z$/, 'Z')
}
