/**
 * Why did this rule not win that tick? Read from the steps `decide` recorded, with the numbers of the same observation,
 * in the order in which a rule can fail: switched off, out of season, false, unknown, too short, overruled, vetoed, held, bounded.
 *
 * Example: "Scale up" (`avg(cpu, 45m) > 80%`) at 62.1: one reason, `{ reason: 'false', because:
 * 'avg(cpu, 45m) is 62.1, not > 80% (17.9 short)', found: { 'avg(cpu, 45m)': 62.1 }, ... }`.
 */
import type { Decision, Step } from '../model/decision.ts'
import type { Memory } from '../model/memory.ts'
import type { Observation } from '../model/observation.ts'
import { type FleetSpec, looksAhead, type ReactiveRule } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import { blame, type Leaf } from './blame.ts'
import { compileFleet } from './compile.ts'
import { explainStep, formatNumber, formatSpan } from './explain.ts'
import { readOperands } from './operands.ts'
import { applyOverrides } from './overrides.ts'

export const WHY_NOT_REASONS = [
  'won',
  'count-unknown',
  'paused',
  'no-constraint',
  'disabled',
  'outside-schedule',
  'false',
  'unknown',
  'content',
  'not-long-enough',
  'asks-no-count',
  'setting-overruled',
  'lower-rank',
  'smaller-want',
  'later-in-file',
  'wants-what-there-is',
  'vetoed',
  'held',
  'lessened',
  'floor',
  'bounds',
] as const
export type WhyNotReason = (typeof WHY_NOT_REASONS)[number]

export interface Reason {
  readonly reason: WhyNotReason
  /** One sentence in the operator's words. */
  readonly because: string
  /** What stood in the way: a rule, guard, constraint, schedule or operand. */
  readonly by: string | null
  readonly since: EpochMs | null
  readonly until: EpochMs | null
  /** The numbers it rests on; `null` is a gap. */
  readonly found: Readonly<Record<string, number | null>>
}

export interface WhyNot {
  readonly rule: string
  /** The count changed its way, and in full. */
  readonly won: boolean
  readonly reasons: readonly Reason[]
}

/** A tick as it was journalled; `memory` is the one `decide` was given. */
export interface Past {
  readonly observation: Observation
  readonly memory: Memory
  readonly decision: Decision
}

/** @returns `null` when the fleet has no such rule */
export function whyNot(written: FleetSpec, past: Past, name: string): WhyNot | null {
  const spec = applyOverrides(written, past.observation.overrides, past.observation.at)
  const rule = spec.rules.find(candidate => candidate.name === name)
  if (rule === undefined) return null
  const reasons = reasonsOf(spec, past, rule)
  return { rule: name, won: reasons.some(({ reason }) => reason === 'won'), reasons }
}

function reasonsOf(spec: FleetSpec, past: Past, rule: ReactiveRule): Reason[] {
  const { decision } = past
  const outcome = decision.steps.find(step => step.stage === 'reconciliation')
  switch (outcome?.outcome) {
    case 'count-unknown':
    case 'no-constraint':
      return [reason(outcome.outcome, explainStep(outcome, decision.at))]
    case 'paused':
      return [reason('paused', explainStep(outcome, decision.at), { by: outcome.who, until: outcome.until })]
    default: {
      const proposal = proposalOf(decision.steps, rule.name)
      if (proposal?.outcome === 'abstain') return whyAbstained(spec, past, rule, proposal)
      if (rule.kind === 'forecast' && proposal === undefined) return whyNoHigherFloor(spec, past, rule)
      const reasons =
        proposal === undefined ? [asksNoCount(rule)] : whyOverruled(spec, decision, rule, proposal.want)
      return [...reasons, ...overruledSettings(decision, rule)]
    }
  }
}

