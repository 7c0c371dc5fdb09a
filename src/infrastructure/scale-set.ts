/**
 * The scale set itself: over zones, from an image with user data, with a health extension and what Azure may do by itself, which is to
 * repair. It launches no more than asked, upgrades nothing by itself, and has no autoscale of its own: both are Plimsoll's.
 *
 * Example: a Uniform one with 2 instances to begin with has `overprovision: false`, `upgradePolicy: Manual`, and automatic repairs after
 * 15 minutes where the file says `bootTimeout: 15m`.
 */
import type { Design } from './design.ts'
import { POOL, partOf } from './load-balancer.ts'
import { API_VERSIONS, plain, tagsOf } from './names.ts'
import { subnetId } from './network.ts'

/** Of the computers' names; Azure appends six characters. */
const LONGEST_PREFIX = 50

export function scaleSetOf(design: Design): object {
  const { facts, names, mode, ownNetwork, repairGraceMinutes } = design
  const networks = `[resourceId('Microsoft.Network/virtualNetworks', '${names.network}')]`
  return {
    type: 'Microsoft.Compute/virtualMachineScaleSets',
    apiVersion: API_VERSIONS.compute,
    name: names.scaleSet,
    location: "[parameters('location')]",
    tags: tagsOf(facts.home.fleet),
    zones: "[parameters('zones')]",
    sku: { name: "[parameters('vmSize')]", tier: 'Standard', capacity: "[parameters('instanceCount')]" },
    dependsOn: [
      `[resourceId('Microsoft.Network/loadBalancers', '${names.loadBalancer}')]`,
      `[resourceId('Microsoft.Network/networkSecurityGroups', '${names.securityGroup}')]`,
      ...(ownNetwork ? [networks] : []),
    ],
    properties: {
      orchestrationMode: mode,
      singlePlacementGroup: false,
      platformFaultDomainCount: 1,
      // A Flexible one launches what it is asked for, and does not know the word.
      ...(mode === 'Uniform' ? { overprovision: false } : {}),
      upgradePolicy: { mode: 'Manual' },
      ...(repairGraceMinutes === null
        ? {}
        : {
            automaticRepairsPolicy: {
              enabled: true,
              gracePeriod: `PT${repairGraceMinutes}M`,
              repairAction: 'Replace',
            },
          }),
      virtualMachineProfile: profileOf(design),
    },
  }
}

function profileOf(design: Design): object {
  const { mode, terminateNoticeMinutes } = design
  return {
    userData: "[if(empty(parameters('userData')), null(), base64(parameters('userData')))]",
    osProfile: osOf(design),
    storageProfile: {
      imageReference: "[variables('image')]",
      osDisk: {
        createOption: 'FromImage',
        caching: 'ReadWrite',
        managedDisk: { storageAccountType: "[parameters('diskType')]" },
        ...(mode === 'Flexible' ? { deleteOption: 'Delete' } : {}),
      },
    },
    networkProfile: {
      ...(mode === 'Flexible' ? { networkApiVersion: '2022-11-01' } : {}),
      networkInterfaceConfigurations: [interfaceOf(design)],
    },
    ...(design.health === 'none' ? {} : { extensionProfile: { extensions: [healthOf(design)] } }),
    ...(terminateNoticeMinutes === null
      ? {}
      : {
          scheduledEventsProfile: {
            terminateNotificationProfile: {
              enable: true,
              notBeforeTimeout: `PT${terminateNoticeMinutes}M`,
            },
          },
        }),
  }
}

function osOf({ names }: Design): object {
  return {
    computerNamePrefix: prefixOf(names.scaleSet),
    adminUsername: "[parameters('adminUsername')]",
    linuxConfiguration: {
      disablePasswordAuthentication: true,
      ssh: {
        publicKeys: [
          {
            path: "[concat('/home/', parameters('adminUsername'), '/.ssh/authorized_keys')]",
            keyData: "[parameters('sshPublicKey')]",
          },
        ],
      },
    },
  }
}

/** `2048` alone is no name of a computer. */
function prefixOf(scaleSet: string): string {
  const prefix = scaleSet.toLowerCase().slice(0, LONGEST_PREFIX).replace(/-+$/, '')
  return /^\d+$/.test(prefix) ? `vm-${prefix}` : prefix
}

/** The security group is put on the interface, so that it holds in a subnet of others, too. */
function interfaceOf(design: Design): object {
  const { names, mode } = design
  return {
    name: 'nic',
    properties: {
      primary: true,
      ...(mode === 'Flexible' ? { deleteOption: 'Delete' } : {}),
      networkSecurityGroup: {
        id: `[resourceId('Microsoft.Network/networkSecurityGroups', '${names.securityGroup}')]`,
      },
      ipConfigurations: [
        {
          name: 'private',
          properties: {
            primary: true,
            subnet: { id: subnetId(design) },
            loadBalancerBackendAddressPools: [partOf(design, 'backendAddressPools', POOL)],
          },
        },
      ],
    },
  }
}

function healthOf({ probe, health, facts }: Design): object {
  const isRich = health === 'rich'
  const graceSeconds = Math.min(14_400, Math.round(facts.bootTimeoutMs / 1000))
  return {
    name: 'health',
    properties: {
      publisher: 'Microsoft.ManagedServices',
      type: 'ApplicationHealthLinux',
      typeHandlerVersion: isRich ? '2.0' : '1.0',
      autoUpgradeMinorVersion: true,
      enableAutomaticUpgrade: true,
      settings: {
        protocol: probe.protocol,
        port: probe.port,
        ...(probe.path === null ? {} : { requestPath: plain(probe.path) }),
        intervalInSeconds: probe.intervalSeconds,
        numberOfProbes: probe.unhealthyAfter,
        ...(isRich ? { gracePeriod: graceSeconds } : {}),
      },
    },
  }
}
