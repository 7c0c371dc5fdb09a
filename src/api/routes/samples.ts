/**
 * The doors that make something happen: samples in, and a wake-up. Both only wake the loop; neither carries
 * anything into a decision that the loop would not have read for itself.
 *
 * Example: `POST /v1/samples` with `{ "samples": [{ "metric": "orders", "value": 120 }] }` answers 202
 * `{ "accepted": 1, "refused": [] }`; when none is taken it answers 422 with the reason for each.
 */
import { z } from 'zod'
import type { PushedSample, Runtime } from '../../loop/runtime.ts'
import { ApiError, noSampleTaken } from '../failure.ts'
import { type App, FleetParams } from '../route.ts'
import { fleetNamed } from '../views.ts'
import { Failure, POST_FAILURES } from '../wire/failure.ts'
import { PushAnswer, PushBody, PushedSampleWire, Refusals } from '../wire/sample.ts'
import { readTime, TIME_FORMS } from '../wire/time.ts'

interface Refusal {
  readonly index: number
  readonly because: string
}

export interface PostLimits {
  readonly samples: object
  readonly wake: object
}

export function sampleRoutes(app: App, runtime: Runtime, limits: PostLimits): void {
  app.post(
    '/v1/samples',
    {
      config: limits.samples,
      schema: {
        summary: 'Push samples',
        description:
          'For metrics whose source is `push`. Each sample is judged by itself: the others are taken when one is refused. Wakes the fleets that use them.',
        tags: ['samples'],
        body: PushBody,
        response: {
          202: PushAnswer,
          ...POST_FAILURES,
          422: Failure.extend({ accepted: z.literal(0), refused: Refusals }).describe('None was taken.'),
        },
      },
    },
    (request, reply) => {
      const { taken, indexes, refused } = judge(request.body.samples, runtime.clock.now())
      const pushed = taken.length === 0 ? { accepted: 0, refused: [] } : runtime.push(taken)
      const all = [...refused, ...pushed.refused.map(refusal => atItsPlace(refusal, indexes))]
      all.sort((one, other) => one.index - other.index)
      void reply.code(pushed.accepted > 0 ? 202 : 422)
      if (pushed.accepted > 0) return { accepted: pushed.accepted, refused: all }
      return { ...noSampleTaken(all.length).body(), accepted: 0 as const, refused: all }
    },
  )

  app.post(
    '/v1/fleets/:fleet/tick',
    {
      config: limits.wake,
      schema: {
        summary: 'Tick now',
        description: 'Wakes the fleet instead of waiting for its interval. Takes no body.',
        tags: ['fleets'],
        params: FleetParams,
        response: { 202: z.object({ fleet: z.string(), woken: z.literal(true) }), ...POST_FAILURES },
      },
    },
    (request, reply) => {
      const { name } = fleetNamed(runtime, request.params.fleet)
      runtime.wake(name)
      void reply.code(202)
      return { fleet: name, woken: true as const }
    },
  )
}

/** `indexes[i]` is the place in the batch that `taken[i]` came from. */
function judge(samples: readonly unknown[], now: number) {
  const taken: PushedSample[] = []
  const indexes: number[] = []
  const refused: Refusal[] = []
  for (const [index, candidate] of samples.entries()) {
    const judged = judgeOne(candidate, now)
    if (typeof judged === 'string') refused.push({ index, because: judged })
    else {
      taken.push(judged)
      indexes.push(index)
    }
  }
  return { taken, indexes, refused }
}

/** The sample, or why it is not one. */
function judgeOne(candidate: unknown, now: number): PushedSample | string {
  const parsed = PushedSampleWire.safeParse(candidate)
  if (!parsed.success) return parsed.error.issues.map(inWords).join('; ')
  const { metric, value, instance, fleet, labels } = parsed.data
  const at = parsed.data.at === undefined ? now : readTime(parsed.data.at)
  if (at === null) return `at: expected ${TIME_FORMS}, not ${JSON.stringify(parsed.data.at)}`
  return {
    metric,
    value,
    at,
    ...(instance === undefined ? {} : { instance }),
    ...(fleet === undefined ? {} : { fleet }),
    ...(labels === undefined ? {} : { labels }),
  }
}

function inWords(issue: { readonly path: readonly PropertyKey[]; readonly message: string }): string {
  return issue.path.length === 0 ? issue.message : `${issue.path.map(String).join('.')}: ${issue.message}`
}

function atItsPlace(refusal: Refusal, indexes: readonly number[]): Refusal {
  const index = indexes[refusal.index]
  if (index === undefined)
    throw new ApiError(500, 'PLM-466', 'A refusal names no sample.', 'Please report it.')
  return { index, because: refusal.because }
}
