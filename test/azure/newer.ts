/**
 * What the fake says that Microsoft's swagger of 2021-11-01 does not know: each field and each operation by name. They are judged by
 * what Microsoft's clients of today make of them: they have to hand on every value, and as what their types promise.
 *
 * Example: `etag` of a scale set came later. `{ "etag": "\"7\"" }` is read by the client as the text `"7"`, which is right; from `{ "etag": 7 }` it
 * makes a number where its types promise a text, which is a complaint.
 */
import {
  ComputeManagementClient,
  type ResiliencyPolicy,
  type VirtualMachine,
  type VirtualMachineScaleSet,
  type VirtualMachineScaleSetVM,
  type VMScaleSetScaleOutInput,
} from '@azure/arm-compute'
import { NetworkManagementClient, type QueryInboundNatRulePortMappingRequest } from '@azure/arm-network'
import { createHttpHeaders, type HttpClient } from '@azure/core-rest-pipeline'
import { z } from 'zod'
import type { Exchange } from './fake-azure.ts'

interface Models {
  readonly VirtualMachineScaleSet: VirtualMachineScaleSet
  readonly VirtualMachineScaleSetVM: VirtualMachineScaleSetVM
  readonly VirtualMachine: VirtualMachine
}

interface NewerField {
  readonly model: keyof Models
  read(resource: unknown): Promise<unknown>
  readonly is: z.ZodType
}

/** The type of the schema is held to that of the client's model. */
function field<M extends keyof Models, T>(
  model: M,
  pick: (resource: Models[M]) => T | undefined,
  is: z.ZodType<T>,
): NewerField {
  return { model, is, read: async resource => pick(await READERS[model](resource)) }
}

const REBALANCING = z.looseObject({
  automaticZoneRebalancingPolicy: z.looseObject({
    enabled: z.boolean(),
    rebalanceStrategy: z.literal('Recreate'),
    rebalanceBehavior: z.literal('CreateBeforeDelete'),
  }),
})

/** By the definition of the swagger that lacks them. */
export const NEWER_FIELDS: Readonly<Record<string, NewerField>> = {
  'VirtualMachineScaleSet.etag': field('VirtualMachineScaleSet', set => set.etag, z.string()),
  'VirtualMachineScaleSetProperties.resiliencyPolicy': field(
    'VirtualMachineScaleSet',
    set => set.resiliencyPolicy,
    z.custom<ResiliencyPolicy>(value => REBALANCING.safeParse(value).success),
  ),
  'VirtualMachineScaleSetVM.etag': field('VirtualMachineScaleSetVM', vm => vm.etag, z.string()),
  'VirtualMachineScaleSetVMProperties.timeCreated': field(
    'VirtualMachineScaleSetVM',
    vm => vm.timeCreated,
    z.date(),
  ),
  'VirtualMachineScaleSetVMInstanceView.computerName': field(
    'VirtualMachineScaleSetVM',
    vm => vm.instanceView?.computerName,
    z.string(),
  ),
}

interface NewerOperation {
  readonly name: string
  readonly method: string
  readonly path: RegExp
  readonly request: z.ZodType
  /** By status; a refusal is the same for all. */
  readonly replies: Readonly<Record<number, z.ZodType>>
  /** Reads what is answered as the client would, which then has all of it. */
  readonly read?: (body: unknown) => Promise<unknown>
}

const UNDERWAY = z.strictObject({
  name: z.string().optional(),
  status: z.enum(['InProgress', 'Succeeded', 'Failed', 'Canceled']),
  error: z.strictObject({ code: z.string(), message: z.string() }).optional(),
})

const SCALE_OUT: z.ZodType<VMScaleSetScaleOutInput> = z.strictObject({
  capacity: z.number().int().min(1),
  properties: z.strictObject({ zone: z.string() }).exactOptional(),
})

const PORT_QUESTION: z.ZodType<QueryInboundNatRulePortMappingRequest> = z.strictObject({
  ipConfiguration: z.strictObject({ id: z.string() }),
})

