/**
 * Microsoft's clients, which only those install who work with Azure: loaded when one is first needed, never before.
 *
 * Example: on a machine without them, `loadSdk('the target azure-vmss', ['@azure/arm-compute', '@azure/identity'], load)` throws
 * PLM-760 with the line `npm install @azure/arm-compute @azure/identity`.
 */
import type { ComputeManagementClient, ComputeManagementClientOptionalParams } from '@azure/arm-compute'
import { PluginError } from '../../ports/plugin.ts'
import type { Allowance } from './allowance.ts'

export type Credential = ConstructorParameters<typeof ComputeManagementClient>[0]
type Policies = NonNullable<ComputeManagementClientOptionalParams['additionalPolicies']>

/** What every client may be given besides: whom to trust, say, or how to send a request at all. */
export type ClientOptions = Pick<
  ComputeManagementClientOptionalParams,
  'tlsOptions' | 'proxyOptions' | 'httpClient'
>

/**
 * One at a time: the clients share modules, some of them loaded one way and some the other, and the loader fails for good on one that is
 * asked for both ways at once.
 */
let turn: Promise<unknown> = Promise.resolve()

/**
 * @param who needs them, e.g. `the target azure-vmss`
 * @throws PluginError PLM-760 when they are not installed
 */
export async function loadSdk<T>(
  who: string,
  packages: readonly string[],
  load: () => Promise<T>,
): Promise<T> {
  try {
    const loaded = turn.then(load)
    turn = loaded.catch(() => {})
    return await loaded
  } catch (cause) {
    const saw = cause instanceof Error ? cause.message : String(cause)
    throw new PluginError(
      'misconfigured',
      `PLM-760 ${who} needs Microsoft's clients, and they could not be loaded (${saw}); nothing was asked of Azure. Run \`npm install ${packages.join(' ')}\` where Plimsoll is installed.`,
      { cause },
    )
  }
}

/** Whom Azure takes us for: the environment, a workload's or a managed identity, or a developer who has signed in. */
export async function defaultCredential(authorityHost: string | null): Promise<Credential> {
  const { DefaultAzureCredential } = await import('@azure/identity')
  return new DefaultAzureCredential(authorityHost === null ? {} : { authorityHost })
}

/**
 * The allowance hears what every answer says of it, and nothing is tried again by the client: it would wait as long as Azure
 * says, and a tick has no time to.
 */
export function watchedBy(allowance: Allowance, timeoutMs: number) {
  const policies: Policies = [
    {
      position: 'perCall',
      policy: {
        name: 'plimsoll-allowance',
        async sendRequest(request, next) {
          request.timeout = timeoutMs
          const response = await next(request)
          allowance.observe(response.status, response.headers)
          return response
        },
      },
    },
  ]
  return { retryOptions: { maxRetries: 0 }, additionalPolicies: policies }
}
