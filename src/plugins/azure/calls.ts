/**
 * Calls to Azure: each with a deadline and within what Azure still allows. Readings are repeated when Azure asks to come back soon or a
 * connection breaks; nothing that changes something is, since whether it was done is for a reading to find out.
 *
 * Example: `calls.reading('look', 'list the instances of web', signal, client => ...)` meets 503 with `Retry-After: 1`, waits a
 * second, and asks again; with `Retry-After: 60` it throws `throttled` and asks nothing for a minute.
 */
import type { Clock, Random } from '../../ports/clock.ts'
import { PluginError } from '../../ports/plugin.ts'
import { systemClock } from '../clocks/system.ts'
import type { Allowance, Purpose } from './allowance.ts'
import { answeredBy, calledOff, failureOf, type Remedy } from './failure.ts'
import { pause, within } from './waiting.ts'

export interface CallsOptions<Client> {
  readonly connect: () => Promise<Client>
  readonly allowance: Allowance
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
  readonly timeoutMs: number
  readonly remedy: Remedy
  /** Before a reading that failed is tried again; twice as much before the next. */
  readonly backOffMs?: number | undefined
}

const READING_TRIES = 3
/** Longer is not waited inside a call. */
const SHORT_WAIT_MS = 2_000
const BACK_OFF_MS = 200

const chance: Random = { next: () => Math.random() }

type Call<Client, T> = (client: Client, signal: AbortSignal) => Promise<T>

export class Calls<Client> {
  readonly #options: CallsOptions<Client>
  readonly #closing = new AbortController()
  #client: Promise<Client> | null = null

  constructor(options: CallsOptions<Client>) {
    this.#options = options
  }

  get allowance(): Allowance {
    return this.#options.allowance
  }

  /** @param what what is tried, e.g. `list the instances of web` */
  async reading<T>(purpose: Purpose, what: string, signal: AbortSignal, call: Call<Client, T>): Promise<T> {
    for (let tried = 1; ; tried += 1) {
      try {
        this.allowance.require(purpose, what)
        return await this.#once(what, signal, call, false)
      } catch (error) {
        if (!(error instanceof PluginError) || tried === READING_TRIES) throw error
        const waitMs = this.#waitBefore(error, tried)
        if (waitMs === null || signal.aborted) throw error
        await pause(this.#options.clock ?? systemClock, waitMs, signal)
        if (signal.aborted) throw calledOff(what)
      }
    }
  }

  /** Once, whatever it meets. */
  changing<T>(what: string, signal: AbortSignal, call: Call<Client, T>): Promise<T> {
    return this.#once(what, signal, call, true)
  }

  /** With the deadline of one call. */
  within<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock = systemClock, timeoutMs } = this.#options
    return within(clock, timeoutMs, AbortSignal.any([signal, this.#closing.signal]), work)
  }

  failureOf(error: unknown, what: string, signal: AbortSignal, changes: boolean): PluginError {
    return failureOf(error, { what, signal, changes, remedy: this.#options.remedy })
  }

  close(): void {
    this.#closing.abort()
  }

  async #once<T>(what: string, signal: AbortSignal, call: Call<Client, T>, changes: boolean): Promise<T> {
    if (signal.aborted || this.#closing.signal.aborted) throw calledOff(what)
    this.allowance.require('act', what)
    return this.within(signal, async late => {
      try {
        return await call(await this.#connected(), late)
      } catch (error) {
        throw this.failureOf(error, what, late, changes)
      }
    })
  }

  #connected(): Promise<Client> {
    this.#client ??= this.#options.connect()
    // Once the clients are installed, the next call finds them.
    this.#client.catch(() => {
      this.#client = null
    })
    return this.#client
  }

  /** `null`: it is not tried again here. */
  #waitBefore({ kind, retryAfterMs, cause }: PluginError, tried: number): number | null {
    const { random = chance, backOffMs = BACK_OFF_MS } = this.#options
    // Spread, so that many who were cut off at once do not come back at once.
    if (kind === 'unavailable') return backOffMs * 2 ** (tried - 1) * (0.5 + random.next())
    if (kind !== 'throttled') return null
    if (retryAfterMs !== undefined) return retryAfterMs <= SHORT_WAIT_MS ? retryAfterMs : null
    // Just answered so: how long to wait is known to the allowance, which is asked next.
    return answeredBy(cause).status === null ? null : 0
  }
}
