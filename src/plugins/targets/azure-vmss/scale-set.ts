/**
 * One scale set as Azure's resource manager has it: read, listed, raised, and rid of chosen instances. The same for Uniform ones,
 * whose instances only exist inside it, and Flexible ones, whose instances are VMs of their own.
 *
 * Example: `read()` answers `{ capacity: 3, etag: '"7"', ... }`; `raise({ capacity: 4, etag: '"7"', ... })` is answered 412 when somebody
 * changed the set meanwhile, and is a `PluginError('conflict')` then.
 */
import type { ComputeManagementClient, VirtualMachine, VirtualMachineScaleSetVM } from '@azure/arm-compute'
import type { Clock } from '../../../ports/clock.ts'
import { PluginError } from '../../../ports/plugin.ts'
import { Allowance, type Purpose } from '../../azure/allowance.ts'
import { Calls } from '../../azure/calls.ts'
import { answeredBy } from '../../azure/failure.ts'
import {
  type ClientOptions,
  type Credential,
  defaultCredential,
  loadSdk,
  watchedBy,
} from '../../azure/sdk.ts'
import type { Vm } from './vm-state.ts'

export interface ScaleSetOptions {
  readonly subscription: string
  readonly resourceGroup: string
  readonly scaleSet: string
  /** Of another cloud than the public one. */
  readonly endpoint: string | null
  readonly authorityHost: string | null
  readonly timeoutMs: number
}

/** What of Microsoft's clients it needs. */
export interface ScaleSetSdk {
  readonly ComputeManagementClient: typeof ComputeManagementClient
}

export interface ScaleSetContext {
  readonly clock: Pick<Clock, 'now'>
  /** Instead of the default chain of `@azure/identity`. */
  readonly credential?: Credential
  /** Further options of the client: whom to trust, say. */
  readonly client?: ClientOptions
  readonly loadSdk?: () => Promise<ScaleSetSdk>
  /** Before a reading that failed is tried again; twice as much before the next. */
  readonly backOffMs?: number
}

export interface ScaleSetModel {
  readonly mode: 'Uniform' | 'Flexible'
  readonly capacity: number
  readonly etag: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly upgradeMode: string
  readonly overprovision: boolean
}

export interface Raise {
  readonly capacity: number
  readonly etag: string | null
  /** All of them; null leaves them as they are. */
  readonly tags: Readonly<Record<string, string>> | null
}

/** What was accepted and is being done. */
export interface Underway {
  /** @throws PluginError PLM-767 when it has failed for good; false: not done yet */
  isDone(signal: AbortSignal): Promise<boolean>
}

type Client = ComputeManagementClient

const REMEDY = {
  settings: 'subscription, resourceGroup and scaleSet',
  role: "Virtual Machine Contributor on the scale set's resource group",
}
/** Azure allows 1000. */
const MOST_INSTANCES = 2_000
/** Ids in one call to delete. */
const MOST_VICTIMS = 200

export class ScaleSet {
  readonly #options: ScaleSetOptions
  readonly #calls: Calls<Client>
  #mode: ScaleSetModel['mode'] | null = null

