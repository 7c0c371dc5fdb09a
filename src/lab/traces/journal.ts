/**
 * What a daemon recorded of a fleet, as a trace: its metrics, and how many instances it had and wanted.
 *
 * Example: with samples of `cpu` from four instances every 15 s and a tick every 30 s, `readRecorded(store, { fleet: 'web', window })` has
 * bins of 30 s with the columns `cpu` (the mean of the four), `instances` (4), `pending` and `desired`.
 */
import { type Sample, seriesOf } from '../../model/sample.ts'
import type { EpochMs, Interval } from '../../model/time.ts'
import type { StateStore, TimelinePoint } from '../../ports/state-store.ts'
import type { LoadTrace } from '../trace.ts'
import { noColumn } from './layout.ts'
import { isoText, LoadBuilder } from './load-builder.ts'
import { stepOf } from './step.ts'
import { TRACE_CODES, TraceError } from './trace-error.ts'

export type RecordedStore = Pick<StateStore, 'readJournal' | 'readSamples' | 'readTimeline'>

export interface RecordedOptions {
  readonly fleet: string
  readonly window: Interval
  /** Without them, those that the rules of that time read. */
  readonly metrics?: readonly string[]
  /** Without it as long as the slowest of ticks and metrics is apart. */
  readonly stepMs?: number
  /** Only this column. */
  readonly column?: string
}

/** Rows asked for at once; time with more of them is asked for in parts. */
const PAGE = 50_000
const SLICE_MS = 6 * 3_600_000
/** What steps are found from. */
const SOME = 2_000
const MOST_METRICS = 50

/** Of ticks. The sessions' one is there where sessions were counted. */
export const INSTANCES = 'instances'
export const PENDING = 'pending'
export const DESIRED = 'desired'
export const SESSIONS = 'sessions'

/** Throws `TraceError` `nothingRecorded`, or `noColumn` for a metric without a sample. */
export async function readRecorded(store: RecordedStore, options: RecordedOptions): Promise<LoadTrace> {
  const { fleet, window } = options
  const metrics = options.metrics ?? (await metricsRead(store, fleet, window))
  const timeline = await store.readTimeline({ fleet, window, limit: SOME })
  const firsts = new Map<string, readonly Sample[]>()
  for (const metric of metrics)
    firsts.set(metric, await store.readSamples({ fleet, metric, window, limit: SOME }))
  if (timeline.length === 0 && [...firsts.values()].every(samples => samples.length === 0)) {
    throw new TraceError(
      TRACE_CODES.nothingRecorded,
      `nothing is recorded between ${isoText(window.from)} and ${isoText(window.to)}. ` +
        `"plimsoll history ${fleet} --all" shows what is.`,
      { file: fleet },
    )
  }
  const steps = [
    timeline.map(({ at }) => at),
    ...[...firsts.values()].map(samples => samples.map(({ at }) => at)),
  ]
  const stepMs =
    options.stepMs ?? Math.max(...steps.map(times => stepOf(Float64Array.from(times).sort()) ?? 0), 1000)
  const columns = columnsFor(metrics, timeline, options, fleet)
  const builder = new LoadBuilder({
    file: fleet,
    columns,
    stepMs,
    aggregate: 'avg',
    binned: true,
    rowWord: 'bin',
  })
  await fill(builder, store, { fleet, window, metrics, columns, stepMs })
  return builder.finish(fleet)
}

function columnsFor(
  metrics: readonly string[],
  timeline: readonly TimelinePoint[],
  { column }: RecordedOptions,
  fleet: string,
): string[] {
  const hasSessions = timeline.some(
    ({ sessions }) => sessions?.inUse !== null && sessions?.inUse !== undefined,
  )
  const all = [...metrics, INSTANCES, PENDING, DESIRED, ...(hasSessions ? [SESSIONS] : [])]
  if (column === undefined) return all
  if (all.includes(column)) return [column]
  throw noColumn(column, all, { file: fleet })
}

interface Filling {
  readonly fleet: string
  readonly window: Interval
  readonly metrics: readonly string[]
  readonly columns: readonly string[]
  readonly stepMs: number
}

/** Slice after slice, each ending where a bin ends. */
async function fill(builder: LoadBuilder, store: RecordedStore, filling: Filling): Promise<void> {
  const { window, columns, stepMs } = filling
  const startAt = Math.floor((await beginning(store, filling)) / stepMs) * stepMs
  const sliceMs = Math.max(1, Math.round(SLICE_MS / stepMs)) * stepMs
  const row = new Float64Array(columns.length)
  let bins = 0
  for (let from = startAt; from < window.to; from += sliceMs) {
    const slice = { from, to: Math.min(window.to, from + sliceMs) }
    const length = Math.ceil((slice.to - from) / stepMs)
    const values = new Map<string, Float64Array>()
    for (const metric of filling.metrics) {
      if (!columns.includes(metric)) continue
      const binned = new SampleBins(from, stepMs, length)
      await eachSample(store, filling.fleet, metric, slice, stepMs, sample => binned.add(sample))
      values.set(metric, binned.means())
    }
    await addTicks(store, filling, slice, length, values)
    for (let bin = 0; bin < length; bin++) {
      columns.forEach((column, index) => {
        row[index] = values.get(column)?.[bin] ?? Number.NaN
      })
      bins++
      if (!row.every(Number.isNaN)) builder.add(bins, from + bin * stepMs, row)
    }
  }
}

