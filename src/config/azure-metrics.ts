/**
 * What the name of an Azure metric says of it: its unit, which aggregation is meant, and how it answers to the number of
 * instances. Names are those of the platform metrics of scale sets and App Service plans; of others the name is guessed from.
 *
 * Example: `Percentage CPU` of a scale set is in percent, averaged, and per instance; `BytesReceived` of a plan is in bytes, a
 * total. The `CpuPercentage` of something that nobody scales here is independent of the instances.
 */
import type { MetricKind, MetricUnit } from '../model/spec.ts'

export const AZURE_AGGREGATIONS = ['average', 'minimum', 'maximum', 'total', 'count'] as const
export type AzureAggregation = (typeof AZURE_AGGREGATIONS)[number]

interface Known {
  readonly unit: MetricUnit | null
  readonly aggregation: AzureAggregation
}

const PERCENT: Known = { unit: 'percent', aggregation: 'average' }
const LENGTH: Known = { unit: 'count', aggregation: 'average' }
const BYTES: Known = { unit: 'bytes', aggregation: 'total' }

/** By name in small letters. */
const PLATFORM: ReadonlyMap<string, Known> = new Map([
  // Scale sets and their VMs.
  ['percentage cpu', PERCENT],
  ['network in total', BYTES],
  ['network out total', BYTES],
  ['network in', BYTES],
  ['network out', BYTES],
  ['disk read bytes', BYTES],
  ['disk write bytes', BYTES],
  ['disk read operations/sec', LENGTH],
  ['disk write operations/sec', LENGTH],
  ['os disk queue depth', LENGTH],
  ['data disk queue depth', LENGTH],
  ['available memory bytes', { unit: 'bytes', aggregation: 'average' }],
  ['available memory percentage', PERCENT],
  ['cpu credits remaining', LENGTH],
  ['cpu credits consumed', LENGTH],
  ['vmavailabilitymetric', LENGTH],
  // App Service plans.
  ['cpupercentage', PERCENT],
  ['memorypercentage', PERCENT],
  ['diskqueuelength', LENGTH],
  ['httpqueuelength', LENGTH],
  ['bytesreceived', BYTES],
  ['bytessent', BYTES],
  ['socketinboundall', LENGTH],
  ['socketoutboundall', LENGTH],
  ['socketoutboundestablished', LENGTH],
  ['tcpestablished', LENGTH],
])

/** What is scaled, and the dimension by which its metrics tell its instances apart. */
const SCALED: ReadonlyMap<string, string> = new Map([
  ['microsoft.compute/virtualmachinescalesets', 'VMName'],
  ['microsoft.web/serverfarms', 'Instance'],
])

export interface AzureMetricFacts {
  readonly unit: MetricUnit | null
  readonly aggregation: AzureAggregation
  readonly kind: MetricKind
}

export interface AzureMetricWords {
  readonly resource: string
  readonly metric: string
  readonly aggregation?: AzureAggregation | undefined
}

export function azureMetricFacts({ resource, metric, aggregation }: AzureMetricWords): AzureMetricFacts {
  const known = PLATFORM.get(metric.toLowerCase()) ?? { unit: unitByName(metric), aggregation: 'average' }
  const chosen = aggregation ?? known.aggregation
  const isSum = chosen === 'total' || chosen === 'count'
  const kind = SCALED.has(resourceType(resource).toLowerCase())
    ? isSum
      ? 'total'
      : 'perInstance'
    : 'independent'
  return { unit: chosen === 'count' ? 'count' : known.unit, aggregation: chosen, kind }
}

/** The unit that the metric's values are in, whatever it is of. */
export function unitOfAzureMetric(metric: string): MetricUnit | null {
  return PLATFORM.get(metric.toLowerCase())?.unit ?? unitByName(metric)
}

/** By which its metrics tell its instances apart; `null` for what has none. */
export function instanceDimensionOf(resource: string): string | null {
  return SCALED.get(resourceType(resource).toLowerCase()) ?? null
}

/** `/subscriptions/../providers/Microsoft.Storage/storageAccounts/shop/queueServices/default` is of `Microsoft.Storage/storageAccounts/queueServices`. */
export function resourceType(resource: string): string {
  const [provider = '', ...rest] = (/\/providers\/([^?]*)$/i.exec(resource)?.[1] ?? '').split('/')
  return [provider, ...rest.filter((_, index) => index % 2 === 0)].join('/')
}

function unitByName(metric: string): MetricUnit | null {
  if (/percent(?:age)?|\bcpu %/i.test(metric)) return 'percent'
  if (/bytes/i.test(metric)) return 'bytes'
  if (/count$|messages?$|requests?$|length$|threads$|connections?$/i.test(metric)) return 'count'
  return null
}
