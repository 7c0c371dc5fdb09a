/**
 * Which instance is which order's? A scale set knows a capacity and no tokens: each order is given one of the instances that appear after
 * it was asked for.
 *
 * Example: `web_0` was there when two were ordered, `web/1/1` in zone 1 and `web/1/2` in zone 2. Listed are `web_0`, `web_1` in zone 2 and `web_2` in zone 1:
 * `web/1/1` is `web_2`, and `web/1/2` is `web_1`.
 */
import { isLeaving, type Vm } from './vm-state.ts'

/** Asked for, and nothing has appeared yet. */
interface Tried {
  /** What was there before, which is not theirs. */
  readonly before: ReadonlySet<string>
  readonly zone: string | null
}

/** Remembered; the oldest are forgotten first. */
const MOST_TOKENS = 10_000

export class Claims {
  readonly #claims = new Map<string, string>()
  readonly #tokenOf = new Map<string, string>()
  readonly #tried = new Map<string, Tried>()

  /** The name of its instance. */
  of(token: string): string | null {
    return this.#claims.get(token) ?? null
  }

  has(token: string): boolean {
    return this.#claims.has(token)
  }

  /** The token a VM was launched for, where this run launched it. */
  tokenOf(vm: Vm): string | null {
    return this.#tokenOf.get(keyOf(vm)) ?? null
  }

  isTried(token: string): boolean {
    return this.#tried.has(token)
  }

  triedBesides(tokens: readonly string[]): number {
    return [...this.#tried.keys()].filter(token => !tokens.includes(token)).length
  }

  try(token: string, zone: string | null, before: readonly Vm[]): void {
    this.#tried.set(token, { zone, before: new Set(before.map(keyOf)) })
    forgetOldest(this.#tried)
  }

  /** Refused for sure: what appeared meanwhile is somebody else's. */
  giveUp(tokens: Iterable<string>): void {
    for (const token of tokens) this.#tried.delete(token)
  }

  /** Its instance is known by other means. */
  settle(token: string, { name }: Vm): void {
    this.#tried.delete(token)
    this.#claims.set(token, name)
    forgetOldest(this.#claims)
  }

  /**
   * The newest first: the others were there before. Those in the zone that was ordered first, and then any: Azure may have put it elsewhere.
   *
   * @param isTaken it is some other order's
   */
  claim(tokens: readonly string[], vms: readonly Vm[], isTaken: (vm: Vm) => boolean): void {
    const free = vms
      .filter(vm => !isLeaving(vm) && !isTaken(vm) && !this.#tokenOf.has(keyOf(vm)))
      .sort((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0))
    for (const anywhere of [false, true]) {
      for (const token of tokens) {
        const tried = this.#claims.has(token) ? undefined : this.#tried.get(token)
        if (tried === undefined) continue
        const { zone, before } = tried
        const isFit = (vm: Vm) => anywhere || zone === null || vm.zone === zone
        const index = free.findIndex(vm => !before.has(keyOf(vm)) && isFit(vm))
        const [vm] = index === -1 ? [] : free.splice(index, 1)
        if (vm === undefined) continue
        this.settle(token, vm)
        this.#tokenOf.set(keyOf(vm), token)
        forgetOldest(this.#tokenOf)
      }
    }
  }
}

/** Another VM under the same id is another one. */
function keyOf({ name, vmId }: Vm): string {
  return vmId ?? name
}

function forgetOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys()
  if (map.size > MOST_TOKENS && oldest !== undefined) map.delete(oldest)
}