/** The first thing recorded in the window: reading begins there, not years before. */
async function beginning(store: RecordedStore, { fleet, window, metrics }: Filling): Promise<EpochMs> {
  let [low, high] = [window.from, window.to]
  const isEmpty = async (to: EpochMs) => {
    const early = { from: window.from, to }
    if ((await store.readTimeline({ fleet, window: early, limit: 1 })).length > 0) return false
    for (const metric of metrics) {
      if ((await store.readSamples({ fleet, metric, window: early, limit: 1 })).length > 0) return false
    }
    return true
  }
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2)
    if (await isEmpty(middle)) low = middle
    else high = middle
  }
  return low
}

async function addTicks(
  store: RecordedStore,
  { fleet, columns, stepMs }: Filling,
  slice: Interval,
  length: number,
  values: Map<string, Float64Array>,
): Promise<void> {
  const read: Readonly<Record<string, (point: TimelinePoint) => number | null>> = {
    [INSTANCES]: ({ open }) => open,
    [PENDING]: ({ pending }) => pending,
    [DESIRED]: ({ desired }) => desired,
    [SESSIONS]: ({ sessions }) => sessions?.inUse ?? null,
  }
  const wanted = Object.entries(read).filter(([name]) => columns.includes(name) && !values.has(name))
  const binned = wanted.map(([name, value]) => ({
    name,
    value,
    bins: new SampleBins(slice.from, stepMs, length),
  }))
  await eachTick(store, fleet, slice, stepMs, point => {
    for (const { value, bins } of binned) {
      const number = value(point)
      if (number !== null) bins.add({ at: point.at, value: number })
    }
  })
  for (const { name, bins } of binned) values.set(name, bins.means())
}

/**
 * Samples in bins. In each bin every series counts once: instances are averaged; what is measured by label of the fleet as a whole (by
 * region, say) is summed.
 */
class SampleBins {
  readonly #from: EpochMs
  readonly #stepMs: number
  readonly #length: number
  readonly #series = new Map<
    string,
    { readonly ofInstance: boolean; readonly sums: Float64Array; readonly counts: Uint32Array }
  >()

  constructor(from: EpochMs, stepMs: number, length: number) {
    this.#from = from
    this.#stepMs = stepMs
    this.#length = length
  }

  add(sample: Sample): void {
    const bin = Math.floor((sample.at - this.#from) / this.#stepMs)
    if (bin < 0 || bin >= this.#length) return
    const key = seriesOf(sample) ?? ''
    let series = this.#series.get(key)
    if (series === undefined) {
      const ofInstance = sample.instance !== undefined
      series = { ofInstance, sums: new Float64Array(this.#length), counts: new Uint32Array(this.#length) }
      this.#series.set(key, series)
    }
    series.sums[bin] = (series.sums[bin] ?? 0) + sample.value
    series.counts[bin] = (series.counts[bin] ?? 0) + 1
  }

  means(): Float64Array {
    const totals = new Float64Array(this.#length)
    const ofInstances = new Float64Array(this.#length)
    const instances = new Uint32Array(this.#length)
    const known = new Uint8Array(this.#length)
    for (const { ofInstance, sums, counts } of this.#series.values()) {
      counts.forEach((count, bin) => {
        if (count === 0) return
        const mean = (sums[bin] ?? 0) / count
        known[bin] = 1
        if (!ofInstance) totals[bin] = (totals[bin] ?? 0) + mean
        else {
          ofInstances[bin] = (ofInstances[bin] ?? 0) + mean
          instances[bin] = (instances[bin] ?? 0) + 1
        }
      })
    }
    return totals.map((total, bin) => {
      if (known[bin] === 0) return Number.NaN
      const count = instances[bin] ?? 0
      // What is said both of instances and of the whole fleet is taken from the instances.
      return count === 0 ? total : (ofInstances[bin] ?? 0) / count
    })
  }
}

/** Sorted by time, however many there are. */
export async function eachSample(
  store: Pick<RecordedStore, 'readSamples'>,
  fleet: string,
  metric: string,
  window: Interval,
  leastMs: number,
  take: (sample: Sample) => void,
): Promise<void> {
  await inParts(
    window,
    leastMs,
    part => store.readSamples({ fleet, metric, window: part, limit: PAGE }),
    take,
  )
}

export async function eachTick(
  store: Pick<RecordedStore, 'readTimeline'>,
  fleet: string,
  window: Interval,
  leastMs: number,
  take: (point: TimelinePoint) => void,
): Promise<void> {
  await inParts(window, leastMs, part => store.readTimeline({ fleet, window: part, limit: PAGE }), take)
}

/** Halves a stretch of time of which a page does not hold everything; of one bin the newest must do. */
async function inParts<T>(
  window: Interval,
  leastMs: number,
  read: (part: Interval) => Promise<readonly T[]>,
  take: (row: T) => void,
): Promise<void> {
  const rows = await read(window)
  if (rows.length < PAGE || window.to - window.from <= leastMs) {
    for (const row of rows) take(row)
    return
  }
  const middle = Math.floor((window.from + window.to) / 2)
  await inParts({ from: window.from, to: middle }, leastMs, read, take)
  await inParts({ from: middle, to: window.to }, leastMs, read, take)
}

/** Those named by the operands of the newest tick of the time. */
async function metricsRead(store: RecordedStore, fleet: string, window: Interval): Promise<string[]> {
  const [newest] = await store.readJournal({ fleet, since: window.from, at: window.to, limit: 1 })
  const keys = Object.keys(newest?.observation.readings ?? {})
  return [...new Set(keys.flatMap(key => /\(([\w:./-]+)[,)]/.exec(key)?.[1] ?? []))].slice(0, MOST_METRICS)
}
