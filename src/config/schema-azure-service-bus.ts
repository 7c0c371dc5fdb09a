/**
 * The keys of the source `azure-service-bus`: which queue or topic, in which namespace, and which of its messages are counted.
 *
 * Example: `{ source: azure-service-bus, namespace: shop.servicebus.windows.net, topic: events, read: active }` is the sum of what waits in
 * all subscriptions of the topic; with `subscription: mails` it is what waits in that one.
 */
import { z } from 'zod'
import { azureCloudShape, CLOUDS } from './azure-cloud.ts'
import { CODES } from './codes.ts'
import { key } from './key.ts'
import { duration, refusal, secret } from './values.ts'

export const SERVICE_BUS_MEANING =
  'Messages in an Azure Service Bus queue, or in the subscriptions of a topic.'
export const SERVICE_BUS_READINGS = ['active', 'deadLetter', 'scheduled', 'total'] as const

/** Exactly one of these says where it is, and one what. */
export const SERVICE_BUS_WAYS = ['namespace', 'connection'] as const
export const SERVICE_BUS_ENTITIES = ['queue', 'topic'] as const

/** As Azure allows them: no `?` and no `#`, so that a name is never taken for a part of an address. */
const ENTITY_NAME = /^[A-Za-z0-9](?!.*\.\.)[\w./-]{0,259}$|\$\{/
const SUBSCRIPTION_NAME = /^[A-Za-z0-9][\w.-]{0,49}$|\$\{/

function entity(what: string) {
  return z
    .string()
    .max(300)
    .regex(ENTITY_NAME, {
      error: refusal(
        CODES.malformed,
        `{value} is not the name of a ${what}`,
        'it has up to 260 letters, digits, dots, dashes, underscores and slashes',
      ),
    })
    .optional()
}

export const azureServiceBusShape = {
  namespace: key(
    z
      .string()
      .max(300)
      .regex(/^[A-Za-z0-9][A-Za-z0-9-]*(\.[A-Za-z0-9-]+)+(:\d{1,5})?$|\$\{/, {
        error: refusal(
          CODES.malformed,
          '{value} is not the whole name of a namespace',
          'write it as the portal shows it: shop.servicebus.windows.net',
        ),
      })
      .optional(),
    'Whole name of the namespace, to which one signs in. This or `connection` is needed.',
    'shop.servicebus.windows.net',
  ),
  connection: key(
    secret.optional(),
    'Connection string of a shared access policy with the claim Manage; by reference.',
    '${env:SHOP_BUS}',
  ),
  queue: key(entity('queue'), 'Name of the queue. This or `topic` is needed.', 'orders'),
  topic: key(entity('topic'), 'Name of the topic.', 'events'),
  subscription: key(
    z
      .string()
      .max(300)
      .regex(SUBSCRIPTION_NAME, {
        error: refusal(
          CODES.malformed,
          '{value} is not the name of a subscription of a topic',
          'it has up to 50 letters, digits, dots, dashes and underscores',
        ),
      })
      .optional(),
    'One subscription of the topic. Default: all of them together.',
    'mails',
  ),
  read: key(
    z
      .enum(SERVICE_BUS_READINGS, {
        error: ({ input }) =>
          input === 'age'
            ? refusal(
                CODES.notAllowed,
                'Service Bus does not tell how long its messages have waited',
                `write one of ${SERVICE_BUS_READINGS.join(', ')}`,
              )
            : undefined,
      })
      .default('active'),
    'active: what can be received now; deadLetter: what nobody could handle; scheduled: what is due later, of a queue or a whole topic; total: all of them.',
    'active',
  ),
  cloud: azureCloudShape.cloud,
  authorityHost: azureCloudShape.authorityHost,
  timeout: key(
    duration({ min: 100, max: 60_000 }).prefault('5s'),
    'Each call must be answered within this.',
    '5s',
  ),
}

export const azureServiceBusSource = z
  .strictObject(azureServiceBusShape)
  .transform(({ namespace, connection, queue, topic, subscription, read, ...written }) => ({
    namespace: namespace ?? null,
    connection: connection ?? null,
    queue: queue ?? null,
    topic: topic ?? null,
    subscription: subscription ?? null,
    read,
    authorityHost: written.authorityHost ?? CLOUDS[written.cloud].authorityHost,
    timeoutMs: written.timeout,
  }))
