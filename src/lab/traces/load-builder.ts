/**
 * Puts the rows of a record on one even grid while they come, in bounded memory. The first rows are kept until the step is known from
 * them; after that only bins are kept. Whatever a row was that a row should not be is counted as a repair.
 *
 * Example: rows at 12:00, 12:02 and again 12:02 by the minute become the bins 12:00, 12:01 (NaN, a gap) and 12:02 (one value, a
 * duplicate).
 */
import type { EpochMs } from '../../model/time.ts'
import type { LoadTrace } from '../trace.ts'
import { type Aggregate, Bins } from './bins.ts'
import { HeadRows } from './head-rows.ts'
import { counted, RepairNotes } from './repair-notes.ts'
import { FALLBACK_STEP_MS, type GridShape, shapeOf, stepOf, usualStepAbove } from './step.ts'
import { type Place, TRACE_CODES, TraceError } from './trace-error.ts'

/** Ten years by the minute. */
export const MOST_BINS = 5_000_000
/** In all columns. */
const MOST_CELLS = 40_000_000
/** No measurement of a load is larger: a quadrillion. */
const ABSURD = 1e15

export interface BuilderOptions {
  readonly file: string
  readonly columns: readonly string[]
  /** `null`: as the rows have it. */
  readonly stepMs: number | null
  readonly aggregate: Aggregate
  /** Rows are bins of that step already. */
  readonly binned?: boolean
  /** What a row is called: `line`, `row`. */
  readonly rowWord?: string
  /** How much of the record has been read, 0 to 1. */
  readonly progress?: () => number
  readonly mostBins?: number
  readonly notes?: RepairNotes
}

export class LoadBuilder {
  readonly notes: RepairNotes
  readonly #options: BuilderOptions
  readonly #width: number
  readonly #mostBins: number
  readonly #word: string
  #rows = 0
  #lastAt = Number.NEGATIVE_INFINITY
  /** Rows by which the step is found; `null` once it is. */
  #head: HeadRows | null
  #bins: Bins | null = null

