/**
 * What Plimsoll's identity may do: raise and delete instances of the fleet, and read its metrics where the file asks Azure Monitor. The
 * roles are Azure's own, given on the resource group and nothing wider.
 *
 * Example: a file with a metric from `azure-monitor` gets two role assignments, Virtual Machine Contributor and Monitoring Reader; any
 * other one.
 */
import type { FleetFacts } from './fleet-facts.ts'
import { API_VERSIONS, assignmentDescription, assignmentName, plain } from './names.ts'

export interface Role {
  readonly key: 'instances' | 'metrics'
  readonly name: string
  /** The same in every tenant. */
  readonly id: string
}

/** It is the resource group, since instances of a Flexible scale set are VMs beside it and their interfaces are of the network. */
const INSTANCES: Role = {
  key: 'instances',
  name: 'Virtual Machine Contributor',
  id: '9980e02c-c2be-4d73-94e8-173b1dc7cf3c',
}
const METRICS: Role = {
  key: 'metrics',
  name: 'Monitoring Reader',
  id: '43d0d8ad-25c7-4714-9337-8ba259a9fe05',
}

/** Every role that a template of ours may have given, whatever the file says now. */
export const ROLES: readonly Role[] = [INSTANCES, METRICS]

export function rolesOf({ readsAzureMonitor }: FleetFacts): readonly Role[] {
  return readsAzureMonitor ? [INSTANCES, METRICS] : [INSTANCES]
}

export function assignmentOf({ home }: FleetFacts, role: Role): object {
  return {
    type: 'Microsoft.Authorization/roleAssignments',
    apiVersion: API_VERSIONS.authorization,
    name: assignmentName(home, role.key),
    properties: {
      roleDefinitionId: `[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '${role.id}')]`,
      principalId: "[parameters('principalId')]",
      principalType: "[parameters('principalType')]",
      description: plain(assignmentDescription(home.fleet)),
    },
  }
}
