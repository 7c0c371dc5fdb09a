/**
 * Where a metric of a setting is read from here: Azure Monitor, the queue or the Service Bus itself, or, where the setting does not say
 * enough to ask anybody, nowhere yet: then it waits to be posted.
 *
 * Example: `Percentage CPU` of a scale set in West Europe is `source: azure-monitor, resource: /subscriptions/..., metric: Percentage CPU,
 * aggregation: average, region: westeurope, instance: VMName`; `ApproximateMessageCount` of a queue is `source: azure-queue, account: orders,
 * queue: jobs, read: messages`; of `{subscriptionId}/...`, which only a deployment knows, it is `source: push`.
 */
import { type AzureAggregation, instanceDimensionOf, resourceType } from '../../config/azure-metrics.ts'
import { metricOfSource } from '../../config/schema-metrics.ts'
import type { Trigger } from './setting.ts'

/** Keys of a metric, in the order they are written; `because` where it is only posted. */
export interface MetricSource {
  readonly keys: Readonly<Record<string, unknown>>
  readonly because: string | null
}

export const MONITOR = 'azure-monitor'

/** What Azure makes of a grain, by what a setting calls it. */
export const AGGREGATION_OF: Readonly<Record<Trigger['statistic'], AzureAggregation>> = {
  Average: 'average',
  Min: 'minimum',
  Max: 'maximum',
  Sum: 'total',
  Count: 'count',
}

/** @param location where the setting is, and with it, unless said otherwise, what it reads */
export function sourceOf(trigger: Trigger, location: string | null): MetricSource {
  const own = queueOf(trigger) ?? serviceBusOf(trigger)
  if (own !== null) {
    return isAccepted(own) ? { keys: own, because: null } : posted('its name is not one that Azure gives')
  }
  const region = regionOf(trigger.location ?? location)
  if (region === null) return posted('in which region, the setting does not say')
  const keys = monitorKeys(trigger, region)
  const names = trigger.dimensions.map(({ name }) => name.toLowerCase())
  return new Set(names).size === names.length && isAccepted(keys)
    ? { keys, because: null }
    : posted('what exactly is measured, the setting does not say')
}

function monitorKeys({ resource, metric, namespace, statistic, dimensions }: Trigger, region: string) {
  const instance = namespace === null ? instanceDimensionOf(resource) : null
  // Chosen ones are too few to be asked for a quorum.
  const isChosen = dimensions.some(({ name }) => name.toLowerCase() === instance?.toLowerCase())
  const chosen = dimensions.map(({ name, isIn, values }) => [name, isIn ? values : { not: values }])
  return {
    source: MONITOR,
    resource,
    metric,
    ...(namespace === null ? {} : { namespace }),
    aggregation: AGGREGATION_OF[statistic],
    ...(chosen.length === 0 ? {} : { dimensions: Object.fromEntries(chosen) }),
    region,
    ...(instance === null || isChosen ? {} : { instance }),
  }
}

/** The namespace, where it is not that of the resource. */
export function ownNamespace({
  namespace,
  resource,
}: Pick<Trigger, 'namespace' | 'resource'>): string | null {
  return namespace?.toLowerCase() === resourceType(resource).toLowerCase() ? null : namespace
}

function posted(because: string): MetricSource {
  return { keys: { source: 'push' }, because }
}

/** As the configuration itself judges it. */
function isAccepted(keys: Readonly<Record<string, unknown>>): boolean {
  // What looks like a reference of ours would pass for a name that is not known yet.
  if (Object.values(keys).some(value => typeof value === 'string' && value.includes('${'))) return false
  return metricOfSource(String(keys.source), {})?.safeParse(keys).success === true
}

function queueOf({ resource, metric }: Trigger): Readonly<Record<string, unknown>> | null {
  const [, account = '', queue = ''] =
    /\/Microsoft\.(?:Classic)?Storage\/storageAccounts\/([^/]+)\/services\/queue\/queues\/([^/]+)$/i.exec(
      resource,
    ) ?? []
  if (queue === '' || !/messagecount$|messages?$/i.test(metric)) return null
  return {
    source: 'azure-queue',
    account: account.toLowerCase(),
    queue: queue.toLowerCase(),
    read: 'messages',
  }
}

function serviceBusOf({ resource, metric }: Trigger): Readonly<Record<string, unknown>> | null {
  const [, namespace = '', kind = '', name = '', subscription] =
    /\/Microsoft\.ServiceBus\/namespaces\/([^/]+)\/(queues|topics)\/([^/]+)(?:\/subscriptions\/([^/]+))?$/i.exec(
      resource,
    ) ?? []
  const read = readingOf(metric)
  if (name === '' || read === null) return null
  return {
    source: 'azure-service-bus',
    namespace: `${namespace}.servicebus.windows.net`,
    ...(kind.toLowerCase() === 'queues' ? { queue: name } : { topic: name }),
    ...(subscription === undefined ? {} : { subscription }),
    read,
  }
}

function readingOf(metric: string): string | null {
  if (/^active ?messages?(?: ?count)?$/i.test(metric)) return 'active'
  if (/^dead-?letter(?:ed)? ?messages?(?: ?count)?$/i.test(metric)) return 'deadLetter'
  if (/^scheduled ?messages?(?: ?count)?$/i.test(metric)) return 'scheduled'
  return /^messages?(?: ?count)?$/i.test(metric) ? 'total' : null
}

/** `West Europe` and `westeurope` are one. */
function regionOf(location: string | null): string | null {
  const name = (location ?? '').toLowerCase().replaceAll(' ', '')
  return /^[a-z][a-z0-9]{0,63}$/.test(name) ? name : null
}
