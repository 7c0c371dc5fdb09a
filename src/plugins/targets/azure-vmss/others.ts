/**
 * Azure as another actor on the scale set: automatic repairs, which replace what is unhealthy, and automatic zone rebalancing, which moves
 * instances. Where either is on, nobody has the set for himself, whatever the configuration says; and what Azure repairs, we leave alone.
 *
 * Example: repairs are on with 10 minutes of grace, and `web_3` is unhealthy. For 40 minutes (the grace, and half an hour) it is listed with the note
 * that Azure sees to it, and not as unhealthy; repairs are suspended meanwhile, or the time is over: it is unhealthy, and ours.
 */
import type { Clock } from '../../../ports/clock.ts'
import { PluginError } from '../../../ports/plugin.ts'
import type { TargetInstance } from '../../../ports/target.ts'
import type { ScaleSet } from './scale-set.ts'
import { isLeaving, type Vm } from './vm-state.ts'

/** The model is read again after so long. */
const HOLDS_MS = 300_000
/** How the repairs are is asked again after so long, while anything is unhealthy. */
const STATE_HOLDS_MS = 60_000
/** Azure's time to begin, after its grace. */
const PATIENCE_MS = 1_800_000

export class Others {
  readonly #set: ScaleSet
  readonly #clock: Pick<Clock, 'now'>
  #state: { readonly is: string | null; readonly at: number } | null = null
  readonly #sickSince = new Map<string, number>()

  constructor(set: ScaleSet, clock: Pick<Clock, 'now'>) {
    this.#set = set
    this.#clock = clock
  }

  /** Azure adds or removes instances by itself; false where that is not known yet. */
  get act(): boolean {
    const model = this.#set.last?.is
    return model !== undefined && (model.repairs !== null || model.rebalances)
  }

  /** What they are, in words, for messages; null: there are none. */
  get names(): string | null {
    const names = [
      ...(this.#set.last?.is.repairs ? ['automatic repairs'] : []),
      ...(this.#set.last?.is.rebalances ? ['automatic zone rebalancing'] : []),
    ]
    return names.length === 0 ? null : names.join(' and ')
  }

  /** Azure launches another in its place by itself. */
  refills(vm: Vm): boolean {
    return isLeaving(vm) && this.act
  }

  /** @throws PluginError where the scale set was never read yet, and cannot be */
  async look(signal: AbortSignal): Promise<void> {
    const { last } = this.#set
    if (last !== null && this.#clock.now() - last.at < HOLDS_MS) return
    try {
      await this.#set.read('look', signal)
    } catch (error) {
      if (last === null || !(error instanceof PluginError)) throw error
    }
  }

  /** What Azure sees to is not unhealthy to us, as long as it can be expected to. */
  async judge(
    vms: readonly Vm[],
    signal: AbortSignal,
  ): Promise<(vm: Vm, is: TargetInstance) => TargetInstance> {
    const repairs = this.#set.last?.is.repairs ?? null
    const sick = vms.filter(({ health }) => health === 'unhealthy')
    this.#note(sick)
    if (repairs === null || sick.length === 0) return (_, is) => is
    const isOff = await this.#isOff(signal)
    const now = this.#clock.now()
    return (vm, is) => {
      const since = this.#sickSince.get(keyOf(vm))
      if (since === undefined || isOff || isExempt(vm) || is.lifecycle !== 'ready') return is
      const leftMs = since + repairs.graceMs + PATIENCE_MS - now
      if (leftMs <= 0) return is
      const minutes = Math.ceil(leftMs / 60_000)
      const detail = `its health extension says it is unhealthy, and Azure's automatic repairs see to it; after ${minutes} min Plimsoll does`
      return { ...is, health: 'unknown', detail }
    }
  }

  #note(sick: readonly Vm[]): void {
    const keys = new Set(sick.map(keyOf))
    for (const key of this.#sickSince.keys()) if (!keys.has(key)) this.#sickSince.delete(key)
    for (const key of keys) if (!this.#sickSince.has(key)) this.#sickSince.set(key, this.#clock.now())
  }

  /** Suspended, say. Where Azure does not tell (it does not of Flexible sets), they are on until the time is over. */
  async #isOff(signal: AbortSignal): Promise<boolean> {
    const now = this.#clock.now()
    if (this.#state === null || now - this.#state.at >= STATE_HOLDS_MS) {
      try {
        this.#state = { is: await this.#set.repairsState(signal), at: now }
      } catch (error) {
        if (!(error instanceof PluginError)) throw error
        this.#state = { is: this.#state?.is ?? null, at: now }
      }
    }
    return this.#state.is !== null && this.#state.is !== 'running'
  }
}

/** Azure does not repair what is protected. */
function isExempt({ protection }: Vm): boolean {
  return protection?.fromScaleSetActions === true
}

function keyOf({ vmId, name }: Vm): string {
  return vmId ?? name
}
