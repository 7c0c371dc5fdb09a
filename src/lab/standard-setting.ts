/**
 * The standard setting, in which contenders are held against each other and against published scores: bins instead of
 * continuous time, one decision a bin, excess load lost. It is small and exact, so that a sweep over many knobs and traces
 * takes seconds; replays of an operator's own rules use the finer physics of service.ts.
 *
 * What is ordered after bin t serves from bin t + boot bins on (boot rounded up to bins, at least one) and is paid from bin
 * t + 1; what is released after bin t is neither ready nor paid in bin t + 1. Of B bins of boot, then, B - 1 are paid before the
 * first one served.
 *
 * Example: by the minute, boot 180 s: 4 more ordered after bin 10 are paid in bins 11 and 12 and serve from bin 13 on.
 */
import type { EpochMs } from '../model/time.ts'
import type { Contender, Seen } from './contender.ts'
import type { Course, CourseDecision } from './course.ts'
import { instancesFor } from './service-model.ts'

export const STANDARD_BOOT_MS = 180_000
/** So many instances serve the 99th percentile of the load. */
const INSTANCES_AT_P99 = 50

export interface StandardSetting {
  /** What one instance serves in a bin. Above 0. */
  readonly perInstance: number
  readonly stepMs: number
  readonly bootMs: number
  /** Ready in the first bin; left out: as many as it needs. */
  readonly initial?: number
}

/** Both as instance-bins and load over the bins counted. */
export interface StandardScore {
  /** Share of the load above ready capacity. */
  readonly lostPercent: number
  /** Paid instance-bins for each one needed. */
  readonly costRatio: number
}

export interface StandardScores {
  readonly all: StandardScore
  /** Of the second half of the bins; the fleet comes from the first as it stands. */
  readonly second: StandardScore
}

/**
 * What one instance serves in the standard setting: a fiftieth of the 99th percentile of the load, but not less than one of
 * what is counted: half a ride finds no room anywhere.
 *
 * Example: a 99th percentile of 145 requests a minute gives 2.9; one of 22 rides at once gives 1, not 0.44.
 */
export function standardPerInstance(load: Float64Array): number {
  const share = quantileOf(load, 0.99) / INSTANCES_AT_P99
  const isCounted = load.every(value => Number.isNaN(value) || Number.isInteger(value))
  if (isCounted) return Math.max(1, share)
  return share > 0 ? share : 1
}

/** Linear between the two nearest values; gaps do not count. NaN where there is none. */
export function quantileOf(values: Float64Array, share: number): number {
  const sorted = values.filter(value => !Number.isNaN(value)).sort()
  const place = share * (sorted.length - 1)
  const below = Math.floor(place)
  const low = sorted[below] ?? Number.NaN
  const high = sorted[below + 1] ?? low
  return low + (place - below) * (high - low)
}

/** How many bins after the one it is decided on an order serves. */
export function bootBinsOf({ bootMs, stepMs }: { readonly bootMs: number; readonly stepMs: number }): number {
  return Math.max(1, Math.ceil(bootMs / stepMs))
}

/** Needed instances per bin; 0 in a gap. */
export function neededOf(load: Float64Array, perInstance: number): Int32Array {
  return Int32Array.from(load, value => (Number.isNaN(value) ? 0 : instancesFor(value, perInstance)))
}

type Mutable<T> = { -readonly [key in keyof T]: T[key] }

