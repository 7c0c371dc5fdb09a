/**
 * What each metric of a fleet would have read in a replay. Recorded utilization depends on recorded capacity, so by kind:
 * a `total` is replayed as it was; a `perInstance` value times the recorded instances is demand, and is shared by the simulated
 * ones; an `independent` one is replayed as it was. What no column holds is worked out from the load: its share of the capacity
 * (a percentage), load per instance, or what waits.
 *
 * Example: 80 % on 4 recorded instances reads 64 % on 5 simulated ones.
 */

import { nearest } from '../config/expression/nearest.ts'
import type { FleetSpec, MetricSpec } from '../model/spec.ts'
import type { EpochMs, Interval } from '../model/time.ts'
import type { Seen } from './contender.ts'
import { LabError } from './lab-error.ts'
import type { LoadTrace } from './trace.ts'
import { listed } from './traces/layout.ts'

/** Where a metric's values come from: worked out from the load, or a column of the trace. */
export type FeedSource = 'load' | 'utilization' | 'backlog' | { readonly column: string }

export interface FeedOptions {
  /** The column that is the fleet's demand; `null`: found by its name. */
  readonly loadColumn: string | null
  /** The column with the recorded count of ready instances; `null`: one called `instances`, where there is one. */
  readonly instancesColumn: string | null
  /** By metric, where it is said. */
  readonly sources: Readonly<Record<string, FeedSource>>
}

export interface Feed {
  readonly metric: MetricSpec
  /** Its values are the demand itself. */
  readonly isDemand: boolean
  /** What it reads, given what is seen; NaN is a gap. */
  read(seen: Seen): number
  /** Of a utilization that is worked out: what it reads in the midst of a bin, whose load stays while instances come and go. */
  readonly within?: (perInstance: number) => Feed['read']
}

export interface Feeds {
  /** Demand per bin, of the whole fleet; and its column. */
  readonly load: Float64Array
  readonly loadColumn: string
  /** What one instance can serve, where the record says so by its unit (100 % of itself); `null` where it does not. */
  readonly perInstance: number | null
  readonly feeds: readonly Feed[]
  /** Recorded count of ready instances; `null` where nobody recorded it. */
  readonly recorded: Float64Array | null
  readonly censored: readonly Interval[]
  /** In words: which column is what. */
  readonly notes: readonly string[]
}

/** What may be said instead of a column. */
const WORKED_OUT = ['load', 'utilization', 'backlog']
/** A utilization this close to its ceiling may have been more. */
const CEILING_SHARE = 0.995
const LOAD_NAMES = ['load', 'demand', 'value', 'requests', 'sessions', 'count', '_value']
const INSTANCES_NAME = 'instances'

export function feedsOf(trace: LoadTrace, fleet: FleetSpec, options: FeedOptions): Feeds {
  refuseUnread(fleet, options.sources)
  const recorded = recordedOf(trace, options.instancesColumn)
  const demand = demandOf(trace, fleet, options, recorded)
  const notes = [demand.note]
  const feeds = Object.values(fleet.metrics).map(metric => {
    const feed = feedOf(metric, { trace, options, recorded, demand: demand.name })
    notes.push(feed.note)
    return feed
  })
  return {
    load: demand.load,
    loadColumn: demand.name,
    perInstance: demand.perInstance,
    feeds,
    recorded,
    censored: demand.ceiling === null ? [] : stretches(trace, demand.saturated),
    notes,
  }
}

interface Demand {
  /** Of its column. */
  readonly name: string
  readonly load: Float64Array
  readonly perInstance: number | null
  readonly ceiling: number | null
  readonly saturated: (bin: number) => boolean
  readonly note: string
}

function demandOf(
  trace: LoadTrace,
  fleet: FleetSpec,
  { loadColumn }: FeedOptions,
  recorded: Float64Array | null,
): Demand {
  const name = loadColumn ?? findLoad(trace, fleet)
  const values = columnOf(trace, name)
  const metric = fleet.metrics[name]
  if (metric?.kind !== 'perInstance') {
    const load = values.map(value => Math.max(0, value))
    return {
      name,
      load,
      perInstance: null,
      ceiling: null,
      saturated: () => false,
      note: `Demand is column "${name}".`,
    }
  }
  if (recorded === null) throw withoutInstances(trace, name)
  const ceiling = ceilingOf(metric)
  return {
    name,
    load: values.map((value, bin) => Math.max(0, value * (recorded[bin] ?? Number.NaN))),
    perInstance: ceiling,
    ceiling,
    saturated: bin => ceiling !== null && (values[bin] ?? 0) >= ceiling * CEILING_SHARE,
    note: `Demand is column "${name}", which is per instance, times the recorded instances.`,
  }
}

function findLoad(trace: LoadTrace, fleet: FleetSpec): string {
  const columns = Object.keys(trace.columns).filter(name => name !== INSTANCES_NAME)
  const only = columns[0]
  if (only !== undefined && columns.length === 1) return only
  const metrics = Object.values(fleet.metrics)
  const found =
    columns.find(name => metrics.some(metric => metric.name === name && metric.kind === 'total')) ??
    LOAD_NAMES.find(name => columns.includes(name)) ??
    columns.find(name => metrics.some(metric => metric.name === name && metric.kind === 'perInstance'))
  if (found !== undefined) return found
  throw new LabError(
    'PLM-720',
    `${trace.name} has the columns ${listed(columns)}; which of them is the demand of the fleet is not clear. Say it with --load COLUMN.`,
  )
}

function recordedOf(trace: LoadTrace, named: string | null): Float64Array | null {
  if (named !== null) return columnOf(trace, named)
  return trace.columns[INSTANCES_NAME] ?? null
}

