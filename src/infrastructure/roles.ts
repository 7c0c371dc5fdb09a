/**
 * What Plimsoll's identity may do: raise and delete instances of the fleet, read its metrics where the file asks Azure Monitor, and ask the
 * load balancer for its ports where the file shows them. The roles are Azure's own, given as narrowly as each can be.
 *
 * Example: a file with a metric from `azure-monitor` gets two role assignments on the resource group, Virtual Machine Contributor and
 * Monitoring Reader; one with `reach` a third, on the load balancer alone.
 */
import type { FleetFacts } from './fleet-facts.ts'
import { API_VERSIONS, assignmentDescription, assignmentName, type Names, namesOf, plain } from './names.ts'

export interface Role {
  readonly key: 'instances' | 'metrics' | 'ports'
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
/** To ask for port mappings takes more than to read; on the load balancer alone it can do no more than that to it. */
const PORTS: Role = {
  key: 'ports',
  name: 'Network Contributor',
  id: '4d97b98b-1d4f-4787-a291-c67834d212e7',
}

/** Every role that a template of ours may have given, whatever the file says now. */
export const ROLES: readonly Role[] = [INSTANCES, METRICS, PORTS]

export function rolesOf(facts: FleetFacts): readonly Role[] {
  return [INSTANCES, ...(facts.readsAzureMonitor ? [METRICS] : []), ...(showsPorts(facts) ? [PORTS] : [])]
}

/** Of the load balancer that the template makes; another one is the matter of whoever made it. */
export function showsPorts({ home, reach }: FleetFacts): boolean {
  return reach?.toLowerCase() === namesOf(home).loadBalancer.toLowerCase()
}

export function assignmentOf({ home }: FleetFacts, role: Role): object {
  const scope = scopeOf(role, namesOf(home))
  return {
    type: 'Microsoft.Authorization/roleAssignments',
    apiVersion: API_VERSIONS.authorization,
    name: assignmentName(home, role.key),
    ...(scope === null
      ? {}
      : { scope, dependsOn: [`[resourceId('${LOAD_BALANCERS}', '${namesOf(home).loadBalancer}')]`] }),
    properties: {
      roleDefinitionId: `[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '${role.id}')]`,
      principalId: "[parameters('principalId')]",
      principalType: "[parameters('principalType')]",
      description: plain(assignmentDescription(home.fleet)),
    },
  }
}

const LOAD_BALANCERS = 'Microsoft.Network/loadBalancers'

/** Within the resource group; `null` is the group itself. */
export function scopeOf({ key }: Role, { loadBalancer }: Names): string | null {
  return key === 'ports' ? `${LOAD_BALANCERS}/${loadBalancer}` : null
}
