/**
 * What the proxy itself says to a client when no instance can. One short line of text with a stable code; what
 * only the operator should know (addresses, causes) goes to the log instead.
 *
 * Example: `503` `retry-after: 1` `PLM-332 Too many requests are waiting for the fleet "web". Try again in 1 s.`
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { discardRest } from './body.ts'

export interface Answer {
  readonly status: number
  readonly code: string
  readonly text: string
  readonly retryAfterS?: number
}

export function queueFull(fleet: string): Answer {
  return {
    status: 503,
    code: 'PLM-332',
    text: `Too many requests are waiting for the fleet "${fleet}". Try again in 1 s.`,
    retryAfterS: 1,
  }
}

export function waitedTooLong(fleet: string, timeoutMs: number, anyOpen: boolean): Answer {
  const seen = anyOpen ? 'every open instance was busy' : 'no instance was open'
  return {
    status: 503,
    code: 'PLM-333',
    text: `Waited ${timeoutMs / 1000} s for the fleet "${fleet}": ${seen}. Try again in 2 s.`,
    retryAfterS: 2,
  }
}

export function instanceFailed(fleet: string): Answer {
  return {
    status: 502,
    code: 'PLM-334',
    text: `An instance of the fleet "${fleet}" failed before it answered. It may have acted on the request.`,
  }
}

export function instanceTooSlow(fleet: string): Answer {
  return { status: 504, code: 'PLM-335', text: `An instance of the fleet "${fleet}" did not answer in time.` }
}

export function badRequest(because: string): Answer {
  return { status: 400, code: 'PLM-336', text: `This request cannot be passed on: ${because}.` }
}

export function methodRefused(method: string): Answer {
  return { status: 405, code: 'PLM-337', text: `${method} is not passed on.` }
}

export function closing(fleet: string): Answer {
  return {
    status: 503,
    code: 'PLM-338',
    text: `The proxy of the fleet "${fleet}" is ending.`,
    retryAfterS: 1,
  }
}

export function tooManyWebSockets(fleet: string): Answer {
  return {
    status: 503,
    code: 'PLM-340',
    text: `Too many WebSocket connections to the fleet "${fleet}" are open.`,
    retryAfterS: 5,
  }
}

/** Header fields and body of an answer, names and values in turn. */
export function answerParts(answer: Answer): { readonly headers: string[]; readonly body: string } {
  const body = `${answer.code} ${answer.text}\n`
  const headers = [
    'content-type',
    'text/plain; charset=utf-8',
    'content-length',
    `${Buffer.byteLength(body)}`,
  ]
  headers.push('cache-control', 'no-store')
  if (answer.retryAfterS !== undefined) headers.push('retry-after', `${answer.retryAfterS}`)
  if (answer.status === 405) headers.push('allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS')
  return { headers, body }
}

/** Sends it, or cuts the connection when another answer has begun: a client must see that one is incomplete. */
export function sendAnswer(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const { headers, body } = answerParts(answer)
  response.writeHead(answer.status, headers)
  response.end(body)
  if (!request.readableEnded) discardRest(request)
}
