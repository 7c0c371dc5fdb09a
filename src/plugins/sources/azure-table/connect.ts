/**
 * Microsoft's client of one table, by whichever way the account is reached.
 *
 * Example: a connection string with `TableEndpoint=http://127.0.0.1:10002/devstoreaccount1` is talked to without TLS, since it says
 * so itself; nobody signs in to an address without TLS.
 */
import type { AzureSASCredential, TableClient } from '@azure/data-tables'
import type { MetricSpec } from '../../../model/spec.ts'
import { defaultCredential, loadSdk } from '../../azure/sdk.ts'
import { type StorageAccount, unusable, wayIn } from '../../azure/storage-account.ts'
import type { StorageContext } from '../../azure/storage-calls.ts'

/** What of Microsoft's clients it needs. */
export interface TableSdk {
  readonly TableClient: typeof TableClient
  readonly AzureSASCredential: typeof AzureSASCredential
}

export interface AzureTableContext extends StorageContext {
  readonly loadSdk?: () => Promise<TableSdk>
  /** Whose tables are looked at by a check. */
  readonly metrics?: () => readonly MetricSpec[]
}

export async function connectTable(
  options: StorageAccount,
  table: string,
  context: AzureTableContext,
): Promise<TableClient> {
  const way = wayIn('table', options)
  const { TableClient, AzureSASCredential } = await loadTables(context)
  // Tried again by us, within what a tick has time for.
  const clientOptions = { retryOptions: { maxRetries: 0 } }
  switch (way.kind) {
    case 'signed-in': {
      const credential = context.credential ?? (await signIn(options))
      return new TableClient(way.url, table, credential, clientOptions)
    }
    case 'signed-address': {
      const credential = new AzureSASCredential(way.signature)
      const allowInsecureConnection = way.url.startsWith('http:')
      return new TableClient(way.url, table, credential, { ...clientOptions, allowInsecureConnection })
    }
    case 'connection-string':
      try {
        return TableClient.fromConnectionString(way.text, table, {
          ...clientOptions,
          allowInsecureConnection: true,
        })
      } catch {
        // What the client says of it may quote it.
        throw unusable('the connection string cannot be read')
      }
  }
}

function loadTables({ loadSdk: own }: AzureTableContext): Promise<TableSdk> {
  return loadSdk('the source azure-table', ['@azure/data-tables', '@azure/identity'], own ?? importSdk)
}

function signIn({ authorityHost }: StorageAccount) {
  return loadSdk('signing in to Azure', ['@azure/identity'], () => defaultCredential(authorityHost))
}

async function importSdk(): Promise<TableSdk> {
  return await import('@azure/data-tables')
}
