/**
 * Queries over logs, each place with limits of its own. Microsoft's client for logs takes no signal to call a query off, so one is
 * handed to its requests from here; and what is wrong with a query it keeps in the details of its error, which are told.
 *
 * Example: `run({ workspace: '5f1c...', query: 'requests | foo', ... }, window, signal)` is "PLM-765 tried to query the workspace 5f1c...:
 * Azure refused with 400 BadArgumentError, ...: 'foo' operator: ... (line 1)".
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { LogsQueryClient, LogsQueryResult } from '@azure/monitor-query-logs'
import type { Interval } from '../../../model/time.ts'
import type { Allowance } from '../allowance.ts'
import { type Place, type PlaceContext, Places } from '../places.ts'
import { defaultCredential, loadSdk, watchedBy } from '../sdk.ts'

export interface LogsSdk {
  readonly LogsQueryClient: typeof LogsQueryClient
}

export interface LogsApiContext extends PlaceContext {
  readonly loadSdk?: () => Promise<LogsSdk>
}

export interface LogsQuestion extends Place {
  readonly workspace: string | null
  readonly resource: string | null
  readonly query: string
}

const REMEDY = {
  settings: '`workspace`, `resource` and `cloud`',
  role: 'Log Analytics Reader on the workspace, or Monitoring Reader on the resource',
}

export class LogsApi {
  readonly #context: LogsApiContext
  readonly #places: Places<LogsQueryClient>
  readonly #heard = new AsyncLocalStorage<AbortSignal>()

  constructor(context: LogsApiContext) {
    this.#context = context
    this.#places = new Places(context, REMEDY, (place, allowance) => this.#connect(place, allowance))
  }

  run(question: LogsQuestion, { from, to }: Interval, signal: AbortSignal): Promise<LogsQueryResult> {
    const { workspace, resource, query } = question
    const timespan = { startTime: new Date(from), endTime: new Date(to) }
    const what = workspace === null ? `query the logs of ${resource}` : `query the workspace ${workspace}`
    return this.#places.at(question).reading('look', what, signal, (client, within) =>
      this.#heard.run(within, async () => {
        try {
          return workspace === null
            ? // The client puts a slash before it.
              await client.queryResource((resource ?? '').replace(/^\//, ''), query, timespan)
            : await client.queryWorkspace(workspace, query, timespan)
        } catch (error) {
          throw withDetails(error)
        }
      }),
    )
  }

  close(): void {
    this.#places.close()
  }

  async #connect(
    { endpoint, audience, authorityHost, timeoutMs }: Place,
    allowance: Allowance,
  ): Promise<LogsQueryClient> {
    const context = this.#context
    const { LogsQueryClient: Client } = await loadSdk(
      'the source azure-log-analytics',
      ['@azure/monitor-query-logs', '@azure/identity'],
      context.loadSdk ?? (() => import('@azure/monitor-query-logs')),
    )
    const watched = watchedBy(allowance, timeoutMs)
    const heard = this.#heard
    return new Client(context.credential ?? (await defaultCredential(authorityHost)), {
      ...context.client,
      ...watched,
      additionalPolicies: [
        ...watched.additionalPolicies,
        {
          position: 'perCall',
          policy: {
            name: 'plimsoll-called-off',
            sendRequest(request, next) {
              const signal = heard.getStore()
              if (signal !== undefined) request.abortSignal = signal
              return next(request)
            },
          },
        },
      ],
      endpoint: `${endpoint}/v1`,
      credentials: { scopes: [`${audience}/.default`] },
    })
  }
}

/** What is wrong with a query stands deep inside: the innermost words say where. */
function withDetails(error: unknown): unknown {
  if (!(error instanceof Error) || !('details' in error)) return error
  const words = new Set<string>()
  for (let at: unknown = Reflect.get(Object(error.details), 'error'), depth = 0; depth < 5; depth += 1) {
    if (typeof at !== 'object' || at === null) break
    const message: unknown = Reflect.get(at, 'message')
    if (typeof message === 'string' && message !== '') words.add(message)
    at = Reflect.get(at, 'innererror')
  }
  if (words.size > 0) error.message = [...words].join(': ')
  return error
}
