/**
 * What the resources of a fleet are called on Azure, and by what each is known as this fleet's. The template creates them under these
 * names and the deletion looks for no others.
 *
 * Example: the scale set `web` has the load balancer `web-lb` with the public address `web-ip`, the network `web-net` and the security
 * group `web-nsg`; each carries the tag `plimsoll-fleet`.
 */
import { createHash } from 'node:crypto'
import { InfrastructureRefusal } from './refusal.ts'

/** Its value is the name of the fleet. */
export const FLEET_TAG = 'plimsoll-fleet'

export const API_VERSIONS = {
  compute: '2024-11-01',
  network: '2024-05-01',
  authorization: '2022-04-01',
} as const

/** Where a fleet is, as its target says. */
export interface Home {
  readonly fleet: string
  readonly subscription: string
  readonly resourceGroup: string
  readonly scaleSet: string
}

export interface Names {
  readonly scaleSet: string
  readonly loadBalancer: string
  readonly publicAddress: string
  readonly securityGroup: string
  readonly network: string
  readonly subnet: string
}

/** What Azure takes as the name of a scale set of Linux VMs, whose computers are called after it. */
const SCALE_SET_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?$/

/** @throws InfrastructureRefusal PLM-802 */
export function namesOf({ fleet, scaleSet }: Pick<Home, 'fleet' | 'scaleSet'>): Names {
  if (!SCALE_SET_NAME.test(scaleSet)) {
    throw new InfrastructureRefusal(
      'PLM-802',
      `The target of ${fleet} names the scale set "${scaleSet}", and Azure would not create one of that name. Use letters, digits and hyphens, at most 64, with neither end a hyphen.`,
    )
  }
  return {
    scaleSet,
    loadBalancer: `${scaleSet}-lb`,
    publicAddress: `${scaleSet}-ip`,
    securityGroup: `${scaleSet}-nsg`,
    network: `${scaleSet}-net`,
    subnet: 'instances',
  }
}

export function tagsOf(fleet: string): Readonly<Record<string, string>> {
  return { [FLEET_TAG]: plain(fleet) }
}

/**
 * The name of a role assignment, which has to be a GUID: the same for the same scale set and role, so that it is found again from the
 * file alone.
 */
export function assignmentName({ subscription, resourceGroup, scaleSet }: Home, role: string): string {
  const text = ['plimsoll', subscription, resourceGroup, scaleSet, role].join('/').toLowerCase()
  const hex = createHash('sha256').update(text).digest('hex')
  // Version 8 of RFC 9562: made of a hash of one's own choice.
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16)
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`]
  return [...parts, `${variant}${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-')
}

/** Role assignments have no tags; this says whose they are. */
export function assignmentDescription(fleet: string): string {
  return `Plimsoll, for its fleet ${fleet}`
}

/** A text that is not taken for an expression of the template. */
export function plain(text: string): string {
  return text.startsWith('[') ? `[${text}` : text
}
