/**
 * Stage 3: which KPIs are green, which rules' conditions hold, and since when. `for` is kept as a since-when, so it
 * survives a restart; one false or unknown tick breaks it.
 *
 * Example: `for: 5m`, true since 12:00: at 12:04 the condition is true but the rule has not fired; at 12:05 it has.
 */
import type { Step } from '../model/decision.ts'
import type { KpiState, Truth } from '../model/expression.ts'
import type { Memory } from '../model/memory.ts'
import type { Observation } from '../model/observation.ts'
import type { EpochMs } from '../model/time.ts'
import { isActive } from './bounds.ts'
import { type CompiledFleet, type CompiledRule, kpiState } from './compile.ts'
import type { Operands } from './operands.ts'

export type Firing = 'fired' | 'false' | 'unknown' | 'not-long-enough' | 'disabled' | 'outside-schedule'

export interface JudgedRule {
  readonly compiled: CompiledRule
  readonly firing: Firing
  readonly truth: Truth
  /** `not-long-enough`: when it will have held long enough. */
  readonly until: EpochMs | null
}

export interface Conditions {
  readonly rules: readonly JudgedRule[]
  readonly kpis: Readonly<Record<string, KpiState>>
  readonly trueSince: Readonly<Record<string, EpochMs>>
}

export function judgeConditions(
  compiled: CompiledFleet,
  operands: Operands,
  observation: Observation,
  memory: Memory,
  steps: Step[],
): Conditions {
  const kpis: Record<string, KpiState> = {}
  for (const { kpi, judge, operands: keys } of compiled.kpis) {
    const state = kpiState(judge(operands.evidence))
    kpis[kpi.name] = state
    steps.push({
      stage: 'kpis',
      outcome: state,
      kpi: kpi.name,
      goal: kpi.goalText,
      found: foundOf(keys, compiled, operands),
    })
  }
  const trueSince: Record<string, EpochMs> = {}
  const rules = compiled.rules.map(rule => {
    const judged = judgeRule(rule, operands, observation, memory, trueSince)
    if (judged.firing !== 'disabled' && judged.firing !== 'outside-schedule') {
      steps.push({
        stage: 'conditions',
        outcome: judged.truth === null ? 'unknown' : judged.truth ? 'true' : 'false',
        rule: rule.rule.name,
        condition: rule.rule.whenText,
        found: foundOf(rule.operands, compiled, operands),
        since: rule.rule.forMs > 0 ? (trueSince[rule.rule.name] ?? null) : null,
      })
    }
    return judged
  })
  return { rules, kpis, trueSince }
}

function judgeRule(
  compiled: CompiledRule,
  operands: Operands,
  observation: Observation,
  memory: Memory,
  trueSince: Record<string, EpochMs>,
): JudgedRule {
  const { rule, judge } = compiled
  if (!rule.enabled) return { compiled, firing: 'disabled', truth: null, until: null }
  if (!isActive(rule.during, observation.at, observation.windows)) {
    return { compiled, firing: 'outside-schedule', truth: null, until: null }
  }
  const truth = judge(operands.evidence)
  if (truth !== true) return { compiled, firing: truth === null ? 'unknown' : 'false', truth, until: null }
  if (rule.forMs === 0) return { compiled, firing: 'fired', truth, until: null }
  const since = memory.trueSince[rule.name] ?? observation.at
  trueSince[rule.name] = since
  const until = since + rule.forMs
  return until <= observation.at
    ? { compiled, firing: 'fired', truth, until: null }
    : { compiled, firing: 'not-long-enough', truth, until }
}

function foundOf(
  keys: readonly string[],
  compiled: CompiledFleet,
  { evidence }: Operands,
): Readonly<Record<string, number | null>> {
  const found: Record<string, number | null> = {}
  for (const key of keys) {
    const value = evidence.operands[compiled.slots.get(key) ?? -1]
    found[key] = value === undefined || Number.isNaN(value) ? null : value
  }
  return found
}
