/**
 * Which series (instances, or instances by label) have samples among those kept, and the newest of each: what `last`
 * of a per-instance metric and "how many report" are computed from. Names become small numbers here, so that a sample
 * costs four bytes of identity. A number is given back once its series has no sample left, so churn does not add up.
 *
 * Example: web-1 at 10 s and web-2 at 40 s; `reportingSince(20_000)` is 1, `reportingSince(5_000)` is 2.
 */
import { type Sample, seriesOf } from '../../model/sample.ts'
import type { EpochMs } from '../../model/time.ts'

const NEVER = Number.NEGATIVE_INFINITY

/** The number of samples that name neither instance nor label: those of the fleet as a whole. */
export const FLEET = 0

export class Reporters {
  readonly #numbers = new Map<string, number>()
  readonly #free: number[] = []
  readonly #names: string[] = ['']
  /** Whose series it is; empty for one of the fleet. */
  readonly #instances: string[] = ['']
  /** Series in use that are told apart by labels: then an instance may have several. */
  #labelled = 0
  /** By number: samples kept, newest time of any of them, and the newest one that has been reached. */
  readonly #kept: number[] = [0]
  readonly #newestAt: number[] = [NEVER]
  readonly #reachedAt: number[] = [NEVER]
  readonly #reachedValue: number[] = [0]

  /** The number of the sample's series, a new one when it has none. Give it the sample with `keep` at once. */
  number(sample: Sample): number {
    const series = seriesOf(sample)
    if (series === undefined) return FLEET
    return this.#numbers.get(series) ?? this.#enrol(series, sample.instance ?? '')
  }

  /** The number if the sample's series has samples. */
  known(sample: Sample): number | undefined {
    const series = seriesOf(sample)
    return series === undefined ? FLEET : this.#numbers.get(series)
  }

  /** Of the series; empty for the fleet as a whole, which sorts before every other. */
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
    if (this.#isLabelled(number)) this.#labelled -= 1
    this.#free.push(number)
  }

  /** How many instances have a sample newer than `since` that has been reached. O(instances). */
  reportingSince(since: EpochMs): number {
    if (this.#labelled > 0) return this.#distinctSince(since)
    let reporting = 0
    for (let number = FLEET + 1; number < this.#reachedAt.length; number += 1)
      if ((this.#reachedAt[number] as number) > since) reporting += 1
    return reporting
  }

  /** Time of the newest sample reached that names an instance; minus infinity when none does. O(instances). */
  newestNamedAt(): EpochMs {
    let newestAt = NEVER
    for (let number = FLEET + 1; number < this.#reachedAt.length; number += 1)
      if (this.#instances[number] !== '') newestAt = Math.max(newestAt, this.#reachedAt[number] as number)
    return newestAt
  }

  /** The mean over the instances' series of the newest value of each that is newer than `since`; NaN when there is none. O(series). */
  meanSince(since: EpochMs): number {
    let sum = 0
    let reporting = 0
    for (let number = FLEET + 1; number < this.#reachedAt.length; number += 1) {
      if ((this.#reachedAt[number] as number) <= since || this.#instances[number] === '') continue
      sum += this.#reachedValue[number] as number
      reporting += 1
    }
    return sum / reporting
  }

  #distinctSince(since: EpochMs): number {
    const reporting = new Set<string>()
    for (let number = FLEET + 1; number < this.#reachedAt.length; number += 1)
      if ((this.#reachedAt[number] as number) > since) reporting.add(this.#instances[number] as string)
    reporting.delete('')
    return reporting.size
  }

  #isLabelled(number: number): boolean {
    return this.#names[number] !== this.#instances[number]
  }

  #enrol(series: string, instance: string): number {
    const number = this.#free.pop() ?? this.#names.length
    this.#numbers.set(series, number)
    this.#names[number] = series
    this.#instances[number] = instance
    if (this.#isLabelled(number)) this.#labelled += 1
    this.#kept[number] = 0
    this.#newestAt[number] = NEVER
    this.#reachedAt[number] = NEVER
    this.#reachedValue[number] = 0
    return number
  }
}
