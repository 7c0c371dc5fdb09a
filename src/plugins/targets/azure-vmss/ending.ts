/**
 * Lets the chosen instances go: deletes them, or deallocates them and keeps them for a later launch. Each is looked at first, so that only
 * who was meant goes.
 *
 * Example: `web_2` (incarnation `6f1c.1`) is to go, and is deallocated: the book of lives says so first, then Azure is asked. Where six are
 * to be kept at most and six are, it is deleted, and so is one that is unhealthy or was never provisioned: it would come back as it was.
 */
import type { Clock } from '../../../ports/clock.ts'
import { PluginError, type PluginErrorKind } from '../../../ports/plugin.ts'
import type { Victim } from '../../../ports/target.ts'
import { incarnationOf, isDeallocated, type Lives, type LivesBook, lifeOf } from './lives.ts'
import type { ScaleSet } from './scale-set.ts'
import { isLeaving, type Vm } from './vm-state.ts'

export interface EndingOptions {
  /** They are deallocated, not deleted. */
  readonly parks: boolean
  /** So many at most. */
  readonly keepAtMost: number
}

export type Ended =
  | { readonly ok: true; readonly state: 'terminating' | 'gone' }
  | { readonly ok: false; readonly kind: PluginErrorKind; readonly error: string }

/** Asked at the same time, before anything is done to them. */
const LOOKS_AT_ONCE = 8
/** Whose place Azure does not fill by itself; the oldest are forgotten first. */
const MOST_DELETED = 2_000

export class Ending {
  readonly #set: ScaleSet
  readonly #book: LivesBook
  readonly #clock: Pick<Clock, 'now'>
  readonly #options: EndingOptions
  readonly #deleted = new Set<string>()

  constructor(set: ScaleSet, book: LivesBook, clock: Pick<Clock, 'now'>, options: EndingOptions) {
    this.#set = set
    this.#book = book
    this.#clock = clock
    this.#options = options
  }

