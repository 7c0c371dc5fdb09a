/**
 * What a metric's keys leave open and its source knows: its unit, and after how long a last value is too old.
 *
 * Example: `{ source: process, read: cpu }`, read every second, is in percent and stale after 30 s; a metric read
 * every minute is stale after 3 minutes. `Percentage CPU` of an Azure scale set is in percent, and per instance.
 */
import type { MetricKind, MetricUnit } from '../model/spec.ts'
import { AZURE_AGGREGATIONS, type AzureMetricFacts, azureMetricFacts } from './azure-metrics.ts'
import type { ContextMetric } from './expression/context.ts'
import { layoutOfTable } from './schema-azure-table.ts'

/** What the built-in sources measure in. */
const UNIT_OF_READING: Readonly<Record<string, MetricUnit>> = {
  cpu: 'percent',
  memory: 'bytes',
  requestsPerSecond: 'count',
  inFlight: 'count',
  queueLength: 'count',
  latencyP50: 'ms',
  latencyP95: 'ms',
  latencyP99: 'ms',
  errorsPerSecond: 'count',
  errorRatio: 'ratio',
  messages: 'count',
  age: 's',
}

const WITH_BINS: ReadonlySet<unknown> = new Set(['azure-monitor', 'azure-log-analytics'])
const WITH_READINGS: ReadonlySet<unknown> = new Set(['process', 'proxy', 'azure-queue'])

const STALE_AT_LEAST_MS = 30_000

/** The keys of a metric as far as they are right. */
export interface MetricKeys {
  readonly source?: unknown
  readonly read?: unknown
  readonly unit?: unknown
  readonly every?: unknown
  readonly staleAfter?: unknown
  readonly grain?: unknown
  readonly kind?: unknown
  /** Of `azure-monitor`. */
  readonly interval?: unknown
  readonly resource?: unknown
  readonly metric?: unknown
  readonly aggregation?: unknown
  /** Of `azure-table`. */
  readonly table?: unknown
}

/** What it is, where nothing is said. */
export function kindOfMetric(keys: MetricKeys): MetricKind {
  const declared = KINDS.find(each => each === keys.kind)
  return declared ?? azureFacts(keys)?.kind ?? storedKind(keys) ?? 'independent'
}

const KINDS: readonly MetricKind[] = ['perInstance', 'total', 'independent']

/** Of what is in a storage account. */
function storedKind({ source, read, table }: MetricKeys): MetricKind | null {
  if (source === 'azure-queue' && read === 'messages') return 'total'
  const layout = source === 'azure-table' && typeof table === 'string' ? layoutOfTable(table) : null
  return layout === 'wad-counters' || layout === 'wad-metrics' ? 'perInstance' : null
}

function azureFacts({ source, resource, metric, aggregation }: MetricKeys): AzureMetricFacts | null {
  if (source !== 'azure-monitor' || typeof resource !== 'string' || typeof metric !== 'string') return null
  return azureMetricFacts({
    resource,
    metric,
    aggregation: AZURE_AGGREGATIONS.find(each => each === aggregation),
  })
}

export function metricFacts(keys: MetricKeys): ContextMetric {
  // What is told once per grain, or per bin, is as old as that.
  const bin = WITH_BINS.has(keys.source) ? numberOr0(keys.interval) : 0
  const every = Math.max(numberOr0(keys.every), numberOr0(keys.grain), bin)
  const staleAfterMs =
    typeof keys.staleAfter === 'number' ? keys.staleAfter : Math.max(3 * every, STALE_AT_LEAST_MS)
  return { unit: unitOf(keys), staleAfterMs }
}

function numberOr0(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

const UNITS: readonly MetricUnit[] = ['percent', 'ratio', 'ms', 's', 'bytes', 'count']

function unitOf(keys: MetricKeys): MetricUnit | null {
  const { source, read, unit } = keys
  const declared = UNITS.find(each => each === unit)
  if (declared !== undefined) return declared
  if (source === 'azure-monitor') return azureFacts(keys)?.unit ?? null
  if (source === 'azure-service-bus') return 'count'
  if (!WITH_READINGS.has(source) || typeof read !== 'string') return null
  return Object.hasOwn(UNIT_OF_READING, read) ? (UNIT_OF_READING[read] ?? null) : null
}