/** A forecast proposes nothing: either it raised what the others decided, or that was enough. */
function whyNoHigherFloor(spec: FleetSpec, past: Past, rule: ReactiveRule): Reason[] {
  const { decision } = past
  const step = decision.steps.find(candidate => candidate.stage === 'demand' && candidate.rule === rule.name)
  if (step?.stage !== 'demand' || step.outcome !== 'want') return whyFalse(spec, past, rule)
  const found = { want: step.want }
  const raised = decision.steps.filter(
    each => (each.stage === 'floors' && each.rule === rule.name) || each.stage === 'limits',
  )
  if (isFloor(decision.steps, rule)) {
    const told = raised.map(each => explainStep(each, decision.at)).join('; ')
    const won = `it did win: ${decision.current} became ${decision.desired}; ${told}`
    return [decision.rule === rule.name ? reason('won', won, { found }) : reason('floor', told, { found })]
  }
  const text = `${explainStep(step, decision.at)}, and ${decision.desired} are enough for it`
  return [reason('wants-what-there-is', text, { found })]
}

type Abstention = Extract<Step, { stage: 'proposals'; outcome: 'abstain' }>
type Proposed = Extract<Step, { stage: 'proposals' }>

function proposalOf(steps: readonly Step[], rule: string): Proposed | undefined {
  return steps.find((step): step is Proposed => step.stage === 'proposals' && step.rule === rule)
}

function whyAbstained(spec: FleetSpec, past: Past, rule: ReactiveRule, step: Abstention): Reason[] {
  switch (step.reason) {
    case 'disabled':
      return [whyDisabled(past.decision, rule)]
    case 'outside-schedule':
      return [whyOutside(past.observation, rule.during ?? '')]
    case 'false':
      return whyFalse(spec, past, rule)
    case 'unknown':
      return whyUnknown(spec, past, rule)
    case 'holds':
      return [whyContent(past.decision, rule)]
    case 'not-long-enough':
      return [whyTooShort(past.decision, rule, step.until)]
  }
}

function whyDisabled({ steps, at }: Decision, rule: ReactiveRule): Reason {
  for (const step of steps) {
    if (step.stage !== 'overrides' || step.change.kind !== 'rule-enabled') continue
    if (step.change.rule !== rule.name) continue
    return reason('disabled', explainStep(step, at), { by: step.who, until: step.until })
  }
  return reason('disabled', 'it is disabled in the file')
}

function whyOutside({ at, windows }: Observation, schedule: string): Reason {
  const opens = windows[schedule]?.from ?? null
  const because =
    opens === null
      ? `outside its schedule "${schedule}", which has no window to come`
      : `outside its schedule "${schedule}" for another ${formatSpan(opens - at)}`
  return reason('outside-schedule', because, { by: schedule, until: opens })
}

function whyFalse(spec: FleetSpec, { observation, decision }: Past, rule: ReactiveRule): Reason[] {
  const compiled = compileFleet(spec)
  const found = foundBy(decision.steps, rule.name)
  if (rule.kind === 'steps') {
    const because = `${readText(found)}, in none of its bands around ${formatNumber(rule.threshold)}`
    return [reason('false', because, { found })]
  }
  if (looksAhead(rule)) return [reason('false', outlookText(decision, rule), { found })]
  if (rule.kind !== 'when') return [reason('false', readText(found), { found })]
  const { evidence } = readOperands(spec, compiled, observation, decision.bounds, [])
  const leaves = blame(rule.when, true, { slots: compiled.slots, goals: goalsOf(spec), evidence })
  if (leaves.length === 0) return [reason('false', `${rule.whenText} is false`, { found })]
  return leaves.map(leaf => reason('false', leafText(leaf), { by: leaf.kpi, found: foundIn(leaf) }))
}

function goalsOf(spec: FleetSpec) {
  return new Map(spec.kpis.map(kpi => [kpi.name, kpi.goal]))
}

function foundIn({ subject, left }: Leaf): Record<string, number | null> {
  return { [subject]: Number.isNaN(left) ? null : left }
}

