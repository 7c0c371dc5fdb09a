/**
 * What a metric's own keys say of it to Azure, where it is read from Azure Monitor: no comment needs to say it again, and
 * what somebody changed in the keys is what is exported.
 *
 * Example: `{ source: azure-monitor, resource: .../serverfarms/plan, metric: CpuPercentage, region: westeurope }` is the trigger
 * `CpuPercentage` of that resource with the statistic Average.
 */
import { resourceType } from '../../config/azure-metrics.ts'
import type { MetricSpec } from '../../model/spec.ts'
import { AGGREGATION_OF } from './metric-source.ts'
import type { Dimension, Trigger } from './setting.ts'

export interface Said {
  readonly metric: string
  readonly namespace: string | null
  readonly resource: string
  readonly region: string | null
  readonly statistic: Trigger['statistic']
  readonly dimensions: readonly Dimension[]
}

/** `null` of any other source. */
export function saidBySource({ source, options }: MetricSpec): Said | null {
  const { metric, resource, namespace, aggregation, dimensions, endpoint } = options
  if (source !== 'azure-monitor' || typeof metric !== 'string' || typeof resource !== 'string') return null
  const isOwn =
    typeof namespace === 'string' && namespace.toLowerCase() !== resourceType(resource).toLowerCase()
  return {
    metric,
    resource,
    namespace: isOwn ? namespace : null,
    region:
      typeof endpoint === 'string'
        ? (/^https:\/\/([a-z0-9]+)\.metrics\.monitor\./.exec(endpoint)?.[1] ?? null)
        : null,
    statistic: STATISTICS.find(each => AGGREGATION_OF[each] === aggregation) ?? 'Average',
    dimensions: Array.isArray(dimensions) ? dimensions.filter(isDimension) : [],
  }
}

const STATISTICS: readonly Trigger['statistic'][] = ['Average', 'Min', 'Max', 'Sum', 'Count']

function isDimension(value: unknown): value is Dimension {
  return (
    typeof value === 'object' && value !== null && 'name' in value && 'isIn' in value && 'values' in value
  )
}
