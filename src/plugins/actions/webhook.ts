/**
 * A custom action that is a signed POST: tried a few times within its timeout, always with the same `Idempotency-Key`, so
 * that the receiver can tell a second try from a second wish.
 *
 * Example: `{ url: 'https://ops.example.org/provision', secret: 's3cret' }`; the receiver answers 503, then, about half a
 * second later, `200 queue created`: the output is `queue created`.
 */
import { z } from 'zod'
import type { Clock, Random } from '../../ports/clock.ts'
import { PluginError } from '../../ports/plugin.ts'
import type { ScalingAction } from '../../ports/scaling-action.ts'
import { httpAddress, timeoutOf, timeoutShape } from '../option-values.ts'
import { createPoster } from '../post.ts'
import { boundedOutput, requestJson } from './request-json.ts'

export const webhookActionOptions = z
  .object({
    url: httpAddress,
    secret: z.string().min(1).optional(),
    headers: z.record(z.string(), z.string()).default({}),
    ...timeoutShape,
  })
  .transform(({ timeout, timeoutMs, secret, ...rest }) => ({
    ...rest,
    secret: secret ?? null,
    timeoutMs: timeoutOf({ timeout, timeoutMs }, 30_000),
  }))
export type WebhookActionOptions = z.output<typeof webhookActionOptions>

export interface WebhookActionContext {
  readonly clock: Clock
  readonly random?: Random
}

const TRIES = 4
/** Before the second try; twice as long before each further one. */
const FIRST_PAUSE_MS = 500

const chance: Random = { next: () => Math.random() }

export function createWebhookAction(
  { url, secret, headers, timeoutMs }: WebhookActionOptions,
  { clock, random = chance }: WebhookActionContext,
): ScalingAction {
  const poster = createPoster(clock)
  const closing = new AbortController()

  return {
    async run(request, signal) {
      const deadline = AbortSignal.timeout(timeoutMs)
      const either = AbortSignal.any([signal, closing.signal, deadline])
      const body = JSON.stringify(requestJson(request))
      const ids = { 'idempotency-key': request.id, 'x-plimsoll-id': request.id }
      const post = { url, secret, timeoutMs, body, headers: { ...headers, ...ids } }
      for (let tries = 1; ; tries++) {
        try {
          return { output: boundedOutput(await poster.post(post, either)) }
        } catch (error) {
          const again = error instanceof PluginError && isPassing(error) && tries < TRIES && !either.aborted
          if (!again) throw error
          const backOffMs = FIRST_PAUSE_MS * 2 ** (tries - 1) * (0.5 + random.next() / 2)
          await pause(clock, Math.max(backOffMs, error.retryAfterMs ?? 0), either)
          if (either.aborted) throw error
        }
      }
    },
    check: signal => poster.check(url, signal),
    async close() {
      closing.abort()
      await poster.close()
    },
  }
}

function isPassing({ kind }: PluginError): boolean {
  return kind === 'unavailable' || kind === 'throttled'
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const cancel = clock.after(ms, done)
    function done(): void {
      signal.removeEventListener('abort', done)
      cancel()
      resolve()
    }
    if (signal.aborted) done()
    else signal.addEventListener('abort', done, { once: true })
  })
}