/** One load to be played many times: what does not depend on who decides is worked out once, and nothing is allocated per run. */
export class StandardCourse {
  readonly load: Float64Array
  readonly setting: StandardSetting
  readonly needed: Int32Array
  /** Of the last run, per bin. */
  readonly ready: Int32Array
  readonly paid: Int32Array
  readonly desired: Int32Array
  /** What becomes ready at the beginning of a bin. */
  readonly #arriving: Int32Array
  readonly #bootBins: number
  readonly #initial: number
  readonly #seen: Mutable<Seen> = {
    atMs: 0,
    bin: 0,
    load: 0,
    utilizationRatio: 0,
    backlog: 0,
    ready: 0,
    booting: 0,
  }

  constructor(load: Float64Array, setting: StandardSetting) {
    this.load = load
    this.setting = setting
    this.needed = neededOf(load, setting.perInstance)
    this.#bootBins = bootBinsOf(setting)
    this.#initial = Math.max(1, setting.initial ?? this.needed[0] ?? 1)
    this.ready = new Int32Array(load.length)
    this.paid = new Int32Array(load.length)
    this.desired = new Int32Array(load.length)
    this.#arriving = new Int32Array(load.length + this.#bootBins + 1)
  }

  /**
   * Plays the load; what became of it is in `ready`, `paid` and `desired` until the next run.
   *
   * @param initial ready in the first bin, for a contender that stands there with its own number
   */
  run(contender: Contender, initial = this.#initial): void {
    const { load, ready, paid, desired } = this
    const { perInstance, stepMs } = this.setting
    const arriving = this.#arriving
    const bootBins = this.#bootBins
    const seen = this.#seen
    arriving.fill(0)
    let up = initial
    let booting = 0
    for (let bin = 0; bin < load.length; bin += 1) {
      const come = arriving[bin] ?? 0
      up += come
      booting -= come
      ready[bin] = up
      paid[bin] = up + booting
      const value = load[bin] ?? Number.NaN
      seen.atMs = (bin + 1) * stepMs
      seen.bin = bin
      seen.load = value
      seen.utilizationRatio = value / (up * perInstance)
      seen.ready = up
      seen.booting = booting
      const want = Math.max(1, contender.next(seen))
      desired[bin] = want
      const more = want - up - booting
      if (more > 0) {
        const at = bin + bootBins
        arriving[at] = (arriving[at] ?? 0) + more
        booting += more
      } else if (more < 0) {
        const ended = this.#cancel(bin, -more)
        booting -= ended
        up -= -more - ended
      }
    }
  }

  /** Scores of the last run. */
  scores(): StandardScores {
    const half = this.load.length >>> 1
    const first = this.#count(0, half)
    const second = this.#count(half, this.load.length)
    return { all: scoreOf(sumOf(first, second)), second: scoreOf(second) }
  }

  /** The last run as a course; the arrays of it are its own. */
  course(name: string, startAt: EpochMs): Course {
    const { load, needed, ready, paid, desired } = this
    const { perInstance, stepMs } = this.setting
    const { length } = load
    const served = load.map((value, bin) => Math.min(Math.max(0, value), (ready[bin] ?? 0) * perInstance))
    return {
      name,
      startAt,
      stepMs,
      length,
      load,
      served,
      lost: load.map((value, bin) => value - (served[bin] ?? 0)),
      refused: new Float64Array(length),
      backlog: new Float64Array(length),
      needed: load.map((value, bin) => (Number.isNaN(value) ? value : (needed[bin] ?? 0))),
      ready: Float64Array.from(ready),
      paid: Float64Array.from(paid),
      desired: Float64Array.from(desired),
      lowest: new Float64Array(length).fill(Number.NaN),
      highest: new Float64Array(length).fill(Number.NaN),
      decisions: this.#decisions(startAt),
      censored: [],
      doubtful: [],
      ticks: length,
      elapsedMs: 0,
    }
  }

  /** Those that were ordered last go first. @returns how many orders were called off */
  #cancel(bin: number, most: number): number {
    let left = most
    for (let at = bin + this.#bootBins; at > bin && left > 0; at -= 1) {
      const ordered = this.#arriving[at] ?? 0
      const gone = Math.min(ordered, left)
      this.#arriving[at] = ordered - gone
      left -= gone
    }
    return most - left
  }

  #count(from: number, to: number): Sums {
    const { load, needed, ready, paid } = this
    const { perInstance } = this.setting
    const sums: Sums = { load: 0, lost: 0, paid: 0, needed: 0 }
    for (let bin = from; bin < to; bin += 1) {
      const value = load[bin] ?? Number.NaN
      if (Number.isNaN(value)) continue
      sums.load += value
      sums.lost += Math.max(0, value - (ready[bin] ?? 0) * perInstance)
      sums.paid += paid[bin] ?? 0
      sums.needed += needed[bin] ?? 0
    }
    return sums
  }

  #decisions(startAt: EpochMs): CourseDecision[] {
    const { paid, desired } = this
    const { stepMs } = this.setting
    const made: CourseDecision[] = []
    for (let bin = 0; bin < desired.length; bin += 1) {
      const from = paid[bin] ?? 0
      const to = desired[bin] ?? 0
      if (from === to) continue
      const because = to > from ? `${to - from} more` : `${from - to} fewer`
      made.push({ at: startAt + (bin + 1) * stepMs, from, to, rule: null, because, decision: null })
    }
    return made
  }
}

interface Sums {
  load: number
  lost: number
  paid: number
  needed: number
}

function sumOf(one: Sums, other: Sums): Sums {
  return {
    load: one.load + other.load,
    lost: one.lost + other.lost,
    paid: one.paid + other.paid,
    needed: one.needed + other.needed,
  }
}

function scoreOf({ load, lost, paid, needed }: Sums): StandardScore {
  return { lostPercent: load === 0 ? 0 : (100 * lost) / load, costRatio: needed === 0 ? 0 : paid / needed }
}
