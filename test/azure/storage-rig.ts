/**
 * Metrics of queues and tables, as the sources get them, and sources that are closed at the end.
 *
 * Example: `queryOf({ ...accountOf(azurite), queue: 'orders', read: 'messages' })`.
 */
import type { MetricQuery } from '../../src/ports/metric-source.ts'
import type { Azurite, Ports } from './azurite.ts'

export function accountOf(azurite: Pick<Azurite, 'connection'>, through?: Partial<Ports>) {
  return { ...NO_ACCOUNT, connection: azurite.connection(through) }
}

export const NO_ACCOUNT = {
  account: null,
  suffix: 'core.windows.net',
  endpoint: null,
  connection: null,
  authorityHost: null,
  timeoutMs: 5_000,
}

export function queryOf(
  options: Readonly<Record<string, unknown>>,
  { name = 'backlog', fleet = 'web' }: { readonly name?: string; readonly fleet?: string } = {},
): MetricQuery {
  const metric = {
    name,
    kind: 'total',
    unit: null,
    source: 'azure',
    options,
    everyMs: 15_000,
    staleAfterMs: 60_000,
    ofFleet: null,
    grainMs: null,
    across: null,
    filter: [],
    dividePerInstance: false,
  } as const
  return { fleet, metric }
}

/** Names that no other test has, of what is kept in one account. */
export function names(prefix: string): () => string {
  let count = 0
  return () => {
    count += 1
    return `${prefix}${count}`
  }
}
