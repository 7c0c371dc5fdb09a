/**
 * Microsoft's client for one subscription, in whatever cloud, loaded when it is first needed.
 *
 * Example: with `endpoint: 'https://management.chinacloudapi.cn'` tokens are asked for `https://management.chinacloudapi.cn/.default`,
 * and every call goes there.
 */
import type { ComputeManagementClient } from '@azure/arm-compute'
import type { Clock, Random } from '../../../ports/clock.ts'
import type { Allowance } from '../../azure/allowance.ts'
import {
  type ClientOptions,
  type Credential,
  defaultCredential,
  loadSdk,
  watchedBy,
} from '../../azure/sdk.ts'

export interface ScaleSetOptions {
  readonly subscription: string
  readonly resourceGroup: string
  readonly scaleSet: string
  /** Of another cloud than the public one. */
  readonly endpoint: string | null
  readonly authorityHost: string | null
  readonly timeoutMs: number
}

/** What of Microsoft's clients it needs. */
export interface ScaleSetSdk {
  readonly ComputeManagementClient: typeof ComputeManagementClient
}

export interface ScaleSetContext {
  readonly clock: Clock
  readonly random?: Random
  /** Instead of the default chain of `@azure/identity`. */
  readonly credential?: Credential
  /** Further options of the client: whom to trust, say. */
  readonly client?: ClientOptions
  readonly loadSdk?: () => Promise<ScaleSetSdk>
  /** Before a reading that failed is tried again; twice as much before the next. */
  readonly backOffMs?: number
}

export async function connect(options: ScaleSetOptions, context: ScaleSetContext, allowance: Allowance) {
  const { subscription, endpoint, authorityHost, timeoutMs } = options
  const packages = ['@azure/arm-compute', '@azure/identity']
  const { client, credential } = await loadSdk('the target azure-vmss', packages, async () => ({
    client: (await (context.loadSdk ?? importSdk)()).ComputeManagementClient,
    credential: context.credential ?? (await defaultCredential(authorityHost)),
  }))
  return new client(credential, subscription, {
    ...context.client,
    ...(endpoint === null ? {} : { endpoint, credentials: { scopes: [`${endpoint}/.default`] } }),
    ...watchedBy(allowance, timeoutMs),
  })
}

async function importSdk(): Promise<ScaleSetSdk> {
  return await import('@azure/arm-compute')
}
