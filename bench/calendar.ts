/**
 * What asking the calendar costs a tick: `window` of schedules that have been asked before. Target: a million a second.
 *
 * Measured: ticks of 15 s through 40 days over one schedule, over fifty schedules in turn, and times drawn at random
 * from one year; and, once, the first question to a new schedule in a new zone.
 */
import type { Recurrence, RecurringSchedule } from '../src/model/schedule.ts'
import { createCalendar } from '../src/plugins/calendars/temporal.ts'

const AT = 1_795_262_400_000
const DAY_MS = 86_400_000
const QUESTIONS = 2_000_000

function schedule(recurrence: Recurrence, hour: number): RecurringSchedule {
  return {
    kind: 'recurring',
    name: 'peak',
    recurrence,
    start: { hour, minute: 0, second: 0 },
    durationMs: 7_200_000,
    end: null,
    timeZone: 'Europe/London',
    startDate: null,
    endDate: null,
    exceptDates: [],
  }
}

const calendar = createCalendar()

/** Questions per second; throws when none was answered, so that nothing is optimised away. */
function ask(schedules: readonly RecurringSchedule[], times: readonly number[]): number {
  let answered = 0
  const started = performance.now()
  for (let question = 0; question < QUESTIONS; question += 1) {
    const asked = schedules[question % schedules.length]
    const at = times[question % times.length]
    if (asked !== undefined && at !== undefined && calendar.window(asked, at) !== null) answered += 1
  }
  if (answered !== QUESTIONS) throw new Error(`${QUESTIONS - answered} questions had no answer`)
  return Math.round(QUESTIONS / ((performance.now() - started) / 1_000))
}

function timeFirst(asked: RecurringSchedule): number {
  const started = performance.now()
  calendar.window(asked, AT)
  return Number((performance.now() - started).toFixed(2))
}

export async function run(): Promise<{ table: string; result: Record<string, number> }> {
  const daily = schedule({ kind: 'daily' }, 8)
  const fifty = Array.from({ length: 50 }, (_, index) => schedule({ kind: 'daily' }, index % 24))
  const cron = schedule({ kind: 'cron', expression: '0 8 * * 1-5' }, 0)
  const ticks = Array.from({ length: (40 * DAY_MS) / 15_000 }, (_, index) => AT + index * 15_000)
  // Multiples of the golden ratio are spread over the year without order.
  const scattered = ticks.map((_, index) => AT + ((index * 0.6180339887) % 1) * 365 * DAY_MS)
  const result = {
    firstQuestionMs: timeFirst(daily),
    ticksPerSecond: ask([daily], ticks),
    fiftySchedulesPerSecond: ask(fifty, ticks),
    cronPerSecond: ask([cron], ticks),
    scatteredPerSecond: ask([daily], scattered),
  }
  const rows = Object.entries(result).map(
    ([name, figure]) => `${name.padEnd(26)}${figure.toLocaleString('en').padStart(14)}`,
  )
  return { table: rows.join('\n'), result }
}
