/**
 * What stands between the Internet and the instances: a Standard load balancer with a public address in all zones, its probe, the way
 * in, a port for SSH to each instance, and the way out, which a Standard one does not give by itself.
 *
 * Example: for up to 10 instances there are 25 seats: SSH on the ports 50000 to 50024, and 2,552 outbound ports for each instance, fixed,
 * so that connections are not cut when the fleet grows.
 */
import { type Design, FIRST_SSH_PORT } from './design.ts'
import { API_VERSIONS, plain, tagsOf } from './names.ts'

const SSH_PORT = 22
/** Of one public address, for connections outward; what else uses a port of it takes a block of eight. */
const OUTBOUND_PORTS = 64_000
const BLOCK = 8

export const FRONTEND = 'public'
export const POOL = 'instances'

export function publicAddressOf({ facts, names }: Design): object {
  return {
    type: 'Microsoft.Network/publicIPAddresses',
    apiVersion: API_VERSIONS.network,
    name: names.publicAddress,
    location: "[parameters('location')]",
    tags: tagsOf(facts.home.fleet),
    sku: { name: 'Standard', tier: 'Regional' },
    zones: "[parameters('zones')]",
    properties: { publicIPAllocationMethod: 'Static', publicIPAddressVersion: 'IPv4' },
  }
}

export function loadBalancerOf(design: Design): object {
  const { facts, names } = design
  return {
    type: 'Microsoft.Network/loadBalancers',
    apiVersion: API_VERSIONS.network,
    name: names.loadBalancer,
    location: "[parameters('location')]",
    tags: tagsOf(facts.home.fleet),
    sku: { name: 'Standard', tier: 'Regional' },
    dependsOn: [`[resourceId('Microsoft.Network/publicIPAddresses', '${names.publicAddress}')]`],
    properties: {
      frontendIPConfigurations: [
        {
          name: FRONTEND,
          properties: {
            publicIPAddress: {
              id: `[resourceId('Microsoft.Network/publicIPAddresses', '${names.publicAddress}')]`,
            },
          },
        },
      ],
      backendAddressPools: [{ name: POOL }],
      probes: [probeOf(design)],
      loadBalancingRules: [wayIn(design)],
      inboundNatRules: design.ssh ? [sshOf(design)] : [],
      outboundRules: [wayOut(design)],
    },
  }
}

/** The same question as the health extension asks. */
function probeOf({ probe }: Design): object {
  const { protocol, port, path, intervalSeconds, closesAfter } = probe
  return {
    name: 'health',
    properties: {
      protocol: protocol === 'tcp' ? 'Tcp' : protocol === 'http' ? 'Http' : 'Https',
      port,
      ...(path === null ? {} : { requestPath: plain(path) }),
      intervalInSeconds: intervalSeconds,
      probeThreshold: closesAfter,
    },
  }
}

function wayIn(design: Design): object {
  return {
    name: 'application',
    properties: {
      frontendIPConfiguration: partOf(design, 'frontendIPConfigurations', FRONTEND),
      backendAddressPool: partOf(design, 'backendAddressPools', POOL),
      probe: partOf(design, 'probes', 'health'),
      protocol: 'Tcp',
      frontendPort: design.frontendPort,
      backendPort: design.port,
      idleTimeoutInMinutes: 15,
      enableTcpReset: true,
      disableOutboundSnat: true,
    },
  }
}

/** Version 2: one rule for the pool, and each instance has a port of the range while it is there. */
function sshOf(design: Design): object {
  return {
    name: 'ssh',
    properties: {
      frontendIPConfiguration: partOf(design, 'frontendIPConfigurations', FRONTEND),
      backendAddressPool: partOf(design, 'backendAddressPools', POOL),
      protocol: 'Tcp',
      frontendPortRangeStart: FIRST_SSH_PORT,
      frontendPortRangeEnd: FIRST_SSH_PORT + design.seats - 1,
      backendPort: SSH_PORT,
      idleTimeoutInMinutes: 15,
      enableTcpReset: true,
    },
  }
}

function wayOut(design: Design): object {
  return {
    name: 'outbound',
    properties: {
      frontendIPConfigurations: [partOf(design, 'frontendIPConfigurations', FRONTEND)],
      backendAddressPool: partOf(design, 'backendAddressPools', POOL),
      protocol: 'All',
      allocatedOutboundPorts: outboundPorts(design),
      idleTimeoutInMinutes: 15,
      enableTcpReset: true,
    },
  }
}

/** For each instance; a multiple of eight, as Azure wants it. */
export function outboundPorts({ ssh, seats }: Pick<Design, 'ssh' | 'seats'>): number {
  const taken = BLOCK + (ssh ? BLOCK * (Math.ceil(seats / BLOCK) + 1) : 0)
  return Math.floor((OUTBOUND_PORTS - taken) / seats / BLOCK) * BLOCK
}

export function partOf({ names }: Design, kind: string, name: string): { readonly id: string } {
  return {
    id: `[resourceId('Microsoft.Network/loadBalancers/${kind}', '${names.loadBalancer}', '${name}')]`,
  }
}
