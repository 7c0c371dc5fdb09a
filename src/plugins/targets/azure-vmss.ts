/**
 * Instances as the VMs of an Azure scale set, Uniform or Flexible. The capacity is only ever raised; who goes is deleted by
 * name, so that Azure never chooses.
 *
 * Example: `launch([{ token: 'web/42/1', zone: null }], signal)` raises the capacity from 3 to 4 and answers, once Azure lists a
 * VM that was not there before, `[{ token: 'web/42/1', ok: true, instance: 'web_7' }]`; `terminate([{ id: 'web_2', incarnation: '6f1c...' }])`
 * deletes instance 2, if it is still that VM, and Azure lowers the capacity to 3 itself.
 */
import type { Clock } from '../../ports/clock.ts'
import { PluginError, type PluginErrorKind } from '../../ports/plugin.ts'
import type { Target, TargetCapabilities, TerminateResult, Victim } from '../../ports/target.ts'
import { calledOff } from '../azure/failure.ts'
import { Launching } from './azure-vmss/launching.ts'
import { Nat, type NatContext } from './azure-vmss/nat.ts'
import { Reach, type ReachOptions } from './azure-vmss/reach.ts'
import { ScaleSet, type ScaleSetContext, type ScaleSetOptions } from './azure-vmss/scale-set.ts'
import { instanceOf, isLeaving, type Vm } from './azure-vmss/vm-state.ts'

export interface AzureVmssOptions extends ScaleSetOptions {
  /** How an instance is reached: `http://{computerName}:8080`; null: not said. */
  readonly address: string | null
  /** Nobody else adds or removes instances. */
  readonly exclusive: boolean
  /** Launch tokens are kept as tags of the scale set, so that none is launched twice across a restart of ours. */
  readonly ledger: boolean
  /** The list may be behind by so much. */
  readonly listingLagMs: number
  /** How long a launch waits for its instances to be listed. */
  readonly appearMs: number
  /** Through which load balancer people reach each instance; null: not said. */
  readonly reach: ReachOptions | null
}

export interface AzureVmssContext extends Omit<ScaleSetContext, 'clock'>, Pick<NatContext, 'loadNetworkSdk'> {
  readonly clock?: Pick<Clock, 'now'>
  /** Between two looks for new instances, at first. */
  readonly lookEveryMs?: number
}

const LOOK_EVERY_MS = 1_000
/** Asked at the same time, before a deletion. */
const LOOKS_AT_ONCE = 8

type Ended =
  | { readonly ok: true; readonly state: 'terminating' | 'gone' }
  | { readonly ok: false; readonly kind: PluginErrorKind; readonly error: string }

