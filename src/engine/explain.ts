/**
 * Puts steps into the operator's words. It only reads what `decide` recorded: nothing is explained that was not
 * decided.
 *
 * Example: `{ stage: 'guards', guard: 'cooldown', outcome: 'held', lastChangeAt: at - 60000, cooldownMs: 180000, ... }`
 * is "cooldown: held for another 2m (last change 1m ago, cooldown 3m)".
 */
import type { Decision, Direction, Step } from '../model/decision.ts'
import type { Override, OverrideChange } from '../model/override.ts'
import type { ReactiveRule } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import { explainOutlook } from './explain-outlook.ts'
import { formatNumber, formatSpan } from './format.ts'

export { formatNumber, formatSpan }

/** One sentence per step, in the order decided. */
export function explainDecision(decision: Decision): string[] {
  return decision.steps.map(step => explainStep(step, decision.at))
}

export function explainStep(step: Step, at: EpochMs): string {
  switch (step.stage) {
    case 'overrides':
      return explainOverride(step, at)
    case 'bounds':
      return explainBounds(step, at)
    case 'operands':
      return step.outcome === 'gap'
        ? `${step.operand} is unknown: ${step.gap}`
        : `${step.operand} = ${formatNumber(step.value)}${evidenceOf(step)}`
    case 'kpis':
      return `${step.kpi} is ${step.outcome}: ${found(step.found)} against ${step.goal}`
    case 'conditions':
      return explainCondition(step, at)
    case 'demand':
      return explainDemand(step, at)
    case 'proposals':
      return step.outcome === 'want'
        ? `"${step.rule}" wants ${step.want} (rank ${step.rank})`
        : `"${step.rule}" abstains: ${abstention(step.reason, step.until, at)}`
    case 'reconciliation':
      return explainReconciliation(step, at)
    case 'guards':
      return explainGuard(step, at)
    case 'floors':
      return explainFloor(step)
    case 'limits':
      return explainLimit(step)
    case 'settings':
      return `"${step.rule}" sets ${step.setting} to ${step.value}${step.over.length === 0 ? '' : ` over ${quoted(step.over)}`}`
    case 'effects':
      return `"${step.rule}" begins to fire: ${step.outcome} ${step.name}`
  }
}

/** The one line: why it changes, or why it does not. */
export function headline(steps: readonly Step[], direction: Direction, at: EpochMs): string {
  return direction === 'none' ? whyNot(steps, at) : why(steps, direction, at)
}

type StepOf<S extends Step['stage']> = Extract<Step, { stage: S }>

function why(steps: readonly Step[], direction: Direction, at: EpochMs): string {
  const winner = lastOf(steps, 'reconciliation')
  const limit = lastOf(steps, 'limits')
  const floor = lastOf(steps, 'floors')
  if (floor !== undefined && direction === 'out') {
    const room = sentence(firedBecause(steps, floor.rule, at), explainFloor(floor))
    return limit === undefined ? room : sentence(room, explainLimit(limit))
  }
  const asked = winner === undefined ? null : askedFor(steps, winner, at)
  const held = steps.find(step => step.stage === 'guards' && step.outcome === 'held')
  if (asked === null || held !== undefined) {
    return limit === undefined ? 'the bounds ask for it' : boundsAsk(steps, limit)
  }
  const lessened = steps.findLast(step => step.stage === 'guards' && step.outcome === 'lessened')
  if (limit !== undefined) return sentence(asked, explainLimit(limit))
  if (floor !== undefined) return sentence(asked, explainFloor(floor))
  return lessened?.stage === 'guards' ? sentence(asked, `${lessened.guard} allows ${lessened.to}`) : asked
}

/**
 * Joined rather than written as a template, whose parts would be kept with it for as long as somebody keeps the sentence: a quarter
 * more of what a replay keeps.
 */
function sentence(...clauses: readonly string[]): string {
  return clauses.join('; ')
}

