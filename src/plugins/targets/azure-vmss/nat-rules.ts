/**
 * Which rules of a load balancer lead to a port of the instances behind it. A rule for one instance, as those that Azure makes from an inbound
 * NAT pool, says where it leads. A rule for a whole pool of instances does not: each has to be asked for.
 *
 * Example: a rule from port 50003 to port 22 of the interface of `rooms_7` is a way that is known; a rule from ports 50000 to 50119 to port 22 of a
 * pool of four is four ways to ask for.
 */
import type { InboundNatRule, LoadBalancer } from '@azure/arm-network'

/** All ids in small letters: Azure spells them as it likes. */
export interface Way {
  /** Id of the IP configuration of an instance's interface. */
  readonly configuration: string
  /** Id of the frontend it is reached at. */
  readonly frontend: string
  readonly port: number
}

export interface OpenQuestion {
  readonly configuration: string
  /** Name of the pool it is in. */
  readonly pool: string
}

export interface Ways {
  readonly known: readonly Way[]
  readonly open: readonly OpenQuestion[]
  /** Frontends by the name of the rule, for the answers to open questions. */
  readonly frontends: ReadonlyMap<string, string>
}

/** `null`: no rule leads to that port of anybody. */
export function waysThrough(balancer: LoadBalancer, port: number): Ways | null {
  const rules = (balancer.inboundNatRules ?? []).filter(rule => rule.backendPort === port)
  const hasPool = (balancer.inboundNatPools ?? []).some(pool => pool.backendPort === port)
  if (rules.length === 0 && !hasPool) return null
  const pools = new Set(rules.map(rule => lower(rule.backendAddressPool?.id)))
  return {
    known: rules.flatMap(wayOf),
    open: (balancer.backendAddressPools ?? [])
      .filter(({ id }) => id !== undefined && pools.has(id.toLowerCase()))
      .flatMap(({ name, backendIPConfigurations }) =>
        (backendIPConfigurations ?? []).flatMap(({ id }) =>
          id === undefined || name === undefined ? [] : [{ configuration: id.toLowerCase(), pool: name }],
        ),
      ),
    frontends: new Map(
      rules.map(({ name, frontendIPConfiguration }) => [lower(name), lower(frontendIPConfiguration?.id)]),
    ),
  }
}

/** To which ports of instances it leads, for whoever asked for another. */
export function portsBehind({ inboundNatRules = [], inboundNatPools = [] }: LoadBalancer): readonly number[] {
  const ports = [...inboundNatRules, ...inboundNatPools].flatMap(({ backendPort }) => backendPort ?? [])
  return [...new Set(ports)].sort((a, b) => a - b)
}

/** The instance of a Uniform scale set whose interface it is, as the fleet names it, in small letters; `null`: of no scale set. */
export function uniformOwner(configuration: string): string | null {
  const [, scaleSet, id] =
    /\/virtualmachinescalesets\/([^/]+)\/virtualmachines\/(\d{1,10})\/networkinterfaces\//.exec(
      configuration,
    ) ?? []
  return scaleSet === undefined || id === undefined ? null : `${scaleSet}_${id}`
}

/** `/subscriptions/.../resourceGroups/GROUP/.../NAME`: both, in small letters. */
export function placeOf(id: string): { readonly group: string; readonly name: string } | null {
  const [, group, name] = /\/resourcegroups\/([^/]+)\/.*\/([^/]+)$/.exec(id.toLowerCase()) ?? []
  return group === undefined || name === undefined ? null : { group, name }
}

export function lower(text: string | undefined): string {
  return text?.toLowerCase() ?? ''
}

function wayOf({ backendIPConfiguration, frontendIPConfiguration, frontendPort }: InboundNatRule): Way[] {
  const configuration = backendIPConfiguration?.id
  const frontend = frontendIPConfiguration?.id
  if (configuration === undefined || frontend === undefined || frontendPort === undefined) return []
  return [
    { configuration: configuration.toLowerCase(), frontend: frontend.toLowerCase(), port: frontendPort },
  ]
}
