/**
 * One scale set as Azure's resource manager has it: read, listed, raised, and rid of chosen instances. The same for Uniform ones,
 * whose instances only exist inside it, and Flexible ones, whose instances are VMs of their own.
 *
 * Example: `read()` answers `{ capacity: 3, etag: '"7"', ... }`; `raise({ capacity: 4, etag: '"7"', ... })` is answered 412 when somebody
 * changed the set meanwhile, and is a `PluginError('conflict')` then.
 */
import type { ComputeManagementClient } from '@azure/arm-compute'
import type { Clock } from '../../../ports/clock.ts'
import { PluginError } from '../../../ports/plugin.ts'
import type { Allowance, Purpose } from '../../azure/allowance.ts'
import type { Calls } from '../../azure/calls.ts'
import { follow, type Underway } from '../../azure/underway.ts'
import { type ScaleSetContext, type ScaleSetOptions, scaleSetCalls } from './client.ts'
import { modelOf, type ScaleSetModel } from './model.ts'
import { collect, flexibleVm, isMember, uniformIdOf, uniformVm } from './vm-reading.ts'
import type { Vm } from './vm-state.ts'

export type { ScaleSetContext, ScaleSetOptions } from './client.ts'

export interface Raise {
  readonly capacity: number
  readonly etag: string | null
  /** All of them; null leaves them as they are. */
  readonly tags: Readonly<Record<string, string>> | null
  /** Where; null leaves it to Azure. */
  readonly zone: string | null
}

/** Of one call, or one for each: who is on the way, and who is not, with the reason. */
export interface Turned {
  readonly accepted: ReadonlyMap<string, Underway>
  readonly failed: ReadonlyMap<string, PluginError>
}

/** What is asked of instances that go on existing. */
export type Turn = 'deallocate' | 'start' | 'restart'

export type View = 'with-view' | 'without-view'

type Client = ComputeManagementClient

/** Ids in one call. */
const MOST_IDS = 200
/** Calls at the same time, where each VM is asked for itself. */
const CALLS_AT_ONCE = 8

export class ScaleSet {
  readonly #options: ScaleSetOptions
  readonly #calls: Calls<Client>
  readonly #clock: Pick<Clock, 'now'>
  #last: { readonly is: ScaleSetModel; readonly at: number } | null = null

  constructor(options: ScaleSetOptions, context: ScaleSetContext) {
    this.#options = options
    this.#clock = context.clock
    this.#calls = scaleSetCalls(options, context)
  }

  get allowance(): Allowance {
    return this.#calls.allowance
  }

  /** What was read last, and when. */
  get last(): { readonly is: ScaleSetModel; readonly at: number } | null {
    return this.#last
  }