export function createAzureVmssTarget(options: AzureVmssOptions, context: AzureVmssContext = {}): Target {
  const clocked = { clock: { now: () => Date.now() }, ...context }
  const set = new ScaleSet(options, clocked)
  const reach =
    options.reach === null
      ? null
      : new Reach(options.reach, new Nat(options, options.reach, clocked), clocked.clock)
  const launching = new Launching(set, {
    ledger: options.ledger,
    appearMs: options.appearMs,
    lookEveryMs: context.lookEveryMs ?? LOOK_EVERY_MS,
  })
  const capabilities: TargetCapabilities = {
    acts: true,
    choosesVictim: true,
    // Azure spreads what a raise of the capacity launches over the zones itself.
    zones: [],
    idempotentLaunch: options.ledger,
    exclusive: options.exclusive,
    highestCount: null,
    listingLagMs: options.listingLagMs,
  }

  /** What is left to delete, and what is known of the others already. */
  async function lookAt(victims: readonly Victim[], signal: AbortSignal) {
    const known = new Map<string, Ended>()
    const doomed: Vm[] = []
    const unique = [...new Map(victims.map(victim => [victim.id, victim])).values()]
    for (let from = 0; from < unique.length; from += LOOKS_AT_ONCE) {
      await Promise.all(
        unique.slice(from, from + LOOKS_AT_ONCE).map(async victim => {
          try {
            const vm = await set.find(victim.id, signal)
            const ended = endedAlready(vm, victim)
            if (ended !== null) known.set(victim.id, ended)
            else if (vm !== null) doomed.push(vm)
          } catch (error) {
            known.set(victim.id, failedBy(error))
          }
        }),
      )
    }
    return { known, doomed }
  }

  /**
   * Asked for, so each is on its way out. Without an answer, or refused, each is looked at; where somebody else was quicker with some,
   * the rest is asked for once more.
   */
  async function end(vms: readonly Vm[], signal: AbortSignal, isLast = false): Promise<Map<string, Ended>> {
    if (vms.length === 0) return new Map()
    try {
      await set.terminate(vms, signal)
      return new Map(vms.map(({ name }) => [name, { ok: true, state: 'terminating' }]))
    } catch (error) {
      const why = failedBy(error)
      if (!why.ok && why.kind === 'throttled') return new Map(vms.map(({ name }) => [name, why]))
      const victims = vms.map(({ name, vmId }) => ({ id: name, incarnation: vmId }))
      const { known, doomed } = await lookAt(victims, signal)
      const isWorthIt = !isLast && doomed.length < vms.length
      const rest = isWorthIt
        ? await end(doomed, signal, true)
        : new Map(doomed.map(({ name }) => [name, why]))
      return new Map([...known, ...rest])
    }
  }

  return {
    capabilities,

    async listInstances(signal) {
      const vms = await set.list('look', 'with-view', signal)
      const access = reach?.accessOf(vms)
      return vms.map(vm => {
        const instance = instanceOf(vm, options.address, launching.tokenOf(vm))
        const way = access?.get(vm.name)
        return way === undefined ? instance : { ...instance, access: [way] }
      })
    },

    async launch(orders, signal) {
      return orders.length === 0
        ? []
        : launching.launch(
            orders.map(({ token }) => token),
            signal,
          )
    },

    async terminate(victims, signal) {
      if (signal.aborted) throw calledOff(`delete ${victims.length} instances`)
      const { known, doomed } = await lookAt(victims, signal)
      const ended = new Map(
        [...known, ...(await end(doomed, signal))].map(([id, is]) => [id.toLowerCase(), is]),
      )
      return victims.map(
        ({ id }): TerminateResult => ({ instance: id, ...(ended.get(id.toLowerCase()) ?? failedBy(null)) }),
      )
    },

    async check(signal) {
      try {
        const { mode, capacity, overprovision } = await set.read('look', signal)
        const vms = await set.list('look', 'with-view', signal)
        const detail = [
          `${mode} scale set ${options.scaleSet}: capacity ${capacity}, ${vms.length} instances listed`,
          (await reach?.check(vms)) ?? null,
          set.allowance.describe(),
          overprovision
            ? 'overprovision is on, so Azure launches more than asked and deletes the surplus: set it to false'
            : null,
        ]
        return { ok: true, detail: detail.filter(part => part !== null).join('; ') }
      } catch (error) {
        return { ok: false, detail: error instanceof Error ? error.message : String(error) }
      }
    },

    async close() {
      reach?.close()
      set.close()
    },
  }
}

/** Gone, another one by now, or on its way out; `null`: it is there. */
function endedAlready(vm: Vm | null, { incarnation }: Victim): Ended | null {
  if (vm === null) return { ok: true, state: 'gone' }
  if (incarnation !== null && vm.vmId !== null && vm.vmId !== incarnation.toLowerCase()) {
    return { ok: true, state: 'gone' }
  }
  return isLeaving(vm) ? { ok: true, state: 'terminating' } : null
}

function failedBy(error: unknown): Ended {
  if (error instanceof PluginError) return { ok: false, kind: error.kind, error: error.message }
  if (error === null) return { ok: false, kind: 'unavailable', error: 'PLM-761 there was no answer for it' }
  throw error
}
