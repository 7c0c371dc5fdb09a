/**
 * Calls to one part of Azure's resource manager, by the client that Microsoft has for it: in whatever cloud, signed in by the default
 * chain, the client loaded when it is first needed.
 *
 * Example: with `endpoint: 'https://management.chinacloudapi.cn'` tokens are asked for `https://management.chinacloudapi.cn/.default`,
 * and every call goes there.
 */
import type { Clock, Random } from '../../ports/clock.ts'
import { Allowance } from './allowance.ts'
import { Calls } from './calls.ts'
import type { Remedy } from './failure.ts'
import { type ClientOptions, type Credential, defaultCredential, loadSdk, watchedBy } from './sdk.ts'

export interface ManagementOptions {
  readonly subscription: string
  /** Of another cloud than the public one. */
  readonly endpoint: string | null
  readonly authorityHost: string | null
  readonly timeoutMs: number
}

export interface ManagementContext {
  readonly clock: Clock
  readonly random?: Random
  /** Instead of the default chain of `@azure/identity`. */
  readonly credential?: Credential
  /** Further options of the client: whom to trust, say. */
  readonly client?: ClientOptions
  /** Before a reading that failed is tried again; twice as much before the next. */
  readonly backOffMs?: number
}

type Setting = ClientOptions &
  ReturnType<typeof watchedBy> & { readonly endpoint?: string; readonly credentials?: { scopes: string[] } }

/** A client of Microsoft's, as all of the resource manager's are made. */
type ClientClass<Client> = new (credential: Credential, subscription: string, setting: Setting) => Client

export interface Part<Client> {
  /** Who needs it, e.g. `the target azure-vmss`. */
  readonly who: string
  /** The package with the client, e.g. `@azure/arm-compute`. */
  readonly npmPackage: string
  readonly load: () => Promise<ClientClass<Client>>
  readonly remedy: Remedy
}

export function managementCalls<Client>(
  { who, npmPackage, load, remedy }: Part<Client>,
  { subscription, endpoint, authorityHost, timeoutMs }: ManagementOptions,
  context: ManagementContext,
): Calls<Client> {
  const allowance = new Allowance(context.clock)
  return new Calls({
    async connect() {
      const loaded = await loadSdk(who, [npmPackage, '@azure/identity'], async () => ({
        ClientClass: await load(),
        credential: context.credential ?? (await defaultCredential(authorityHost)),
      }))
      return new loaded.ClientClass(loaded.credential, subscription, {
        ...context.client,
        ...(endpoint === null ? {} : { endpoint, credentials: { scopes: [`${endpoint}/.default`] } }),
        ...watchedBy(allowance, timeoutMs),
      })
    },
    allowance,
    clock: context.clock,
    random: context.random,
    timeoutMs,
    remedy,
    backOffMs: context.backOffMs,
  })
}
