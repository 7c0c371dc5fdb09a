/**
 * What the template of a fleet has created, in an order in which it can be deleted: first what lets Plimsoll launch again, then who uses
 * something before what is used. Nothing else is in it, and each says by what it is known as this fleet's.
 *
 * Example: for the scale set `web` of the fleet web: three role assignments (those that were given), the scale set, the load balancer,
 * its address, the security group, the network.
 */

import type { FleetSpec, Spec } from '../model/spec.ts'
import { factsOf, fleetOf } from './fleet-facts.ts'
import {
  API_VERSIONS,
  assignmentDescription,
  assignmentName,
  FLEET_TAG,
  type Home,
  type Names,
  namesOf,
} from './names.ts'
import { ROLES, scopeOf } from './roles.ts'

export type { Home } from './names.ts'

export interface Deletion {
  /** What it is, for a person: `the scale set`. */
  readonly what: string
  readonly name: string
  /** What goes with it. */
  readonly more: string
  readonly id: string
  readonly apiVersion: string
  readonly deadlineMs: number
}

export interface DeletionPlan {
  readonly fleet: FleetSpec
  readonly home: Home
  readonly deletions: readonly Deletion[]
}

/** What is known of a resource that is there. */
export interface Marks {
  readonly tags: Readonly<Record<string, string>>
  /** Of a role assignment. */
  readonly description: string | null
}

const MINUTE_MS = 60_000
const DEADLINE_MS = 10 * MINUTE_MS
/** Each instance may be given a quarter of an hour of notice. */
const SCALE_SET_DEADLINE_MS = 60 * MINUTE_MS

/** @throws InfrastructureRefusal PLM-800, PLM-802 */
export function deletionsOf(spec: Spec, wanted: string | undefined): DeletionPlan {
  const fleet = fleetOf(spec, wanted)
  const { home } = factsOf(fleet)
  const names = namesOf(home)
  const of = (what: string, type: string, name: string, more = ''): Deletion => ({
    what,
    name,
    more,
    id: `${groupOf(home)}/providers/${type}/${name}`,
    apiVersion: type.startsWith('Microsoft.Compute') ? API_VERSIONS.compute : API_VERSIONS.network,
    deadlineMs: DEADLINE_MS,
  })
  const scaleSet = of(
    'scale set',
    'Microsoft.Compute/virtualMachineScaleSets',
    names.scaleSet,
    'with its instances, their disks and interfaces',
  )
  return {
    fleet,
    home,
    deletions: [
      ...assignments(home, names),
      { ...scaleSet, deadlineMs: SCALE_SET_DEADLINE_MS },
      of('load balancer', 'Microsoft.Network/loadBalancers', names.loadBalancer),
      of('public address', 'Microsoft.Network/publicIPAddresses', names.publicAddress),
      of('security group', 'Microsoft.Network/networkSecurityGroups', names.securityGroup),
      of('network', 'Microsoft.Network/virtualNetworks', names.network),
    ],
  }
}

function assignments(home: Home, names: Names): Deletion[] {
  return ROLES.map(role => {
    const scope = scopeOf(role, names)
    const place = scope === null ? groupOf(home) : `${groupOf(home)}/providers/${scope}`
    const name = assignmentName(home, role.key)
    return {
      what: 'role assignment',
      name: role.name,
      more: scope === null ? 'on the resource group' : `on ${names.loadBalancer}`,
      id: `${place}/providers/Microsoft.Authorization/roleAssignments/${name}`,
      apiVersion: API_VERSIONS.authorization,
      deadlineMs: DEADLINE_MS,
    }
  })
}

function groupOf({ subscription, resourceGroup }: Home): string {
  return `/subscriptions/${subscription}/resourceGroups/${resourceGroup}`
}

/** Whether what is there under that name is what the template has made for this fleet. */
export function isOurs({ what }: Deletion, { fleet }: Home, { tags, description }: Marks): boolean {
  if (what === 'role assignment') return description === assignmentDescription(fleet)
  // Names of tags are the same in any case.
  const tag = Object.entries(tags).find(([name]) => name.toLowerCase() === FLEET_TAG)
  return tag?.[1] === fleet
}

/** By what it would have been known. */
export function markOf({ what }: Deletion, { fleet }: Home): string {
  return what === 'role assignment'
    ? `the description "${assignmentDescription(fleet)}"`
    : `the tag ${FLEET_TAG}: ${fleet}`
}
