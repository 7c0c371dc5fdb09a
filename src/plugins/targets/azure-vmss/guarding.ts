/**
 * Protects instances that are ready from being chosen by others: by Azure's autoscale, or by whoever lowers the capacity. Lifted from those
 * that are not well, since Azure repairs nothing that is protected, and from those that are kept deallocated, so that they go first.
 *
 * Example: of twelve ready instances nine are protected and one of those is unhealthy: its protection is lifted, and the three are protected, four
 * calls in all. At most five are made in a tick, and none while Azure allows few or after one has failed, for a minute.
 *
 * What we delete ourselves needs no lifting: protection does not stand in the way of a deletion by name.
 */
import type { Clock } from '../../../ports/clock.ts'
import { PluginError } from '../../../ports/plugin.ts'
import type { TargetInstance } from '../../../ports/target.ts'
import type { ScaleSet } from './scale-set.ts'
import { isLeaving, type Vm } from './vm-state.ts'

/** Changes in one tick. */
const MOST_CHANGES = 5
const PAUSE_MS = 60_000
/** Of a Flexible set no listing says who is protected; what we set ourselves is set again after so long. */
const HOLDS_MS = 3_600_000

export interface Guarded {
  readonly vm: Vm
  /** null: it is kept deallocated. */
  readonly is: TargetInstance | null
}

interface Known {
  readonly isProtected: boolean
  readonly at: number
}

export class Guarding {
  readonly #set: ScaleSet
  readonly #clock: Pick<Clock, 'now'>
  /** By VM; where a listing does not say. */
  readonly #known = new Map<string, Known>()
  #pausedUntil = 0
  #trouble: string | null = null
  #counts: { readonly wanted: number; readonly done: number } | null = null

  constructor(set: ScaleSet, clock: Pick<Clock, 'now'>) {
    this.#set = set
    this.#clock = clock
  }

  /** @throws PluginError PLM-774 when one could not be changed; what else there is goes on undisturbed */
  async tend(all: readonly Guarded[], signal: AbortSignal): Promise<void> {
    this.#forgetAllBut(all)
    const ours = all.filter(({ vm }) => !isLeaving(vm) && vm.protection?.fromScaleSetActions !== true)
    const due = ours.filter(one => {
      const isProtected = this.#isProtected(one.vm)
      return isProtected !== wants(one) && !(isProtected === null && isNew(one))
    })
    this.#counts = {
      wanted: ours.filter(wants).length,
      done: ours.filter(one => wants(one) && this.#isProtected(one.vm) === true).length,
    }
    const now = this.#clock.now()
    if (now < this.#pausedUntil) return
    // Who is not well first.
    const next = [...due.filter(one => !wants(one)), ...due.filter(wants)].slice(0, MOST_CHANGES)
    const failures = await Promise.all(next.map(one => this.#change(one, now, signal)))
    const failure = failures.find(error => error !== null)
    this.#trouble = failure?.message ?? (next.length > 0 ? null : this.#trouble)
    if (failure !== undefined && failure !== null) throw failure
  }

  /** In words, for a check. */
  describe(): string | null {
    if (this.#trouble !== null) return this.#trouble
    return this.#counts === null
      ? null
      : `${this.#counts.done} of ${this.#counts.wanted} protected from scale-in by others`
  }

  /** @returns what an operator should know */
  async #change(one: Guarded, now: number, signal: AbortSignal): Promise<PluginError | null> {
    const { vm } = one
    const what = wants(one) ? 'protect' : 'lift the protection of'
    try {
      this.#set.allowance.require('look', `${what} ${vm.name}`)
      await this.#set.protect(vm, wants(one), signal)
      this.#known.set(keyOf(vm), { isProtected: wants(one), at: now })
      return null
    } catch (error) {
      if (!(error instanceof PluginError)) throw error
      this.#pausedUntil = now + (error.retryAfterMs ?? PAUSE_MS)
      // Later, or somebody else changed it meanwhile: the next listing shows how it is.
      if (['throttled', 'conflict', 'not-found'].includes(error.kind)) return null
      const told = `PLM-774 could not ${what} ${vm.name}: ${error.message} It is tried again in a minute; until then others may choose it, or Azure leaves it unrepaired.`
      return new PluginError(error.kind, told, { cause: error })
    }
  }

  /** `null`: nobody knows. */
  #isProtected({ vmId, name, protection }: Vm): boolean | null {
    if (protection !== null) return protection.fromScaleIn
    return this.#known.get(vmId ?? name)?.isProtected ?? null
  }

  #forgetAllBut(all: readonly Guarded[]): void {
    const there = new Set(all.map(({ vm }) => keyOf(vm)))
    const now = this.#clock.now()
    for (const [key, { at }] of this.#known) {
      if (!there.has(key) || now - at >= HOLDS_MS) this.#known.delete(key)
    }
  }
}

/** Also where Azure sees to it, and it is not called unhealthy for that. */
function wants({ vm, is }: Guarded): boolean {
  if (is === null || is.lifecycle !== 'ready' || vm.health === 'unhealthy') return false
  return is.health !== 'unhealthy' && is.health !== 'suspect'
}

/** One that only boots was never protected. */
function isNew({ is }: Guarded): boolean {
  return is?.lifecycle === 'booting'
}

function keyOf({ vmId, name }: Vm): string {
  return vmId ?? name
}
