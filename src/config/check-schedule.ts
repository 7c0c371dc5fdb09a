/**
 * What the keys of a schedule must say together: exactly one recurrence, exactly one way to end, dates in order.
 *
 * Example: `{ daily: true, start: "08:00" }` never ends: PLM-117, "add duration: 2h, or end: \"10:00\"".
 */
import { Cron } from 'croner'
import { CODES } from './codes.ts'
import type { Path } from './problem.ts'
import { RECURRENCES, scheduleSchema } from './schema-schedules.ts'
import { isMapping, type Reading, readObject, shown } from './shape.ts'
import { instantOf } from './zone.ts'

type Pieces = NonNullable<ReturnType<typeof readSchedule>>

export function checkSchedule(reading: Reading, raw: unknown, path: Path): void {
  const pieces = readSchedule(reading, raw, path)
  if (pieces === null || !isMapping(raw)) return
  const recurrences = RECURRENCES.filter(key => raw[key] !== undefined)
  const [first, second] = recurrences
  if (first === undefined) {
    const hint = `add one of ${RECURRENCES.join(', ')}, e.g. daily: true`
    reading.report({
      code: CODES.exclusiveKeys,
      message: 'the schedule does not say on which days',
      hint,
      path,
    })
  } else if (second !== undefined) {
    exclusive(reading, path, second, `a schedule has either "${first}" or "${second}"`)
  } else if (first === 'between') {
    checkBetween(reading, raw, pieces, path)
  } else {
    checkRecurring(reading, raw, pieces, path)
  }
}

function readSchedule(reading: Reading, raw: unknown, path: Path) {
  return readObject(reading, scheduleSchema, raw, path)
}

function exclusive(reading: Reading, path: Path, key: string, message: string): void {
  const hint = 'delete one of them'
  reading.report({ code: CODES.exclusiveKeys, message, hint, path: [...path, key], part: 'key' })
}

function checkBetween(
  reading: Reading,
  raw: Readonly<Record<string, unknown>>,
  pieces: Pieces,
  path: Path,
): void {
  for (const key of ['start', 'duration', 'durationSeconds', 'end', 'startDate', 'endDate', 'exceptDates']) {
    if (raw[key] !== undefined)
      exclusive(
        reading,
        path,
        key,
        `"between" says when the window begins and ends, so "${key}" has no place here`,
      )
  }
  const { between, timeZone } = pieces
  if (between === undefined || timeZone === undefined) return
  if (instantOf(timeZone, between.from) < instantOf(timeZone, between.to)) return
  const message = '"to" is not after "from"'
  reading.report({
    code: CODES.date,
    message,
    hint: 'swap them, or correct the later one',
    path: [...path, 'between', 'to'],
  })
}

const ENDINGS = ['duration', 'durationSeconds', 'end'] as const

function checkRecurring(
  reading: Reading,
  raw: Readonly<Record<string, unknown>>,
  pieces: Pieces,
  path: Path,
): void {
  const [ending, other] = ENDINGS.filter(key => raw[key] !== undefined)
  if (ending === undefined) {
    const hint = 'add duration: 2h, or end: "10:00"'
    reading.report({
      code: CODES.exclusiveKeys,
      message: 'the schedule does not say how long a window lasts',
      hint,
      path,
    })
  } else if (other !== undefined) {
    exclusive(reading, path, other, `a schedule has either "${ending}" or "${other}"`)
  }
  if (raw.cron !== undefined && raw.start !== undefined) {
    exclusive(reading, path, 'start', 'a cron expression says itself when a window starts')
  }
  if (pieces.cron !== undefined) checkCron(reading, pieces.cron, [...path, 'cron'])
  const { startDate, endDate, yearly } = pieces
  if (startDate !== undefined && endDate !== undefined && endDate < startDate) {
    const message = '"endDate" is before "startDate"'
    reading.report({
      code: CODES.date,
      message,
      hint: 'swap them, or correct one',
      path: [...path, 'endDate'],
    })
  }
  if (yearly !== undefined && yearly.dayOfMonth > (LONGEST_MONTH[yearly.month - 1] ?? 31)) {
    const message = `no year has a day ${yearly.dayOfMonth} in month ${yearly.month}`
    reading.report({
      code: CODES.date,
      message,
      hint: 'correct the month or the day',
      path: [...path, 'yearly', 'dayOfMonth'],
    })
  }
}

const LONGEST_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function checkCron(reading: Reading, expression: string, path: Path): void {
  try {
    new Cron(expression, { paused: true })
  } catch {
    const message = `${shown(reading, expression, path)} is not a cron expression`
    const hint = 'write minute, hour, day of month, month and weekday, e.g. "0 8 * * 1-5"'
    reading.report({ code: CODES.cron, message, hint, path })
  }
}
