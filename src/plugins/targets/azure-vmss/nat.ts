/**
 * Which port of a load balancer leads to which instance, as Azure's network has it: never worked out from an instance's number, since Azure gives
 * ports as it likes.
 *
 * Example: the load balancer `rooms-lb` at 203.0.113.7 forwards its port 50003 to port 22 of `rooms_7`: `read(['rooms_7'])` answers
 * `Map { 'rooms_7' => { host: '203.0.113.7', port: 50003 } }`. One that is behind no rule is not in it.
 */
import type { LoadBalancer, NetworkManagementClient } from '@azure/arm-network'
import { PluginError } from '../../../ports/plugin.ts'
import type { Calls } from '../../azure/calls.ts'
import { type ManagementContext, type ManagementOptions, managementCalls } from '../../azure/management.ts'
import {
  lower,
  type OpenQuestion,
  placeOf,
  portsBehind,
  uniformOwner,
  type Ways,
  waysThrough,
} from './nat-rules.ts'

export interface NatOptions {
  /** Of the load balancer. */
  readonly resourceGroup: string
  readonly loadBalancer: string
  /** Of the instances. */
  readonly port: number
}

/** Where to knock. */
export interface Doorway {
  readonly host: string
  readonly port: number
}

/** What of Microsoft's clients it needs. */
export interface NetworkSdk {
  readonly NetworkManagementClient: typeof NetworkManagementClient
}

export interface NatContext extends ManagementContext {
  readonly loadNetworkSdk?: () => Promise<NetworkSdk>
}

type Client = NetworkManagementClient

const REMEDY = {
  settings: 'subscription, resourceGroup and `reach: { loadBalancer }`',
  role: "Network Contributor on the load balancer's resource group",
}

/** Asked at the same time. */
const QUESTIONS_AT_ONCE = 4
const POLL_EVERY_MS = 500
/** Interfaces of other VMs are in their list too. */
const MOST_INTERFACES = 10_000
/** Resource groups that the interfaces of one scale set are in. */
const MOST_GROUPS = 5

export class Nat {
  readonly #options: NatOptions
  readonly #calls: Calls<Client>

