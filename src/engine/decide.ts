/**
 * How many instances should this fleet have, and why? The heart: one line per stage, top to bottom. Pure: time, counts
 * and samples all enter with the observation; the same input gives the same decision, byte for byte.
 *
 * Example: 5 open, bounds 4..6, "Scale up" (`avg(cpu, 45m) > 80%`, by 1) reads 83.2, last change 20 minutes ago:
 * current 5, desired 6, direction 'out', rule 'Scale up'.
 */
import type { Bounds, Decision, Direction, Step } from '../model/decision.ts'
import type { Memory } from '../model/memory.ts'
import type { CapacityCounts, Observation } from '../model/observation.ts'
import type { Override } from '../model/override.ts'
import type { FleetSpec } from '../model/spec.ts'
import { decideBounds } from './bounds.ts'
import { type CompiledFleet, compileFleet } from './compile.ts'
import { type Conditions, judgeConditions, questionOf } from './conditions.ts'
import { decideEffects, type Effects } from './effects.ts'
import { headline } from './explain.ts'
import { floorUnder } from './floors.ts'
import { withinBillingHour } from './guards/billing-hour.ts'
import { withholdCooling } from './guards/cooldown.ts'
import { withholdFlapping } from './guards/flapping.ts'
import { type LoadWatch, watchLoad, withholdOutage } from './guards/outage.ts'
import { limitRate } from './guards/rate-limit.ts'
import { rememberRecommendation, stabilize } from './guards/stabilization.ts'
import { adds, countWarming } from './guards/warm-up.ts'
import { applyLimits } from './limits.ts'
import { type Operands, readOperands } from './operands.ts'
import { applyOverrides, overrideSteps, pauseOf } from './overrides.ts'
import { propose } from './proposals.ts'
import { reconcile, type Wanted } from './reconcile.ts'
import { rememberExternalChange } from './remember.ts'
import { decideSettings } from './settings.ts'

export interface Decided {
  readonly decision: Decision
  readonly memory: Memory
}

export function decide(written: FleetSpec, observation: Observation, before: Memory): Decided {
  const { decision, memory } = decideUntold(written, observation, before)
  return { decision: tell(decision), memory }
}

/** With its sentence. */
export function tell(decision: Decision): Decision {
  return { ...decision, because: headline(decision.steps, decision.direction, decision.at) }
}

/** The same without its sentence (`because` is empty), for a replay, which tells few of its many decisions. */
export function decideUntold(written: FleetSpec, observation: Observation, before: Memory): Decided {
  const spec = applyOverrides(written, observation.overrides, observation.at)
  const compiled = compileFleet(spec)
  const memory = rememberExternalChange(spec, observation.external, observation.at, before)
  const steps: Step[] = overrideSteps(observation.overrides, observation.at)
  const { bounds, step } = decideBounds(spec, observation.at, observation.windows)
  steps.push(step)
  const operands = readOperands(spec, compiled, observation, bounds, steps)
  const conditions = judgeConditions(compiled, operands, observation, memory, steps)
  const settings = decideSettings(spec, conditions, steps)
  const effects = decideEffects(conditions, memory, observation.at, steps)
  const watched = compiled.load === null ? Number.NaN : compiled.load(operands.evidence)
  const load = watchLoad(spec.outageGuard, memory.load, observation.at, watched)
  const seen: Seen = { observation, memory, bounds, conditions, operands, settings, effects, load }
  if (observation.capacity === null) return concludeBlind(seen, steps)

  const current = currentOf(observation.capacity)
  const pause = pauseOf(observation.overrides, observation.at)
  if (pause !== null) return concludePaused(spec, seen, pause, current, steps)
  const fired = propose(conditions, steps)
  const wanted = reconcile(spec, conditions, fired, current, bounds, steps)
  const guarded = guard(spec, compiled, seen, current, wanted, steps)
  const floor = floorUnder(spec, conditions, bounds, current, guarded, steps)
  const desired = applyLimits(bounds, observation.targetHighest, spec.quota, floor?.count ?? guarded, steps)
  const asked = floor === null ? wanted : raised(wanted, floor, current)
  return conclude(spec, seen, current, asked, desired, steps)
}

/** A floor that only lessens a cut leaves the cut to who asked for it. */
function raised(wanted: Wanted, floor: Wanted, current: number): Wanted {
  if (floor.count <= wanted.count) return wanted
  return { count: floor.count, rule: floor.count > current ? floor.rule : wanted.rule }
}

/** What the first stages found. */
interface Seen {
  readonly observation: Observation
  readonly memory: Memory
  readonly bounds: Bounds
  readonly conditions: Conditions
  readonly operands: Operands
  readonly settings: Decision['settings']
  readonly effects: Effects
  readonly load: LoadWatch
}

