/**
 * What to do with the rest of a body nobody wants. Closing at once resets the connection and often takes the
 * answer with it; reading everything lets a client make us work. So: discard a bounded part, then wait a bounded time.
 *
 * Example: of a 100 MB body refused with 413 at most 8 MiB are discarded; then nothing more is read, and after
 * half a second the connection ends. A client that reads the answer while it sends has long seen it by then.
 */
import type { IncomingMessage } from 'node:http'

export const DISCARD_LIMIT_BYTES = 8 * 1024 * 1024
const LINGER_MS = 500

export function lingerOver(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return
  let discarded = 0
  const giveUp = setTimeout(() => request.socket.destroy(), LINGER_MS)
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length
    if (discarded > DISCARD_LIMIT_BYTES) request.pause()
  })
  request.on('end', () => clearTimeout(giveUp))
  request.on('close', () => clearTimeout(giveUp))
  request.on('error', () => clearTimeout(giveUp))
}
