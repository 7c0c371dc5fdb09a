/**
 * How a storage account is reached: by its name and cloud or by a service's whole address, signed in; or by a secret that holds
 * address and key together.
 *
 * Example: `{ account: 'shopdata', suffix: 'core.windows.net' }` is, for queues, https://shopdata.queue.core.windows.net, signed in to
 * by the default chain. `AccountName=shopdata;AccountKey=...` needs no sign-in, and neither does
 * `https://shopdata.queue.core.windows.net/?sv=...&sig=...`.
 */
import { z } from 'zod'
import { PluginError } from '../../ports/plugin.ts'
import type { Remedy } from './failure.ts'

export type StorageService = 'queue' | 'table'

/** What the options of a metric hold for it, in code units; exactly one of account, endpoint and connection is not null. */
export const storageAccountShape = {
  account: z.string().min(3).max(24).nullable(),
  /** Of the cloud, e.g. `core.windows.net`. */
  suffix: z.string().min(1),
  endpoint: z.string().min(1).nullable(),
  /** A secret: a connection string, or an address with a shared access signature. */
  connection: z.string().min(1).nullable(),
  authorityHost: z.string().min(1).nullable(),
  /** Of a reading, with its repeats. */
  timeoutMs: z.number().positive().max(60_000),
} as const
export type StorageAccount = z.output<z.ZodObject<typeof storageAccountShape>>

export type WayIn =
  | { readonly kind: 'signed-in'; readonly url: string }
  | { readonly kind: 'connection-string'; readonly text: string }
  | { readonly kind: 'signed-address'; readonly url: string; readonly signature: string }

/** @throws PluginError PLM-794 */
export function wayIn(
  service: StorageService,
  { account, suffix, endpoint, connection }: StorageAccount,
): WayIn {
  if (connection !== null) return wayOfSecret(connection, suffix)
  if (endpoint !== null) return { kind: 'signed-in', url: endpoint.replace(/\/+$/, '') }
  if (account !== null) return { kind: 'signed-in', url: `https://${account}.${service}.${suffix}` }
  throw unusable('neither an account, nor an endpoint, nor a connection is named')
}

function wayOfSecret(connection: string, suffix: string): WayIn {
  const text = connection.trim()
  if (/^https?:\/\//i.test(text)) {
    if (!URL.canParse(text)) throw unusable('the connection begins as an address, and is none')
    const { origin, pathname, searchParams, search } = new URL(text)
    if (!searchParams.has('sig')) {
      throw unusable('the connection is an address without a shared access signature (`sig=`)')
    }
    return {
      kind: 'signed-address',
      url: `${origin}${pathname.replace(/\/+$/, '')}`,
      signature: search.slice(1),
    }
  }
  if (/^UseDevelopmentStorage=true\b/i.test(text) || /(^|;)(AccountName|[A-Za-z]+Endpoint)=/i.test(text)) {
    return { kind: 'connection-string', text: completed(text, suffix) }
  }
  throw unusable('the connection is neither a connection string nor an address with a signature')
}

/** Older ones leave out what the clients want to read. */
function completed(text: string, suffix: string): string {
  if (!/(^|;)\s*AccountName=/i.test(text) || /(^|;)\s*[A-Za-z]+Endpoint=/i.test(text)) return text
  const missing = [
    /(^|;)\s*DefaultEndpointsProtocol=/i.test(text) ? [] : ['DefaultEndpointsProtocol=https'],
    /(^|;)\s*EndpointSuffix=/i.test(text) ? [] : [`EndpointSuffix=${suffix}`],
  ].flat()
  return [text.replace(/;+$/, ''), ...missing].join(';')
}

/** @param saw never holds anything of the secret */
export function unusable(saw: string): PluginError {
  return new PluginError(
    'misconfigured',
    `PLM-794 ${saw}; nothing was asked. Write \`account\`, or \`connection\` with the connection string that the portal shows under Access keys, or the address of the service with a shared access signature.`,
  )
}

/** The same clients for the same answer. */
export function keyOfAccount({
  account,
  suffix,
  endpoint,
  connection,
  authorityHost,
  timeoutMs,
}: StorageAccount): string {
  return JSON.stringify([account, suffix, endpoint, connection, authorityHost, timeoutMs])
}

/** As it may be shown. */
export function displayAccount({ account, endpoint, connection }: StorageAccount): string {
  if (account !== null) return `account ${account}`
  if (endpoint !== null) return endpoint
  const named = /(?:^|;)AccountName=([a-z0-9]{3,24})(?:;|$)/i.exec(connection ?? '')?.[1]
  return named === undefined ? 'the account of the connection' : `account ${named}`
}

const READERS: Readonly<Record<StorageService, string>> = {
  queue: 'Storage Queue Data Reader on the storage account',
  table: 'Storage Table Data Reader on the storage account',
}

export function remedyOf(service: StorageService): Remedy {
  return { settings: `account, cloud and ${service}`, role: READERS[service] }
}

/** Every part of a secret that could be repeated by an error, taken out. */
export function withoutSecret(text: string, { connection }: StorageAccount): string {
  if (connection === null) return text
  const parts = [...connection.matchAll(/(?:AccountKey|sig)=([^;&]+)/gi)].flatMap(match => {
    const [, value = ''] = match
    return [value, decoded(value)]
  })
  return [connection, ...parts]
    .filter(part => part.length >= 4)
    .reduce((clean, part) => clean.split(part).join('...'), text)
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
