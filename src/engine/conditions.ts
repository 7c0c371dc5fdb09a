/**
 * Stage 3: which KPIs are green, which rules' conditions hold, and since when. `for` is kept as a since-when, so it
 * survives a restart; one false or unknown tick breaks it.
 *
 * Example: `for: 5m`, true since 12:00: at 12:04 the condition is true but the rule has not fired; at 12:05 it has.
 */
import type { Step } from '../model/decision.ts'
import type { KpiState } from '../model/expression.ts'
import type { KpiSince, Memory } from '../model/memory.ts'
import type { Observation } from '../model/observation.ts'
import type { Outlook } from '../model/outlook.ts'
import type { OutlookRule, ReactiveRule, ReserveRule } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import { isActive } from './bounds.ts'
import { type CompiledFleet, type CompiledRule, kpiState } from './compile.ts'
import { kpiHoldsMs, kpiSince } from './kpis.ts'
import type { Operands } from './operands.ts'
import { type Answer, NO_OUTLOOKS, outlookOf, type Question } from './rules/answer.ts'
import { demandOf, roomOf } from './rules/reserve.ts'

export type Firing =
  | 'fired'
  | 'holds'
  | 'false'
  | 'unknown'
  | 'not-long-enough'
  | 'disabled'
  | 'outside-schedule'

export interface JudgedRule {
  readonly compiled: CompiledRule
  readonly firing: Firing
  /** The count it asks for: only a rule that fired, and has a count to ask for. */
  readonly want: number | null
  /** The same, also where it has not held for long enough. */
  readonly asks: number | null
  /** It would fire but for `for`; or it fired. */
  readonly holdsNow: boolean
  /** `not-long-enough`: when it will have held long enough. */
  readonly until: EpochMs | null
}

export interface Conditions {
  readonly rules: readonly JudgedRule[]
  readonly kpis: Readonly<Record<string, KpiState>>
  readonly kpisSince: Readonly<Record<string, KpiSince>>
  readonly trueSince: Readonly<Record<string, EpochMs>>
}

export function judgeConditions(
  compiled: CompiledFleet,
  operands: Operands,
  observation: Observation,
  memory: Memory,
  steps: Step[],
): Conditions {
  const { kpis, kpisSince } = judgeKpis(compiled, operands, observation, memory, steps)
  const question = questionOf(operands, observation)
  const trueSince: Record<string, EpochMs> = {}
  const rules = compiled.rules.map(rule => {
    const idle = idleBecause(rule, observation)
    if (idle !== null) return unasked(rule, idle)
    const answer = rule.ask(question)
    const judged = judge(rule, answer, observation.at, memory, trueSince)
    const since = rule.rule.forMs === 0 ? null : (trueSince[rule.rule.name] ?? null)
    steps.push(stepOf(rule.rule, answer, foundOf(rule.operands, compiled, operands), since, question))
    return judged
  })
  return { rules, kpis, kpisSince, trueSince }
}

function judgeKpis(
  compiled: CompiledFleet,
  operands: Operands,
  { at }: Observation,
  memory: Memory,
  steps: Step[],
): Pick<Conditions, 'kpis' | 'kpisSince'> {
  if (compiled.kpis.length === 0) return NO_KPIS
  const kpis: Record<string, KpiState> = {}
  const kpisSince: Record<string, KpiSince> = {}
  for (const { kpi, judge, operands: keys } of compiled.kpis) {
    const outcome = kpiState(judge(operands.evidence))
    const since = kpiSince(outcome, memory.kpis[kpi.name], memory.at, at, compiled.everyMs)
    kpis[kpi.name] = outcome
    kpisSince[kpi.name] = since
    steps.push({
      stage: 'kpis',
      outcome,
      kpi: kpi.name,
      goal: kpi.goalText,
      found: foundOf(keys, compiled, operands),
      since: since.since,
      until: at + kpiHoldsMs(compiled.everyMs),
    })
  }
  return { kpis, kpisSince }
}

/** One for all decisions: of thousands that are kept, each would keep its own. */
const NO_KPIS = { kpis: Object.freeze({}), kpisSince: Object.freeze({}) }

