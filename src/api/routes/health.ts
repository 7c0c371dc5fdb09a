/**
 * For those who watch over us: is the process alive, is it ready. Never asks for a token, never says more than needed.
 *
 * Example: before every fleet has ticked once, `GET /health/ready` answers 503
 * `{ "ready": false, "detail": "web has not ticked yet" }`.
 */
import { z } from 'zod'
import type { Runtime, RuntimeHealth } from '../../loop/runtime.ts'
import type { App } from '../route.ts'
import { Failure } from '../wire/failure.ts'

export const HEALTH_PREFIX = '/health/'

/** A loop that does not answer within this is not healthy. */
const HEALTH_DEADLINE_MS = 2000

export function healthRoutes(app: App, runtime: Runtime): void {
  for (const aspect of ['live', 'ready'] as const) {
    const answer = z.object({ [aspect]: z.boolean(), detail: z.string() })
    app.get(
      `${HEALTH_PREFIX}${aspect}`,
      {
        schema: {
          summary:
            aspect === 'live'
              ? 'Does every loop still turn?'
              : 'Has every fleet ticked, and does the store answer?',
          tags: ['health'],
          response: { 200: answer.describe('Yes.'), 503: answer.describe('No.'), 421: Failure },
        },
      },
      async (_request, reply) => {
        const health = await askHealth(runtime)
        return reply
          .code(health[aspect] ? 200 : 503)
          .header('cache-control', 'no-store')
          .send({ [aspect]: health[aspect], detail: health.detail })
      },
    )
  }
}

async function askHealth(runtime: Runtime): Promise<RuntimeHealth> {
  const deadline = AbortSignal.timeout(HEALTH_DEADLINE_MS)
  const late = new Promise<RuntimeHealth>(resolve => {
    deadline.addEventListener('abort', () => resolve(unwell(`no answer within ${HEALTH_DEADLINE_MS} ms`)))
  })
  const asked = runtime
    .health()
    .catch(error => unwell(error instanceof Error ? error.message : String(error)))
  return Promise.race([asked, late])
}

function unwell(detail: string): RuntimeHealth {
  return { live: false, ready: false, detail }
}