/** `avg(cpu, 45m) is 62.1, not > 80% (17.9 short)`. */
export function leafText({ subject, operator, object, left, right, wanted, kpi }: Leaf): string {
  const of = kpi === null ? '' : `"${kpi}": `
  if (Number.isNaN(left) || Number.isNaN(right)) return `${of}${subject} ${operator} ${object} is unknown`
  const not = wanted ? 'not' : 'still'
  const against = Number.isNaN(Number.parseFloat(object)) ? `${object} (${formatNumber(right)})` : object
  const distance = Math.abs(left - right)
  const short =
    !wanted || distance === 0 ? '' : ` (${formatNumber(distance)} ${left < right ? 'short' : 'over'})`
  return `${of}${subject} is ${formatNumber(left)}, ${not} ${operator} ${against}${short}`
}

/** Each gap with since when it is one. */
function whyUnknown(spec: FleetSpec, { decision, memory }: Past, rule: ReactiveRule): Reason[] {
  const keys = compileFleet(spec).rules.find(compiled => compiled.rule === rule)?.operands ?? []
  const gaps = decision.steps.flatMap(step =>
    step.stage === 'operands' && step.outcome === 'gap' && keys.includes(step.operand) ? [step] : [],
  )
  if (rule.kind === 'reserve') {
    const found = foundBy(decision.steps, rule.name)
    return [reason('unknown', 'too many open instances do not say how many sessions they hold', { found })]
  }
  if (looksAhead(rule) && gaps.length === 0) return [reason('unknown', outlookText(decision, rule))]
  if (gaps.length === 0)
    return [
      reason(
        'unknown',
        'a value it needs cannot be computed (a division by zero, or a count that is not known)',
      ),
    ]
  return gaps.map(({ operand, gap }) => {
    const since = memory.gaps[operand] ?? decision.at
    const lasting = since < decision.at ? `, for ${formatSpan(decision.at - since)} now` : ', since this tick'
    return reason('unknown', `${operand} is unknown: ${gap}${lasting}`, {
      by: operand,
      since,
      found: { [operand]: null },
    })
  })
}

/** The rule's own step, in words. */
function outlookText({ steps, at }: Decision, { name }: ReactiveRule): string {
  const step = steps.find(candidate => candidate.stage === 'demand' && candidate.rule === name)
  return step === undefined ? 'nothing is known of what it expects' : explainStep(step, at)
}

function whyContent(decision: Decision, rule: ReactiveRule): Reason {
  const { steps } = decision
  const found = foundBy(steps, rule.name)
  if (looksAhead(rule)) return reason('content', outlookText(decision, rule), { found })
  const read = readText(found)
  const because =
    rule.kind === 'track'
      ? `it is content: ${read}, near enough to ${formatNumber(rule.target)} (tolerance ${formatNumber(rule.toleranceRatio * 100)} %)`
      : `it asks for just what there is: ${read}`
  return reason('content', because, { found })
}

function readText(found: Reason['found']): string {
  return Object.entries(found)
    .map(([key, value]) => `${key} is ${value === null ? 'unknown' : formatNumber(value)}`)
    .join(', ')
}

function whyTooShort({ steps, at }: Decision, rule: ReactiveRule, until: EpochMs | null): Reason {
  const ends = until ?? at
  const since = ends - rule.forMs
  const because = `true for ${formatSpan(at - since)}, and it must be for ${formatSpan(rule.forMs)} (another ${formatSpan(ends - at)})`
  return reason('not-long-enough', because, { since, until, found: foundBy(steps, rule.name) })
}

function asksNoCount(rule: ReactiveRule): Reason {
  const does = [
    ...Object.entries(rule.effects.set).map(([setting, value]) => `sets ${setting} to ${value}`),
    ...rule.effects.notify.map(name => `notifies ${name}`),
    ...rule.effects.run.map(name => `runs ${name}`),
  ]
  return reason('asks-no-count', `it fired, and asks for no count: it ${does.join(', ')}`)
}

