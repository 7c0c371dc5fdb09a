/**
 * A Service Bus namespace as its management address tells of it: how many messages a queue or a subscription holds. It is asked with
 * Microsoft's client, by name and signed in, or with the key of a shared access policy.
 *
 * Example: `countsOf(client, { queue: 'orders' }, signal)` answers `[{ active: 42, deadLetter: 3, scheduled: 0, total: 45 }]`, a topic one
 * such for each of its subscriptions.
 *
 * Where an answer lacks a count, the client makes a zero of it. So what was answered is looked at too: unknown is never zero.
 */
import type { ServiceBusAdministrationClient } from '@azure/service-bus'
import { z } from 'zod'
import { PluginError } from '../../ports/plugin.ts'
import type { Allowance } from './allowance.ts'
import type { Remedy } from './failure.ts'
import { type ClientOptions, type Credential, defaultCredential, loadSdk, watchedBy } from './sdk.ts'

/** What the options of a metric hold for it, in code units; exactly one of namespace and connection is not null. */
export const serviceBusShape = {
  /** Whole name of its address, e.g. `shop.servicebus.windows.net`. */
  namespace: z.string().min(1).nullable(),
  /** A secret: the connection string of a shared access policy. */
  connection: z.string().min(1).nullable(),
  authorityHost: z.string().min(1).nullable(),
  timeoutMs: z.number().positive().max(60_000),
} as const
export type ServiceBus = z.output<z.ZodObject<typeof serviceBusShape>>

/** What of Microsoft's clients it needs. */
export interface ServiceBusSdk {
  readonly ServiceBusAdministrationClient: typeof ServiceBusAdministrationClient
}

export interface ServiceBusContext {
  /** Instead of the default chain of `@azure/identity`. */
  readonly credential?: Credential
  /** Further options of the client: whom to trust, say. */
  readonly client?: ClientOptions
  readonly loadSdk?: () => Promise<ServiceBusSdk>
}

export type Entity =
  | { readonly queue: string }
  /** Without a subscription: all that it has. */
  | { readonly topic: string; readonly subscription: string | null }

export interface Counts {
  readonly active: number
  readonly deadLetter: number
  readonly total: number
}

export const SERVICE_BUS_REMEDY: Remedy = {
  settings: 'namespace, queue, topic and subscription',
  role: 'Azure Service Bus Data Owner on the namespace (counts are told to those who may manage it)',
}

/** Azure allows 2,000 to a topic. */
const MOST_SUBSCRIPTIONS = 2_000
const PAGE = 100
/** Twice as many as that takes. */
const MOST_PAGES = 40

/** A client, and what was answered to the call that has a signal. */
export interface Bus {
  readonly client: ServiceBusAdministrationClient
  heard(signal: AbortSignal): readonly string[]
}

export async function connectBus(
  options: ServiceBus,
  context: ServiceBusContext,
  allowance: Allowance,
): Promise<Bus> {
  const { namespace, connection, authorityHost, timeoutMs } = options
  const packages = ['@azure/service-bus', '@azure/identity']
  const own = context.loadSdk ?? importSdk
  const { ServiceBusAdministrationClient: Client } = await loadSdk(
    'the source azure-service-bus',
    packages,
    own,
  )
  const watching = watchedBy(allowance, timeoutMs)
  const clientOptions = { ...context.client, retryOptions: watching.retryOptions }
  if (connection !== null) {
    try {
      return watched(new Client(connection, clientOptions), watching)
    } catch {
      // What the client says of it may quote it.
      throw unusable('the connection string cannot be read')
    }
  }
  if (namespace === null) throw unusable('neither a namespace nor a connection is named')
  const credential =
    context.credential ??
    (await loadSdk('signing in to Azure', ['@azure/identity'], () => defaultCredential(authorityHost)))
  return watched(new Client(namespace, credential, clientOptions), watching)
}

/** One for a queue or a subscription, one for each subscription of a topic. */
export async function countsOf(
  { client, heard }: Bus,
  entity: Entity,
  abortSignal: AbortSignal,
): Promise<readonly Counts[]> {
  if ('queue' in entity) {
    const found = await client.getQueueRuntimeProperties(entity.queue, { abortSignal })
    requireCounts(heard(abortSignal), 1, nameOf(entity))
    return [tallied(found, nameOf(entity))]
  }
  const { topic, subscription } = entity
  if (subscription !== null) {
    const found = await client.getSubscriptionRuntimeProperties(topic, subscription, { abortSignal })
    requireCounts(heard(abortSignal), 1, nameOf(entity))
    return [tallied(found, nameOf(entity))]
  }
  const found = await subscriptionsOf(client, topic, abortSignal)
  requireCounts(heard(abortSignal), found.read, nameOf(entity))
  return found.counts
}

/** Of a queue, or of a topic, where they wait until they are due; subscriptions have none. */
export async function scheduledOf(
  { client, heard }: Bus,
  entity: Entity,
  abortSignal: AbortSignal,
): Promise<number> {
  const { scheduledMessageCount } =
    'queue' in entity
      ? await client.getQueueRuntimeProperties(entity.queue, { abortSignal })
      : await client.getTopicRuntimeProperties(entity.topic, { abortSignal })
  requireElements('ScheduledMessageCount', heard(abortSignal), 1, nameOf(entity))
  return scheduledMessageCount
}

