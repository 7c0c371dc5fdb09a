/**
 * What the name of an Azure metric says of it: its unit, and how it answers to the number of instances.
 *
 * Example: `Percentage CPU` of what is scaled is in percent and per instance; `ApproximateMessageCount` of a queue is a total
 * of which Azure always compares the share of each instance.
 */
import { unitOfAzureMetric } from '../../config/azure-metrics.ts'
import type { MetricKind, MetricUnit } from '../../model/spec.ts'
import type { Trigger } from './setting.ts'

export interface MetricFacts {
  readonly kind: MetricKind
  readonly unit: MetricUnit | null
  readonly dividePerInstance: boolean
  /** Azure divides it though the setting does not say so. */
  readonly isSpecial: boolean
}

/** Messages of a storage queue, and of Service Bus: thresholds there always mean messages for each instance. */
const SPECIAL = /^(?:ApproximateMessageCount|ActiveMessageCount|Messages?)$/i

export function factsOf(
  { metric, resource, statistic, dividePerInstance }: Trigger,
  target: string,
): MetricFacts {
  const isSpecial = SPECIAL.test(metric) && /Microsoft\.(?:ServiceBus|(?:Classic)?Storage)\//i.test(resource)
  const isOwn = resource.toLowerCase() === target.toLowerCase()
  return {
    kind: isOwn && !dividePerInstance && !isSpecial ? 'perInstance' : 'total',
    unit: statistic === 'Count' ? 'count' : unitOfAzureMetric(metric),
    dividePerInstance: dividePerInstance || isSpecial,
    isSpecial,
  }
}
