/**
 * Instances as the VMs of an Azure scale set, Uniform or Flexible. The capacity is only ever raised; who goes is deleted, or deallocated
 * and kept for a later launch, by name, so that Azure never chooses.
 *
 * Example: `launch([{ token: 'web/42/1', zone: null }], signal)` raises the capacity from 3 to 4 and answers, once Azure lists a
 * VM that was not there before, `[{ token: 'web/42/1', ok: true, instance: 'web_7' }]`; `terminate([{ id: 'web_2', incarnation: '6f1c...' }])`
 * deletes instance 2, if it is still that VM, and Azure lowers the capacity to 3 itself.
 */
import type { Clock } from '../../ports/clock.ts'
import type { Target, TargetCapabilities, TerminateResult, Victim } from '../../ports/target.ts'
import { calledOff } from '../azure/failure.ts'
import { systemClock } from '../clocks/system.ts'
import { Claims } from './azure-vmss/claims.ts'
import { type Ended, Ending, failedBy } from './azure-vmss/ending.ts'
import { type Guarded, Guarding } from './azure-vmss/guarding.ts'
import { Launching } from './azure-vmss/launching.ts'
import { incarnationOf, LivesBook, lifeOf } from './azure-vmss/lives.ts'
import { Muster, type Mustered } from './azure-vmss/muster.ts'
import { Nat, type NatContext } from './azure-vmss/nat.ts'
import { Others } from './azure-vmss/others.ts'
import { Reach, type ReachOptions } from './azure-vmss/reach.ts'
import { Restarting } from './azure-vmss/restarting.ts'
import { ScaleSet, type ScaleSetContext, type ScaleSetOptions } from './azure-vmss/scale-set.ts'
import { Starting } from './azure-vmss/starting.ts'
import { instanceOf, type Vm } from './azure-vmss/vm-state.ts'

export interface AzureVmssOptions extends ScaleSetOptions {
  /** How an instance is reached: `http://{computerName}:8080`; null: not said. */
  readonly address: string | null
  /** Nobody else adds or removes instances. */
  readonly exclusive: boolean
  /** Launch tokens are kept as tags of the scale set, so that none is launched twice across a restart of ours. */
  readonly ledger: boolean
  /** Who goes is deleted, or deallocated and started again before anything new is launched. */
  readonly scaleIn: 'delete' | 'deallocate'
  /** So many are kept deallocated; the others are deleted. */
  readonly keepDeallocated: number
  /** Zones that orders may ask for; none: Azure spreads what it launches. */
  readonly zones: readonly string[]
  /** Instances that are ready are protected from being chosen by others. */
  readonly protect: boolean
  /** The list may be behind by so much. */
  readonly listingLagMs: number
  /** How long a launch waits for its instances to be listed. */
  readonly appearMs: number
  /** Through which load balancer people reach each instance; null: not said. */
  readonly reach: ReachOptions | null
}

export interface AzureVmssContext extends Omit<ScaleSetContext, 'clock'>, Pick<NatContext, 'loadNetworkSdk'> {
  readonly clock?: Clock
  /** Between two looks for new instances, at first. */
  readonly lookEveryMs?: number
  /** Where it is written down how often each VM was started again; left out: only remembered as long as this runs. */
  readonly lives?: LivesBook
  /** What an operator should know. */
  readonly log?: (line: string) => void
}

const LOOK_EVERY_MS = 1_000

