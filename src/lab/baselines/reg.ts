/**
 * Reg: reacts when it has too few, predicts when it may have too many. Growing: as soon as the instances are above the threshold,
 * so many as bring them under it. Shrinking: a second-order polynomial of the load says how many instances that load takes; it
 * is fitted to what growing has found out so far, and if it says fewer for three decisions in a row, so many go.
 *
 * Source: W. Iqbal, M. N. Dailey, D. Carrera, P. Janecek, "Adaptive resource provisioning for read intensive multi-tier applications
 * in the cloud", FGCS 27(6), 2011. There response times say when there are too few, and one instance is added to the tier
 * in the way; here utilization does, and as many as are missing are added. The knob is capacity / threshold.
 *
 * Example: growing found that 1,000 takes 13 and 2,000 takes 25; at 1,400 for three minutes 18 of 25 stay.
 */
import type { Contender, Seen } from '../contender.ts'
import { instancesFor } from '../service-model.ts'
import { type Baseline, HEADROOMS } from './baseline.ts'

const IN_A_ROW = 3
/** Coefficients of the polynomial. */
const TERMS = 3

export const reg: Baseline = {
  name: 'reg',
  title: 'Reg',
  source: 'Iqbal et al., FGCS 2011',
  knob: {
    name: 'headroom factor',
    usual: 1.2,
    grid: HEADROOMS,
  },
  outOfCompetition: false,
  create: (knob, { perInstance }) => new Reg(knob, perInstance),
}

class Reg implements Contender {
  readonly name = 'reg'
  readonly #knob: number
  readonly #perInstance: number
  readonly #fit = new Parabola()
  #tooMany = 0

  constructor(knob: number, perInstance: number) {
    this.#knob = knob
    this.#perInstance = perInstance
  }

  next({ load, ready, booting }: Seen): number {
    const current = ready + booting
    if (Number.isNaN(load)) return current
    const enough = instancesFor(load * this.#knob, this.#perInstance)
    if (enough > current) {
      this.#fit.learn(load, enough)
      this.#tooMany = 0
      return enough
    }
    const predicted = this.#predict(load)
    this.#tooMany = predicted < current ? this.#tooMany + 1 : 0
    if (this.#tooMany < IN_A_ROW) return current
    this.#tooMany = 0
    return predicted
  }

  /** A polynomial may say anything where it saw nothing: never less than the load takes. */
  #predict(load: number): number {
    const least = instancesFor(load, this.#perInstance)
    const predicted = this.#fit.at(load)
    // Nothing learnt yet: as much as growing would order.
    if (Number.isNaN(predicted)) return instancesFor(load * this.#knob, this.#perInstance)
    return Math.max(least, Math.ceil(predicted - 1e-6))
  }
}

/** Least squares for count = a + b * load + c * load², from sums; of as low an order as there are distinct loads for. */
class Parabola {
  /** Sums of load to the powers 0..4, and of count * load to the powers 0..2, with loads in units of the first. */
  readonly #powers = new Float64Array(2 * TERMS - 1)
  readonly #products = new Float64Array(TERMS)
  #unit = 0
  #coefficients: readonly number[] | null = null

  learn(load: number, count: number): void {
    if (this.#unit === 0) this.#unit = load > 0 ? load : 1
    const x = load / this.#unit
    let power = 1
    for (let term = 0; term < this.#powers.length; term += 1) {
      this.#powers[term] = (this.#powers[term] ?? 0) + power
      if (term < TERMS) this.#products[term] = (this.#products[term] ?? 0) + power * count
      power *= x
    }
    this.#coefficients = null
  }

  /** NaN where nothing was learnt. */
  at(load: number): number {
    if (this.#unit === 0) return Number.NaN
    this.#coefficients ??= this.#solve()
    const x = load / this.#unit
    return this.#coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0)
  }

  #solve(): readonly number[] {
    for (let terms = TERMS; terms > 1; terms -= 1) {
      const solved = this.#solveWith(terms)
      if (solved !== null) return solved
    }
    // One load only: in proportion to it.
    return [0, (this.#products[0] ?? 0) / (this.#powers[1] || 1)]
  }

  /** Gaussian elimination; `null` where the loads are too alike for that order. */
  #solveWith(terms: number): readonly number[] | null {
    const rows = Array.from({ length: terms }, (_, row) => [
      ...Array.from({ length: terms }, (__, column) => this.#powers[row + column] ?? 0),
      this.#products[row] ?? 0,
    ])
    for (let pivot = 0; pivot < terms; pivot += 1) {
      const pivotRow = rows[pivot] ?? []
      const scale = pivotRow[pivot] ?? 0
      if (Math.abs(scale) < 1e-9 * (this.#powers[0] ?? 1)) return null
      for (const [index, row] of rows.entries()) {
        if (index === pivot) continue
        const share = (row[pivot] ?? 0) / scale
        for (let column = pivot; column <= terms; column += 1) {
          row[column] = (row[column] ?? 0) - share * (pivotRow[column] ?? 0)
        }
      }
    }
    return rows.map((row, index) => (row[terms] ?? 0) / (row[index] ?? 1))
  }
}
