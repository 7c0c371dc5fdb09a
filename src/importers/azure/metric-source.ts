/**
 * Who reads a metric here: Azure Monitor itself, where the setting says which resource in which region; else it waits to be posted.
 * Messages of queues are no metric of Azure Monitor that follows by the minute, so they wait too.
 *
 * Example: `Percentage CPU` of a scale set in West Europe is `source: azure-monitor, resource: /subscriptions/..., metric: Percentage CPU,
 * region: westeurope, instance: VMName`; of `{subscriptionId}/...`, which only a deployment knows, it is `source: push`.
 */
import { instanceDimensionOf, resourceType } from '../../config/azure-metrics.ts'
import { yamlText } from '../draft.ts'
import type { MetricFacts } from './metric-facts.ts'
import type { Trigger } from './setting.ts'

export interface MetricPlace {
  readonly trigger: Trigger
  readonly facts: MetricFacts
  /** What is scaled. */
  readonly target: string
  /** Of the setting, or of what is scaled; as Azure writes it. */
  readonly location: string | null
}

const RESOURCE =
  /^\/subscriptions\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\/resourceGroups\/[^/]+\/providers\/[^/]+(\/[^/]+\/[^/]+)+$/i
const DIMENSION = /^[A-Za-z][A-Za-z0-9_ ./-]*$/
const MOST_DIMENSIONS = 8

/** The keys that name the source, as they are written. */
export function sourceKeys(place: MetricPlace): readonly string[] {
  return monitorKeys(place) ?? ['source: push']
}

export function isReadFromAzure(place: MetricPlace): boolean {
  return monitorKeys(place) !== null
}

function monitorKeys({ trigger, facts, target, location }: MetricPlace): readonly string[] | null {
  const resource = trigger.resource === '' ? target : trigger.resource
  const region = regionOf(trigger.location ?? location)
  const dimensions = trigger.dimensions.map(({ name }) => name)
  if (facts.isSpecial || region === null || !RESOURCE.test(resource)) return null
  if (trigger.metric.length > 260 || trigger.metric.includes(',') || resource.length > 2000) return null
  if (dimensions.length > MOST_DIMENSIONS || !dimensions.every(name => DIMENSION.test(name))) return null
  const { namespace } = trigger
  const own = resourceType(resource)
  const instance = instanceDimensionOf(resource)
  const isSplit = dimensions.some(name => name.toLowerCase() === instance?.toLowerCase())
  return [
    'source: azure-monitor',
    `resource: ${yamlText(resource)}`,
    `metric: ${yamlText(trigger.metric)}`,
    ...(namespace === null || namespace.toLowerCase() === own.toLowerCase()
      ? []
      : [`namespace: ${yamlText(namespace)}`]),
    `region: ${region}`,
    ...(instance === null || isSplit ? [] : [`instance: ${instance}`]),
    ...(dimensions.length === 0 ? [] : [`splitBy: [${dimensions.map(yamlText).join(', ')}]`]),
  ]
}

/** `West Europe` and `westeurope` are one. */
function regionOf(location: string | null): string | null {
  const name = (location ?? '').toLowerCase().replaceAll(' ', '')
  return /^[a-z][a-z0-9]{0,63}$/.test(name) ? name : null
}
