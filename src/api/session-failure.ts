/**
 * What the broker throws and refuses, as the API answers it: status, code, words, and when to ask again.
 *
 * Example: `PluginError('unavailable', 'PLM-430 The broker ...', { retryAfterMs: 1500 })` is 503 with `Retry-After: 2`.
 */
import type { FastifyReply } from 'fastify'
import type { FleetSpec } from '../model/spec.ts'
import { PluginError, type PluginErrorKind } from '../ports/plugin.ts'
import type { PlaceResult } from '../sessions/session-broker.ts'
import { type ApiError, badRequest, brokerRefused, defect, notYetThere } from './failure.ts'

export interface SessionFailure {
  readonly failure: ApiError
  /** Seconds. */
  readonly retryAfter: number | null
}

const STATUS: Readonly<Record<PluginErrorKind, number>> = {
  unavailable: 503,
  throttled: 503,
  refused: 400,
  misconfigured: 500,
  conflict: 409,
  'not-found': 404,
}

const HINTS: Readonly<Record<PluginErrorKind, string>> = {
  unavailable: 'Ask again with the same session id when Retry-After is over.',
  throttled: 'Ask again when Retry-After is over.',
  refused: 'See /openapi.json for what this route takes.',
  misconfigured: 'See `plimsoll doctor`.',
  conflict: 'See what the session is with GET, then release it or use another id.',
  'not-found': 'Ask again after the next tick.',
}

const CODED = /^(PLM-\d{3}):? (.*)$/s

/** A `PluginError` with a code is the broker's own; anything else is a defect. */
export function sessionFailure(error: unknown): SessionFailure {
  const coded = error instanceof PluginError ? CODED.exec(error.message) : null
  if (!(error instanceof PluginError) || coded === null) return { failure: defect(error), retryAfter: null }
  const { kind, retryAfterMs } = error
  return {
    failure: brokerRefused(STATUS[kind], coded[1] ?? '', coded[2] ?? '', HINTS[kind]),
    retryAfter: retryAfterMs === undefined ? null : seconds(retryAfterMs),
  }
}

export function noRoom({ message, retryAfterMs }: Extract<PlaceResult, { placed: false }>): SessionFailure {
  const coded = CODED.exec(message)
  const hint = 'Ask again when Retry-After is over, or wait for room with waitMs.'
  return {
    failure: brokerRefused(409, coded?.[1] ?? 'PLM-434', coded?.[2] ?? message, hint),
    retryAfter: seconds(retryAfterMs),
  }
}

/** Aborted when the client goes away before it is answered. */
export function goneAway(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort(new Error('the client went away'))
  })
  return gone.signal
}

/** What the broker throws is answered with its own code; when to ask again is in the head. */
export async function attempt<T>(reply: FastifyReply, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    // Nobody reads an answer; the log need not hear of it either.
    if (reply.raw.destroyed) throw badRequest('The client went away.')
    throw refuse(reply, sessionFailure(error))
  }
}

/**
 * The door of one of the fleet's routers. Where it has none of that type, the answer is final; where it has one that is not
 * there yet, it is not.
 */
export function doorOf<T>(
  reply: FastifyReply,
  { name, routers }: FleetSpec,
  type: 'broker' | 'agent',
  door: T | null,
  none: (fleet: string) => ApiError,
): T {
  if (door !== null) return door
  if (!routers.some(router => router.type === type)) throw none(name)
  throw refuse(reply, { failure: notYetThere(name), retryAfter: 1 })
}

export function refuse(reply: FastifyReply, { failure, retryAfter }: SessionFailure): Error {
  if (retryAfter !== null) void reply.header('retry-after', String(retryAfter))
  return failure
}

function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000))
}
