/**
 * The load balancer before a fake scale set, and the interfaces of its VMs: behind the same door as the resource manager.
 *
 * Example: `const network = openNetwork(arm)`; each VM of `arm` is behind port 22 of some port of 203.0.113.7, by a rule of its own where
 * `network.rules` is `each` (an inbound NAT pool), or by one rule for all where it is `pool`. Which port is which VM's follows from nothing.
 */
import { z } from 'zod'
import { type FakeArm, GROUP, SCALE_SET, SUBSCRIPTION } from './arm.ts'
import { type Question, type Reply, refused } from './fake-azure.ts'

export const LOAD_BALANCER = 'web-lb'
export const PUBLIC_ADDRESS = '203.0.113.7'
export const PRIVATE_ADDRESS = '10.0.0.4'
const POOL = 'web-pool'
const BASE = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/Microsoft.Network`
const BALANCER = `${BASE}/loadBalancers/${LOAD_BALANCER}`

const questionBody = z.object({ ipConfiguration: z.object({ id: z.string() }) })

export interface FakeNetwork {
  rules: 'each' | 'pool' | 'none'
  /** Of the instances. */
  port: number
  isPublic: boolean
  /** VMs that are in no pool, by instance id. */
  readonly outside: Set<string>
  /** In which port of the load balancer a VM is found. */
  portOf(instanceId: string): number
  /** Somebody gives every VM another port. */
  shuffle(): void
  /** How often it was asked, by the end of the path. */
  asked(path: RegExp): number
}

export function openNetwork(arm: FakeArm): FakeNetwork {
  const ports = new Map<string, number>()
  let next = 50_117
  const portOf = (instanceId: string): number => {
    const known = ports.get(instanceId)
    if (known !== undefined) return known
    next -= 3
    ports.set(instanceId, next)
    return next
  }
  const network: FakeNetwork = {
    rules: 'pool',
    port: 22,
    isPublic: true,
    outside: new Set(),
    portOf,
    shuffle: () => ports.clear(),
    asked: path => arm.count('GET', path) + arm.count('POST', path),
  }
  arm.annex = question =>
    /\/providers\/microsoft\.network\//i.test(question.url.pathname) ? answer(arm, network, question) : null
  return network
}

function answer(arm: FakeArm, network: FakeNetwork, { method, url, body }: Question): Reply {
  const rest = url.pathname.slice(BASE.length).toLowerCase()
  if (method === 'GET' && rest === `/loadbalancers/${LOAD_BALANCER}`) {
    return { status: 200, body: balancer(arm, network) }
  }
  if (method === 'GET' && rest === '/publicipaddresses/web-ip') return { status: 200, body: PUBLIC }
  if (method === 'GET' && rest === '/networkinterfaces') {
    return { status: 200, body: { value: ids(arm).map(id => interfaceOf(arm, id)) } }
  }
  const query = `/loadbalancers/${LOAD_BALANCER}/backendaddresspools/${POOL}/queryinboundnatruleportmapping`
  if (method === 'POST' && rest === query) return mapping(arm, network, body)
  return refused(404, 'ResourceNotFound', `no ${url.pathname}`)
}

const PUBLIC = {
  id: `${BASE}/publicIPAddresses/web-ip`,
  name: 'web-ip',
  location: 'westeurope',
  properties: { ipAddress: PUBLIC_ADDRESS, publicIPAllocationMethod: 'Static' },
}

function balancer(arm: FakeArm, network: FakeNetwork) {
  const frontend = { id: spelt(arm, `${BALANCER}/frontendIPConfigurations/front`) }
  const members = ids(arm).filter(id => !network.outside.has(id))
  const common = { frontendIPConfiguration: frontend, protocol: 'Tcp', backendPort: network.port }
  const pool = { id: `${BALANCER}/backendAddressPools/${POOL}`, name: POOL }
  const each = members.map(id => ({
    id: `${BALANCER}/inboundNatRules/ssh.${id}`,
    name: `ssh.${id}`,
    properties: {
      ...common,
      frontendPort: network.portOf(id),
      backendIPConfiguration: { id: configurationOf(arm, id) },
    },
  }))
  const forAll = {
    id: `${BALANCER}/inboundNatRules/ssh`,
    name: 'ssh',
    properties: {
      ...common,
      frontendPortRangeStart: 50_000,
      frontendPortRangeEnd: 50_119,
      backendAddressPool: { id: spelt(arm, pool.id) },
    },
  }
  const natPool = {
    id: `${BALANCER}/inboundNatPools/ssh`,
    name: 'ssh',
    properties: { ...common, frontendPortRangeStart: 50_000, frontendPortRangeEnd: 50_119 },
  }
  const address = network.isPublic
    ? { publicIPAddress: { id: spelt(arm, PUBLIC.id) } }
    : { privateIPAddress: PRIVATE_ADDRESS }
  return {
    id: BALANCER,
    name: LOAD_BALANCER,
    location: 'westeurope',
    properties: {
      frontendIPConfigurations: [
        { id: `${BALANCER}/frontendIPConfigurations/front`, name: 'front', properties: address },
      ],
      backendAddressPools: [
        {
          ...pool,
          properties: { backendIPConfigurations: members.map(id => ({ id: configurationOf(arm, id) })) },
        },
      ],
      inboundNatRules: network.rules === 'each' ? each : network.rules === 'pool' ? [forAll] : [],
      inboundNatPools: network.rules === 'each' ? [natPool] : [],
    },
  }
}

function mapping(arm: FakeArm, network: FakeNetwork, body: unknown): Reply {
  const parsed = questionBody.safeParse(body)
  if (!parsed.success) return refused(400, 'InvalidRequestFormat', 'which one?')
  const asked = parsed.data.ipConfiguration.id.toLowerCase()
  const id = ids(arm).find(each => configurationOf(arm, each).toLowerCase() === asked)
  if (id === undefined || network.outside.has(id)) return refused(404, 'NotFound', 'not in the pool')
  const { port } = network
  return {
    status: 200,
    body: {
      inboundNatRulePortMappings: [
        { inboundNatRuleName: 'web', protocol: 'Tcp', frontendPort: 8_000, backendPort: 80 },
        { inboundNatRuleName: 'ssh', protocol: 'Tcp', frontendPort: network.portOf(id), backendPort: port },
      ],
    },
  }
}

function interfaceOf(arm: FakeArm, instanceId: string) {
  const compute = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/Microsoft.Compute`
  return {
    id: `${BASE}/networkInterfaces/nic-${instanceId}`,
    name: `nic-${instanceId}`,
    location: 'westeurope',
    properties: {
      virtualMachine: { id: spelt(arm, `${compute}/virtualMachines/${instanceId}`) },
      ipConfigurations: [{ id: configurationOf(arm, instanceId), name: 'ip' }],
    },
  }
}

function configurationOf(arm: FakeArm, instanceId: string): string {
  const owner =
    arm.mode === 'Uniform'
      ? `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets/${SCALE_SET}/virtualMachines/${instanceId}/networkInterfaces/nic`
      : `${BASE}/networkInterfaces/nic-${instanceId}`
  return spelt(arm, `${owner}/ipConfigurations/ip`)
}

function ids(arm: FakeArm): readonly string[] {
  return [...arm.vms.keys()]
}

function spelt(arm: FakeArm, id: string): string {
  return arm.shouts ? id.toUpperCase() : id
}
