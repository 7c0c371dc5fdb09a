/**
 * Answers that a client may keep: tagged by what they say, and not sent again to one who has them.
 *
 * Example: `GET /v1/settings` with `If-None-Match: "5cY..."` answers 304 without a body while nothing has changed.
 */
import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** The same for the same answer; quoted, as the header wants it. */
export function etagOf(answer: unknown): string {
  return `"${createHash('sha256').update(JSON.stringify(answer)).digest('base64url').slice(0, 22)}"`
}

/** Sets `ETag`; true when the client has this answer already and 304 is all it needs. */
export function hasAlready(request: FastifyRequest, reply: FastifyReply, answer: unknown): boolean {
  const etag = etagOf(answer)
  void reply.header('etag', etag).header('cache-control', 'no-cache')
  const known = request.headers['if-none-match']
  if (known === undefined) return false
  // A proxy on the way may have made ours a weak one.
  return known.split(',').some(one => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag)
}
