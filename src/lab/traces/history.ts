/**
 * Reads recorded load from a source of metrics that keeps some of its own, page by page, onto one grid of time. The grid is as coarse as
 * the coarsest of its metrics; what a finer one measured in a bin is combined as that metric is: averages averaged, totals summed.
 *
 * Example: a week of `cpu` by the minute and `orders` by five are 2,016 bins; pages of a day are seven questions. Bins that nobody kept
 * stay gaps, and how many there are is said.
 */
import { formatDuration } from '../../config/expression/units.ts'
import type { EpochMs, Interval } from '../../model/time.ts'
import { spanText } from '../span-text.ts'
import type { LoadTrace } from '../trace.ts'
import { isoText, LoadBuilder, MOST_BINS } from './load-builder.ts'
import { TRACE_CODES, TraceError } from './trace-error.ts'

export type Combine = 'avg' | 'sum' | 'max' | 'min'

export interface HistoryColumn {
  readonly name: string
  readonly stepMs: number
  readonly combine: Combine
}

/** Values by the begin of their bins; or why there are none, and whether that may pass. */
export type PageAnswer =
  | { readonly values: readonly { readonly startAt: EpochMs; readonly value: number }[] }
  | { readonly because: string; readonly passes: boolean; readonly waitMs: number | null }

export interface History {
  /** As in messages: `Azure Monitor`. */
  readonly name: string
  readonly columns: readonly HistoryColumn[]
  /** Columns that are left out where they cannot be read. */
  readonly dispensable: ReadonlySet<string>
  /** How long a stretch is asked for at once, from now on. */
  pageMs(): number
  /** One answer per column, in order. */
  page(window: Interval): Promise<readonly PageAnswer[]>
}

export interface HistoryAsked {
  readonly window: Interval
  /** A multiple of the longest step of a column; that one when left out. */
  readonly stepMs?: number | undefined
  readonly onProgress?: (readMs: number, ofMs: number) => void
  /** Resolves after so long; `because` is why. */
  readonly wait: (ms: number, because: string) => Promise<void>
}

const TRIES = 5
const PAUSE_MS = 2_000
/** Whoever asks to wait longer is not waited for. */
const LONGEST_WAIT_MS = 120_000

/** Throws `TraceError` `historyStep`, `historyRefused`, `historyEmpty` or `tooManyBins`. */
export async function readHistory(history: History, asked: HistoryAsked): Promise<LoadTrace> {
  const { name, columns } = history
  const stepMs = stepFor(history, asked.stepMs)
  const from = Math.ceil(asked.window.from / stepMs) * stepMs
  const to = Math.floor(asked.window.to / stepMs) * stepMs
  const length = Math.max(0, (to - from) / stepMs)
  if (length > MOST_BINS) {
    throw new TraceError(
      TRACE_CODES.tooManyBins,
      `${length} bins are more than ${MOST_BINS} that are kept.`,
      {
        file: name,
      },
    )
  }
  const grids = columns.map(({ combine }) => new Grid(length, combine))
  const left = new Map<string, string>()
  for (let at = from; at < to; ) {
    const end = Math.min(to, at + Math.max(stepMs, Math.floor(history.pageMs() / stepMs) * stepMs))
    const answers = await patiently(history, { from: at, to: end }, asked)
    answers.forEach((answer, index) => {
      const column = columns[index]
      if (column === undefined) return
      if ('because' in answer) left.set(column.name, answer.because)
      else
        for (const { startAt, value } of answer.values)
          grids[index]?.put(Math.floor((startAt - from) / stepMs), value)
    })
    at = end
    asked.onProgress?.(at - from, to - from)
  }
  const kept = columns.flatMap(({ name: column }, index): Kept[] => {
    const values = grids[index]?.values()
    if (values === undefined || left.has(column)) return []
    if (!history.dispensable.has(column) || values.some(value => !Number.isNaN(value)))
      return [{ column, values }]
    left.set(column, 'nothing was kept of it')
    return []
  })
  return built(name, kept, left, { from, stepMs, length })
}