/** The question as the fleet stands now; a count that is not known counts as none, and then nothing is carried out. */
export function questionOf(
  { evidence, reporting }: Operands,
  { capacity, sessions, outlooks = NO_OUTLOOKS }: Observation,
): Question {
  const ready = capacity?.open ?? 0
  const current = capacity === null ? 0 : capacity.open + capacity.pending + capacity.replacing
  return { evidence, reporting, ready, current, sessions, outlooks }
}

function idleBecause(
  { rule }: CompiledRule,
  { at, windows }: Observation,
): 'disabled' | 'outside-schedule' | null {
  if (!rule.enabled) return 'disabled'
  return isActive(rule.during, at, windows) ? null : 'outside-schedule'
}

function unasked(compiled: CompiledRule, firing: Firing): JudgedRule {
  return { compiled, firing, want: null, asks: null, holdsNow: false, until: null }
}

function judge(
  compiled: CompiledRule,
  answer: Answer,
  at: EpochMs,
  memory: Memory,
  trueSince: Record<string, EpochMs>,
): JudgedRule {
  switch (answer.kind) {
    case 'nothing':
      return unasked(compiled, 'false')
    case 'unknown':
      return unasked(compiled, 'unknown')
    case 'hold':
      return unasked(compiled, 'holds')
    case 'act':
      return judgeTrue(compiled, null, at, memory, trueSince)
    case 'want':
      return judgeTrue(compiled, answer.count, at, memory, trueSince)
  }
}

function judgeTrue(
  compiled: CompiledRule,
  asks: number | null,
  at: EpochMs,
  memory: Memory,
  trueSince: Record<string, EpochMs>,
): JudgedRule {
  const { name, forMs } = compiled.rule
  const fired: JudgedRule = { compiled, firing: 'fired', want: asks, asks, holdsNow: true, until: null }
  if (forMs === 0) return fired
  const since = memory.trueSince[name] ?? at
  trueSince[name] = since
  const until = since + forMs
  return until <= at
    ? fired
    : { compiled, firing: 'not-long-enough', want: null, asks, holdsNow: true, until }
}

type Found = Readonly<Record<string, number | null>>

function stepOf(
  rule: ReactiveRule,
  answer: Answer,
  found: Found,
  since: EpochMs | null,
  question: Question,
): Step {
  const { name } = rule
  switch (rule.kind) {
    case 'when': {
      const outcome = truthOf(answer)
      return { stage: 'conditions', outcome, rule: name, condition: rule.whenText, found, since }
    }
    case 'steps':
      return demandStep(name, rule.operandText, rule.threshold, answer, found)
    case 'track':
      return demandStep(name, rule.operandText, rule.target, answer, found)
    case 'match':
      return demandStep(name, rule.expressionText, null, answer, found)
    case 'reserve':
      return reserveStep(rule, answer, question)
    case 'serve':
    case 'forecast':
      return outlookStep(rule, answer, found, question)
  }
}

/** What is free as the fleet stands, against what should be. */
function reserveStep(rule: ReserveRule, answer: Answer, { sessions, current }: Question): Step {
  const demand = demandOf(sessions)
  const room = roomOf(rule, demand ?? Number.NaN, current)
  const found: Record<string, number | null> = { sessions: sessions.inUseOpen }
  if (sessions.waiting > 0) found.waiting_sessions = sessions.waiting
  if (sessions.silent > 0) found['silent instances'] = sessions.silent
  found['free slots'] = demand === null ? null : room.free
  return demandStep(rule.name, 'free slots', room.reserve, answer, found)
}

function outlookStep(rule: OutlookRule, answer: Answer, found: Found, { outlooks }: Question): Step {
  const outlook = outlookOf(outlooks, rule.name) ?? NOT_YET
  return { ...demandStep(rule.name, rule.operandText, rule.perInstance, answer, found), outlook }
}

const NOT_YET: Outlook = Object.freeze({ kind: 'none', waitsFor: 'the first look at the demand' })

function truthOf({ kind }: Answer): 'true' | 'false' | 'unknown' {
  if (kind === 'unknown') return 'unknown'
  return kind === 'want' || kind === 'act' ? 'true' : 'false'
}

function demandStep(
  rule: string,
  operand: string,
  against: number | null,
  answer: Answer,
  found: Found,
): Extract<Step, { stage: 'demand' }> {
  const want = answer.kind === 'want' ? answer.count : null
  const outcome = answer.kind === 'act' ? 'nothing' : answer.kind
  return { stage: 'demand', outcome, rule, operand, against, want, found }
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