  constructor(options: ScaleSetOptions, context: ScaleSetContext) {
    this.#options = options
    const allowance = new Allowance(context.clock)
    this.#calls = new Calls({
      connect: () => connect(options, context, allowance),
      allowance,
      timeoutMs: options.timeoutMs,
      remedy: REMEDY,
      backOffMs: context.backOffMs,
    })
  }

  get allowance(): Allowance {
    return this.#calls.allowance
  }

  async read(purpose: Purpose, signal: AbortSignal): Promise<ScaleSetModel> {
    const { resourceGroup, scaleSet } = this.#options
    const set = await this.#calls.reading(
      purpose,
      `read the scale set ${scaleSet}`,
      signal,
      (client, abortSignal) => client.virtualMachineScaleSets.get(resourceGroup, scaleSet, { abortSignal }),
    )
    const mode = set.orchestrationMode?.toLowerCase() === 'flexible' ? 'Flexible' : 'Uniform'
    this.#mode = mode
    return {
      mode,
      capacity: set.sku?.capacity ?? 0,
      etag: set.etag ?? null,
      tags: set.tags ?? {},
      upgradeMode: set.upgradePolicy?.mode ?? 'Manual',
      overprovision: set.overprovision ?? mode === 'Uniform',
    }
  }

  /** Each instance once, whole or not at all. Power and health only with the view, which costs more of what Azure allows. */
  async list(
    purpose: Purpose,
    view: 'with-view' | 'without-view',
    signal: AbortSignal,
  ): Promise<readonly Vm[]> {
    const mode = await this.#modeOf(purpose, signal)
    const what = `list the instances of ${this.#options.scaleSet}`
    const vms = await this.#calls.reading(purpose, what, signal, (client, abortSignal) =>
      mode === 'Uniform'
        ? this.#listUniform(client, view, abortSignal)
        : this.#listFlexible(client, view, abortSignal),
    )
    return [...new Map(vms.map(vm => [vm.name, vm])).values()]
  }

  /** Asked one by one, which is not behind as a listing may be. `null`: there is none of that name. */
  async find(name: string, signal: AbortSignal): Promise<Vm | null> {
    const { resourceGroup, scaleSet } = this.#options
    const mode = await this.#modeOf('act', signal)
    const instanceId = mode === 'Uniform' ? uniformIdOf(name, scaleSet) : name
    if (instanceId === null) return null
    try {
      return await this.#calls.reading('act', `look at ${name}`, signal, async (client, abortSignal) => {
        if (mode === 'Uniform') {
          const vm = await client.virtualMachineScaleSetVMs.get(resourceGroup, scaleSet, instanceId, {
            abortSignal,
          })
          return uniformVm(vm, scaleSet)
        }
        const vm = await client.virtualMachines.get(resourceGroup, instanceId, { abortSignal })
        return isMember(vm, scaleSet) ? flexibleVm(vm) : null
      })
    } catch (error) {
      if (error instanceof PluginError && error.kind === 'not-found') return null
      throw error
    }
  }

  /** Accepted, or thrown: `conflict` when the set is another by now, `unavailable` when nobody knows. */
  async raise({ capacity, etag, tags }: Raise, signal: AbortSignal): Promise<Underway> {
    const { resourceGroup, scaleSet } = this.#options
    const what = `raise the capacity of ${scaleSet} to ${capacity}`
    return this.#calls.changing(what, signal, async (client, abortSignal) => {
      const change = { sku: { capacity }, ...(tags === null ? {} : { tags: { ...tags } }) }
      const poller = client.virtualMachineScaleSets.update(resourceGroup, scaleSet, change, {
        abortSignal,
        ...(etag === null ? {} : { ifMatch: etag }),
      })
      await poller.submitted()
      return {
        isDone: async pollSignal => {
          const within = this.#calls.deadline(pollSignal)
          try {
            const state = await poller.poll({ abortSignal: within })
            if (state.status === 'failed' || state.status === 'canceled') throw gaveUp(what, state.error)
            return state.status === 'succeeded'
          } catch (error) {
            throw this.#pollFailure(error, what, within)
          }
        },
      }
    })
  }

  /** Accepted, or thrown. Azure lowers the capacity by as many itself. */
  async terminate(vms: readonly Vm[], signal: AbortSignal): Promise<void> {
    const { resourceGroup, scaleSet } = this.#options
    for (let from = 0; from < vms.length; from += MOST_VICTIMS) {
      const instanceIds = vms.slice(from, from + MOST_VICTIMS).map(vm => vm.instanceId)
      const what = `delete the instances ${instanceIds.join(', ')} of ${scaleSet}`
      await this.#calls.changing(what, signal, (client, abortSignal) =>
        client.virtualMachineScaleSets
          .deleteInstances(resourceGroup, scaleSet, { instanceIds }, { abortSignal })
          .submitted(),
      )
    }
  }

  close(): void {
    this.#calls.close()
  }

  /** That it failed for good is only what an answer to a poll says, which has no status of its own; anything else leaves it open. */
  #pollFailure(error: unknown, what: string, signal: AbortSignal): PluginError {
    if (error instanceof PluginError) return error
    if (!signal.aborted && answeredBy(error).status === null && !isBroken(error)) return gaveUp(what, error)
    const { message } = this.#calls.failureOf(error, what, signal, true)
    return new PluginError('unavailable', message, { cause: error })
  }

  async #modeOf(purpose: Purpose, signal: AbortSignal): Promise<ScaleSetModel['mode']> {
    return this.#mode ?? (await this.read(purpose, signal)).mode
  }

  async #listUniform(client: Client, view: string, abortSignal: AbortSignal): Promise<Vm[]> {
    const { resourceGroup, scaleSet } = this.#options
    const pages = client.virtualMachineScaleSetVMs.list(resourceGroup, scaleSet, {
      abortSignal,
      ...(view === 'with-view' ? { expand: 'instanceView' } : {}),
    })
    return collect(pages.byPage(), abortSignal, vm => uniformVm(vm, scaleSet))
  }

  async #listFlexible(client: Client, view: string, abortSignal: AbortSignal): Promise<Vm[]> {
    const { subscription, resourceGroup, scaleSet } = this.#options
    const id = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.Compute/virtualMachineScaleSets/${scaleSet}`
    const pages = client.virtualMachines.list(resourceGroup, {
      abortSignal,
      filter: `'virtualMachineScaleSet/id' eq '${id}'`,
      ...(view === 'with-view' ? { expand: 'instanceView' } : {}),
    })
    return collect(pages.byPage(), abortSignal, vm => (isMember(vm, scaleSet) ? flexibleVm(vm) : null))
  }
}

async function connect(options: ScaleSetOptions, context: ScaleSetContext, allowance: Allowance) {
  const { subscription, endpoint, authorityHost, timeoutMs } = options
  const packages = ['@azure/arm-compute', '@azure/identity']
  const { client, credential } = await loadSdk('the target azure-vmss', packages, async () => ({
    client: (await (context.loadSdk ?? importSdk)()).ComputeManagementClient,
    credential: context.credential ?? (await defaultCredential(authorityHost)),
  }))
  return new client(credential, subscription, {
    ...context.client,
    ...(endpoint === null ? {} : { endpoint, credentials: { scopes: [`${endpoint}/.default`] } }),
    ...watchedBy(allowance, timeoutMs),
  })
}

async function importSdk(): Promise<ScaleSetSdk> {
  return await import('@azure/arm-compute')
}

/** Later pages are asked for without the signal, so it is looked at between them. */
async function collect<T>(
  pages: AsyncIterable<readonly T[]>,
  signal: AbortSignal,
  vmOf: (item: T) => Vm | null,
): Promise<Vm[]> {
  const vms: Vm[] = []
  for await (const page of pages) {
    signal.throwIfAborted()
    for (const item of page) {
      const vm = vmOf(item)
      if (vm !== null) vms.push(vm)
    }
    if (vms.length > MOST_INSTANCES) {
      throw new PluginError(
        'misconfigured',
        `PLM-769 the scale set lists more than ${MOST_INSTANCES} instances; the list is not used.`,
      )
    }
  }
  return vms
}

function uniformVm(vm: VirtualMachineScaleSetVM, scaleSet: string): Vm | null {
  const { instanceId } = vm
  if (instanceId === undefined) return null
  return { ...commonOf(vm), instanceId, name: `${scaleSet}_${instanceId}` }
}

function flexibleVm(vm: VirtualMachine): Vm | null {
  const name = vm.name?.toLowerCase()
  return name === undefined ? null : { ...commonOf(vm), instanceId: name, name }
}

function commonOf(vm: VirtualMachineScaleSetVM | VirtualMachine): Omit<Vm, 'instanceId' | 'name'> {
  const statuses = vm.instanceView?.statuses ?? []
  const codes = statuses.map(({ code }) => code?.toLowerCase() ?? '')
  const power = codes.find(code => code.startsWith('powerstate/'))
  const detail = statuses.find(({ message }) => message !== undefined && message !== '')?.message
  return {
    vmId: vm.vmId?.toLowerCase() ?? null,
    provisioning: vm.provisioningState?.toLowerCase() ?? 'unknown',
    power: power?.slice('powerstate/'.length) ?? null,
    health: vm.instanceView?.vmHealth?.status?.code?.toLowerCase().replace('healthstate/', '') ?? null,
    zone: vm.zones?.[0] ?? null,
    computerName: vm.osProfile?.computerName ?? vm.instanceView?.computerName ?? null,
    createdAt: vm.timeCreated?.getTime() ?? null,
    detail: detail ?? null,
  }
}

function uniformIdOf(name: string, scaleSet: string): string | null {
  const prefix = `${scaleSet}_`
  const id = name.slice(prefix.length)
  return name.toLowerCase().startsWith(prefix.toLowerCase()) && /^\d{1,10}$/.test(id) ? id : null
}

function isMember(vm: VirtualMachine, scaleSet: string): boolean {
  const id = vm.virtualMachineScaleSet?.id?.toLowerCase() ?? ''
  return id.endsWith(`/virtualmachinescalesets/${scaleSet.toLowerCase()}`)
}

/** The connection, not the operation. */
function isBroken(error: unknown): boolean {
  const { code } = answeredBy(error)
  return code !== null && /^(REQUEST_SEND_ERROR|PARSE_ERROR|E[A-Z]+)$/.test(code)
}

function gaveUp(what: string, error: unknown): PluginError {
  const saw = error instanceof Error ? error.message.replace(/\s+/g, ' ') : 'no reason given'
  return new PluginError(
    'refused',
    `PLM-767 Azure accepted to ${what}, and gave up: ${saw}. The capacity stays as it is, and what it lacks is launched by a later try.`,
    { cause: error },
  )
}
