/**
 * Reads the scale set as the fleet has it: the instances, without those that are kept deallocated, each in the life it is in.
 *
 * Example: the list has `web_3` running, and the book of lives has it as parked. It is asked for by name: it runs indeed, so somebody
 * started it, and it is an instance again, in another life than the one that ended here.
 */
import type { Clock } from '../../../ports/clock.ts'
import { PluginError } from '../../../ports/plugin.ts'
import type { Purpose } from '../../azure/allowance.ts'
import { isUp, type Life, type Lives, type LivesBook, lifeOf } from './lives.ts'
import type { ScaleSet } from './scale-set.ts'
import { standingOf } from './standing.ts'
import type { Vm } from './vm-state.ts'

export interface Mustered {
  readonly all: readonly Vm[]
  readonly listed: readonly Vm[]
  readonly parked: readonly Vm[]
  readonly lives: Lives | null
}

interface Change {
  /** Before the list was read. */
  readonly seen: Lives | null
  readonly moved: ReadonlyMap<string, Life>
  readonly back: readonly Vm[]
  readonly gone: readonly string[]
  readonly at: number
}

/** What is in the book and in no list for so long, is no more. */
const MISSING_MS = 900_000
/** In one reading; the others in the next. */
const MOST_CONFIRMED = 5

export class Muster {
  readonly #set: ScaleSet
  readonly #book: LivesBook
  readonly #clock: Pick<Clock, 'now'>
  readonly #adopts: boolean
  readonly #missingSince = new Map<string, number>()

  /** @param adopts what is deallocated when nothing was ever written down is kept for later */
  constructor(set: ScaleSet, book: LivesBook, clock: Pick<Clock, 'now'>, adopts: boolean) {
    this.#set = set
    this.#book = book
    this.#clock = clock
    this.#adopts = adopts
  }

  /** @throws PluginError where Azure, or the book of lives, cannot be read */
  async call(purpose: Purpose, signal: AbortSignal): Promise<Mustered> {
    const lives = await this.#book.read()
    const all = await this.#set.list(purpose, 'with-view', signal)
    const at = this.#clock.now()
    const { listed, parked, returned, moved } = standingOf(all, lives, { at, adopts: this.#adopts })
    const back = await this.#confirmed(returned, purpose, signal)
    const gone = this.#goneFrom(all, lives, at)
    const isFirst = lives === null && this.#adopts
    const isAsWritten = moved.size === 0 && back.length === 0 && gone.length === 0 && !isFirst
    const now = isAsWritten ? lives : await this.#write({ seen: lives, moved, back, gone, at })
    const still = returned.filter(vm => !back.includes(vm))
    return { all, listed: [...listed, ...back], parked: [...parked, ...still], lives: now }
  }

  #write({ seen, moved, back, gone, at }: Change): Promise<Lives> {
    return this.#book.change(lives => {
      for (const [vmId, life] of moved) {
        // Whoever wrote meanwhile knows better.
        if (isSame(lives.get(vmId), seen?.get(vmId))) lives.set(vmId, life)
      }
      for (const vm of back) {
        const { life, state } = lifeOf(vm, lives)
        if (vm.vmId === null || state !== 'parked') continue
        lives.set(vm.vmId, { life: life + 1, state: 'out', token: null, name: vm.name, at })
      }
      for (const vmId of gone) lives.delete(vmId)
    })
  }

  /** A list may be behind; one that is asked for by name is as it is. */
  async #confirmed(returned: readonly Vm[], purpose: Purpose, signal: AbortSignal): Promise<readonly Vm[]> {
    const found = await Promise.all(
      returned.slice(0, MOST_CONFIRMED).map(async ({ name, vmId }) => {
        try {
          const vm = await this.#set.find(name, signal, 'with-view', purpose)
          return vm !== null && vm.vmId === vmId && isUp(vm) ? vm : null
        } catch (error) {
          if (error instanceof PluginError) return null
          throw error
        }
      }),
    )
    return found.filter(vm => vm !== null).map(vm => returned.find(({ vmId }) => vmId === vm.vmId) ?? vm)
  }

  #goneFrom(all: readonly Vm[], lives: Lives | null, at: number): readonly string[] {
    const there = new Set(all.map(({ vmId }) => vmId))
    for (const vmId of this.#missingSince.keys()) if (there.has(vmId)) this.#missingSince.delete(vmId)
    const missing = [...(lives?.keys() ?? [])].filter(vmId => !there.has(vmId))
    for (const vmId of missing) if (!this.#missingSince.has(vmId)) this.#missingSince.set(vmId, at)
    const gone = missing.filter(vmId => at - (this.#missingSince.get(vmId) ?? at) >= MISSING_MS)
    for (const vmId of gone) this.#missingSince.delete(vmId)
    return gone
  }
}

function isSame(a: Life | undefined, b: Life | undefined): boolean {
  return a?.life === b?.life && a?.state === b?.state
}
