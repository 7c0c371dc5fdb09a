/**
 * Calls to queues and tables: as all calls to Azure, and each queue or table by itself, so that one which is throttled or gone
 * disturbs no other. A key or signature that is not accepted is told as that.
 *
 * Example: `calls.of(options, 'orders').reading('count the messages of orders', signal, client => client.getProperties())` meets 503 with
 * `Retry-After: 1`, waits a second, asks again, and answers; meanwhile other queues are asked as ever.
 */
import type { Clock } from '../../ports/clock.ts'
import { PluginError } from '../../ports/plugin.ts'
import { Allowance, type AnswerHeaders } from './allowance.ts'
import { Calls } from './calls.ts'
import { answeredBy } from './failure.ts'
import type { Credential } from './sdk.ts'
import {
  displayAccount,
  keyOfAccount,
  remedyOf,
  type StorageAccount,
  type StorageService,
  withoutSecret,
} from './storage-account.ts'

export interface StorageContext {
  readonly clock: Pick<Clock, 'now'>
  /** Instead of the default chain of `@azure/identity`. */
  readonly credential?: Credential
  /** Before a reading that failed is tried again; twice as much before the next. */
  readonly backOffMs?: number
}

/** More queues and tables than a configuration has metrics; the oldest are forgotten first. */
const MOST_KEPT = 500

const PATIENCE_MS = 25_000

/** For a whole read: what is not there by then is a gap of its own. Whoever reads waits little longer, and has nothing at all then. */
export function patiently(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)])
}

type Connect<Client> = (options: StorageAccount, name: string) => Promise<Client>

export class StorageCalls<Client> {
  readonly #service: StorageService
  readonly #context: StorageContext
  readonly #connect: Connect<Client>
  readonly #kept = new Map<string, StorageThing<Client>>()
  #isClosed = false

  constructor(service: StorageService, context: StorageContext, connect: Connect<Client>) {
    this.#service = service
    this.#context = context
    this.#connect = connect
  }

  /** @param name of the queue or table */
  of(options: StorageAccount, name: string): StorageThing<Client> {
    const key = `${keyOfAccount(options)} ${name}`
    const kept = this.#kept.get(key)
    if (kept !== undefined) return kept
    const thing = this.#create(options, name)
    this.#kept.set(key, thing)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) {
      this.#kept.get(oldest)?.close()
      this.#kept.delete(oldest)
    }
    if (this.#isClosed) thing.close()
    return thing
  }

  close(): void {
    this.#isClosed = true
    for (const thing of this.#kept.values()) thing.close()
  }

  #create(options: StorageAccount, name: string): StorageThing<Client> {
    const { clock, backOffMs } = this.#context
    const calls = new Calls<Client>({
      connect: () => this.#connect(options, name),
      allowance: new Allowance(clock),
      timeoutMs: options.timeoutMs,
      remedy: remedyOf(this.#service),
      backOffMs,
    })
    return new StorageThing(calls, options)
  }
}

/** One queue, or one table. */
export class StorageThing<Client> {
  readonly #calls: Calls<Client>
  readonly #account: StorageAccount

  constructor(calls: Calls<Client>, account: StorageAccount) {
    this.#calls = calls
    this.#account = account
  }

  /** @throws PluginError which holds nothing of the secret */
  async reading<T>(
    what: string,
    signal: AbortSignal,
    call: (client: Client, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const tried = `${what} (${displayAccount(this.#account)})`
    // Many that say nothing must not hold up the others of a read for three times so long.
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(this.#account.timeoutMs)])
    try {
      return await this.#calls.reading('look', tried, inTime, async (client, within) => {
        try {
          return await call(client, within)
        } catch (error) {
          this.#hear(error)
          throw error
        }
      })
    } catch (error) {
      throw this.#told(error, tried)
    }
  }

  close(): void {
    this.#calls.close()
  }

  /** What an answer of 429 or 503 says of when to come back. */
  #hear(error: unknown): void {
    const { status } = answeredBy(error)
    if (status !== null && hasHeaders(error)) this.#calls.allowance.observe(status, error.response.headers)
  }

  #told(error: unknown, tried: string): unknown {
    if (!(error instanceof PluginError)) return error
    const { kind, retryAfterMs, cause } = error
    const { status } = answeredBy(cause)
    const details = { cause, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
    if ((status === 401 || status === 403) && this.#account.connection !== null) {
      return new PluginError(
        'refused',
        `PLM-799 tried to ${tried}: Azure answered ${status}, and does not accept the key or signature of \`connection\` for this. Is it whole, of this account, not rolled over or expired, and may it read?`,
        details,
      )
    }
    return new PluginError(kind, withoutSecret(error.message, this.#account), details)
  }
}

interface WithHeaders {
  readonly response: { readonly headers: AnswerHeaders }
}

function hasHeaders(error: unknown): error is WithHeaders {
  if (!(error instanceof Error) || !('response' in error)) return false
  const { response } = error
  if (typeof response !== 'object' || response === null || !('headers' in response)) return false
  const { headers } = response
  return (
    typeof headers === 'object' && headers !== null && 'get' in headers && typeof headers.get === 'function'
  )
}
