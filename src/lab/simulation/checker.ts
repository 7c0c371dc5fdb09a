/**
 * Judges every committed tick of a simulation by the numbered invariants of ARCHITECTURE.md that can be seen in the journal. Those
 * about sessions and identity are judged where they would be broken: at a termination, a placement, a heartbeat.
 *
 * Example: an entry whose decision is 7 within bounds 1..6 gives the violation `1: 7 is not within 1..6`.
 */
import { checkPlan } from '../../capacity/check-plan.ts'
import { decide } from '../../engine/decide.ts'
import type { JournalEntry } from '../../model/journal.ts'
import type { Memory } from '../../model/memory.ts'
import type { FleetSpec } from '../../model/spec.ts'
import type { Committed } from './durable.ts'

export type Violate = (invariant: string, what: string) => void

const MOST_ORDERS = 200
const MOST_MARKS = 400

export class Checker {
  readonly #spec: FleetSpec
  readonly #violate: Violate
  #last: Memory | null = null
  #lastEpoch = 0

  constructor(spec: FleetSpec, violate: Violate) {
    this.#spec = spec
    this.#violate = violate
  }

  get memory(): Memory | null {
    return this.#last
  }

  committed({ epoch, memory, entry }: Committed): void {
    if (epoch < this.#lastEpoch) this.#violate('8', `epoch ${epoch} committed after ${this.#lastEpoch}`)
    const before = this.#last
    if (before !== null && memory.revision !== before.revision + 1) {
      this.#violate('9', `revision ${memory.revision} after ${before.revision}`)
    }
    if (before !== null && memory.at < before.at) this.#violate('13', `${memory.at} after ${before.at}`)
    this.#bounded(memory)
    if (entry !== null) this.#entry(entry)
    this.#last = memory
    this.#lastEpoch = Math.max(this.#lastEpoch, epoch)
  }

  #entry(entry: JournalEntry): void {
    const { decision, plan, inventory, observation, memory } = entry
    const { desired, current, bounds, steps, because } = decision
    if (desired !== null && (desired < bounds.lowest || desired > bounds.highest)) {
      this.#violate('1', `${desired} is not within ${bounds.lowest}..${bounds.highest}`)
    }
    if (observation.capacity === null && (desired !== null || plan.actions.length > 0)) {
      this.#violate('3', `${plan.actions.length} actions while the count was not known`)
    }
    const replayed = decide(this.#spec, observation, memory).decision
    if (JSON.stringify(replayed) !== JSON.stringify(decision)) this.#violate('10', 'the replay differs')
    if (steps.length === 0 || because === '') this.#violate('12', `${current} -> ${desired} is not explained`)
    const launches = plan.actions.filter(({ kind }) => kind === 'launch').length
    if (launches > this.#spec.launchBatch) this.#violate('14', `${launches} launches at once`)
    for (const { rule, text } of checkPlan(this.#spec, decision, inventory, memory, plan)) {
      this.#violate(rule.replace('invariant ', ''), text)
    }
  }

  #bounded({ orders, marks, changes, repairs }: Memory): void {
    if (orders.length > MOST_ORDERS) this.#violate('14', `${orders.length} orders`)
    if (Object.keys(marks).length > MOST_MARKS) this.#violate('14', `${Object.keys(marks).length} marks`)
    if (changes.length > 1_000) this.#violate('14', `${changes.length} changes`)
    if (repairs.length > 100) this.#violate('14', `${repairs.length} repairs`)
  }
}