export function createAzureVmssTarget(options: AzureVmssOptions, context: AzureVmssContext = {}): Target {
  const clock = context.clock ?? systemClock
  const set = new ScaleSet(options, { ...context, clock })
  const reach =
    options.reach === null
      ? null
      : new Reach(options.reach, new Nat(options, options.reach, { ...context, clock }), clock)
  const parks = options.scaleIn === 'deallocate'
  const book = context.lives ?? new LivesBook(null)
  const muster = new Muster(set, book, clock, parks)
  const claims = new Claims()
  const others = new Others(set, clock)
  const ending = new Ending(set, book, clock, { parks, keepAtMost: options.keepDeallocated })
  const restarting = new Restarting(set, ending, clock)
  const guarding = options.protect ? new Guarding(set, clock) : null
  const isRefilled = (vm: Vm) => others.refills(vm) && !ending.hasDeleted(vm)
  const starting = new Starting(set, book, muster, { clock, adopts: parks })
  const launching = new Launching(
    { set, claims, book, starting, clock, isRefilled },
    { ...options, lookEveryMs: context.lookEveryMs ?? LOOK_EVERY_MS },
  )
  /** Of the last list. */
  let guarded: readonly Guarded[] = []
  let isTold = false

  const capabilities: TargetCapabilities = {
    acts: true,
    choosesVictim: true,
    zones: options.zones,
    idempotentLaunch: options.ledger,
    /** Where Azure turns out to act by itself, what vanishes was removed on purpose. */
    get exclusive() {
      return options.exclusive && !others.act
    },
    highestCount: null,
    restarts: true,
    listingLagMs: options.listingLagMs,
  }

  /** Said once, and with each check. */
  function contradiction(): string | null {
    if (!options.exclusive || others.names === null) return null
    return `PLM-773 exclusive: true says that nobody else adds or removes instances, and ${others.names} of scale set ${options.scaleSet} do. It is treated as exclusive: false: what Azure removes is taken for removed on purpose, and not launched again. Write exclusive: false, or switch them off.`
  }

  async function instancesOf({ listed, lives, parked }: Mustered, signal: AbortSignal) {
    const tokenOf = (vm: Vm) => {
      const { life, token } = lifeOf(vm, lives)
      return life === 0 ? claims.tokenOf(vm) : token
    }
    const restarts = await restarting.underway(listed, signal)
    const judge = await others.judge(listed, signal)
    const access = reach?.accessOf(listed)
    const instances = listed.map(vm => {
      const life = lifeOf(vm, lives)
      const is = {
        ...instanceOf(vm, options.address, tokenOf(vm)),
        incarnation: incarnationOf(vm, life),
        // Its paid hours begin when it is started.
        launchedAt: life.life > 0 && life.state === 'out' ? life.at : vm.createdAt,
      }
      const way = access?.get(vm.name)
      const seen = way === undefined ? judge(vm, is) : { ...judge(vm, is), access: [way] }
      return restarts.has(vm) && seen.lifecycle === 'ready'
        ? { ...seen, lifecycle: 'booting' as const, health: 'unknown' as const, detail: 'it restarts' }
        : seen
    })
    guarded = [
      ...listed.map((vm, index) => ({ vm, is: instances[index] ?? null })),
      ...parked.map(vm => ({ vm, is: null })),
    ]
    return instances
  }

  function answers(victims: readonly Victim[], ended: ReadonlyMap<string, Ended>): TerminateResult[] {
    const byId = new Map([...ended].map(([id, is]) => [id.toLowerCase(), is]))
    return victims.map(({ id }) => ({ instance: id, ...(byId.get(id.toLowerCase()) ?? failedBy(null)) }))
  }

  return {
    capabilities,

    async listInstances(signal) {
      await others.look(signal)
      const said = contradiction()
      if (said !== null && !isTold) {
        isTold = true
        context.log?.(said)
      }
      return instancesOf(await muster.call('look', signal), signal)
    },

    async launch(orders, signal) {
      return orders.length === 0 ? [] : launching.launch(orders, signal)
    },

    async terminate(victims, signal) {
      if (signal.aborted) throw calledOff(`let ${victims.length} instances go`)
      return answers(victims, await ending.end(victims, signal))
    },

    async restart(victims, signal) {
      if (signal.aborted) throw calledOff(`restart ${victims.length} instances`)
      return answers(victims, await restarting.restart(victims, signal))
    },

    ...(guarding === null ? {} : { tend: (signal: AbortSignal) => guarding.tend(guarded, signal) }),

    async check(signal) {
      try {
        const model = await set.read('look', signal)
        const { mode, capacity, overprovision } = model
        const { listed: vms, parked } = await muster.call('look', signal)
        const strange = options.zones.filter(zone => !model.zones.includes(zone))
        const said = contradiction()
        const detail = [
          `${mode} scale set ${options.scaleSet}: capacity ${capacity}, ${vms.length} instances listed`,
          parked.length === 0 ? null : `${parked.length} kept deallocated`,
          (await reach?.check(vms, signal)) ?? null,
          guarding?.describe() ?? null,
          options.exclusive || others.names === null ? null : `${others.names} of Azure act on it too`,
          strange.length === 0
            ? null
            : `it has no zone ${strange.join(', ')}: launches there will be refused`,
          set.allowance.describe(),
          overprovision
            ? 'overprovision is on, so Azure launches more than asked and deletes the surplus: set it to false'
            : null,
        ]
        const words = [said, ...detail].filter(part => part !== null).join('; ')
        return { ok: said === null, detail: words }
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