  constructor(cloud: ManagementOptions, options: NatOptions, context: NatContext) {
    this.#options = options
    const load = context.loadNetworkSdk ?? importSdk
    this.#calls = managementCalls(
      {
        who: '`reach` of the target azure-vmss',
        npmPackage: '@azure/arm-network',
        load: async () => (await load()).NetworkManagementClient,
        remedy: REMEDY,
      },
      cloud,
      context,
    )
  }

  /**
   * @param names of instances, as the fleet names them
   * @throws PluginError PLM-778 where no rule of the load balancer leads to that port of anybody
   */
  async read(names: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Doorway>> {
    const balancer = await this.#balancer(signal)
    const ways = waysThrough(balancer, this.#options.port)
    if (ways === null) throw leadsNowhere(balancer, this.#options)
    const wanted = new Map(names.map(name => [name.toLowerCase(), name]))
    const owners = await this.#ownersOf(ways, signal)
    const nameOf = (configuration: string) => wanted.get(owners.get(configuration) ?? '')
    const hosts = new Hosts(balancer, id => this.#publicAddress(id, signal))
    const found = new Map<string, Doorway>()
    const note = async (name: string, frontend: string, port: number) => {
      const host = await hosts.at(frontend)
      if (host !== null) found.set(name, { host, port })
    }
    for (const { configuration, frontend, port } of ways.known) {
      const name = nameOf(configuration)
      if (name !== undefined) await note(name, frontend, port)
    }
    const open = ways.open.filter(({ configuration }) => !found.has(nameOf(configuration) ?? ''))
    await inTurns(open, async question => {
      const name = nameOf(question.configuration)
      if (name === undefined) return
      const way = await this.#ask(question, ways, signal)
      if (way !== null) await note(name, way.frontend, way.port)
    })
    return found
  }

  close(): void {
    this.#calls.close()
  }

  #balancer(signal: AbortSignal): Promise<LoadBalancer> {
    const { resourceGroup, loadBalancer } = this.#options
    const what = `read the load balancer ${loadBalancer}`
    return this.#calls.reading('look', what, signal, (client, abortSignal) =>
      client.loadBalancers.get(resourceGroup, loadBalancer, { abortSignal }),
    )
  }

  async #ask({ configuration, pool }: OpenQuestion, ways: Ways, signal: AbortSignal) {
    const { resourceGroup, loadBalancer } = this.#options
    const what = `ask the load balancer ${loadBalancer} for the ports of its pool ${pool}`
    const { inboundNatRulePortMappings = [] } = await this.#calls.reading(
      'look',
      what,
      signal,
      (client, abortSignal) =>
        client.loadBalancers
          .listInboundNatRulePortMappings(
            resourceGroup,
            loadBalancer,
            pool,
            { ipConfiguration: { id: configuration } },
            { updateIntervalInMs: POLL_EVERY_MS, abortSignal },
          )
          .pollUntilDone({ abortSignal }),
    )
    for (const { frontendPort, inboundNatRuleName } of inboundNatRulePortMappings) {
      const frontend = ways.frontends.get(lower(inboundNatRuleName))
      if (frontendPort !== undefined && frontend !== undefined) {
        return { frontend, port: frontendPort }
      }
    }
    return null
  }

  /** Names of instances, in small letters, by the IP configurations of their interfaces. */
  async #ownersOf({ known, open }: Ways, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const owners = new Map<string, string>()
    const groups = new Set<string>()
    for (const { configuration } of [...known, ...open]) {
      const owner = uniformOwner(configuration)
      const place = placeOf(configuration)
      if (owner !== null) owners.set(configuration, owner)
      else if (place !== null && groups.size < MOST_GROUPS) groups.add(place.group)
    }
    for (const group of groups) {
      for (const [id, owner] of await this.#interfacesIn(group, signal)) owners.set(id, owner)
    }
    return owners
  }

  #interfacesIn(group: string, signal: AbortSignal): Promise<[string, string][]> {
    const what = `list the network interfaces of ${group}`
    return this.#calls.reading('look', what, signal, async (client, abortSignal) => {
      const owned: [string, string][] = []
      for await (const { virtualMachine, ipConfigurations } of client.networkInterfaces.list(group, {
        abortSignal,
      })) {
        abortSignal.throwIfAborted()
        const owner = placeOf(virtualMachine?.id ?? '')?.name
        if (owner === undefined || owned.length > MOST_INTERFACES) continue
        for (const { id } of ipConfigurations ?? []) owned.push([lower(id), owner])
      }
      return owned
    })
  }

  async #publicAddress(id: string, signal: AbortSignal): Promise<string | null> {
    const place = placeOf(id)
    if (place === null) return null
    const what = `read the public address ${place.name}`
    const { ipAddress, dnsSettings } = await this.#calls.reading(
      'look',
      what,
      signal,
      (client, abortSignal) => client.publicIPAddresses.get(place.group, place.name, { abortSignal }),
    )
    return ipAddress ?? dnsSettings?.fqdn ?? null
  }
}

/** Addresses of frontends, each looked up once. */
class Hosts {
  readonly #balancer: LoadBalancer
  readonly #lookUp: (publicAddressId: string) => Promise<string | null>
  readonly #known = new Map<string, Promise<string | null>>()

  constructor(balancer: LoadBalancer, lookUp: (publicAddressId: string) => Promise<string | null>) {
    this.#balancer = balancer
    this.#lookUp = lookUp
  }

  at(frontend: string): Promise<string | null> {
    const known = this.#known.get(frontend) ?? this.#find(frontend)
    this.#known.set(frontend, known)
    return known
  }

  async #find(frontend: string): Promise<string | null> {
    const found = this.#balancer.frontendIPConfigurations?.find(({ id }) => lower(id) === frontend)
    const { id, ipAddress } = found?.publicIPAddress ?? {}
    if (ipAddress !== undefined) return ipAddress
    return id === undefined ? (found?.privateIPAddress ?? null) : this.#lookUp(id)
  }
}

async function importSdk(): Promise<NetworkSdk> {
  return await import('@azure/arm-network')
}

async function inTurns<T>(items: readonly T[], take: (item: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += QUESTIONS_AT_ONCE) {
    await Promise.all(items.slice(from, from + QUESTIONS_AT_ONCE).map(take))
  }
}

function leadsNowhere(balancer: LoadBalancer, { loadBalancer, port }: NatOptions): PluginError {
  const ports = portsBehind(balancer)
  const has =
    ports.length === 0 ? 'it has no inbound NAT rule at all' : `its rules lead to ${ports.join(', ')}`
  return new PluginError(
    'misconfigured',
    `PLM-778 no inbound NAT rule of the load balancer ${loadBalancer} leads to port ${port} of an instance; ${has}. Instances are listed without a way in. Correct \`reach: { port }\`, or add a rule for the pool of the scale set.`,
  )
}