/** Joined for the same reason. */
function words(...parts: readonly string[]): string {
  return parts.join(' ')
}

function askedFor(steps: readonly Step[], winner: StepOf<'reconciliation'>, at: EpochMs): string | null {
  switch (winner.outcome) {
    case 'grow':
    case 'shrink':
      return firedBecause(steps, winner.rule, at)
    case 'default':
      return `every rule is without data, so the default of ${winner.want}`
    case 'keep':
    case 'vetoed':
    case 'nothing-fired':
    case 'no-constraint':
    case 'count-unknown':
    case 'paused':
      return null
  }
}

function firedBecause(steps: readonly Step[], rule: string, at: EpochMs): string {
  for (const step of steps) {
    if (step.stage === 'conditions' && step.rule === rule) {
      return words(`"${rule}" fired:`, found(step.found), `(${step.condition})`)
    }
    if (step.stage === 'demand' && step.rule === rule) return explainDemand(step, at)
  }
  return `"${rule}" fired`
}

function boundsAsk(steps: readonly Step[], limit: StepOf<'limits'>): string {
  const bounds = lastOf(steps, 'bounds')
  const constraint = bounds === undefined ? 'the bounds' : `"${bounds.constraint}"`
  switch (limit.limit) {
    case 'lowest':
      return `${constraint} asks for at least ${limit.to}`
    case 'highest':
      return `${constraint} allows at most ${limit.to}`
    case 'target':
      return `the target holds at most ${limit.to}`
    case 'quota':
      return `the quota allows at most ${limit.to}`
  }
}

function whyNot(steps: readonly Step[], at: EpochMs): string {
  const winner = lastOf(steps, 'reconciliation')
  if (winner === undefined) return 'nothing was asked'
  switch (winner.outcome) {
    case 'count-unknown':
    case 'no-constraint':
    case 'paused':
    case 'vetoed':
    case 'keep':
      return explainReconciliation(winner, at)
    case 'nothing-fired':
      return nothingFired(steps, at)
    case 'default':
    case 'grow':
    case 'shrink': {
      const asked = askedFor(steps, winner, at) ?? ''
      const held = steps.find(step => step.stage === 'guards' && step.outcome === 'held')
      if (held?.stage === 'guards') return sentence(asked, explainGuard(held, at))
      const floor = lastOf(steps, 'floors')
      if (floor !== undefined) return sentence(asked, explainFloor(floor))
      const limit = lastOf(steps, 'limits')
      return limit === undefined ? asked : sentence(asked, boundsAsk(steps, limit))
    }
  }
}

function nothingFired(steps: readonly Step[], at: EpochMs): string {
  const reasons: string[] = []
  for (const step of steps) {
    if (step.stage === 'conditions' && step.outcome !== 'true') reasons.push(explainCondition(step, at))
    if (step.stage === 'demand' && step.outcome !== 'want') reasons.push(explainDemand(step, at))
    if (step.stage === 'proposals' && step.outcome === 'abstain' && !isJudged(step.reason)) {
      reasons.push(`"${step.rule}" abstains: ${abstention(step.reason, step.until, at)}`)
    }
  }
  return reasons.length === 0 ? 'there is no rule to ask' : sentence(...reasons)
}

function isJudged(reason: string): boolean {
  return reason === 'false' || reason === 'unknown' || reason === 'holds'
}

function explainOverride(step: StepOf<'overrides'>, at: EpochMs): string {
  return `${changedWhat(step.change)}${toldBy(step, at)}`
}

/** What an operator changed, in words: `"Scale up" is switched off`. */
export function changedWhat(change: OverrideChange): string {
  switch (change.kind) {
    case 'pause':
      return 'paused'
    case 'mode':
      return `mode ${change.mode}`
    case 'capacity':
      return `capacity set to ${change.count}`
    case 'rule-enabled':
      return `"${change.rule}" is switched ${change.enabled ? 'on' : 'off'}`
    case 'rule-rank':
      return `"${change.rule}" has rank ${change.rank}`
    case 'instance':
      return change.order === 'keep'
        ? `instance ${change.instance} is kept`
        : `instance ${change.instance} is drained`
    case 'unfreeze':
      return 'the freeze is lifted'
  }
}

