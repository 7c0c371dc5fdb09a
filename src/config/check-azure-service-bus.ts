/**
 * What the keys of a metric of Service Bus say of each other: one way to the namespace, one queue or topic, and a subscription only of
 * a topic, and not of what waits before it reaches one.
 *
 * Example: `{ source: azure-service-bus, queue: orders, subscription: mails }` has two findings: nothing says which namespace, and a
 * queue has no subscriptions.
 */
import { checkOneOf } from './check-one-of.ts'
import { CODES } from './codes.ts'
import type { Path } from './problem.ts'
import { SERVICE_BUS_ENTITIES, SERVICE_BUS_WAYS } from './schema-azure-service-bus.ts'
import type { Reading } from './shape.ts'

type Raw = Readonly<Record<string, unknown>>

export function checkAzureServiceBus(check: Reading, source: string | null, raw: Raw, path: Path): void {
  if (source !== 'azure-service-bus') return
  const subject = `a metric of ${source}`
  const where = 'say which namespace: shop.servicebus.windows.net, or connection: "${env:SHOP_BUS}"'
  checkOneOf(check, raw, SERVICE_BUS_WAYS, path, subject, where)
  checkOneOf(check, raw, SERVICE_BUS_ENTITIES, path, subject, 'name the queue, e.g. queue: orders')
  if (raw.subscription === undefined) return
  const [message, hint] =
    raw.queue !== undefined
      ? ['a queue has no subscriptions', 'delete it, or name the topic instead of the queue']
      : raw.read === 'scheduled'
        ? ['a subscription has no scheduled messages: they wait at its topic', 'delete it']
        : []
  if (message === undefined || hint === undefined) return
  check.report({
    code: CODES.exclusiveKeys,
    message,
    hint,
    path: [...path, 'subscription'],
    part: 'key',
  })
}
