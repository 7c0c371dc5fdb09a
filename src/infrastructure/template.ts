/**
 * The ARM template of a fleet's infrastructure: everything `designOf` found, and the parameters that only the one who deploys knows. The
 * same design gives the same text, byte for byte.
 *
 * Example: `templateOf(design)` has the resources network, security group, public address, load balancer, scale set and role assignment,
 * and asks for `image`, `sshPublicKey`, `sshSource` and `principalId`.
 */
import type { Design } from './design.ts'
import { MOST_INSTANCES } from './fleet-facts.ts'
import { loadBalancerOf, publicAddressOf } from './load-balancer.ts'
import { plain } from './names.ts'
import { networkOf, securityGroupOf } from './network.ts'
import { assignmentOf, rolesOf } from './roles.ts'
import { scaleSetOf } from './scale-set.ts'

const TEMPLATE_SCHEMA = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#'

/** Of an image that is asked for by its name, `publisher:offer:sku:version`, or by its id. */
const IMAGE =
  "[if(startsWith(parameters('image'), '/'), createObject('id', parameters('image')), createObject('publisher', variables('imageParts')[0], 'offer', variables('imageParts')[1], 'sku', variables('imageParts')[2], 'version', variables('imageParts')[3]))]"

export function templateOf(design: Design): object {
  const { facts, names, ownNetwork } = design
  return {
    $schema: TEMPLATE_SCHEMA,
    contentVersion: '1.0.0.0',
    metadata: {
      description: plain(
        `What the fleet ${facts.home.fleet} needs: the scale set ${names.scaleSet} and what is around it.`,
      ),
    },
    parameters: parametersOf(design),
    variables: {
      // An id has no colons; the ones appended keep its parts from missing.
      imageParts: "[split(concat(parameters('image'), ':::'), ':')]",
      image: IMAGE,
    },
    resources: [
      ...(ownNetwork ? [networkOf(design)] : []),
      securityGroupOf(design),
      publicAddressOf(design),
      loadBalancerOf(design),
      scaleSetOf(design),
      ...rolesOf(facts).map(role => assignmentOf(facts, role)),
    ],
    outputs: {
      scaleSetId: {
        type: 'string',
        value: `[resourceId('Microsoft.Compute/virtualMachineScaleSets', '${names.scaleSet}')]`,
      },
      address: {
        type: 'string',
        value: `[reference(resourceId('Microsoft.Network/publicIPAddresses', '${names.publicAddress}')).ipAddress]`,
      },
    },
  }
}

/** As text, with the line end that files have. */
export function jsonText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

function parametersOf({ facts, zones, ssh, ownNetwork }: Design): object {
  const { initial } = facts
  return {
    location: text('Region of all of it.', { defaultValue: '[resourceGroup().location]' }),
    zones: {
      type: 'array',
      defaultValue: [...zones],
      metadata: { description: 'Zones that instances are spread over; none in a region without zones.' },
    },
    image: text(
      'What instances are launched from: publisher:offer:sku:version, or the id of an image of your own.',
    ),
    vmSize: text('Size of an instance.', { defaultValue: 'Standard_B2s' }),
    diskType: text('Kind of the disk of an instance.', { defaultValue: 'StandardSSD_LRS' }),
    instanceCount: {
      type: 'int',
      defaultValue: initial,
      minValue: 0,
      maxValue: MOST_INSTANCES,
      metadata: {
        description:
          'Instances to begin with. Deployed again, give what there are: fewer, and Azure chooses which ones it deletes.',
      },
    },
    adminUsername: text('Who signs in by SSH.', { defaultValue: 'azureuser', minLength: 1 }),
    sshPublicKey: text('Public key of who signs in by SSH.', { minLength: 1 }),
    userData: {
      type: 'securestring',
      defaultValue: '',
      metadata: {
        description:
          'What instances find at the metadata service, as plain text. Whoever is on an instance can read it: no secrets.',
      },
    },
    ...(ssh
      ? {
          sshSource: text('From where SSH is let in: an address, a range, or * for anywhere.', {
            minLength: 1,
          }),
        }
      : {}),
    ...(ownNetwork
      ? { addressPrefix: text('Addresses of the network.', { defaultValue: '10.0.0.0/20' }) }
      : { subnetId: text('Id of the subnet that instances are put into.', { minLength: 1 }) }),
    principalId: text("Object id of Plimsoll's identity, which is given its role here.", { minLength: 36 }),
    principalType: {
      ...text('What that identity is.', { defaultValue: 'ServicePrincipal' }),
      allowedValues: ['ServicePrincipal', 'User', 'Group'],
    },
  }
}

function text(
  description: string,
  more: { readonly defaultValue?: string; readonly minLength?: number } = {},
): object {
  return { type: 'string', ...more, metadata: { description } }
}
