/**
 * Microsoft's clients, which only those install who scale on Azure.
 *
 * Example: on a machine without them, `loadSdk()` throws PLM-760 with the line `npm install @azure/arm-compute @azure/identity`.
 */
import type { ComputeManagementClient, ComputeManagementClientOptionalParams } from '@azure/arm-compute'
import { PluginError } from '../../../ports/plugin.ts'

export type Credential = ConstructorParameters<typeof ComputeManagementClient>[0]
export type ClientOptions = ComputeManagementClientOptionalParams

export interface Sdk {
  readonly ComputeManagementClient: typeof ComputeManagementClient
  readonly DefaultAzureCredential: new (options: { readonly authorityHost?: string }) => Credential
}

/** @throws PluginError PLM-760 when they are not installed */
export async function loadSdk(load: () => Promise<Sdk> = importSdk): Promise<Sdk> {
  try {
    return await load()
  } catch (cause) {
    const saw = cause instanceof Error ? cause.message : String(cause)
    throw new PluginError(
      'misconfigured',
      `PLM-760 the target azure-vmss needs Microsoft's clients, and they could not be loaded (${saw}); nothing was asked of Azure. Run \`npm install @azure/arm-compute @azure/identity\` where Plimsoll is installed.`,
      { cause },
    )
  }
}

async function importSdk(): Promise<Sdk> {
  const [compute, identity] = await Promise.all([import('@azure/arm-compute'), import('@azure/identity')])
  return {
    ComputeManagementClient: compute.ComputeManagementClient,
    DefaultAzureCredential: identity.DefaultAzureCredential,
  }
}
