/**
 * The keys of the target `azure-vmss`: which scale set, in which cloud, and how it is treated.
 *
 * Example: `{ subscription: ..., resourceGroup: web-rg, scaleSet: web, cloud: china }` reads as a scale set behind
 * https://management.chinacloudapi.cn, whose sign-in is at https://login.chinacloudapi.cn.
 */
import { z } from 'zod'
import { azureEndpoints, azureSubscriptionShape } from './azure-cloud.ts'
import { key } from './key.ts'
import { duration } from './values.ts'

export const AZURE_VMSS_MEANING = 'Instances are the VMs of an Azure scale set.'

const reachShape = {
  loadBalancer: key(z.string().min(1).max(80), 'Name of the load balancer.', 'web-lb'),
  resourceGroup: key(
    z.string().min(1).max(90).optional(),
    'Its resource group, where it is not that of the scale set.',
    'network-rg',
  ),
  port: key(
    z.number().int().min(1).max(65_535).default(22),
    'Of the instances: which of its inbound NAT rules count.',
    3389,
  ),
  show: key(
    z.string().min(1).max(500).default('{host}:{port}'),
    'What is shown; {host} and {port} are those of the load balancer.',
    'ssh -p {port} azureuser@{host}',
  ),
}

const zone = z
  .union([z.string().min(1).max(20), z.number().int().min(1).max(99)])
  .meta({ 'x-kind': 'a zone' })

export const azureVmssShape = {
  ...azureSubscriptionShape,
  resourceGroup: key(z.string().min(1).max(90), 'Resource group of the scale set.', 'web-rg'),
  scaleSet: key(z.string().min(1).max(64), 'Name of the scale set, Uniform or Flexible.', 'web'),
  address: key(
    z.string().min(1).max(500).optional(),
    'How an instance is reached; {computerName}, {instanceId} and {name} are filled in. Without it no router can send anybody there.',
    'http://{computerName}:8080',
  ),
  exclusive: key(
    z.boolean().default(false),
    "Nobody else adds or removes instances, Azure's autoscale and automatic repairs included: one that vanishes was lost and is replaced.",
    true,
  ),
  ledger: key(
    z.boolean().default(false),
    'Launch tokens are kept as tags of the scale set, so that nothing is launched twice even across a restart of Plimsoll. Only with the upgrade policy Manual.',
    true,
  ),
  scaleIn: key(
    z.enum(['delete', 'deallocate']).default('delete'),
    'What becomes of an instance that goes: it is deleted, or deallocated, and started again before anything new is launched.',
    'deallocate',
  ),
  keepDeallocated: key(
    z.number().int().min(0).max(1000).default(1000),
    'So many are kept deallocated, which cost their disks; the others are deleted.',
    10,
  ),
  zones: key(
    z.array(zone).max(20).default([]),
    "The scale set's zones, to launch in each what it lacks; without them Azure spreads what it launches. Not with `ledger`.",
    [1, 2, 3],
  ),
  protect: key(
    z.boolean().default(false),
    "Instances that are ready are protected from scale-in by others, as Azure's autoscale; lifted while they are unhealthy.",
    true,
  ),
  listingLag: key(
    duration({ max: 3_600_000 }).prefault('30s'),
    'The list may be behind by this: an instance missing from it for less is not lost yet.',
    '1m',
  ),
  launchWait: key(
    duration({ min: 1000, max: 50_000 }).prefault('20s'),
    'A launch waits so long for its instances to be listed; after that the next tick looks for them.',
    '30s',
  ),
  reach: key(
    z.strictObject(reachShape).optional(),
    'How people get to an instance: through which load balancer, shown by `plimsoll instances`.',
    '{ loadBalancer: web-lb, port: 22, show: "ssh -p {port} azureuser@{host}" }',
  ),
  timeout: key(
    duration({ min: 100, max: 50_000 }).prefault('15s'),
    'Each call must be answered within this.',
    '15s',
  ),
}

export const azureVmssTarget = z
  .strictObject(azureVmssShape)
  .transform(({ address, listingLag, launchWait, timeout, reach, zones, ...written }) => ({
    ...azureEndpoints(written),
    zones: [...new Set(zones.map(String))],
    address: address ?? null,
    reach:
      reach === undefined ? null : { ...reach, resourceGroup: reach.resourceGroup ?? written.resourceGroup },
    listingLagMs: listingLag,
    appearMs: launchWait,
    timeoutMs: timeout,
  }))
