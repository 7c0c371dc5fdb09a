/**
 * The network of a fleet: a subnet for its instances unless there is one already, and who may reach them.
 *
 * Example: an application on port 8080 gets a security group that lets the Internet in on 8080 and the range of `sshSource` on 22; all
 * else that is not of the network itself stays outside.
 */
import type { Design } from './design.ts'
import { API_VERSIONS, tagsOf } from './names.ts'

const SSH_PORT = 22

export function securityGroupOf({ facts, names, port, ssh }: Design): object {
  const rules = [
    inbound('application', 100, 'Internet', port),
    ...(ssh ? [inbound('ssh', 110, "[parameters('sshSource')]", SSH_PORT)] : []),
  ]
  return {
    type: 'Microsoft.Network/networkSecurityGroups',
    apiVersion: API_VERSIONS.network,
    name: names.securityGroup,
    location: "[parameters('location')]",
    tags: tagsOf(facts.home.fleet),
    properties: { securityRules: rules },
  }
}

function inbound(name: string, priority: number, source: string, port: number): object {
  return {
    name,
    properties: {
      priority,
      direction: 'Inbound',
      access: 'Allow',
      protocol: 'Tcp',
      sourceAddressPrefix: source,
      sourcePortRange: '*',
      destinationAddressPrefix: '*',
      destinationPortRange: String(port),
    },
  }
}

/** Nothing leaves it but through the load balancer's outbound rule. */
export function networkOf({ facts, names }: Design): object {
  return {
    type: 'Microsoft.Network/virtualNetworks',
    apiVersion: API_VERSIONS.network,
    name: names.network,
    location: "[parameters('location')]",
    tags: tagsOf(facts.home.fleet),
    properties: {
      addressSpace: { addressPrefixes: ["[parameters('addressPrefix')]"] },
      subnets: [
        {
          name: names.subnet,
          properties: { addressPrefix: "[parameters('addressPrefix')]", defaultOutboundAccess: false },
        },
      ],
    },
  }
}

/** The id of the subnet, as an expression. */
export function subnetId({ names, ownNetwork }: Design): string {
  return ownNetwork
    ? `[resourceId('Microsoft.Network/virtualNetworks/subnets', '${names.network}', '${names.subnet}')]`
    : "[parameters('subnetId')]"
}
