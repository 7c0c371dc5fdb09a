/**
 * Does this tick decide as the one before did, since no rule fires and nothing else is different? A replay asks this first: most of a
 * month passes so, and what would be decided again need not be worked out again. It answers only where that is plain to see; where it
 * is not, `decide` is asked, with the memory of the whole stretch.
 *
 * Example: 5 open, bounds 2..20, CPU 52 % and then 55 %, rules above 80 % and below 20 %: the same decision, and memory a minute older.
 */
import type { Decision } from '../model/decision.ts'
import type { Memory } from '../model/memory.ts'
import type { CapacityCounts, Observation } from '../model/observation.ts'
import type { FleetSpec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import { isActive } from './bounds.ts'
import { type CompiledFleet, compileFleet } from './compile.ts'
import { questionOf } from './conditions.ts'
import { rememberRecommendation } from './guards/stabilization.ts'
import { readValues } from './operands.ts'

/** A decision in which no rule fired and nothing was asked for, with what it was made of. */
export interface QuietDecision {
  readonly decision: Decision
  readonly observation: Observation
}

/** `null`: it was not quiet, or of a fleet of which more must be remembered than quiet shows. */
export function quietOf(
  spec: FleetSpec,
  observation: Observation,
  decision: Decision,
  after: Memory,
): QuietDecision | null {
  const { direction, current, desired, steps } = decision
  if (direction !== 'none' || current === null || current !== desired) return null
  if (steps.at(-1)?.outcome !== 'nothing-fired') return null
  if (spec.kpis.length > 0 || spec.outageGuard !== null || observation.outlooks !== undefined) return null
  if (observation.external !== null || observation.overrides.length > 0) return null
  if (!isEmpty(after.trueSince) || !isEmpty(after.firingSince) || !isEmpty(after.gaps)) return null
  for (const step of steps) {
    switch (step.stage) {
      case 'overrides':
      case 'settings':
      case 'effects':
      case 'guards':
      case 'floors':
      case 'limits':
        return null
      case 'bounds':
      case 'operands':
      case 'kpis':
      case 'conditions':
      case 'demand':
      case 'proposals':
      case 'reconciliation':
        break
    }
  }
  return { decision, observation }
}

/** Would deciding now come to the same again? `false` where it must be decided. */
export function isStillQuiet(spec: FleetSpec, quiet: QuietDecision, observation: Observation): boolean {
  const compiled = compileFleet(spec)
  if (!isAlike(compiled, quiet.observation, observation)) return false
  const operands = readValues(spec, compiled, observation, quiet.decision.bounds)
  if (operands === null) return false
  const question = questionOf(operands, observation)
  const { at, windows } = observation
  for (const { rule, ask } of compiled.rules) {
    if (!rule.enabled || !isActive(rule.during, at, windows)) continue
    if (ask(question).kind !== 'nothing') return false
  }
  return true
}

/**
 * @param before memory as the quiet decision left it
 * @param at time of the last tick that was still quiet
 * @returns memory as deciding at each of them would have left it: the same recommendation again and again is one, of the last time
 */
export function rememberQuiet(
  spec: FleetSpec,
  { decision }: QuietDecision,
  at: EpochMs,
  before: Memory,
): Memory {
  const count = decision.current ?? 0
  return {
    ...before,
    at: Math.max(before.at, at),
    recommendations: rememberRecommendation(spec, before.recommendations, at, count),
    desired: count,
  }
}

function isAlike({ foreign }: CompiledFleet, then: Observation, now: Observation): boolean {
  if (foreign.length > 0 || now.external !== null || now.overrides.length > 0) return false
  if (now.sessions !== then.sessions || now.targetHighest !== then.targetHighest) return false
  if (!isSameCapacity(then.capacity, now.capacity)) return false
  if (now.windows !== then.windows) return false
  for (const name in now.windows) {
    if (isActive(name, now.at, now.windows) !== isActive(name, then.at, now.windows)) return false
  }
  return true
}

function isSameCapacity(then: CapacityCounts | null, now: CapacityCounts | null): boolean {
  return (
    then !== null &&
    now !== null &&
    then.open === now.open &&
    then.pending === now.pending &&
    then.draining === now.draining &&
    then.replacing === now.replacing
  )
}

function isEmpty(record: Readonly<Record<string, unknown>>): boolean {
  for (const _ in record) return false
  return true
}