  /** By name. */
  async end(victims: readonly Victim[], signal: AbortSignal): Promise<ReadonlyMap<string, Ended>> {
    const { known, doomed } = await this.lookAt(victims, signal)
    const lives = await this.#book.read()
    const { toPark, toDelete } = this.#divide(doomed, lives)
    return new Map([
      ...known,
      ...(await this.#park(toPark, lives, signal)),
      ...(await this.#delete(toDelete, lives, signal)),
    ])
  }

  /** This run deleted it. */
  hasDeleted({ vmId, name }: Vm): boolean {
    return this.#deleted.has(vmId ?? name)
  }

  /** Who is there and meant, and what is known of the others already. */
  async lookAt(victims: readonly Victim[], signal: AbortSignal) {
    const lives = await this.#book.read()
    const isPlain = lives === null && !this.#options.parks
    const known = new Map<string, Ended>()
    const doomed: Vm[] = []
    const unique = [...new Map(victims.map(victim => [victim.id, victim])).values()]
    for (let from = 0; from < unique.length; from += LOOKS_AT_ONCE) {
      await Promise.all(
        unique.slice(from, from + LOOKS_AT_ONCE).map(async victim => {
          try {
            const vm = await this.#set.find(victim.id, signal, isPlain ? 'without-view' : 'with-view')
            const ended = await this.#endedAlready(vm, victim, lives)
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

  /** Gone, another one by now, or on its way out; `null`: it is there. */
  async #endedAlready(vm: Vm | null, { incarnation }: Victim, lives: Lives | null): Promise<Ended | null> {
    if (vm === null) return { ok: true, state: 'gone' }
    const life = lifeOf(vm, lives)
    const is = incarnationOf(vm, life)
    if (incarnation !== null && is !== null && is !== incarnation.toLowerCase()) {
      return { ok: true, state: 'gone' }
    }
    if (isLeaving(vm)) return { ok: true, state: 'terminating' }
    if (life.state === 'parked') return { ok: true, state: 'gone' }
    if (!this.#options.parks || life.state === 'starting') return null
    const isOnItsWay = vm.power === 'deallocating'
    if (!isOnItsWay && !isDeallocated(vm)) return null
    // Whoever deallocated it, it is kept from now on.
    await this.#mark([vm], isOnItsWay ? 'parking' : 'parked')
    return { ok: true, state: isOnItsWay ? 'terminating' : 'gone' }
  }

  #divide(vms: readonly Vm[], lives: Lives | null) {
    if (!this.#options.parks) return { toPark: [], toDelete: vms }
    const kept = [...(lives?.values() ?? [])].filter(({ state }) => state === 'parked' || state === 'parking')
    const room = Math.max(0, this.#options.keepAtMost - kept.length)
    const sound = vms.filter(
      vm => vm.vmId !== null && vm.health !== 'unhealthy' && vm.provisioning !== 'failed',
    )
    const toPark = sound.slice(0, room)
    return { toPark, toDelete: vms.filter(vm => !toPark.includes(vm)) }
  }

  async #mark(vms: readonly Vm[], state: 'parking' | 'parked'): Promise<void> {
    const at = this.#clock.now()
    await this.#book.change(lives => {
      for (const vm of vms) {
        if (vm.vmId !== null) lives.set(vm.vmId, { ...lifeOf(vm, lives), state, name: vm.name, at })
      }
    })
  }

  /** Without an answer, or refused, each is looked at: it may be on its way all the same. */
  async #park(vms: readonly Vm[], lives: Lives | null, signal: AbortSignal): Promise<Map<string, Ended>> {
    if (vms.length === 0) return new Map()
    try {
      await this.#mark(vms, 'parking')
    } catch (error) {
      return new Map(vms.map(({ name }) => [name, failedBy(error)]))
    }
    const { accepted, failed } = await this.#set.turn('deallocate', vms, signal)
    const ended = new Map<string, Ended>(
      [...accepted.keys()].map(name => [name, { ok: true, state: 'terminating' }]),
    )
    const open = vms.filter(({ name }) => failed.has(name))
    for (const { name } of open) ended.set(name, failedBy(failed.get(name) ?? null))
    const unsure = open.filter(({ name }) => failed.get(name)?.kind !== 'throttled')
    const { known } = await this.lookAt(victimsOf(unsure, lives), signal)
    for (const [name, is] of known) if (is.ok) ended.set(name, is)
    return ended
  }

  /**
   * Asked for, so each is on its way out. Without an answer, or refused, each is looked at; where somebody else was quicker with some,
   * the rest is asked for once more.
   */
  async #delete(
    vms: readonly Vm[],
    lives: Lives | null,
    signal: AbortSignal,
    isLast = false,
  ): Promise<Map<string, Ended>> {
    if (vms.length === 0) return new Map()
    for (const { vmId, name } of vms) this.#deleted.add(vmId ?? name)
    for (const key of this.#deleted) if (this.#deleted.size > MOST_DELETED) this.#deleted.delete(key)
    try {
      await this.#set.terminate(vms, signal)
      return new Map(vms.map(({ name }) => [name, { ok: true, state: 'terminating' }]))
    } catch (error) {
      const why = failedBy(error)
      if (!why.ok && why.kind === 'throttled') return new Map(vms.map(({ name }) => [name, why]))
      const { known, doomed } = await this.lookAt(victimsOf(vms, lives), signal)
      const isWorthIt = !isLast && doomed.length < vms.length
      const rest = isWorthIt
        ? await this.#delete(doomed, lives, signal, true)
        : new Map(doomed.map(({ name }) => [name, why]))
      return new Map([...known, ...rest])
    }
  }
}

function victimsOf(vms: readonly Vm[], lives: Lives | null): readonly Victim[] {
  return vms.map(vm => ({ id: vm.name, incarnation: incarnationOf(vm, lifeOf(vm, lives)) }))
}

export function failedBy(error: unknown): Ended {
  if (error instanceof PluginError) return { ok: false, kind: error.kind, error: error.message }
  if (error === null) return { ok: false, kind: 'unavailable', error: 'PLM-761 there was no answer for it' }
  throw error
}
