/**
 * How many messages wait in a Service Bus queue, in a topic's subscription, or in all subscriptions of a topic together.
 *
 * Example: `{ namespace: 'shop.servicebus.windows.net', queue: 'orders', read: 'active', ... }` is one sample of 42 at the time of the
 * read. A topic with three subscriptions that hold 5, 0 and 7 is one of 12. A queue that is not there is a gap: "PLM-764 tried to
 * count the messages of the queue orders ...".
 *
 * Each queue and topic is asked by itself: one that fails leaves a gap for its own metrics and for no other. How long the oldest message
 * has waited, Service Bus does not tell.
 */
import { z } from 'zod'
import type { Sample } from '../../model/sample.ts'
import type { MetricSpec } from '../../model/spec.ts'
import type { Clock } from '../../ports/clock.ts'
import type { MetricQuery, MetricSource } from '../../ports/metric-source.ts'
import { PluginError } from '../../ports/plugin.ts'
import { Allowance } from '../azure/allowance.ts'
import { Calls } from '../azure/calls.ts'
import { answeredBy } from '../azure/failure.ts'
import {
  type Bus,
  type Counts,
  connectBus,
  countsOf,
  displayBus,
  type Entity,
  nameOf,
  notCounted,
  SERVICE_BUS_REMEDY,
  type ServiceBus,
  type ServiceBusContext,
  scheduledOf,
  serviceBusShape,
  unusable,
} from '../azure/service-bus.ts'
import { checkedBy } from './checked.ts'
import { optionsOf } from './options.ts'
import { poll, type Question } from './polled.ts'

const optionsSchema = z.object({
  ...serviceBusShape,
  queue: z.string().min(1).max(260).nullable(),
  topic: z.string().min(1).max(260).nullable(),
  subscription: z.string().min(1).max(50).nullable(),
  read: z.enum(['active', 'deadLetter', 'scheduled', 'total']),
})
type Options = z.output<typeof optionsSchema>

export interface AzureServiceBusContext extends ServiceBusContext {
  readonly clock: Clock
  /** Before a reading that failed is tried again; twice as much before the next. */
  readonly backOffMs?: number
  /** Whose queues and topics are looked at by a check. */
  readonly metrics?: () => readonly MetricSpec[]
}

/** More queues and topics than a configuration has metrics; the oldest are forgotten first. */
const MOST_KEPT = 500
/** Of a check: what is read is of now. */
const LOOK_BACK_MS = 60_000

export function createAzureServiceBusSource(context: AzureServiceBusContext): MetricSource {
  const { clock } = context
  const kept = new Map<string, Calls<Bus>>()
  let isClosed = false

  function callsOf(options: Options, entity: Entity): Calls<Bus> {
    const { namespace, connection, authorityHost, timeoutMs } = options
    const key = JSON.stringify([namespace, connection, authorityHost, timeoutMs, entity])
    const known = kept.get(key)
    if (known !== undefined) return known
    const allowance = new Allowance(clock)
    const calls = new Calls<Bus>({
      connect: () => connectBus(options, context, allowance),
      allowance,
      clock,
      timeoutMs,
      remedy: SERVICE_BUS_REMEDY,
      backOffMs: context.backOffMs,
    })
    kept.set(key, calls)
    const [oldest] = kept.keys()
    if (kept.size > MOST_KEPT && oldest !== undefined) {
      kept.get(oldest)?.close()
      kept.delete(oldest)
    }
    if (isClosed) calls.close()
    return calls
  }

  async function fetch(options: Options, entity: Entity, signal: AbortSignal): Promise<readonly number[]> {
    const what = `count the messages of ${nameOf(entity)} (${displayBus(options)})`
    try {
      return await callsOf(options, entity).reading('look', what, signal, async (bus, within) => {
        try {
          if (options.read === 'scheduled') return [await scheduledOf(bus, entity, within)]
          return (await countsOf(bus, entity, within)).map(countOf(options.read))
        } catch (error) {
          throw understood(error, what, within)
        }
      })
    } catch (error) {
      throw told(error, what, options)
    }
  }

  const ask = ({ metric }: MetricQuery): Question<readonly number[]> => {
    const options = optionsOf(optionsSchema, metric)
    const entity = entityOf(options)
    return {
      key: JSON.stringify(options),
      fetch: signal => fetch(options, entity, signal),
      read: (counts, at) => ({ samples: [{ at, value: counts.reduce((sum, count) => sum + count, 0) }] }),
    }
  }

  const read: MetricSource['read'] = (queries, window, signal) =>
    poll(queries, window, signal, () => clock.now(), ask)

  return {
    read,

    async check(signal) {
      if (isClosed) return { ok: false, detail: 'closed' }
      const metrics = context.metrics?.() ?? []
      if (metrics.length === 0) {
        return { ok: true, detail: "asks each metric's queue or topic when the metric is read" }
      }
      const tell = (samples: readonly Sample[]) => samples.map(({ value }) => value).join(', ')
      return checkedBy({ read, metrics, now: clock.now(), lookBackMs: LOOK_BACK_MS, signal, tell })
    },

    async close() {
      isClosed = true
      for (const calls of kept.values()) calls.close()
    },
  }
}

function countOf(read: 'active' | 'deadLetter' | 'total') {
  return (counts: Counts): number => counts[read]
}

/** The configuration was looked at before; a host program that builds its own may be wrong. */
function entityOf({ queue, topic, subscription, read }: Options): Entity {
  if (queue !== null && topic === null && subscription === null) return { queue }
  if (topic === null || queue !== null) throw unusable('neither a queue nor a topic is named, or both are')
  if (subscription !== null && read === 'scheduled') {
    throw unusable('a subscription has no scheduled messages; they wait at its topic')
  }
  return { topic, subscription }
}

/** What the client has words of its own for. */
function understood(error: unknown, what: string, signal: AbortSignal): unknown {
  if (signal.aborted || error instanceof PluginError) return error
  const { status, code } = answeredBy(error)
  if (code === 'MessageEntityNotFoundError') {
    return new PluginError(
      'not-found',
      `PLM-764 tried to ${what}: Azure has no such thing. Are ${SERVICE_BUS_REMEDY.settings} right?`,
      { cause: error },
    )
  }
  if (code === 'PARSE_ERROR' && status === 200) {
    return notCounted(`tried to ${what}, and what was answered cannot be read`, 'It is asked again.')
  }
  return error
}

/** Nothing of a secret, and what to do about it where it is not accepted. */
function told(error: unknown, what: string, options: ServiceBus): unknown {
  if (!(error instanceof PluginError)) return error
  const { kind, retryAfterMs, cause } = error
  const details = { cause, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  const { status } = answeredBy(cause)
  if ((status === 401 || status === 403) && options.connection !== null) {
    return new PluginError(
      'refused',
      `PLM-763 tried to ${what}: Azure answered ${status}, and does not accept the key of \`connection\` for this. Is it whole, of this namespace or of this very queue, not rolled over, and has its shared access policy the claim Manage?`,
      details,
    )
  }
  return new PluginError(kind, withoutSecret(error.message, options), details)
}

function withoutSecret(text: string, { connection }: ServiceBus): string {
  if (connection === null) return text
  const key = /SharedAccess(?:Key|Signature)=([^;]+)/i.exec(connection)?.[1] ?? connection
  return [connection, key].reduce((clean, part) => clean.split(part).join('...'), text)
}
