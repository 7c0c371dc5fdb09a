/**
 * One request to an instance, bounded in time and size, many of them a few at a time.
 *
 * Example: `asking.ask({ method: 'GET', url, headers: {} }, signal)` answers `{ ok: true, status: 200, text: '{"sessions":3}' }`,
 * or `{ ok: false, saw: 'did not answer within 2000 ms' }`.
 */
import { Agent, request } from 'undici'

export interface InstanceCall {
  readonly method: string
  readonly path: string
}

export type Said =
  | { readonly ok: true; readonly text: string }
  /** In words that follow what was asked: `answered 503`. */
  | { readonly ok: false; readonly saw: string }

const BODY_BYTES = 64 * 1024
/** An instance that closes idle connections sooner would make a request fail now and then. */
const KEEP_ALIVE_MS = 2_000
const CONNECTIONS_PER_INSTANCE = 2
const AT_ONCE = 64

export class Asking {
  readonly #headers: Readonly<Record<string, string>>
  readonly #timeoutMs: number
  readonly #closing = new AbortController()
  readonly #agent = new Agent({
    connections: CONNECTIONS_PER_INSTANCE,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxResponseSize: BODY_BYTES,
  })
  #closed: Promise<void> | null = null

  constructor(headers: Readonly<Record<string, string>>, timeoutMs: number) {
    this.#headers = headers
    this.#timeoutMs = timeoutMs
  }

  /** Never throws. */
  async ask(address: string, { method, path }: InstanceCall, signal: AbortSignal): Promise<Said> {
    const base = address.includes('://') ? address : `http://${address}`
    if (!URL.canParse(path, base)) return { ok: false, saw: `cannot be asked: "${address}" is no address` }
    const deadline = AbortSignal.timeout(this.#timeoutMs)
    try {
      const { statusCode, body } = await request(new URL(path, base), {
        method,
        dispatcher: this.#agent,
        headers: { accept: 'application/json', 'user-agent': 'plimsoll', ...this.#headers },
        signal: AbortSignal.any([signal, deadline, this.#closing.signal]),
      })
      const text = await body.text()
      return statusCode >= 200 && statusCode <= 299
        ? { ok: true, text }
        : { ok: false, saw: `answered ${statusCode}` }
    } catch (error) {
      if (deadline.aborted) return { ok: false, saw: `did not answer within ${this.#timeoutMs} ms` }
      return { ok: false, saw: `could not be asked: ${messageOf(error)}` }
    }
  }

  close(): Promise<void> {
    this.#closing.abort()
    this.#closed ??= this.#agent.destroy()
    return this.#closed
  }
}

/** A few at a time, so that a large fleet does not take all sockets. */
export async function fewAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items[Symbol.iterator]()
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker))
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message === '' && 'code' in error ? String(error.code) : error.message
}