function overruledSettings({ steps }: Decision, rule: ReactiveRule): Reason[] {
  return steps.flatMap(step =>
    step.stage === 'settings' && step.over.includes(rule.name)
      ? [
          reason('setting-overruled', `${step.setting} is ${step.value} as "${step.rule}" has it`, {
            by: step.rule,
          }),
        ]
      : [],
  )
}

function whyOverruled(spec: FleetSpec, decision: Decision, rule: ReactiveRule, want: number): Reason[] {
  const winner = decision.steps.find(step => step.stage === 'reconciliation')
  if (winner === undefined || !('rule' in winner)) return []
  if (decision.rule === rule.name && isFloor(decision.steps, rule)) return whyHeldBack(decision, rule, want)
  if (winner.rule !== rule.name) return [whyLost(spec, rule, want, winner)]
  const text = explainStep(winner, decision.at)
  if (winner.outcome === 'vetoed') return [reason('vetoed', text, { by: winner.by, found: { want } })]
  if (winner.outcome === 'keep') return [reason('wants-what-there-is', text, { found: { want } })]
  return whyHeldBack(decision, rule, want)
}

function isFloor(steps: readonly Step[], { name }: ReactiveRule): boolean {
  return steps.some(step => step.stage === 'floors' && step.rule === name)
}

function whyLost(
  spec: FleetSpec,
  rule: ReactiveRule,
  want: number,
  winner: { readonly rule: string; readonly want: number },
): Reason {
  const by = winner.rule
  const rank = spec.rules.find(({ name }) => name === by)?.rank ?? 0
  const found = { want, [by]: winner.want }
  if (rank > rule.rank) {
    const because = `it wants ${want}, but "${by}" has rank ${rank}, over ${rule.rank}, and wants ${winner.want}`
    return reason('lower-rank', because, { by, found })
  }
  return winner.want > want
    ? reason(
        'smaller-want',
        `it wants ${want}, and "${by}" of the same rank wants ${winner.want}, which is more`,
        { by, found },
      )
    : reason('later-in-file', `"${by}" wants ${want} too and stands before it in the file`, { by, found })
}

/** It won the reconciliation: what guards and bounds did to it. */
function whyHeldBack(decision: Decision, rule: ReactiveRule, want: number): Reason[] {
  const reasons: Reason[] = []
  for (const step of decision.steps) {
    if (step.stage === 'guards' && step.outcome !== 'passed') {
      const until = 'until' in step ? step.until : null
      reasons.push(
        reason(step.outcome, explainStep(step, decision.at), {
          by: step.guard,
          until,
          found: { want, left: step.to },
        }),
      )
    }
    if (step.stage === 'floors' && step.rule !== rule.name) {
      const found = { want, left: step.to }
      reasons.push(reason('floor', explainStep(step, decision.at), { by: step.rule, found }))
    }
    if (step.stage === 'limits') {
      const { constraint, until } = decision.bounds
      const isBound = step.limit === 'lowest' || step.limit === 'highest'
      const text = explainStep(step, decision.at)
      const found = { want, left: step.to }
      reasons.push(
        isBound
          ? reason('bounds', `${text} of "${constraint}"`, { by: constraint, until, found })
          : reason('bounds', text, { by: step.limit, found }),
      )
    }
  }
  if (decision.rule !== rule.name) return reasons
  const won = reason('won', `it did win: ${decision.current} became ${decision.desired}`, { found: { want } })
  return [won, ...reasons]
}

/** What the rule's own step found. */
function foundBy(steps: readonly Step[], rule: string): Readonly<Record<string, number | null>> {
  for (const step of steps) {
    if ((step.stage === 'conditions' || step.stage === 'demand') && step.rule === rule) return step.found
  }
  return {}
}

function reason(
  kind: WhyNotReason,
  because: string,
  more: Partial<Pick<Reason, 'by' | 'since' | 'until' | 'found'>> = {},
): Reason {
  return {
    reason: kind,
    because,
    by: more.by ?? null,
    since: more.since ?? null,
    until: more.until ?? null,
    found: more.found ?? {},
  }
}