function columnOf(trace: LoadTrace, name: string, others: readonly string[] = []): Float64Array {
  const column = trace.columns[name]
  if (column !== undefined) return column
  const columns = Object.keys(trace.columns)
  throw new LabError(
    'PLM-721',
    `${trace.name} has no column "${name}".${meant(name, [...columns, ...others])} It has ${listed(columns)}.`,
  )
}

interface Material {
  readonly trace: LoadTrace
  readonly options: FeedOptions
  readonly recorded: Float64Array | null
  readonly demand: string
}

function meant(name: string, known: readonly string[]): string {
  const close = nearest(name, known)
  return close === null ? '' : ` Did you mean "${close}"?`
}

/** A source for a metric that no rule reads would do nothing, quietly. */
function refuseUnread(fleet: FleetSpec, sources: FeedOptions['sources']): void {
  const known = Object.keys(fleet.metrics)
  const unread = Object.keys(sources).find(name => !known.includes(name))
  if (unread === undefined) return
  const read = known.length === 0 ? 'They read none.' : `They read ${known.join(', ')}.`
  throw new LabError(
    'PLM-729',
    `--metric names "${unread}", which the rules of ${fleet.name} do not read.${meant(unread, known)} ${read}`,
  )
}

function feedOf(metric: MetricSpec, material: Material): Feed & { readonly note: string } {
  const { trace, options } = material
  const said = options.sources[metric.name]
  const source =
    said ?? (trace.columns[metric.name] === undefined ? derived(metric) : { column: metric.name })
  if (source === null) {
    throw new LabError(
      'PLM-722',
      `Metric ${metric.name} is independent of the load and ${trace.name} has no column for it. Name one with --metric ${metric.name}=COLUMN, or say --metric ${metric.name}=load, =utilization or =backlog.`,
    )
  }
  const read = readerOf(metric, source, material)
  const isDemand =
    metric.kind !== 'perInstance' &&
    (source === 'load' || (typeof source === 'object' && source.column === material.demand))
  const within = source === 'utilization' ? { within: withinOf(metric) } : {}
  return {
    metric,
    isDemand,
    read,
    ...within,
    note: `Metric ${metric.name} is ${sourceText(source, metric)}.`,
  }
}

function derived({ kind, unit }: MetricSpec): FeedSource | null {
  switch (kind) {
    case 'total':
      return 'load'
    case 'perInstance':
      return unit === 'percent' || unit === 'ratio' || unit === null ? 'utilization' : 'load'
    case 'independent':
      return null
  }
}

function readerOf(metric: MetricSpec, source: FeedSource, { trace, recorded }: Material): Feed['read'] {
  const ceiling = ceilingOf(metric)
  if (source === 'utilization') {
    // Where no unit is said, 80% in a rule means 80.
    const whole = ceiling ?? 100
    return ({ utilizationRatio }) =>
      Number.isNaN(utilizationRatio) ? Number.NaN : whole * Math.min(1, utilizationRatio)
  }
  if (source === 'backlog') return ({ backlog }) => backlog
  if (source === 'load') {
    return metric.kind === 'perInstance' ? ({ load, ready }) => load / Math.max(1, ready) : ({ load }) => load
  }
  const values = columnOf(trace, source.column, WORKED_OUT)
  const at = ({ bin }: Seen): number => (bin < 0 ? Number.NaN : (values[bin] ?? Number.NaN))
  if (metric.kind !== 'perInstance') return at
  if (recorded === null) throw withoutInstances(trace, source.column)
  return seen => {
    const demand = at(seen) * (seen.bin < 0 ? Number.NaN : (recorded[seen.bin] ?? Number.NaN))
    const value = demand / Math.max(1, seen.ready)
    return ceiling === null ? value : Math.min(ceiling, value)
  }
}

/** As a metric per instance is shared by those that are ready now, so is the load that is known. */
function withinOf(metric: MetricSpec): NonNullable<Feed['within']> {
  const whole = ceilingOf(metric) ?? 100
  return perInstance =>
    ({ load, backlog, ready }) =>
      whole * Math.min(1, (load + backlog) / (Math.max(1, ready) * perInstance))
}

/** The most one instance can show. */
function ceilingOf({ unit }: MetricSpec): number | null {
  if (unit === 'percent') return 100
  return unit === 'ratio' ? 1 : null
}

function withoutInstances(trace: LoadTrace, column: string): LabError {
  return new LabError(
    'PLM-723',
    `Column ${column} of ${trace.name} is per instance, and how many instances there were is not recorded: its values cannot be carried over to another count. Name the column with the recorded count with --instances COLUMN, or work the metric out from a load with --metric ${column}=utilization.`,
  )
}

function sourceText(source: FeedSource, { kind }: MetricSpec): string {
  switch (source) {
    case 'load':
      return kind === 'perInstance' ? 'worked out: the load per ready instance' : 'the load'
    case 'utilization':
      return 'worked out: the share of the ready capacity in use'
    case 'backlog':
      return 'worked out: what waits for room'
    default:
      return kind === 'perInstance'
        ? `column "${source.column}", shared anew by the simulated instances`
        : `column "${source.column}"`
  }
}

/** Bins in a row for which it holds. */
export function stretches(
  { startAt, stepMs, length }: Pick<LoadTrace, 'startAt' | 'stepMs' | 'length'>,
  holds: (bin: number) => boolean,
): readonly Interval[] {
  const found: Interval[] = []
  let since: EpochMs | null = null
  for (let bin = 0; bin <= length; bin += 1) {
    const at = startAt + bin * stepMs
    const is = bin < length && holds(bin)
    if (is && since === null) since = at
    if (!is && since !== null) {
      found.push({ from: since, to: at })
      since = null
    }
  }
  return found
}
