/**
 * How long an Azure storage queue is, and how long its oldest message has waited.
 *
 * Example: `{ account: 'shopdata', queue: 'orders', read: 'messages', ... }` is one sample of 42 at the time of the read; with
 * `read: 'age'` it is 95 where the oldest visible message came 95 s ago, 0 where the queue is empty, and a gap where
 * there are messages and consumers hold every one of them: nobody can see how old those are.
 */
import type { PeekedMessageItem, QueueClient, QueueServiceClient } from '@azure/storage-queue'
import { z } from 'zod'
import type { Sample } from '../../model/sample.ts'
import type { MetricSpec } from '../../model/spec.ts'
import type { EpochMs } from '../../model/time.ts'
import type { MetricQuery, MetricSource } from '../../ports/metric-source.ts'
import { PluginError } from '../../ports/plugin.ts'
import { defaultCredential, loadSdk } from '../azure/sdk.ts'
import { type StorageAccount, storageAccountShape, unusable, wayIn } from '../azure/storage-account.ts'
import { patiently, StorageCalls, type StorageContext, type StorageThing } from '../azure/storage-calls.ts'
import { checkedBy } from './checked.ts'
import { optionsOf } from './options.ts'
import { poll, type Question } from './polled.ts'

const optionsSchema = z.object({
  ...storageAccountShape,
  queue: z.string().min(3).max(63),
  read: z.enum(['messages', 'age']),
})

/** What of Microsoft's clients it needs. */
export interface QueueSdk {
  readonly QueueServiceClient: typeof QueueServiceClient
}

export interface AzureQueueContext extends StorageContext {
  readonly loadSdk?: () => Promise<QueueSdk>
  /** Whose queues are looked at by a check. */
  readonly metrics?: () => readonly MetricSpec[]
}

/** One call brings so many. A message that was tried before may stand behind younger ones. */
const LOOKED_AT = 32
/** Of a check: what is read is of now. */
const LOOK_BACK_MS = 60_000

export function createAzureQueueSource(context: AzureQueueContext): MetricSource {
  const { clock } = context
  const calls = new StorageCalls('queue', context, (options, queue) => connect(options, queue, context))
  let isClosed = false

  const source: MetricSource = {
    read(queries, window, signal) {
      const counts = new Map<StorageThing<QueueClient>, Promise<number>>()
      /** Asked once in a read, also where a queue's age needs it. */
      const countOnce = (queue: StorageThing<QueueClient>, name: string, within: AbortSignal) => {
        const known = counts.get(queue) ?? count(queue, name, within)
        counts.set(queue, known)
        return known
      }
      const ask = ({ metric }: MetricQuery): Question<number> => {
        const options = optionsOf(optionsSchema, metric)
        const { queue: name, read } = options
        const queue = calls.of(options, name)
        return {
          key: JSON.stringify([read, options]),
          fetch: within =>
            read === 'messages'
              ? countOnce(queue, name, within)
              : ageOf(queue, name, clock.now(), within, () => countOnce(queue, name, within)),
          read: (value, at) => ({ samples: [{ at, value }] }),
        }
      }
      return poll(queries, window, patiently(signal), () => clock.now(), ask)
    },

    async check(signal) {
      if (isClosed) return { ok: false, detail: 'closed' }
      const metrics = context.metrics?.() ?? []
      if (metrics.length === 0)
        return { ok: true, detail: "asks each metric's queue when the metric is read" }
      const tell = (samples: readonly Sample[]) =>
        `${samples.map(({ value }) => Math.round(value)).join(', ')}`
      const now = clock.now()
      return await checkedBy({ read: source.read, metrics, now, lookBackMs: LOOK_BACK_MS, signal, tell })
    },

    async close() {
      isClosed = true
      calls.close()
    },
  }
  return source
}

async function count(queue: StorageThing<QueueClient>, name: string, signal: AbortSignal): Promise<number> {
  return await queue.reading(
    `count the messages of the queue ${name}`,
    signal,
    async (client, abortSignal) => {
      const { approximateMessagesCount } = await client.getProperties({ abortSignal })
      if (approximateMessagesCount !== undefined) return approximateMessagesCount
      throw new PluginError('unavailable', `PLM-761 the queue ${name} was answered for, without a count`)
    },
  )
}

/** In seconds. */
async function ageOf(
  queue: StorageThing<QueueClient>,
  name: string,
  now: EpochMs,
  signal: AbortSignal,
  countNow: () => Promise<number>,
): Promise<number> {
  const what = `look at the oldest messages of the queue ${name}`
  const { seen, at } = await queue.reading(what, signal, async (client, abortSignal) => {
    const { peekedMessageItems, date } = await client.peekMessages({
      numberOfMessages: LOOKED_AT,
      abortSignal,
    })
    return { seen: peekedMessageItems, at: date }
  })
  if (seen.length > 0) return secondsSince(seen, at?.getTime() ?? now)
  const hidden = await countNow()
  if (hidden === 0) return 0
  throw new PluginError(
    'unavailable',
    `PLM-795 the queue ${name} has about ${hidden} messages, and none that can be seen: consumers hold them, or they are delayed. How old they are is not known; it is asked again. \`read: messages\` counts them all the same.`,
  )
}

/** By Azure's clock alone, so that ours may differ. */
function secondsSince(seen: readonly PeekedMessageItem[], at: EpochMs): number {
  const oldest = Math.min(...seen.map(({ insertedOn }) => insertedOn.getTime()))
  return Math.max(0, (at - oldest) / 1000)
}

async function connect(
  options: StorageAccount,
  queue: string,
  context: AzureQueueContext,
): Promise<QueueClient> {
  const way = wayIn('queue', options)
  const { QueueServiceClient } = await load(context)
  // Tried again by us, within what a tick has time for.
  const clientOptions = { retryOptions: { maxTries: 1 } }
  switch (way.kind) {
    case 'signed-in': {
      const credential = context.credential ?? (await signIn(options))
      return new QueueServiceClient(way.url, credential, clientOptions).getQueueClient(queue)
    }
    case 'signed-address':
      return new QueueServiceClient(`${way.url}?${way.signature}`, undefined, clientOptions).getQueueClient(
        queue,
      )
    case 'connection-string':
      try {
        return QueueServiceClient.fromConnectionString(way.text, clientOptions).getQueueClient(queue)
      } catch {
        // What the client says of it may quote it.
        throw unusable('the connection string cannot be read')
      }
  }
}

function signIn({ authorityHost }: StorageAccount) {
  return loadSdk('signing in to Azure', ['@azure/identity'], () => defaultCredential(authorityHost))
}

function load({ loadSdk: own }: AzureQueueContext): Promise<QueueSdk> {
  return loadSdk('the source azure-queue', ['@azure/storage-queue', '@azure/identity'], own ?? importSdk)
}

async function importSdk(): Promise<QueueSdk> {
  return await import('@azure/storage-queue')
}