/** What rules call the current count: orders count, and a lost instance keeps its place until it is replaced. */
export function currentOf(capacity: CapacityCounts): number {
  return capacity.open + capacity.pending + capacity.replacing
}

/** Guards hold or lessen a change; they see no change, they do nothing. */
function guard(
  spec: FleetSpec,
  compiled: CompiledFleet,
  { conditions, operands, observation, memory, load }: Seen,
  current: number,
  { count, rule }: Wanted,
  steps: Step[],
): number {
  const { at } = observation
  let wanted = count
  if (wanted > current && !spec.guards.growDuringWarmup && rule !== null && adds(rule)) {
    const fired = conditions.rules.filter(
      ({ firing, want, compiled: { rule: other } }) =>
        firing === 'fired' && want !== null && other.rank === rule.rank,
    )
    const question = questionOf(operands, observation)
    wanted = countWarming(spec, memory.changes, question, fired, at, wanted, steps)
  }
  if (wanted < current) wanted = withholdOutage(spec.outageGuard, load, current, wanted, steps)
  if (wanted < current && spec.guards.flapping) {
    const rank = rule?.rank ?? 0
    wanted = withholdFlapping(compiled, conditions, operands, observation, current, wanted, rank, steps)
  }
  if (wanted !== current) wanted = withholdCooling(spec, memory, rule, at, current, wanted, steps)
  if (wanted !== current) wanted = stabilize(spec, memory, at, current, wanted, steps)
  if (wanted !== current) {
    const limits = wanted > current ? spec.guards.rateOut : spec.guards.rateIn
    wanted = limitRate(limits, memory.changes, at, current, wanted, steps)
  }
  if (wanted !== current) wanted = withinBillingHour(spec, observation, current, wanted, steps)
  return wanted
}

function conclude(
  spec: FleetSpec,
  seen: Seen,
  current: number,
  wanted: Wanted,
  desired: number,
  steps: Step[],
): Decided {
  const { observation, bounds, memory } = seen
  const direction: Direction = desired > current ? 'out' : desired < current ? 'in' : 'none'
  const rule = direction === 'none' ? null : askedBy(wanted, bounds, current, desired)
  const recommendations = rememberRecommendation(spec, memory.recommendations, observation.at, wanted.count)
  return {
    decision: decisionOf(seen, steps, { current, desired, direction, rule }),
    memory: rememberTick(seen, recommendations, desired),
  }
}

/** A person said that nothing changes: neither rules nor bounds nor guards are asked. */
function concludePaused(
  spec: FleetSpec,
  seen: Seen,
  { who, why, until }: Override,
  current: number,
  steps: Step[],
): Decided {
  steps.push({ stage: 'reconciliation', outcome: 'paused', who, why, until })
  return conclude(spec, seen, current, { count: current, rule: null }, current, steps)
}

/** The rule, where the change goes its way; else the constraint whose bound asked. */
function askedBy(wanted: Wanted, bounds: Bounds, current: number, desired: number): string {
  const itsWay = desired > current ? wanted.count > current : wanted.count < current
  return itsWay && wanted.rule !== null ? wanted.rule.name : bounds.constraint
}

/** The target could not be asked how many there are: unknown is never zero, so nothing changes. */
function concludeBlind(seen: Seen, steps: Step[]): Decided {
  const { observation, memory } = seen
  const gap = observation.capacityGap ?? 'the count is not known'
  steps.push({ stage: 'reconciliation', outcome: 'count-unknown', gap })
  return {
    decision: decisionOf(seen, steps, { current: null, desired: null, direction: 'none', rule: null }),
    memory: rememberTick(seen, memory.recommendations, memory.desired),
  }
}

function decisionOf(
  { observation, bounds, conditions, settings, effects }: Seen,
  steps: readonly Step[],
  { current, desired, direction, rule }: Pick<Decision, 'current' | 'desired' | 'direction' | 'rule'>,
): Decision {
  return {
    fleet: observation.fleet,
    at: observation.at,
    direction,
    bounds,
    because: '',
    kpis: conditions.kpis,
    settings,
    effects: effects.effects,
    steps,
    current,
    desired,
    rule,
  }
}

function rememberTick(
  { observation, memory, conditions, operands, effects, load }: Seen,
  recommendations: Memory['recommendations'],
  desired: number | null,
): Memory {
  const gaps: Record<string, number> = {}
  for (const { operand } of operands.gaps) gaps[operand] = memory.gaps[operand] ?? observation.at
  return {
    ...memory,
    at: Math.max(memory.at, observation.at),
    trueSince: conditions.trueSince,
    kpis: conditions.kpisSince,
    firingSince: effects.firingSince,
    recommendations,
    load: load.memory,
    desired,
    gaps,
  }
}
