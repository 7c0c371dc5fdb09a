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
  subscription: z.string().default(''),
  resourceGroup: z.string().default(''),
  /** The fleet's name where it is left out. */
  name: z.string().optional(),
  type: z.string().default('plimsoll/fleets'),
  /** Made of the above where it is left out. */
  id: z.string().optional(),
  region: z.string().default(''),
  portalLink: z.string().optional(),
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
      const headers = { ...lowerCased(options.headers), 'x-plimsoll-id': notice.id }
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
  const name = resource.name ?? notice.fleet
  const id = resource.id ?? resourceId(name, resource)
  return {
    version: '1.0',
    status: 'Activated',
    operation: to < from ? 'Scale In' : 'Scale Out',
    context: {
      timestamp: new Date(notice.at).toISOString(),
      id: notice.id,
      name: notice.change?.rule ?? notice.title,
      details: notice.text,
      subscriptionId: resource.subscription,
      resourceGroupName: resource.resourceGroup,
      resourceName: name,
      resourceType: resource.type,
      resourceId: id,
      portalLink: resource.portalLink ?? portalPage(id),
      resourceRegion: resource.region,
      oldCapacity: String(from),
      newCapacity: String(to),
    },
    properties,
  }
}

type AzureResource = z.output<typeof azureResource>

function resourceId(name: string, { subscription, resourceGroup, type }: AzureResource): string {
  if (subscription === '' || resourceGroup === '') return name
  return `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/${type}/${name}`
}

/** Only what is in Azure has a page there. */
function portalPage(id: string): string {
  return id.startsWith('/subscriptions/') ? `https://portal.azure.com/#resource${id}` : ''
}

/** One header, however it is written: ours take the place of theirs. */
function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
