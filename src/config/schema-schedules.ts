/**
 * The keys of a schedule: how it recurs, and when it applies.
 *
 * Example: `{ daily: true, start: "08:00", duration: 2h, timeZone: Europe/London }`.
 */
import { z } from 'zod'
import { key } from './key.ts'
import { date, dateTime, duration, integer, timeOfDay, timeZone } from './values.ts'

export const WEEKDAYS = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const
export const POSITIONS = ['first', 'second', 'third', 'fourth', 'last'] as const
const month = key(integer(1, 12), 'Month, 1 to 12.', 12)
const dayOfMonth = key(integer(1, 31), 'Day of the month; months without it are skipped.', 1)
const position = key(z.enum(POSITIONS), 'Which one in the month.', 'last')
const dayOfWeek = key(z.enum([...WEEKDAYS, 'day']), 'Day of the week, or `day` for any.', 'friday')

/** The keys of which a schedule has exactly one. */
export const RECURRENCES = [
  'daily',
  'weekly',
  'monthly',
  'relativeMonthly',
  'yearly',
  'relativeYearly',
  'cron',
  'between',
] as const

export const scheduleSchema = z.strictObject({
  daily: key(z.literal(true).optional(), 'Every day.', true),
  weekly: key(
    z
      .strictObject({
        days: key(z.array(z.enum(WEEKDAYS)).min(1).max(7), 'Days of the week.', ['monday', 'friday']),
      })
      .optional(),
    'On days of the week.',
    { days: ['monday', 'friday'] },
  ),
  monthly: key(z.strictObject({ dayOfMonth }).optional(), 'On a day of every month.', { dayOfMonth: 1 }),
  relativeMonthly: key(
    z.strictObject({ position, dayOfWeek }).optional(),
    'E.g. on the last friday of every month.',
    {
      position: 'last',
      dayOfWeek: 'friday',
    },
  ),
  yearly: key(z.strictObject({ month, dayOfMonth }).optional(), 'On a day of the year.', {
    month: 12,
    dayOfMonth: 24,
  }),
  relativeYearly: key(
    z.strictObject({ month, position, dayOfWeek }).optional(),
    'E.g. on the fourth thursday of November.',
    {
      month: 11,
      position: 'fourth',
      dayOfWeek: 'thursday',
    },
  ),
  cron: key(
    z.string().min(1).max(200).optional(),
    'Starts as a cron expression says (minute hour day month weekday).',
    '0 8 * * 1-5',
  ),
  between: key(
    z
      .strictObject({
        from: key(dateTime, 'Beginning.', '2026-12-24T18:00'),
        to: key(dateTime, 'End; it is not part of the window.', '2026-12-25T00:00'),
      })
      .optional(),
    'Once, between two times.',
    { from: '2026-12-24T18:00', to: '2026-12-25T00:00' },
  ),
  start: key(
    timeOfDay.optional(),
    'Local time at which a window starts. Default: 00:00. A cron expression says it itself.',
    '08:00',
  ),
  duration: key(
    duration({ min: 1000, max: 366 * 86_400_000 }).optional(),
    'Length of a window in elapsed time; it may cross midnight. Either this, `end` or `durationSeconds`.',
    '2h',
  ),
  durationSeconds: key(
    integer(1, 366 * 86_400).optional(),
    'The same as `duration`, as a number of seconds.',
    7200,
  ),
  end: key(
    timeOfDay.optional(),
    'Local time at which a window ends; on the next day when it is not after `start`.',
    '18:00',
  ),
  startDate: key(date.optional(), 'No window starts before this local date.', '2026-11-01'),
  endDate: key(date.optional(), 'No window starts after this local date.', '2027-03-31'),
  exceptDates: key(z.array(date).max(1000).default([]), 'No window starts on these local dates.', [
    '2026-12-25',
  ]),
  timeZone: key(timeZone.prefault('UTC'), 'Time zone of all local times here.', 'Europe/London'),
})
