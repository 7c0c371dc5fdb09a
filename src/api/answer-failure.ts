/**
 * Turns whatever went wrong on the way to an answer into the one error shape.
 *
 * Example: Fastify's `FST_ERR_CTP_BODY_TOO_LARGE` becomes 413 PLM-458; a `PluginError` of the store becomes 503
 * PLM-467; anything unforeseen becomes 500 PLM-466, its details in the log and not in the answer.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { PluginError } from '../ports/plugin.ts'
import { ApiError, badRequest, bodyTooLarge, defect, storeFailed, wrongContentType } from './failure.ts'
import { lingerOver } from './linger.ts'
import type { ApiLog } from './settings.ts'

export function failureOf(error: unknown, request: FastifyRequest, bodyLimitBytes: number): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof PluginError) return storeFailed(error.message, error)
  if (!isFastifyError(error)) return defect(error)
  if (error.validation !== undefined) {
    const empty = error.validationContext === 'body' && (request.body === undefined || request.body === null)
    return badRequest(empty ? 'The request has no body.' : validationMessage(error))
  }
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return bodyTooLarge(bodyLimitBytes)
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_EMPTY_TYPE':
      return wrongContentType(request.headers['content-type'])
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return badRequest('The body is not JSON.', 'See what the JSON parser of your tool says about it.')
    default:
      return isClientFault(error.statusCode) ? badRequest(error.message) : defect(error)
  }
}

/** "Not now" is no defect, and is asked again and again by every client: it is said so often, by its code. */
const NOT_NOW_EVERY_MS = 10_000

export function answerFailure(
  log: ApiLog | null,
  bodyLimitBytes: number,
  bodyOf: (failure: ApiError, request: FastifyRequest) => object = failure => failure.body(),
) {
  const saidNotNow = new Map<string, number>()
  const sayNotNow = (failure: ApiError, path: string): void => {
    const now = performance.now()
    if (now - (saidNotNow.get(failure.code) ?? Number.NEGATIVE_INFINITY) < NOT_NOW_EVERY_MS) return
    saidNotNow.set(failure.code, now)
    log?.warn({ code: failure.code, path }, failure.message)
  }
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const failure = failureOf(error, request, bodyLimitBytes)
    if (failure.statusCode === 503 && failure.cause === undefined) {
      sayNotNow(failure, pathOf(request.url))
    } else if (failure.statusCode >= 500) {
      log?.error(
        {
          code: failure.code,
          method: request.method,
          path: pathOf(request.url),
          err: failure.cause ?? failure,
        },
        failure.message,
      )
    }
    if (!request.raw.complete) {
      // Fastify asks for a close where a body is too large; we linger first, so that the answer arrives.
      reply.removeHeader('connection')
      lingerOver(request.raw)
    }
    void reply.code(failure.statusCode).type('application/json; charset=utf-8').send(bodyOf(failure, request))
  }
}

/** Without the query, which may hold what nobody wants in a log. */
export function pathOf(url: string): string {
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}

function isClientFault(statusCode: number | undefined): boolean {
  return statusCode !== undefined && statusCode >= 400 && statusCode < 500
}

function validationMessage(error: FastifyError): string {
  const where = error.validationContext ?? 'request'
  const problems = (error.validation ?? [])
    .slice(0, 5)
    .map(
      problem =>
        `${where}${problem.instancePath === '/' ? '' : problem.instancePath}: ${problem.message ?? 'not valid'}`,
    )
  return problems.join('; ')
}
