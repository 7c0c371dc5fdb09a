/**
 * Which instances have samples among those kept, and the newest of each: what `last` of a per-instance metric
 * and "how many report" are computed from. Names become small numbers here, so that a sample costs four bytes
 * of identity. A number is given back once its instance has no sample left, so churn does not add up.
 *
 * Example: web-1 at 10 s and web-2 at 40 s; `reportingSince(20_000)` is 1, `reportingSince(5_000)` is 2.
 */
import type { EpochMs } from '../../model/time.ts'

const NEVER = Number.NEGATIVE_INFINITY

/** The number of samples that name no instance: those of the fleet as a whole. */
export const FLEET = 0

export class Reporters {
  readonly #numbers = new Map<string, number>()
  readonly #free: number[] = []
  readonly #names: string[] = ['']
  /** By number: samples kept, newest time of any of them, and the newest one that has been reached. */
  readonly #kept: number[] = [0]
  readonly #newestAt: number[] = [NEVER]
  readonly #reachedAt: number[] = [NEVER]
  readonly #reachedValue: number[] = [0]

  /** The instance's number, a new one when it has none. Give it a sample with `keep` at once. */
  number(instance: string | undefined): number {
    if (instance === undefined) return FLEET
    return this.#numbers.get(instance) ?? this.#enrol(instance)
  }

  /** The number if the instance has samples. */
  known(instance: string | undefined): number | undefined {
    return instance === undefined ? FLEET : this.#numbers.get(instance)
  }

  /** Empty for the fleet as a whole, which sorts before every instance. */
  name(number: number): string {
    return this.#names[number] as string
  }

  /** Time of its newest sample kept, reached or not; minus infinity when it has none. */
  newestAt(number: number): EpochMs {
    return this.#newestAt[number] as number
  }

  keep(number: number, at: EpochMs): void {
    this.#kept[number] = (this.#kept[number] as number) + 1
    if (at > (this.#newestAt[number] as number)) this.#newestAt[number] = at
  }

  /** A sample's time has come. */
  reach(number: number, at: EpochMs, value: number): void {
    if (at < (this.#reachedAt[number] as number)) return
    this.#reachedAt[number] = at
    this.#reachedValue[number] = value
  }

  /** The oldest of its samples, of `at`, is gone. */
  drop(number: number, at: EpochMs): void {
    const kept = (this.#kept[number] as number) - 1
    this.#kept[number] = kept
    if (at === this.#reachedAt[number]) this.#reachedAt[number] = NEVER
    if (kept > 0) return
    this.#newestAt[number] = NEVER
    if (number === FLEET) return
    this.#numbers.delete(this.name(number))
    this.#free.push(number)
  }

  /** How many instances have a sample newer than `since` that has been reached. O(instances). */
  reportingSince(since: EpochMs): number {
    let reporting = 0
    for (let number = FLEET + 1; number < this.#reachedAt.length; number += 1)
      if ((this.#reachedAt[number] as number) > since) reporting += 1
    return reporting
  }

  /** Time of the newest sample reached that names an instance; minus infinity when none does. O(instances). */
  newestNamedAt(): EpochMs {
    let newestAt = NEVER
    for (let number = FLEET + 1; number < this.#reachedAt.length; number += 1)
      newestAt = Math.max(newestAt, this.#reachedAt[number] as number)
    return newestAt
  }

  /** The mean over instances of the newest value of each that is newer than `since`; NaN when there is none. O(instances). */
  meanSince(since: EpochMs): number {
    let sum = 0
    let reporting = 0
    for (let number = FLEET + 1; number < this.#reachedAt.length; number += 1) {
      if ((this.#reachedAt[number] as number) <= since) continue
      sum += this.#reachedValue[number] as number
      reporting += 1
    }
    return sum / reporting
  }

  #enrol(instance: string): number {
    const number = this.#free.pop() ?? this.#names.length
    this.#numbers.set(instance, number)
    this.#names[number] = instance
    this.#kept[number] = 0
    this.#newestAt[number] = NEVER
    this.#reachedAt[number] = NEVER
    this.#reachedValue[number] = 0
    return number
  }
}