function toldBy({ who, why, until }: Pick<Override, 'who' | 'why' | 'until'>, at: EpochMs): string {
  const reason = why === '' ? '' : ` (${why})`
  return ` by ${who}${reason}${until === null ? '' : `, for another ${formatSpan(until - at)}`}`
}

function explainBounds(step: StepOf<'bounds'>, at: EpochMs): string {
  const range =
    step.highest === Number.MAX_SAFE_INTEGER ? `${step.lowest} or more` : `${step.lowest}..${step.highest}`
  const until = step.until === null ? '' : `, for another ${formatSpan(step.until - at)}`
  const over = step.over.length === 0 ? '' : ` over ${quoted(step.over)}`
  const tied = step.tied.length === 0 ? '' : `; same rank, later in the file: ${quoted(step.tied)}`
  return `bounds ${range} from "${step.constraint}" (rank ${step.rank}${until})${over}${tied}`
}

function explainCondition(step: StepOf<'conditions'>, at: EpochMs): string {
  switch (step.outcome) {
    case 'true': {
      const since = step.since === null ? '' : `, for ${formatSpan(at - step.since)} now`
      return `"${step.rule}" holds: ${found(step.found)} (${step.condition})${since}`
    }
    case 'false':
      return `"${step.rule}" did not fire: ${found(step.found)} (${step.condition})`
    case 'unknown':
      return `"${step.rule}" is unknown: ${found(step.found)} (${step.condition})`
  }
}

/** A rule as its operator would say it: what it looks at. */
export function describeRule(rule: ReactiveRule): string {
  switch (rule.kind) {
    case 'when':
      return rule.whenText
    case 'steps':
      return `${rule.operandText} in steps from ${formatNumber(rule.threshold)}`
    case 'track':
      return `${rule.operandText} near ${formatNumber(rule.target)}`
    case 'match':
      return `as many as ${rule.expressionText}`
    case 'reserve':
      return rule.reserve.kind === 'slots'
        ? `${rule.reserve.slots} slots free`
        : `${formatNumber(rule.reserve.ratio * 100)} % of the slots free`
    case 'serve':
      return `${rule.operandText} served at ${formatNumber(rule.sloRatio * 100)} %, ${formatNumber(rule.perInstance)} per instance`
    case 'forecast':
      return `at least as many as the forecast of ${rule.operandText} takes, ${formatNumber(rule.perInstance)} per instance`
  }
}

function explainDemand(step: StepOf<'demand'>, at: EpochMs): string {
  const { outlook } = step
  if (outlook !== undefined) {
    const seen = explainOutlook(outlook, step.against ?? Number.NaN, at)
    return outlook.kind === 'serve' && step.outcome === 'hold'
      ? `"${step.rule}" is content: it ${seen}`
      : `"${step.rule}" ${seen}`
  }
  const against = step.against === null ? '' : ` against ${formatNumber(step.against)}`
  const seen = `${found(step.found)}${against}`
  switch (step.outcome) {
    case 'want':
      return `"${step.rule}" asks for ${step.want}: ${seen}`
    case 'hold':
      return `"${step.rule}" is content: ${seen}`
    case 'nothing':
      return `"${step.rule}" asks for nothing: ${seen}`
    case 'unknown':
      return `"${step.rule}" is unknown: ${seen}`
  }
}

