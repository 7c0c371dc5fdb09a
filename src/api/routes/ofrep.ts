/**
 * The OpenFeature Remote Evaluation Protocol over our settings, so that an application reads them with the OpenFeature
 * SDK of its language and no code of ours.
 *
 * Example: `client.getBooleanValue('reports', true)` with the OFREP provider posts to
 * `/ofrep/v1/evaluate/flags/reports` and is `false` while "Shed load" holds it there.
 */
import type { RateLimitOptions } from '@fastify/rate-limit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Runtime } from '../../loop/runtime.ts'
import type { SettingsBoard } from '../../loop/settings-board.ts'
import { hasAlready } from '../etag.ts'
import { type ApiError, CONTEXT_REFUSED, noSuchFlag } from '../failure.ts'
import { evaluateAll, evaluateFlag, fleetOfContext, placeOfFlag } from '../flags.ts'
import type { App } from '../route.ts'
import {
  BULK_EVALUATION_FAILURES,
  BulkEvaluationWire,
  EVALUATION_FAILURES,
  EvaluationRequest,
  EvaluationWire,
} from '../wire/ofrep.ts'

interface FlagOptions {
  readonly rateLimit: RateLimitOptions
  /** Answers a failure with what `bodyOf` makes of it. */
  readonly fail: (
    bodyOf: (failure: ApiError, request: FastifyRequest) => object,
  ) => (error: unknown, request: FastifyRequest, reply: FastifyReply) => void
}

export async function ofrepRoutes(
  app: App,
  runtime: Runtime,
  board: SettingsBoard,
  { rateLimit, fail }: FlagOptions,
): Promise<void> {
  app.setErrorHandler(fail(failureBody))

  app.post(
    '/ofrep/v1/evaluate/flags/:key',
    {
      config: { rateLimit },
      schema: {
        summary: 'Evaluate a setting as a feature flag',
        description:
          'OFREP. The key is `setting` where one fleet alone has it or the context names the `fleet`, else `fleet.setting`.',
        tags: ['settings'],
        params: z.object({ key: z.string().min(1).max(200).describe('`setting` or `fleet.setting`.') }),
        body: EvaluationRequest,
        response: { 200: EvaluationWire, ...EVALUATION_FAILURES },
      },
    },
    async request => {
      const { key } = request.params
      const spec = runtime.spec()
      const place = placeOfFlag(spec, key, fleetOfContext(spec, request.body?.context ?? {}))
      const evaluation = evaluateFlag(key, place.setting, await board.of(place.fleet))
      if (evaluation === null) throw noSuchFlag(key, [])
      return evaluation
    },
  )

  app.post(
    '/ofrep/v1/evaluate/flags',
    {
      config: { rateLimit },
      schema: {
        summary: 'Evaluate all settings as feature flags',
        description:
          'OFREP, for clients that keep the flags and ask again at intervals. Answers an ETag; with If-None-Match, 304 until something changed.',
        tags: ['settings'],
        body: EvaluationRequest,
        response: {
          200: BulkEvaluationWire,
          304: z.undefined().describe('As before: the answer with the ETag of If-None-Match.'),
          ...BULK_EVALUATION_FAILURES,
        },
      },
    },
    async (request, reply) => {
      const spec = runtime.spec()
      const named = fleetOfContext(spec, request.body?.context ?? {})
      const fleets = named === null ? Object.values(spec.fleets) : [named]
      const now = await Promise.all(fleets.map(fleet => board.of(fleet)))
      const flags = evaluateAll(now, named !== null)
      if (hasAlready(request, reply, flags)) return reply.code(304).send()
      return { flags }
    },
  )
}

function failureBody(failure: ApiError, request: FastifyRequest): object {
  const { params } = request
  const key = typeof params === 'object' && params !== null && 'key' in params ? params.key : undefined
  return {
    ...(typeof key === 'string' ? { key } : {}),
    errorCode: errorCodeOf(failure),
    errorDetails: `${failure.code}: ${failure.message} ${failure.hint}`,
    ...failure.body(),
  }
}

function errorCodeOf({ statusCode, code }: ApiError): string {
  if (code === CONTEXT_REFUSED) return 'INVALID_CONTEXT'
  if (statusCode === 404) return 'FLAG_NOT_FOUND'
  return statusCode === 400 || statusCode === 413 || statusCode === 415 ? 'PARSE_ERROR' : 'GENERAL'
}
