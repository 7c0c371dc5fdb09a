/**
 * Keys that everything in an Azure storage account has: which account, and by which way it is reached.
 *
 * Example: `{ account: shopdata, cloud: china }` is, for queues, https://shopdata.queue.core.chinacloudapi.cn, signed in to at
 * https://login.chinacloudapi.cn; `{ connection: "${env:SHOP_STORAGE}" }` holds address and key, and needs neither.
 */
import { z } from 'zod'
import { azureCloudShape, CLOUDS } from './azure-cloud.ts'
import { CODES } from './codes.ts'
import { key } from './key.ts'
import { duration, refusal, secret } from './values.ts'

const SUFFIXES: Readonly<Record<keyof typeof CLOUDS, string>> = {
  public: 'core.windows.net',
  china: 'core.chinacloudapi.cn',
  usGovernment: 'core.usgovcloudapi.net',
}

/** Exactly one of these says where it is. */
export const STORAGE_WAYS = ['account', 'endpoint', 'connection'] as const

const waysShape = {
  account: key(
    z
      .string()
      .max(200)
      .regex(/^[a-z0-9]{3,24}$|\$\{/, {
        error: refusal(
          CODES.malformed,
          '{value} is not the name of a storage account',
          'it has 3 to 24 small letters and digits',
        ),
      })
      .optional(),
    'Name of the storage account. This, `endpoint` or `connection` is needed; to the first two one signs in.',
    'shopdata',
  ),
  cloud: azureCloudShape.cloud,
  endpoint: key(
    z
      .string()
      .max(2000)
      .regex(/^https:\/\/[^\s/?#@]+(\/[^\s?#]*)?$|\$\{/, {
        error: refusal(
          CODES.malformed,
          '{value} is not the address of a storage service',
          'write https:// and a host; an address with a signature is a secret, and goes under connection',
        ),
      })
      .optional(),
    'Whole address of the service, where it is not made from account and cloud.',
    'https://shopdata.queue.core.windows.net',
  ),
  connection: key(
    secret.optional(),
    'Connection string of the account, or the address of the service with a shared access signature; by reference.',
    '${env:SHOP_STORAGE}',
  ),
  authorityHost: azureCloudShape.authorityHost,
}

/** @param timeout unless one is given */
export function azureStorageShape(timeout: string) {
  return {
    ...waysShape,
    timeout: key(
      duration({ min: 100, max: 25_000 }).prefault(timeout),
      'A reading must be done within this, with its repeats.',
      timeout,
    ),
  }
}

interface Written {
  readonly account?: string | undefined
  readonly cloud: keyof typeof CLOUDS
  readonly endpoint?: string | undefined
  readonly connection?: string | undefined
  readonly authorityHost?: string | undefined
  readonly timeout: number
}

/** In code units, as the sources take it. */
export function storageOptions({ account, cloud, endpoint, connection, authorityHost, timeout }: Written) {
  return {
    account: account ?? null,
    suffix: SUFFIXES[cloud],
    endpoint: endpoint ?? null,
    connection: connection ?? null,
    authorityHost: authorityHost ?? CLOUDS[cloud].authorityHost,
    timeoutMs: timeout,
  }
}
