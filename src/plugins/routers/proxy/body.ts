/**
 * A request's body on its way to the instance, read from the client only as fast as the instance takes it.
 * It stands between the two because the sender destroys its body when the exchange ends, and the client's
 * connection should outlive that.
 *
 * Example: an instance answers 413 after 64 kB of a 1 MB upload: the body is destroyed, up to 1 MB more is read
 * and dropped so that the client gets to see the answer, and the connection is used again.
 */
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/** What is still read of a body that nobody wants any more, before the connection is closed instead. */
const MOST_DISCARDED_BYTES = 1024 * 1024

export class RequestBody extends Readable {
  readonly #from: IncomingMessage
  #attached = false

  constructor(from: IncomingMessage) {
    super()
    this.#from = from
  }

  override _read(): void {
    if (this.#attached) {
      this.#from.resume()
      return
    }
    this.#attached = true
    this.#from.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#from.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose)
    if (this.#attached && !this.#from.readableEnded) discardRest(this.#from)
    callback(error)
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#from.pause()
  }

  readonly #onEnd = (): void => {
    this.push(null)
  }

  readonly #onClose = (): void => {
    if (!this.#from.readableEnded) this.destroy(new Error('the client left before its request was complete'))
  }
}

/** Reads on and drops, so that the client gets to see an answer that came early; bounded. */
export function discardRest(from: IncomingMessage): void {
  let discarded = 0
  from.on('data', (chunk: Buffer) => {
    discarded += chunk.length
    if (discarded > MOST_DISCARDED_BYTES) from.destroy()
  })
  from.resume()
}
