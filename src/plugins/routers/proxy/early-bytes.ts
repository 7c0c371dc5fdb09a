/**
 * Holds what a client says before its WebSocket is joined to an instance, and notices when it leaves meanwhile: a
 * connection that nobody reads tells neither.
 *
 * Example: a client sends its handshake and at once a first frame of 8 bytes; no instance is open for 2 s; the frame
 * is held, and goes to the instance right after the handshake.
 */
import type { Duplex } from 'node:stream'

/** More than anyone has to say before it is answered; beyond this the client is left to wait. */
const MOST_HELD_BYTES = 65_536

/** `first` came with the request itself; `left` is called once if the client leaves. The result ends the holding. */
export function holdEarlyBytes(socket: Duplex, first: Buffer, left: () => void): () => Buffer {
  const held = [first]
  let bytes = first.length
  const take = (chunk: Buffer): void => {
    held.push(chunk)
    bytes += chunk.length
    if (bytes > MOST_HELD_BYTES) socket.pause()
  }
  const events = ['end', 'error', 'close']
  const leave = (): void => {
    stop()
    left()
  }
  const stop = (): void => {
    socket.off('data', take)
    for (const event of events) socket.off(event, leave)
  }
  socket.on('data', take)
  for (const event of events) socket.on(event, leave)
  return () => {
    stop()
    socket.pause()
    return Buffer.concat(held.splice(0))
  }
}