  async read(purpose: Purpose, signal: AbortSignal): Promise<ScaleSetModel> {
    const { resourceGroup, scaleSet } = this.#options
    const set = await this.#calls.reading(
      purpose,
      `read the scale set ${scaleSet}`,
      signal,
      (client, abortSignal) => client.virtualMachineScaleSets.get(resourceGroup, scaleSet, { abortSignal }),
    )
    const model = modelOf(set)
    this.#last = { is: model, at: this.#clock.now() }
    return model
  }

  /** Each instance once, whole or not at all. Power and health only with the view, which costs more of what Azure allows. */
  async list(purpose: Purpose, view: View, signal: AbortSignal): Promise<readonly Vm[]> {
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
  async find(
    name: string,
    signal: AbortSignal,
    view: View = 'without-view',
    purpose: Purpose = 'act',
  ): Promise<Vm | null> {
    const { resourceGroup, scaleSet } = this.#options
    const mode = await this.#modeOf(purpose, signal)
    const instanceId = mode === 'Uniform' ? uniformIdOf(name, scaleSet) : name
    if (instanceId === null) return null
    const expand = view === 'with-view' ? { expand: 'instanceView' as const } : {}
    try {
      return await this.#calls.reading(purpose, `look at ${name}`, signal, async (client, abortSignal) => {
        const options = { abortSignal, ...expand }
        if (mode === 'Uniform') {
          const vm = await client.virtualMachineScaleSetVMs.get(resourceGroup, scaleSet, instanceId, options)
          return uniformVm(vm, scaleSet)
        }
        const vm = await client.virtualMachines.get(resourceGroup, instanceId, options)
        return isMember(vm, scaleSet) ? flexibleVm(vm) : null
      })
    } catch (error) {
      if (error instanceof PluginError && error.kind === 'not-found') return null
      throw error
    }
  }

  /** Accepted, or thrown: `conflict` when the set is another by now, `unavailable` when nobody knows. */
  async raise({ capacity, etag, tags, zone }: Raise, signal: AbortSignal): Promise<Underway> {
    const { resourceGroup, scaleSet } = this.#options
    const where = zone === null ? '' : ` in zone ${zone}`
    const what = `raise the capacity of ${scaleSet} to ${capacity}${where}`
    return this.#calls.changing(what, signal, async (client, abortSignal) => {
      const sets = client.virtualMachineScaleSets
      const change = { sku: { capacity }, ...(tags === null ? {} : { tags: { ...tags } }) }
      const poller =
        zone === null
          ? sets.update(resourceGroup, scaleSet, change, {
              abortSignal,
              ...(etag === null ? {} : { ifMatch: etag }),
            })
          : sets.scaleOut(
              resourceGroup,
              scaleSet,
              { capacity, properties: { zone } },
              { abortSignal, requestOptions: { headers: etag === null ? {} : { 'if-match': etag } } },
            )
      await poller.submitted()
      return follow(
        this.#calls,
        poller,
        what,
        saw =>
          `PLM-767 Azure accepted to ${what}, and gave up: ${saw}. The capacity stays as it is, and what it lacks is launched by a later try.`,
      )
    })
  }

  /** Never throws for what Azure says: each instance has its own answer. */
  async turn(turn: Turn, vms: readonly Vm[], signal: AbortSignal): Promise<Turned> {
    const accepted = new Map<string, Underway>()
    const failed = new Map<string, PluginError>()
    const ask = async (some: readonly Vm[], call: () => Promise<Underway>): Promise<void> => {
      try {
        const underway = await call()
        for (const { name } of some) accepted.set(name, underway)
      } catch (error) {
        if (!(error instanceof PluginError)) throw error
        for (const { name } of some) failed.set(name, error)
      }
    }
    const isUniform = (await this.#modeOf('act', signal)) === 'Uniform'
    const size = isUniform ? MOST_IDS : CALLS_AT_ONCE
    for (let from = 0; from < vms.length; from += size) {
      const some = vms.slice(from, from + size)
      if (!isUniform) {
        await Promise.all(some.map(vm => ask([vm], () => this.#turnFlexible(turn, vm, signal))))
        continue
      }
      await ask(some, () => this.#turnUniform(turn, some, signal))
      // One that is gone spoils the call for all.
      const spoilt = some.filter(({ name }) => some.length > 1 && isForSure(failed.get(name)))
      for (const vm of spoilt) {
        failed.delete(vm.name)
        await ask([vm], () => this.#turnUniform(turn, [vm], signal))
      }
    }
    return { accepted, failed }
  }

  /** On the condition that it is still the VM that was read, where it is known which that was. */
  async protect(vm: Vm, isProtected: boolean, signal: AbortSignal): Promise<void> {
    const { resourceGroup, scaleSet } = this.#options
    const what = isProtected ? `protect ${vm.name} from scale-in` : `lift the protection of ${vm.name}`
    const change = { location: vm.location, protectionPolicy: { protectFromScaleIn: isProtected } }
    await this.#calls.changing(what, signal, (client, abortSignal) =>
      client.virtualMachineScaleSetVMs
        .update(resourceGroup, scaleSet, vm.instanceId, change, {
          abortSignal,
          ...(vm.etag === null || vm.protection === null ? {} : { ifMatch: vm.etag }),
        })
        .submitted(),
    )
  }

  /** How Azure's automatic repairs are: `running`, `suspended` ...; `null` where it does not say. */
  async repairsState(signal: AbortSignal): Promise<string | null> {
    const { resourceGroup, scaleSet } = this.#options
    const what = `ask whether Azure repairs instances of ${scaleSet}`
    const view = await this.#calls.reading('look', what, signal, (client, abortSignal) =>
      client.virtualMachineScaleSets.getInstanceView(resourceGroup, scaleSet, { abortSignal }),
    )
    const service = view.orchestrationServices?.find(
      ({ serviceName }) => serviceName?.toLowerCase() === 'automaticrepairs',
    )
    return service?.serviceState?.toLowerCase() ?? null
  }

  /** Accepted, or thrown. Azure lowers the capacity by as many itself. */
  async terminate(vms: readonly Vm[], signal: AbortSignal): Promise<void> {
    const { resourceGroup, scaleSet } = this.#options
    for (let from = 0; from < vms.length; from += MOST_IDS) {
      const instanceIds = vms.slice(from, from + MOST_IDS).map(vm => vm.instanceId)
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

  #turnUniform(turn: Turn, vms: readonly Vm[], signal: AbortSignal): Promise<Underway> {
    const { resourceGroup, scaleSet } = this.#options
    const instanceIds = vms.map(({ instanceId }) => instanceId)
    const what = `${turn} the instances ${instanceIds.join(', ')} of ${scaleSet}`
    return this.#calls.changing(what, signal, async (client, abortSignal) => {
      const options = { abortSignal, vmInstanceIDs: { instanceIds } }
      const poller = client.virtualMachineScaleSets[turn](resourceGroup, scaleSet, options)
      await poller.submitted()
      return follow(this.#calls, poller, what, saw => turnedDown(what, saw))
    })
  }

  #turnFlexible(turn: Turn, { instanceId }: Vm, signal: AbortSignal): Promise<Underway> {
    const what = `${turn} ${instanceId}`
    return this.#calls.changing(what, signal, async (client, abortSignal) => {
      const poller = client.virtualMachines[turn](this.#options.resourceGroup, instanceId, { abortSignal })
      await poller.submitted()
      return follow(this.#calls, poller, what, saw => turnedDown(what, saw))
    })
  }

  async #modeOf(purpose: Purpose, signal: AbortSignal): Promise<ScaleSetModel['mode']> {
    return (this.#last?.is ?? (await this.read(purpose, signal))).mode
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

/** Refused, and it may be for the sake of one of them. */
function isForSure(error: PluginError | undefined): boolean {
  return error !== undefined && ['refused', 'not-found', 'conflict'].includes(error.kind)
}

function turnedDown(what: string, saw: string): string {
  return `PLM-772 Azure accepted to ${what}, and gave up: ${saw}. It stays as it was, and others are taken first for a while.`
}
