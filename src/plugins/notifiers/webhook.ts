/**
 * Notices by webhook, in our own words or in those of Azure's autoscale (whose receivers then need no change).
 *
 * Example: with `{ url: 'https://ops.example.org/hook', secret: 's3cret' }` the receiver gets `{"id": "web/42/scaled",
 * "at": "2026-11-21T12:00:00.000Z", "fleet": "web", "event": "scaled", "title": "web 5 -> 6", ...}` and the headers
 * `X-Plimsoll-Timestamp: 1795262400` and `X-Plimsoll-Signature: sha256=...` over `1795262400.BODY`.
 */
import { z } from 'zod'
import type { Clock } from '../../ports/clock.ts'
import type { Notice, Notifier } from '../../ports/notifier.ts'
import { httpAddress, timeoutOf, timeoutShape } from '../option-values.ts'
import { createPoster } from '../post.ts'

/** What Azure's body names and we cannot know. */
const azureResource = z.object({
  subscriptionId: z.string().default(''),
  resourceGroupName: z.string().default(''),
  /** The fleet's name where it is left out. */
  resourceName: z.string().optional(),
  resourceType: z.string().default('plimsoll/fleets'),
  resourceId: z.string().optional(),
  portalLink: z.string().default(''),
})

export const webhookNotifierOptions = z
  .object({
    url: httpAddress,
    format: z.enum(['plimsoll', 'azure']).default('plimsoll'),
    secret: z.string().min(1).optional(),
    headers: z.record(z.string(), z.string()).default({}),
    /** Azure's `properties`, and sent along in our own body. */
    properties: z.record(z.string(), z.string()).default({}),
    resource: azureResource.prefault({}),
    ...timeoutShape,
  })
  .transform(({ timeout, timeoutMs, secret, ...rest }) => ({
    ...rest,
    secret: secret ?? null,
    timeoutMs: timeoutOf({ timeout, timeoutMs }, 10_000),
  }))
export type WebhookNotifierOptions = z.output<typeof webhookNotifierOptions>

export interface NotifierContext {
  readonly clock: Clock
}

export function createWebhookNotifier(options: WebhookNotifierOptions, { clock }: NotifierContext): Notifier {
  const poster = createPoster(clock)
  const bodyOf = options.format === 'azure' ? azureBody : plimsollBody
  return {
    // Azure's body has words for a change that was made, and for nothing else.
    ...(options.format === 'azure' ? { tells: ['scaled'] as const } : {}),
    async send(notice, signal) {
      const { url, secret, timeoutMs } = options
      const headers = { ...options.headers, 'x-plimsoll-id': notice.id }
      await poster.post(
        { url, secret, timeoutMs, headers, body: JSON.stringify(bodyOf(notice, options)) },
        signal,
      )
    },
    check: signal => poster.check(options.url, signal),
    close: () => poster.close(),
  }
}

export function plimsollBody(notice: Notice, { properties }: WebhookNotifierOptions) {
  return { version: 1, ...notice, at: new Date(notice.at).toISOString(), properties }
}

/** Azure autoscale's webhook body, version 1.0; its counts are texts. */
export function azureBody(notice: Notice, { properties, resource }: WebhookNotifierOptions) {
  const { from = 0, to = 0 } = notice.change ?? {}
  const resourceName = resource.resourceName ?? notice.fleet
  return {
    version: '1.0',
    status: 'Activated',
    operation: to < from ? 'Scale In' : 'Scale Out',
    context: {
      timestamp: new Date(notice.at).toISOString(),
      id: notice.id,
      name: notice.change?.rule ?? notice.title,
      details: notice.text,
      subscriptionId: resource.subscriptionId,
      resourceGroupName: resource.resourceGroupName,
      resourceName,
      resourceType: resource.resourceType,
      resourceId: resource.resourceId ?? resourceName,
      portalLink: resource.portalLink,
      oldCapacity: String(from),
      newCapacity: String(to),
    },
    properties,
  }
}
