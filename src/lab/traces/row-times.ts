/**
 * Where the time of a row is: in one column, or a day in one and a time of day in another, as spreadsheets and access logs have them.
 *
 * Example: under `date,time,requests` the row `2026-11-21,12:04,5` is of 12:04 that day; under `time,requests` the row `46347.5029,5` is, too:
 * a spreadsheet counts days since 1899-12-30.
 */
import type { EpochMs } from '../../model/time.ts'
import { type Asked, type Layout, type Remark, timeColumn } from './layout.ts'
import { numberOf, textIn } from './numbers.ts'
import type { TraceOptions } from './read-trace.ts'
import type { Row } from './records.ts'
import { TimeReader } from './times.ts'

const DAY = /^\d{4}[-/]\d\d[-/]\d\d$/
const CLOCK = /^\d{1,2}:\d\d(:\d\d([.,]\d+)?)?$/
const HOUR = /^([01]?\d|2[0-3])$/
const CLOCK_NAMES = ['time', 'hour', 'clock', 'time_of_day', 'timeofday']
/** The years 2000 to 2100 in days since 1899-12-30. */
const SERIAL = { least: 36_526, most: 73_051 }

export class RowTimes {
  readonly reader: TimeReader
  /** Column of the time, or of the day. */
  readonly index: number
  /** Column of the time of day. */
  readonly clock: number | null
  /** What was assumed. */
  readonly remarks: readonly Remark[]

  constructor(layout: Layout, asked: Asked & Pick<TraceOptions, 'timeZone'>, file: string) {
    const pair = asked.time === undefined ? dayAndClock(layout) : null
    this.index = pair?.day ?? timeColumn(layout, asked, file)
    this.clock = pair?.clock ?? null
    const isSerial = pair === null && countsDays(layout, this.index)
    this.reader = new TimeReader({ isSerial, timeZone: asked.timeZone })
    this.remarks = [
      ...(pair === null ? [] : [{ detail: pairText(layout, pair), count: 1 }]),
      ...(isSerial ? [{ detail: SERIAL_TEXT, count: 1 }] : []),
    ]
  }

  /** Milliseconds since 1970; NaN where it is no time. */
  read({ bytes, starts, ends }: Row): EpochMs {
    const [start, end] = [starts[this.index] ?? 0, ends[this.index] ?? 0]
    if (this.clock === null) return this.reader.read(bytes, start, end)
    const clock = clockText(textIn(bytes, starts[this.clock] ?? 0, ends[this.clock] ?? 0).trim())
    return clock === null ? Number.NaN : this.reader.ofText(`${textIn(bytes, start, end).trim()}T${clock}`)
  }

  /** Which column of a row whose time cannot be read is to blame. */
  troubleIn({ bytes, starts, ends }: Row): number {
    const day = textIn(bytes, starts[this.index] ?? 0, ends[this.index] ?? 0).trim()
    return this.clock !== null && DAY.test(day) ? this.clock : this.index
  }
}

interface DayAndClock {
  readonly day: number
  readonly clock: number
}

function dayAndClock(layout: Layout): DayAndClock | null {
  const { names } = layout
  const clock = names.findIndex(
    (name, index) => CLOCK_NAMES.includes(name.toLowerCase()) && all(layout, index, isClock),
  )
  const day = names.findIndex((_, index) => all(layout, index, field => DAY.test(field)))
  return clock < 0 || day < 0 ? null : { day, clock }
}

/** Nearly: a row in twenty may be broken. */
function all({ rows }: Layout, index: number, is: (field: string) => boolean): boolean {
  const good = rows.filter(({ fields }) => is((fields[index] ?? '').trim())).length
  return good > 0 && good >= rows.length * 0.95
}

function isClock(field: string): boolean {
  return clockText(field) !== null
}

/** `9:05` is `09:05`, and an hour alone begins with its first minute. */
function clockText(field: string): string | null {
  if (CLOCK.test(field)) return field.padStart(field.indexOf(':') === 1 ? field.length + 1 : 0, '0')
  return HOUR.test(field) ? `${field.padStart(2, '0')}:00` : null
}

/** Whole days might as well be seconds; fractions of days so near to each other are not. */
function countsDays({ rows }: Layout, index: number): boolean {
  const numbers = rows.map(({ fields }) => numberOf((fields[index] ?? '').trim()))
  const isDay = (value: number) => value >= SERIAL.least && value <= SERIAL.most
  if (numbers.length === 0 || !numbers.every(isDay)) return false
  const apart = numbers.slice(1).map((value, row) => Math.abs(value - (numbers[row] ?? 0)))
  return numbers.some(value => !Number.isInteger(value)) && apart.every(distance => distance < 1)
}

const SERIAL_TEXT =
  'times are days with fractions; taken as days since 1899-12-30, as spreadsheets count them'

function pairText({ names }: Layout, { day, clock }: DayAndClock): string {
  return `times are column "${names[day] ?? ''}" at column "${names[clock] ?? ''}"`
}