function stepFor({ name, columns }: History, said: number | undefined): number {
  const longest = Math.max(...columns.map(({ stepMs }) => stepMs))
  if (said === undefined || (said >= longest && said % longest === 0)) return said ?? longest
  throw new TraceError(
    TRACE_CODES.historyStep,
    `its bins are ${spanText(longest)} long, and ${spanText(said)} is no multiple of that. Leave --step out, or give ${formatDuration(longest * Math.max(1, Math.round(said / longest)))}.`,
    { file: name },
  )
}

/** Asks again for what may pass, and gives up on what does not. */
async function patiently(
  history: History,
  window: Interval,
  { wait }: HistoryAsked,
): Promise<readonly PageAnswer[]> {
  for (let tried = 1; ; tried += 1) {
    const answers = await history.page(window)
    const bad = answers.flatMap((answer, index) => {
      const column = history.columns[index]?.name ?? ''
      return 'because' in answer && !(history.dispensable.has(column) && !answer.passes) ? [answer] : []
    })
    const [first] = bad
    if (first === undefined) return answers
    const waitMs = Math.max(...bad.map(each => each.waitMs ?? PAUSE_MS * tried))
    if (bad.every(({ passes }) => passes) && tried < TRIES && waitMs <= LONGEST_WAIT_MS) {
      await wait(waitMs, first.because)
      continue
    }
    throw new TraceError(
      TRACE_CODES.historyRefused,
      `what was measured from ${isoText(window.from)} to ${isoText(window.to)} could not be read, tried ${tried} ${tried === 1 ? 'time' : 'times'}: ${first.because}`,
      { file: history.name },
    )
  }
}

/** One column: what fell into each bin. */
class Grid {
  readonly #values: Float64Array
  readonly #counts: Uint32Array
  readonly #combine: Combine

  constructor(length: number, combine: Combine) {
    this.#values = new Float64Array(length).fill(Number.NaN)
    this.#counts = new Uint32Array(length)
    this.#combine = combine
  }

  put(bin: number, value: number): void {
    if (bin < 0 || bin >= this.#values.length) return
    const count = this.#counts[bin] ?? 0
    const before = this.#values[bin] ?? Number.NaN
    this.#counts[bin] = count + 1
    if (count === 0) this.#values[bin] = value
    else if (this.#combine === 'max') this.#values[bin] = Math.max(before, value)
    else if (this.#combine === 'min') this.#values[bin] = Math.min(before, value)
    else this.#values[bin] = before + value
  }

  values(): Float64Array {
    if (this.#combine !== 'avg') return this.#values
    return this.#values.map((sum, bin) => sum / Math.max(1, this.#counts[bin] ?? 0))
  }
}

interface Kept {
  readonly column: string
  readonly values: Float64Array
}

/** From the first bin anybody kept to the last. */
function built(
  name: string,
  kept: readonly Kept[],
  left: ReadonlyMap<string, string>,
  { from, stepMs, length }: { readonly from: EpochMs; readonly stepMs: number; readonly length: number },
): LoadTrace {
  const isKnown = (bin: number): boolean => kept.some(({ values }) => !Number.isNaN(values[bin]))
  let [first, last] = [0, length - 1]
  while (first <= last && !isKnown(first)) first += 1
  while (last > first && !isKnown(last)) last -= 1
  if (first > last) {
    throw new TraceError(
      TRACE_CODES.historyEmpty,
      `nothing was kept of ${kept.map(({ column }) => column).join(', ')} between ${isoText(from)} and ${isoText(from + length * stepMs)}. Was anything running then? Widen --from, or look at the metric where it is kept.`,
      { file: name },
    )
  }
  const builder = new LoadBuilder({
    file: name,
    columns: kept.map(({ column }) => column),
    stepMs,
    aggregate: 'avg',
    binned: true,
    rowWord: 'bin',
  })
  if (first > 0) {
    const before = { from, to: from + first * stepMs }
    builder.notes.say('cut', `nothing was kept before ${isoText(before.to)}; begun there`, first, before)
  }
  for (const [column, because] of left)
    builder.notes.say('assumed', `"${column}" could not be read and is left out: ${because}`, 1)
  const row = new Float64Array(kept.length)
  for (let bin = first; bin <= last; bin += 1) {
    kept.forEach(({ values }, index) => {
      row[index] = values[bin] ?? Number.NaN
    })
    builder.add(bin - first + 1, from + bin * stepMs, row)
  }
  return builder.finish(name)
}
