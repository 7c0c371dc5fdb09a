/**
 * Which scale set, and Microsoft's client for it.
 *
 * Example: `scaleSetCalls(options, context)` loads `@azure/arm-compute` with the first call, or throws PLM-760 with the line that
 * installs it.
 */
import type { ComputeManagementClient } from '@azure/arm-compute'
import type { Calls } from '../../azure/calls.ts'
import { type ManagementContext, type ManagementOptions, managementCalls } from '../../azure/management.ts'

export interface ScaleSetOptions extends ManagementOptions {
  readonly resourceGroup: string
  readonly scaleSet: string
}

/** What of Microsoft's clients it needs. */
export interface ScaleSetSdk {
  readonly ComputeManagementClient: typeof ComputeManagementClient
}

export interface ScaleSetContext extends ManagementContext {
  readonly loadSdk?: () => Promise<ScaleSetSdk>
}

const REMEDY = {
  settings: 'subscription, resourceGroup and scaleSet',
  role: "Virtual Machine Contributor on the scale set's resource group",
}

export function scaleSetCalls(
  options: ScaleSetOptions,
  context: ScaleSetContext,
): Calls<ComputeManagementClient> {
  const load = context.loadSdk ?? importSdk
  return managementCalls(
    {
      who: 'the target azure-vmss',
      npmPackage: '@azure/arm-compute',
      load: async () => (await load()).ComputeManagementClient,
      remedy: REMEDY,
    },
    options,
    context,
  )
}

async function importSdk(): Promise<ScaleSetSdk> {
  return await import('@azure/arm-compute')
}
