/**
 * Restarts instances in place. While Azure restarts one it may list it as running all the while; so it is shown as booting until the
 * operation has ended.
 *
 * Example: `web_2` is unhealthy, and its repair is a restart. Azure accepts; the next lists have `web_2` as booting, and once Azure has done it, as
 * ready.
 */
import type { Clock } from '../../../ports/clock.ts'
import { PluginError } from '../../../ports/plugin.ts'
import type { Victim } from '../../../ports/target.ts'
import type { Underway } from '../../azure/underway.ts'
import { type Ended, type Ending, failedBy } from './ending.ts'
import type { ScaleSet } from './scale-set.ts'
import type { Vm } from './vm-state.ts'

/** A restart that lasts longer is not waited for. */
const LONGEST_MS = 900_000
/** Asked about in one reading. */
const MOST_ASKED = 8

interface Restart {
  readonly underway: Underway
  readonly since: number
}

export class Restarting {
  readonly #set: ScaleSet
  readonly #ending: Ending
  readonly #clock: Pick<Clock, 'now'>
  readonly #restarts = new Map<string, Restart>()

  constructor(set: ScaleSet, ending: Ending, clock: Pick<Clock, 'now'>) {
    this.#set = set
    this.#ending = ending
    this.#clock = clock
  }

  /** By name. Asked once: whether one without an answer restarts is for its health to tell. */
  async restart(victims: readonly Victim[], signal: AbortSignal): Promise<ReadonlyMap<string, Ended>> {
    const { known, doomed } = await this.#ending.lookAt(victims, signal)
    const { accepted, failed } = await this.#set.turn('restart', doomed, signal)
    const ended = new Map<string, Ended>(known)
    for (const vm of doomed) {
      const underway = accepted.get(vm.name)
      if (underway !== undefined) this.#restarts.set(keyOf(vm), { underway, since: this.#clock.now() })
      ended.set(
        vm.name,
        underway === undefined ? failedBy(failed.get(vm.name) ?? null) : { ok: true, state: 'terminating' },
      )
    }
    return ended
  }

  /** Those of the listed whose restart goes on. */
  async underway(vms: readonly Vm[], signal: AbortSignal): Promise<ReadonlySet<Vm>> {
    if (this.#restarts.size === 0) return new Set()
    const listed = new Map(vms.map(vm => [keyOf(vm), vm]))
    const asked = [...this.#restarts].slice(0, MOST_ASKED)
    await Promise.all(
      asked.map(async ([key, { underway, since }]) => {
        const isLate = this.#clock.now() - since >= LONGEST_MS
        if (isLate || !listed.has(key) || (await isOver(underway, signal))) this.#restarts.delete(key)
      }),
    )
    return new Set([...this.#restarts.keys()].flatMap(key => listed.get(key) ?? []))
  }
}

/** Done, or given up: how it is then, its health tells. */
async function isOver(underway: Underway, signal: AbortSignal): Promise<boolean> {
  try {
    return await underway.isDone(signal)
  } catch (error) {
    if (error instanceof PluginError) return error.kind === 'refused'
    throw error
  }
}

function keyOf({ vmId, name }: Vm): string {
  return vmId ?? name
}