export function nameOf(entity: Entity): string {
  if ('queue' in entity) return `the queue ${entity.queue}`
  const { topic, subscription } = entity
  return subscription === null
    ? `the subscriptions of the topic ${topic}`
    : `the subscription ${subscription} of the topic ${topic}`
}

/** As it may be shown. */
export function displayBus({ namespace, connection }: ServiceBus): string {
  if (namespace !== null) return namespace
  const host = /(?:^|;)\s*Endpoint=\w+:\/\/([\w.:-]{1,200})/i.exec(connection ?? '')?.[1]
  return host ?? 'the namespace of the connection'
}

/** @param saw never holds anything of the secret */
export function unusable(saw: string): PluginError {
  return new PluginError(
    'misconfigured',
    `PLM-786 ${saw}; nothing was asked. Write \`namespace: NAME.servicebus.windows.net\`, or \`connection\` with the connection string that the portal shows under Shared access policies.`,
  )
}

/** @param saw what was answered, e.g. `the queue orders was answered for without "MessageCount"` */
export function notCounted(
  saw: string,
  todo: string,
  kind: 'unavailable' | 'misconfigured' = 'unavailable',
): PluginError {
  return new PluginError(kind, `PLM-786 ${saw}. ${todo}`)
}

async function subscriptionsOf(
  client: ServiceBusAdministrationClient,
  topic: string,
  abortSignal: AbortSignal,
): Promise<{ readonly counts: readonly Counts[]; readonly read: number }> {
  const counts = new Map<string, Counts>()
  let read = 0
  let turned = 0
  const pages = client
    .listSubscriptionsRuntimeProperties(topic, { abortSignal })
    .byPage({ maxPageSize: PAGE })
  for await (const page of pages) {
    abortSignal.throwIfAborted()
    turned += 1
    for (const each of page) {
      read += 1
      counts.set(each.subscriptionName.toLowerCase(), tallied(each, `the topic ${topic}`))
    }
    if (read > MOST_SUBSCRIPTIONS || turned > MOST_PAGES) {
      throw notCounted(
        `the topic ${topic} lists more than ${MOST_SUBSCRIPTIONS} subscriptions, or pages without end`,
        'The list is not used; name one `subscription`.',
        'misconfigured',
      )
    }
  }
  // A topic that is not there is answered just so.
  if (read === 0) {
    throw notCounted(
      `the topic ${topic} has no subscriptions, or is none`,
      'Is `topic` right? What is sent to a topic without subscriptions is kept nowhere.',
      'misconfigured',
    )
  }
  return { counts: [...counts.values()], read }
}

interface Told {
  readonly activeMessageCount: number
  readonly deadLetterMessageCount: number
  readonly totalMessageCount?: number
}

function tallied(
  { activeMessageCount, deadLetterMessageCount, totalMessageCount }: Told,
  of: string,
): Counts {
  if (totalMessageCount === undefined) throw lacking('MessageCount', of)
  return { active: activeMessageCount, deadLetter: deadLetterMessageCount, total: totalMessageCount }
}

function requireCounts(bodies: readonly string[], entities: number, of: string): void {
  for (const name of ['ActiveMessageCount', 'DeadLetterMessageCount']) {
    requireElements(name, bodies, entities, of)
  }
}

function requireElements(name: string, bodies: readonly string[], wanted: number, of: string): void {
  const element = new RegExp(`<(?:[\\w.-]+:)?${name}>\\s*\\d+\\s*<`, 'g')
  const found = bodies.reduce((count, body) => count + (body.match(element)?.length ?? 0), 0)
  if (found < wanted) throw lacking(name, of)
}

function lacking(name: string, of: string): PluginError {
  return notCounted(
    `${of} was answered for without "${name}"`,
    'That is not taken for zero; it is asked again.',
  )
}

/**
 * This client takes no further policies when it is made, so they are given to its pipeline. What is answered to a call is kept by its
 * signal, for as long as anybody has that.
 */
function watched(
  client: ServiceBusAdministrationClient,
  { additionalPolicies }: ReturnType<typeof watchedBy>,
): Bus {
  const bodies = new WeakMap<object, string[]>()
  for (const { policy } of additionalPolicies) client.pipeline.addPolicy(policy)
  client.pipeline.addPolicy({
    name: 'plimsoll-listening',
    async sendRequest(request, next) {
      const response = await next(request)
      const { abortSignal } = request
      if (abortSignal !== undefined && response.status === 200) {
        bodies.set(abortSignal, [...(bodies.get(abortSignal) ?? []), response.bodyAsText ?? ''])
      }
      return response
    },
  })
  return { client, heard: signal => bodies.get(signal) ?? [] }
}

async function importSdk(): Promise<ServiceBusSdk> {
  return await import('@azure/service-bus')
}
