/**
 * Would shrinking make a grow rule fire? Then the fleet would flap. Projects what every grow rule reads to the smaller
 * count and takes the smallest count at which none would ask to grow again.
 *
 * Example: 3 instances at 60 %, "grow when >= 80": at 2 each would carry 60 * 3 / 2 = 90, so the cut is held;
 * 4 instances at 30 %, 1 wanted: at 1 it is 120, at 2 it is 60, so 2.
 */
import type { Projection, Step } from '../../model/decision.ts'
import type { Observation } from '../../model/observation.ts'
import type { CompiledFleet } from '../compile.ts'
import { quantityIndex } from '../condition.ts'
import type { Conditions, JudgedRule } from '../conditions.ts'
import type { Operands } from '../operands.ts'
import { NO_OUTLOOKS, type Question } from '../rules/answer.ts'
import { canGrow } from '../rules/ask.ts'

/**
 * Without any instance a quotient such as `orders / instances` has no value, though load that is there is more than none
 * can carry: then what this much of an instance would have to carry says whether the cut would grow back.
 */
const ALMOST_NONE = 1e-9

/** Enough projections in the record to see why; a cut from 1,000 to 1 does not write 999 of them. */
const RECORDED_PROJECTIONS = 20

/**
 * @param wanted fewer than `current`
 * @param rank of the rule that wants it: a grow rule of a lower rank that is already true was overruled, not overlooked
 * @returns a count from `wanted` up to `current`
 */
export function withholdFlapping(
  compiled: CompiledFleet,
  conditions: Conditions,
  operands: Operands,
  observation: Observation,
  current: number,
  wanted: number,
  rank: number,
  steps: Step[],
): number {
  const watched = conditions.rules.filter(
    ({ compiled: { rule }, firing, holdsNow }) =>
      firing !== 'disabled' && firing !== 'outside-schedule' && !(holdsNow && rule.rank < rank),
  )
  const projections: Projection[] = []
  let count = wanted
  while (count < current) {
    const question = project(compiled, operands, observation, count)
    const almost =
      count === 0 ? { ...project(compiled, operands, observation, ALMOST_NONE), current: 0 } : null
    const grower = watched.find(judged => asksForMore(judged, question, almost))
    const judged = grower ?? watched.find(({ compiled: { rule } }) => canGrow(rule, count))
    record(projections, compiled, judged, question)
    if (grower === undefined) break
    count += 1
  }
  steps.push({
    stage: 'guards',
    guard: 'flapping',
    outcome: count === wanted ? 'passed' : count === current ? 'held' : 'lessened',
    from: wanted,
    to: count,
    projections,
  })
  return count
}

/** @param almost the question to ask where there is no answer for none; `null` where some are left */
function asksForMore(
  { compiled: { ask }, firing }: JudgedRule,
  question: Question,
  almost: Question | null,
): boolean {
  const exact = ask(question)
  const answer = exact.kind === 'unknown' && almost !== null && firing !== 'unknown' ? ask(almost) : exact
  return answer.kind === 'want' && answer.count > question.current
}

function record(
  projections: Projection[],
  compiled: CompiledFleet,
  judged: JudgedRule | undefined,
  { evidence, current: instances }: Question,
): void {
  if (judged === undefined || projections.length >= RECORDED_PROJECTIONS) return
  for (const operand of judged.compiled.operands) {
    const value = evidence.operands[compiled.slots.get(operand) ?? -1]
    if (value === undefined || Number.isNaN(value)) continue
    const known = Number.isFinite(value) ? value : null
    projections.push({ instances, rule: judged.compiled.rule.name, operand, value: known })
  }
}

/** What rules would be asked if the same load were carried by `count` instances, all of them ready. */
function project(
  compiled: CompiledFleet,
  { evidence, reporting }: Operands,
  observation: Observation,
  count: number,
): Question {
  const open = observation.capacity?.open ?? 0
  const operands = evidence.operands.slice()
  for (const { slot, isSpread } of compiled.operands) {
    const value = operands[slot]
    if (value === undefined || !isSpread) continue
    const named = reporting[slot] ?? Number.NaN
    // A ready instance that did not report carries load too, and so does a draining one that did.
    const carriers = Number.isNaN(named) ? open : Math.max(named, open)
    operands[slot] = spread(value * carriers, count)
  }
  const quantities = projectQuantities(evidence.quantities, open, count)
  return {
    evidence: { operands, quantities },
    current: count,
    ready: count,
    reporting: NOBODY_NAMED,
    sessions: observation.sessions,
    outlooks: observation.outlooks ?? NO_OUTLOOKS,
  }
}

/** A projected value stands for all of the projected instances. */
const NOBODY_NAMED: readonly number[] = []

/** Load left for no instance at all is more than any threshold. */
function spread(total: number, count: number): number {
  if (count > 0) return total / count
  return total > 0 ? Number.POSITIVE_INFINITY : total
}

const INSTANCES = quantityIndex('instances')
const READY = quantityIndex('ready')
const PENDING = quantityIndex('pending')
const SESSIONS = quantityIndex('sessions')
const SLOTS = quantityIndex('slots')
const FREE_SLOTS = quantityIndex('free_slots')

function projectQuantities(quantities: readonly number[], open: number, count: number): number[] {
  const projected = quantities.slice()
  projected[INSTANCES] = count
  projected[READY] = count
  projected[PENDING] = 0
  const slots = quantities[SLOTS] ?? Number.NaN
  projected[SLOTS] = (slots / open) * count
  projected[FREE_SLOTS] = (projected[SLOTS] ?? Number.NaN) - (quantities[SESSIONS] ?? Number.NaN)
  return projected
}
