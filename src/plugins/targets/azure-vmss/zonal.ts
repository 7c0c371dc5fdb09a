/**
 * Launches in one zone. Azure has a call of its own for that, `scaleOut`, which is told the capacity that is wanted in all. Its description leaves
 * room for doubt, so the first one of a run is looked at: had Azure taken the number for an addition, it would launch far too many,
 * and no second is asked for.
 *
 * Example: capacity 10, one more in zone 2: `scaleOut({ capacity: 11, zone: 2 })`. The capacity is 11 after that: all is well. Were it
 * 21, PLM-775 would refuse further launches by zone.
 */
import { PluginError } from '../../../ports/plugin.ts'
import type { Underway } from '../../azure/underway.ts'
import type { ScaleSetModel } from './model.ts'
import type { Raise, ScaleSet } from './scale-set.ts'

export class Zonal {
  readonly #set: ScaleSet
  #is: 'unknown' | 'as-expected' | 'an-addition' = 'unknown'

  constructor(set: ScaleSet) {
    this.#set = set
  }

  /** @throws PluginError PLM-775 when it is known to launch too many */
  async raise(raise: Raise, before: ScaleSetModel, signal: AbortSignal): Promise<Underway> {
    if (this.#is === 'an-addition') throw new PluginError('misconfigured', TOO_MANY)
    const underway = await this.#set.raise(raise, signal)
    if (this.#is === 'unknown') await this.#learn(raise, before, signal)
    return underway
  }

  async #learn({ capacity }: Raise, before: ScaleSetModel, signal: AbortSignal): Promise<void> {
    // Of an empty set both readings come to the same.
    if (before.capacity === 0) return
    try {
      const after = await this.#set.read('act', signal)
      if (after.capacity === capacity) this.#is = 'as-expected'
      else if (after.capacity >= before.capacity + capacity) this.#is = 'an-addition'
    } catch (error) {
      if (!(error instanceof PluginError)) throw error
    }
  }
}

const TOO_MANY =
  'PLM-775 a launch by zone made Azure add as many instances as there should be in all, so no further one is asked for. Take `zones` out of the target, so that Azure spreads what it launches, and report it.'
