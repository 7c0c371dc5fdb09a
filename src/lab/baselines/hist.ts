/**
 * Hist: for each hour of the day, a high quantile of the loads seen in that hour on the days before is its expected peak.
 * If the last hours went above their expectation, the average of the excess is added. Beside this slow prediction runs a fast
 * reaction: what is there now is never less than the load of now needs.
 *
 * Source: B. Urgaonkar, P. Shenoy, A. Chandra, P. Goyal, T. Wood, "Agile Dynamic Provisioning of Multi-Tier Internet Applications",
 * ACM TAAS 3(1), 2008. Queueing models that turn a rate into servers are replaced by the stated capacity; the numbers left to the
 * operator are the 90 % quantile, 7 days and 3 hours. The knob multiplies both prediction and reaction.
 *
 * Example: from 9 to 10 the 90 % quantile of the last days is 4,000, and the three hours before came out 300, 0 and 0 above
 * their expectation: 4,100 is provided for, from one boot time before 9 on.
 */
import type { Contender, Seen } from '../contender.ts'
import { instancesFor } from '../service-model.ts'
import { quantileOf } from '../standard-setting.ts'
import { type Baseline, type BaselineSetting, HEADROOMS, stepsOf } from './baseline.ts'

const HOUR_MS = 3_600_000
const HOURS = 24
const DAYS = 7
const QUANTILE = 0.9
const CORRECTED_BY_HOURS = 3

export const hist: Baseline = {
  name: 'hist',
  title: 'Hist',
  source: 'Urgaonkar et al., TAAS 2008',
  knob: {
    name: 'headroom factor',
    usual: 1,
    grid: [...stepsOf(0.5, 0.95, 0.05), ...HEADROOMS],
  },
  outOfCompetition: false,
  create: (knob, setting) => new Hist(knob, setting),
}

class Hist implements Contender {
  readonly name = 'hist'
  readonly #knob: number
  readonly #perInstance: number
  readonly #leadMs: number
  readonly #offsetMs: number
  /** By hour of the day, the loads of that hour on each of the last days. */
  readonly #days: number[][][] = Array.from({ length: HOURS }, () => [])
  /** The hour now going on: its number since the beginning of the first day, and its loads. */
  #hour: number
  #loads: number[] = []
  /** Quantiles by hour of the day, as of that hour's last end. */
  readonly #expected = new Float64Array(HOURS).fill(Number.NaN)
  readonly #excess: number[] = []

  constructor(knob: number, { perInstance, bootMs, stepMs, startAt }: BaselineSetting) {
    this.#knob = knob
    this.#perInstance = perInstance
    this.#leadMs = bootMs + stepMs
    this.#offsetMs = ((startAt % (HOURS * HOUR_MS)) + HOURS * HOUR_MS) % (HOURS * HOUR_MS)
    this.#hour = Math.floor(this.#offsetMs / HOUR_MS)
  }

  next({ atMs, load, ready, booting }: Seen): number {
    // The load is of the bin that ends now: it belongs to the hour before this moment.
    const hour = Math.floor((this.#offsetMs + atMs - 1) / HOUR_MS)
    if (hour !== this.#hour) this.#endHour(hour)
    if (!Number.isNaN(load)) this.#loads.push(load)
    if (Number.isNaN(load) && Number.isNaN(this.#expected[hour % HOURS] ?? Number.NaN)) return ready + booting
    const expected = this.#expectedFrom(this.#offsetMs + atMs) + this.#correction()
    return instancesFor(Math.max(load || 0, expected) * this.#knob, this.#perInstance)
  }

  /** The highest of the hours until what is ordered now has served a bin; 0 where none is known. */
  #expectedFrom(nowMs: number): number {
    const last = Math.floor((nowMs + this.#leadMs - 1) / HOUR_MS)
    let highest = 0
    for (let hour = Math.floor(nowMs / HOUR_MS); hour <= last; hour += 1) {
      highest = Math.max(highest, this.#expected[hour % HOURS] || 0)
    }
    return highest
  }

  #correction(): number {
    return this.#excess.reduce((sum, excess) => sum + excess, 0) / CORRECTED_BY_HOURS
  }

  #endHour(next: number): void {
    const ofDay = this.#hour % HOURS
    const seen = quantileOf(Float64Array.from(this.#loads), QUANTILE)
    const expected = this.#expected[ofDay] ?? Number.NaN
    this.#excess.push(Math.max(0, seen - expected) || 0)
    if (this.#excess.length > CORRECTED_BY_HOURS) this.#excess.shift()
    const days = this.#days[ofDay]
    if (days !== undefined) {
      days.push(this.#loads)
      if (days.length > DAYS) days.shift()
      this.#expected[ofDay] = quantileOf(Float64Array.from(days.flat()), QUANTILE)
    }
    this.#loads = []
    this.#hour = next
  }
}