export const NEWER_OPERATIONS: readonly NewerOperation[] = [
  {
    // Of the resource manager itself, so that no service describes it.
    name: 'Operations_Get',
    method: 'GET',
    path: /\/locations\/[^/]+\/operations\/[^/]+$/i,
    request: z.null(),
    replies: { 200: UNDERWAY, 202: UNDERWAY },
  },
  {
    name: 'VirtualMachineScaleSets_ScaleOut',
    method: 'POST',
    path: /\/virtualMachineScaleSets\/[^/]+\/scaleOut$/i,
    request: SCALE_OUT,
    replies: { 200: z.null(), 202: z.null() },
  },
  {
    name: 'LoadBalancers_Get',
    method: 'GET',
    path: /\/Microsoft.Network\/loadBalancers\/[^/]+$/i,
    request: z.null(),
    replies: { 200: z.unknown() },
    read: body => network(body).loadBalancers.get('g', 'b'),
  },
  {
    name: 'LoadBalancers_ListInboundNatRulePortMappings',
    method: 'POST',
    path: /\/backendAddressPools\/[^/]+\/queryInboundNatRulePortMapping$/i,
    request: PORT_QUESTION,
    replies: { 200: z.unknown() },
    read: body => network(body).loadBalancers.listInboundNatRulePortMappings('g', 'b', 'p', {}),
  },
  {
    name: 'PublicIPAddresses_Get',
    method: 'GET',
    path: /\/Microsoft.Network\/publicIPAddresses\/[^/]+$/i,
    request: z.null(),
    replies: { 200: z.unknown() },
    read: body => network(body).publicIPAddresses.get('g', 'a'),
  },
  {
    name: 'NetworkInterfaces_List',
    method: 'GET',
    path: /\/Microsoft.Network\/networkInterfaces$/i,
    request: z.null(),
    replies: { 200: z.unknown() },
    read: async body => {
      const interfaces: unknown[] = []
      for await (const one of network(body).networkInterfaces.list('g')) interfaces.push(one)
      return interfaces
    },
  },
]

const REFUSAL = z.strictObject({ error: z.looseObject({ code: z.string(), message: z.string() }) })

/** What is wrong with it, or nothing. */
export async function judgeNewer(
  operation: NewerOperation,
  { body, reply }: Exchange,
): Promise<readonly string[]> {
  const { status } = reply
  const expected = operation.replies[status] ?? (status >= 400 ? REFUSAL : null)
  if (expected === null) return [`its status ${status} is none it has`]
  return [
    ...issuesOf('request', operation.request.safeParse(body)),
    ...issuesOf('reply', expected.safeParse(reply.body)),
    ...(operation.read === undefined || status >= 400
      ? []
      : lost(reply.body, await operation.read(reply.body))),
  ]
}

/** What was said and is not in what the client read: a name that is misspelt, or in the wrong place. */
function lost(said: unknown, read: unknown): string[] {
  const kept = new Set(leavesOf(read))
  return leavesOf(said)
    .filter(leaf => !kept.has(leaf))
    .map(leaf => `reply ${leaf}: the client does not know it`)
}

/** `frontendPort: 50003`, wherever it is: clients lift some things out of `properties`. */
function leavesOf(value: unknown, key = ''): string[] {
  if (typeof value !== 'object' || value === null) return [`${key}: ${JSON.stringify(value)}`]
  return Object.entries(value).flatMap(([name, item]) => leavesOf(item, Array.isArray(value) ? key : name))
}

function issuesOf(part: string, { error }: z.ZodSafeParseResult<unknown>): string[] {
  return (error?.issues ?? []).map(({ path, message }) => `${part} ${path.join('/')}: ${message}`)
}

type Reader<M extends keyof Models> = (resource: unknown) => Promise<Models[M]>

/** Each reads a resource as the client would, had Azure answered so. */
const READERS: { readonly [M in keyof Models]: Reader<M> } = {
  VirtualMachineScaleSet: resource => answering(resource).virtualMachineScaleSets.get('g', 's'),
  VirtualMachineScaleSetVM: resource => answering(resource).virtualMachineScaleSetVMs.get('g', 's', '0'),
  VirtualMachine: resource => answering(resource).virtualMachines.get('g', 'v'),
}

function answering(resource: unknown): ComputeManagementClient {
  return new ComputeManagementClient(CREDENTIAL, SUBSCRIPTION, { httpClient: saying(resource) })
}

function network(resource: unknown): NetworkManagementClient {
  return new NetworkManagementClient(CREDENTIAL, SUBSCRIPTION, { httpClient: saying(resource) })
}

const SUBSCRIPTION = '00000000-0000-4000-8000-000000000001'
const CREDENTIAL = {
  getToken: async () => ({ token: 'a-token', expiresOnTimestamp: Date.now() + 3_600_000 }),
}

function saying(resource: unknown): HttpClient {
  return {
    sendRequest: async request => ({
      request,
      status: 200,
      headers: createHttpHeaders({ 'content-type': 'application/json' }),
      bodyAsText: JSON.stringify(resource),
    }),
  }
}