  constructor(options: BuilderOptions) {
    this.#options = options
    this.#width = options.columns.length
    this.#mostBins = Math.min(
      options.mostBins ?? MOST_BINS,
      Math.floor(MOST_CELLS / Math.max(1, this.#width)),
    )
    this.#word = options.rowWord ?? 'line'
    this.notes = options.notes ?? new RepairNotes()
    this.#head = new HeadRows(this.#width)
  }

  get rows(): number {
    return this.#rows
  }

  /** `values`: one for each column, NaN where there is none; they are copied. */
  add(line: number, at: EpochMs, values: Float64Array): void {
    this.#rows++
    this.#judge(line, values)
    if (at < this.#lastAt) this.notes.note('disorder', '', () => `${this.#word} ${line}`)
    this.#lastAt = at
    if (this.#head !== null) {
      this.#head.add(line, at, values)
      if (this.#head.full) this.#settle(false)
    } else this.#bins?.add(line, at, values)
  }

  /** Throws `TraceError` `empty` when there was no row at all. */
  finish(name: string): LoadTrace {
    const { file, columns, aggregate } = this.#options
    if (this.#rows === 0) throw new TraceError(TRACE_CODES.empty, 'there is no row of load in it.', { file })
    if (this.#head !== null) this.#settle(true)
    const bins = this.#bins
    if (bins === null) throw new TraceError(TRACE_CODES.empty, 'there is no row of load in it.', { file })
    const { startAt, length, stepMs } = bins.extent()
    const trace = Object.fromEntries(columns.map((column, index) => [column, bins.column(index)]))
    this.#sayRepairs(bins, trace, startAt, stepMs, aggregate)
    return { kind: 'load', name, startAt, stepMs, length, columns: trace, repairs: this.notes.list }
  }

  #judge(line: number, values: Float64Array): void {
    for (let column = 0; column < this.#width; column++) {
      const value = values[column] ?? Number.NaN
      if (value >= 0 && value <= ABSURD) continue
      if (Number.isNaN(value)) continue
      values[column] = Number.NaN
      const first = () => `${value} at ${this.#word} ${line}, column "${this.#options.columns[column] ?? ''}"`
      if (value < 0 && value >= -ABSURD) this.notes.note('negative', '', first)
      else this.notes.note('absurd', 'size', first)
    }
  }

  #settle(whole: boolean): void {
    const head = this.#head
    if (head === null) return
    this.#head = null
    const order = head.sorted()
    const times = Float64Array.from(order, row => head.times[row] ?? 0)
    const shape = this.#shape(times, whole)
    const bins = new Bins(shape, this.#width, this.#options.aggregate, this.#mostBins, this.notes, {
      tooMany: (line, at) => this.#tooMany(shape, times[0] ?? 0, line, at),
      word: this.#word,
    })
    const values = new Float64Array(this.#width)
    for (const row of order) {
      head.valuesOf(row, values)
      bins.add(head.lines[row] ?? 0, head.times[row] ?? 0, values)
    }
    this.#bins = bins
  }

  #shape(times: Float64Array, whole: boolean): GridShape {
    const { file, stepMs } = this.#options
    const shuffled = !whole && this.notes.countOf('disorder', '') > times.length / 10
    const found = stepOf(times, shuffled)
    if (stepMs === null) {
      if (found === null) {
        const detail = 'no two rows differ in time, so that there is no step; taken as one minute'
        this.notes.say('assumed', detail, 1)
      }
      return shapeOf(times, found ?? FALLBACK_STEP_MS)
    }
    if (found !== null && 2 * stepMs < found && this.#options.binned !== true) {
      throw new TraceError(
        TRACE_CODES.step,
        `its rows are ${durationText(found)} apart; bins of ${durationText(stepMs)} would mostly be empty. ` +
          `Give --step ${durationText(found)} or more.`,
        { file },
      )
    }
    return shapeOf(times, stepMs, found !== null && stepMs >= 2 * found)
  }

  #tooMany({ stepMs }: GridShape, firstAt: EpochMs, line: number, at: EpochMs): TraceError {
    const share = Math.max(0.001, Math.min(1, this.#options.progress?.() ?? 1))
    const wanted = usualStepAbove(Math.abs(at - firstAt) / share / (this.#mostBins - 1))
    const place: Place = { file: this.#options.file, line }
    return new TraceError(
      TRACE_CODES.tooManyBins,
      `${isoText(at)} is ${Math.round(Math.abs(at - firstAt) / stepMs).toLocaleString('en')} bins of ` +
        `${durationText(stepMs)} from the first row; at most ${this.#mostBins.toLocaleString('en')} are kept. ` +
        `Give --step ${durationText(wanted)}, or correct this time if it is wrong.`,
      place,
    )
  }

  #sayRepairs(
    bins: Bins,
    columns: Readonly<Record<string, Float64Array>>,
    startAt: EpochMs,
    stepMs: number,
    aggregate: Aggregate,
  ): void {
    const { notes } = this
    const into = AGGREGATED[aggregate]
    notes.settle(
      'disorder',
      '',
      (count, first) => `${counted(count, 'row')} out of order, first at ${first}; sorted`,
    )
    notes.settle(
      'duplicate',
      'same',
      (n, first) => `${counted(n, 'row')} said twice, first at ${first}; counted once`,
    )
    notes.settle(
      'duplicate',
      'other',
      (n, first) =>
        `${counted(n, 'row')} with the time of another and other values, first at ${first}; ${into}`,
    )
    notes.settle(
      'negative',
      '',
      (n, first) => `${counted(n, 'value')} below zero, first ${first}; taken as gaps`,
    )
    notes.settle(
      'absurd',
      'size',
      (n, first) => `${counted(n, 'value')} too large to be true, first ${first}; taken as gaps`,
    )
    const { moved, merged, furthestMs } = bins
    if (moved + merged > 0) {
      // Of bins longer than the rows are apart one wants to know what became of their rows, not that these lie in the midst.
      const detail =
        merged >= moved / 2
          ? `${counted(merged, 'row')} shared a bin: ${into}`
          : `${counted(moved, 'row')} beside the grid, by at most ${durationText(furthestMs)}` +
            (merged === 0 ? '' : `; ${counted(merged, 'row')} shared a bin: ${into}`)
      notes.say('resampled', `put into bins of ${durationText(stepMs)}; ${detail}`, Math.max(moved, merged))
    }
    for (const [name, values] of Object.entries(columns)) this.#sayGaps(name, values, startAt, stepMs)
  }

  #sayGaps(name: string, values: Float64Array, startAt: EpochMs, stepMs: number): void {
    let [count, stretches, first, last] = [0, 0, -1, -1]
    values.forEach((value, bin) => {
      if (!Number.isNaN(value)) return
      if (last !== bin - 1 || count === 0) stretches++
      if (first < 0) first = bin
      last = bin
      count++
    })
    if (count === 0) return
    const when = { from: startAt + first * stepMs, to: startAt + (last + 1) * stepMs }
    const where = stretches === 1 ? '' : `in ${counted(stretches, 'stretch', 'stretches')}, the first `
    const detail = `${counted(count, 'bin')} of "${name}" without a value, ${where}at ${isoText(when.from)}; left as gaps`
    this.notes.say('gap', detail, count, stretches === 1 ? when : null)
  }
}

const AGGREGATED: Readonly<Record<Aggregate, string>> = {
  avg: 'averaged',
  sum: 'summed',
  max: 'the largest taken',
}

/** `90s`, `1.5h` would be said as `90m`. */
export function durationText(ms: number): string {
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const) {
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`
  }
  return `${ms}ms`
}

export function isoText(at: EpochMs): string {
  return new Date(at).toISOString()
}