function abstention(
  reason: Extract<Step, { stage: 'proposals'; outcome: 'abstain' }>['reason'],
  until: EpochMs | null,
  at: EpochMs,
): string {
  switch (reason) {
    case 'disabled':
      return 'it is disabled'
    case 'outside-schedule':
      return 'outside its schedule'
    case 'false':
      return 'its condition is false'
    case 'unknown':
      return 'its condition is unknown'
    case 'holds':
      return 'the count is what it asks for'
    case 'not-long-enough':
      return `true, but not for long enough (another ${formatSpan((until ?? at) - at)})`
  }
}

function explainReconciliation(step: StepOf<'reconciliation'>, at: EpochMs): string {
  switch (step.outcome) {
    case 'grow':
    case 'shrink':
      return `"${step.rule}" wins with ${step.want}${step.over.length === 0 ? '' : ` over ${quoted(step.over)}`}`
    case 'keep':
      return `"${step.rule}" wants just what there is (${step.want})`
    case 'vetoed':
      return `"${step.rule}" wants ${step.want}, but ${vetoText(step)}`
    case 'default':
      return `every rule is without data: the default of ${step.want}`
    case 'nothing-fired':
      return 'no rule fired'
    case 'no-constraint':
      return 'no constraint is in force, so nothing changes'
    case 'count-unknown':
      return `the count is unknown (${step.gap}), so nothing changes`
    case 'paused':
      return `paused${toldBy(step, at)}: nothing changes`
  }
}

function vetoText(step: Extract<Step, { outcome: 'vetoed' }>): string {
  switch (step.reason) {
    case 'unknown':
      return `"${step.by}" has no data, and unknown never shrinks`
    case 'waits-to-grow':
      return `"${step.by}" asks for more as soon as it is true for long enough`
    case 'did-not-fire':
      return `"${step.by}" does not agree (scaleIn: all)`
    case 'holds':
      return `"${step.by}" is content with what there is (scaleIn: all)`
  }
}

function explainGuard(step: StepOf<'guards'>, at: EpochMs): string {
  switch (step.guard) {
    case 'flapping': {
      const shown = step.projections
        .map(
          ({ instances, operand, value }) =>
            `${operand} would be ${formatNumber(value ?? Number.POSITIVE_INFINITY)} at ${instances}`,
        )
        .join(', ')
      const because = shown === '' ? '' : ` (${shown})`
      if (step.outcome === 'passed') return `flapping: ${step.to} would not grow back${because}`
      return step.outcome === 'held'
        ? `flapping: held, it would grow back at once${because}`
        : `flapping: ${step.to} instead of ${step.from}${because}`
    }
    case 'cooldown': {
      const last =
        step.lastChangeAt === null ? 'no change yet' : `last change ${formatSpan(at - step.lastChangeAt)} ago`
      const cooldown = `${last}, cooldown ${formatSpan(step.cooldownMs)}`
      return step.outcome === 'held'
        ? `cooldown: held for another ${formatSpan((step.until ?? at) - at)} (${cooldown})`
        : `cooldown: over (${cooldown})`
    }
    case 'stabilization': {
      const window = `window ${formatSpan(step.windowMs)}`
      if (step.outcome === 'passed') return `stabilization: asked for throughout (${window})`
      const until = `for another ${formatSpan((step.until ?? at) - at)}`
      return step.outcome === 'held'
        ? `stabilization: held ${until} (${window})`
        : `stabilization: ${step.to} instead of ${step.from} ${until} (${window})`
    }
    case 'rate-limit': {
      const allowed = `${step.allowed} allowed now`
      if (step.outcome === 'passed') return `rate limit: not reached (${allowed})`
      return step.outcome === 'held'
        ? `rate limit: held, this period's changes are used up (${allowed})`
        : `rate limit: ${step.to} instead of ${step.from} (${allowed})`
    }
    case 'billing-hour':
      return explainBillingHour(step, at)
    case 'outage':
      return explainOutage(step, at)
    case 'warm-up': {
      const warming = `${step.warming} came within ${formatSpan(step.warmupMs)}`
      if (step.outcome === 'passed') return `warm-up: not ordered yet (${warming})`
      return step.outcome === 'held'
        ? `warm-up: held, it is ordered already (${warming})`
        : `warm-up: ${step.to} instead of ${step.from} (${warming})`
    }
  }
}

