/**
 * Calls to a service that is asked at several places, each with limits of its own: a region that is throttled disturbs no other.
 *
 * Example: metrics of `westeurope` and of `northeurope` have two addresses, so two clients and two allowances; a third metric of
 * `westeurope` shares the first.
 */
import type { Clock } from '../../ports/clock.ts'
import { Allowance } from './allowance.ts'
import { Calls } from './calls.ts'
import type { Remedy } from './failure.ts'
import type { ClientOptions, Credential } from './sdk.ts'

export interface Place {
  readonly endpoint: string
  /** For whom tokens are asked. */
  readonly audience: string
  readonly authorityHost: string | null
  readonly timeoutMs: number
}

export interface PlaceContext {
  readonly clock: Pick<Clock, 'now'>
  /** Instead of the default chain of `@azure/identity`. */
  readonly credential?: Credential
  readonly client?: ClientOptions
  /** Before a reading that failed is tried again; twice as much before the next. */
  readonly backOffMs?: number
}

export type ConnectToPlace<Client> = (place: Place, allowance: Allowance) => Promise<Client>

export class Places<Client> {
  readonly #context: PlaceContext
  readonly #remedy: Remedy
  readonly #connect: ConnectToPlace<Client>
  readonly #calls = new Map<string, Calls<Client>>()
  #isClosed = false

  constructor(context: PlaceContext, remedy: Remedy, connect: ConnectToPlace<Client>) {
    this.#context = context
    this.#remedy = remedy
    this.#connect = connect
  }

  at({ endpoint, audience, authorityHost, timeoutMs }: Place): Calls<Client> {
    const key = JSON.stringify([endpoint, audience, authorityHost, timeoutMs])
    const known = this.#calls.get(key)
    if (known !== undefined) return known
    const { clock, backOffMs } = this.#context
    const allowance = new Allowance(clock)
    const calls = new Calls({
      connect: () => this.#connect({ endpoint, audience, authorityHost, timeoutMs }, allowance),
      allowance,
      timeoutMs,
      remedy: this.#remedy,
      backOffMs,
    })
    if (this.#isClosed) calls.close()
    this.#calls.set(key, calls)
    return calls
  }

  close(): void {
    this.#isClosed = true
    for (const calls of this.#calls.values()) calls.close()
  }
}
