/**
 * How many instances should this fleet have, and why? The heart: one line per stage, top to bottom. Pure: time, counts
 * and samples all enter with the observation; the same input gives the same decision, byte for byte.
 *
 * Example: 5 open, bounds 4..6, "Scale up" (`avg(cpu, 45m) > 80%`, by 1) reads 83.2, last change 20 minutes ago:
 * current 5, desired 6, direction 'out', rule 'Scale up'.
 */
import type { Bounds, Decision, Direction, Step } from '../model/decision.ts'
import type { Change, Memory } from '../model/memory.ts'
import type { CapacityCounts, Observation } from '../model/observation.ts'
import type { FleetSpec } from '../model/spec.ts'
import { decideBounds } from './bounds.ts'
import { type CompiledFleet, compileFleet } from './compile.ts'
import { type Conditions, judgeConditions } from './conditions.ts'
import { headline } from './explain.ts'
import { cooldownOf, withholdCooling } from './guards/cooldown.ts'
import { withholdFlapping } from './guards/flapping.ts'
import { rememberRecommendation, stabilize } from './guards/stabilization.ts'
import { applyLimits } from './limits.ts'
import { type Operands, readOperands } from './operands.ts'
import { propose } from './proposals.ts'
import { reconcile, type Wanted } from './reconcile.ts'

export interface Decided {
  readonly decision: Decision
  readonly memory: Memory
}

export function decide(spec: FleetSpec, observation: Observation, before: Memory): Decided {
  const compiled = compileFleet(spec)
  const memory = rememberExternalChange(spec, observation, before)
  const steps: Step[] = []
  const { bounds, step } = decideBounds(spec, observation.at, observation.windows)
  steps.push(step)
  const operands = readOperands(spec, compiled, observation, bounds, steps)
  const conditions = judgeConditions(compiled, operands, observation, memory, steps)
  if (observation.capacity === null) {
    return concludeBlind(observation, memory, bounds, conditions, operands, steps)
  }
  const current = currentOf(observation.capacity)
  const fired = propose(conditions, current, steps)
  const wanted = reconcile(spec, conditions, fired, current, bounds, steps)
  const guarded = guard(spec, compiled, conditions, operands, observation, memory, current, wanted, steps)
  const desired = applyLimits(bounds, observation.targetHighest, guarded, steps)
  return conclude(spec, observation, memory, bounds, conditions, operands, current, wanted, desired, steps)
}

/** What rules call the current count: orders count, and a lost instance keeps its place until it is replaced. */
export function currentOf(capacity: CapacityCounts): number {
  return capacity.open + capacity.pending + capacity.replacing
}

/** Another actor's change starts the cooldown like one of ours. */
function rememberExternalChange(spec: FleetSpec, { external, at }: Observation, memory: Memory): Memory {
  if (external === null || external.from === external.to) return memory
  const direction = external.to > external.from ? 'out' : 'in'
  const change: Change = {
    at,
    direction,
    rule: null,
    ...external,
    cooldownMs: cooldownOf(spec, null, direction),
  }
  return { ...memory, lastChange: change }
}

/** Guards hold or lessen a change; they see no change, they do nothing. */
function guard(
  spec: FleetSpec,
  compiled: CompiledFleet,
  conditions: Conditions,
  operands: Operands,
  observation: Observation,
  memory: Memory,
  current: number,
  { count, rule }: Wanted,
  steps: Step[],
): number {
  let wanted = count
  if (wanted < current && spec.guards.flapping) {
    const rank = rule?.rank ?? 0
    wanted = withholdFlapping(compiled, conditions, operands, observation, current, wanted, rank, steps)
  }
  if (wanted !== current) {
    wanted = withholdCooling(spec, memory, rule, observation.at, current, wanted, steps)
  }
  if (wanted !== current) wanted = stabilize(spec, memory, observation.at, current, wanted, steps)
  return wanted
}

function conclude(
  spec: FleetSpec,
  observation: Observation,
  memory: Memory,
  bounds: Bounds,
  conditions: Conditions,
  operands: Operands,
  current: number,
  wanted: Wanted,
  desired: number,
  steps: Step[],
): Decided {
  const direction: Direction = desired > current ? 'out' : desired < current ? 'in' : 'none'
  const decision: Decision = {
    fleet: observation.fleet,
    at: observation.at,
    current,
    desired,
    direction,
    rule: direction === 'none' ? null : askedBy(wanted, bounds, current, desired),
    bounds,
    because: headline(steps, direction, observation.at),
    kpis: conditions.kpis,
    settings: {},
    steps,
  }
  return {
    decision,
    memory: {
      ...rememberTick(observation, memory, conditions, operands),
      recommendations: rememberRecommendation(spec, memory.recommendations, observation.at, wanted.count),
      desired,
    },
  }
}

/** The rule, where the change goes its way; else the constraint whose bound asked. */
function askedBy(wanted: Wanted, bounds: Bounds, current: number, desired: number): string {
  const itsWay = desired > current ? wanted.count > current : wanted.count < current
  return itsWay && wanted.rule !== null ? wanted.rule.name : bounds.constraint
}

/** The target could not be asked how many there are: unknown is never zero, so nothing changes. */
function concludeBlind(
  observation: Observation,
  memory: Memory,
  bounds: Bounds,
  conditions: Conditions,
  operands: Operands,
  steps: Step[],
): Decided {
  steps.push({
    stage: 'reconciliation',
    outcome: 'count-unknown',
    gap: observation.capacityGap ?? 'the count is not known',
  })
  return {
    decision: {
      fleet: observation.fleet,
      at: observation.at,
      current: null,
      desired: null,
      direction: 'none',
      rule: null,
      bounds,
      because: headline(steps, 'none', observation.at),
      kpis: conditions.kpis,
      settings: {},
      steps,
    },
    memory: rememberTick(observation, memory, conditions, operands),
  }
}

function rememberTick(
  observation: Observation,
  memory: Memory,
  conditions: Conditions,
  operands: Operands,
): Memory {
  const gaps: Record<string, number> = {}
  for (const operand of operands.gaps.keys()) gaps[operand] = memory.gaps[operand] ?? observation.at
  return {
    ...memory,
    at: Math.max(memory.at, observation.at),
    trueSince: conditions.trueSince,
    gaps,
  }
}