function explainBillingHour(step: Extract<Step, { guard: 'billing-hour' }>, at: EpochMs): string {
  const { outcome, ages, until } = step
  const span = until === null ? null : formatSpan(until - at)
  if (ages === undefined) {
    return outcome === 'passed'
      ? 'billing hour: a good moment'
      : `billing hour: held for another ${span ?? '0ms'}`
  }
  const last = `the last ${formatSpan(ages.lastMinutes * 60_000)} of its paid hour`
  if (outcome === 'passed') return `billing hour: ${ages.mayGo} may go, each in ${last} or not there yet`
  const next = span === null ? '' : `, the next in ${span}`
  const because = {
    'last-minutes': `no other instance is in ${last}${next}`,
    booting: 'what is booting goes before an open instance, and has just been paid for',
    launches: 'when the rest was launched is not known',
  }[ages.waitsFor]
  return outcome === 'held'
    ? `billing hour: held, ${because.replace('no other', 'no')}`
    : `billing hour: ${step.to} instead of ${step.from}, ${because}`
}

function explainOutage(step: Extract<Step, { guard: 'outage' }>, at: EpochMs): string {
  const now =
    step.value === null ? `${step.operand} is unknown` : `${step.operand} = ${formatNumber(step.value)}`
  const lately = step.peak === null ? '' : `, at most ${formatNumber(step.peak)} lately`
  return step.until === null
    ? `outage: no sudden drop (${now}${lately})`
    : `outage: held for another ${formatSpan(step.until - at)}, the load vanished at once (${now})`
}

function explainFloor({ rule, reason, from, to }: StepOf<'floors'>): string {
  return reason === 'unknown'
    ? `"${rule}" has no data, and unknown never shrinks: ${to} instead of ${from}`
    : `"${rule}" is a floor, whatever the ranks and guards say: ${to} instead of ${from}`
}

function explainLimit(step: StepOf<'limits'>): string {
  switch (step.limit) {
    case 'lowest':
      return `at least ${step.to}: the lowest bound`
    case 'highest':
      return `at most ${step.to}: the highest bound`
    case 'target':
      return `at most ${step.to}: the target holds no more`
    case 'quota':
      return `at most ${step.to}: the quota allows no more`
  }
}

function lastOf<S extends Step['stage']>(steps: readonly Step[], stage: S): StepOf<S> | undefined {
  return steps.findLast((step): step is StepOf<S> => step.stage === stage)
}

function found(values: Readonly<Record<string, number | null>>): string {
  let text = ''
  for (const key in values) {
    const value = values[key] ?? null
    if (text !== '') text += ', '
    text += value === null ? `${key} is unknown` : `${key} = ${formatNumber(value)}`
  }
  return text === '' ? 'no operands' : text
}

function evidenceOf({
  operand,
  samples,
  reporting,
  dividedBy,
}: Extract<StepOf<'operands'>, { outcome: 'value' }>): string {
  if (operand.startsWith('fleet(')) return ' (as of its latest tick)'
  const share = dividedBy === null ? '' : `, divided by ${dividedBy} ready${homeOf(operand)}`
  if (samples === null) return ` (as stated${share})`
  const instances = reporting === null ? '' : `, ${reporting} instance${reporting === 1 ? '' : 's'}`
  return ` (${samples} sample${samples === 1 ? '' : 's'}${instances}${share})`
}

/** Whose instances those are, where they are not the fleet's own: `avg(web/queue, 5m)` is divided by those of "web". */
function homeOf(operand: string): string {
  const home = /\(([^()/,]+)\//.exec(operand)?.[1]
  return home === undefined ? '' : ` of "${home}"`
}

function quoted(names: readonly string[]): string {
  return names.map(name => `"${name}"`).join(', ')
}
