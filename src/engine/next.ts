/**
 * What would have to change for the next step up, and down? Which one number would have to rise or fall, to what; or until
 * when one has to wait. Found by asking `decide` again and again, so it can never say other than what would be decided.
 *
 * Example: 4 instances, `avg(cpu, 45m)` at 62.1, "Scale up" above 80, cooldown over: up is
 * `{ ways: [{ kind: 'value', operand: 'avg(cpu, 45m)', from: 62.1, to: 80, inclusive: false, desired: 5, ... }] }`.
 */
import type { Decision } from '../model/decision.ts'
import type { Memory } from '../model/memory.ts'
import type { Observation } from '../model/observation.ts'
import type { FleetSpec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import { explainStep, formatNumber, formatSpan } from './explain.ts'
import { type Knob, knobsOf } from './next/knobs.ts'
import { comingMoments, type Moment } from './next/moments.ts'
import { Outlook, Spent, type Windows } from './next/outlook.ts'
import { type Move, nearestTurn } from './next/turn.ts'
import { applyOverrides } from './overrides.ts'
import { canGrow, canShrink } from './rules/ask.ts'

export type Side = 'up' | 'down'

/** One way there: a number that changes, a time that comes, or a number that changes and then a time. */
export interface Way {
  readonly kind: 'value' | 'time'
  readonly operand: string | null
  /** What it reads now; `null` is a gap. */
  readonly from: number | null
  readonly to: number | null
  /** At `to` itself; else only beyond it. */
  readonly inclusive: boolean
  readonly move: Move | null
  /** When the count would change; `null` is at once. */
  readonly at: EpochMs | null
  /** What ends or begins then, where that is known. */
  readonly waitsFor: string | null
  readonly desired: number
  /** The rule or constraint that would win. */
  readonly rule: string | null
  readonly because: string
}

export interface NextStep {
  readonly ways: readonly Way[]
  /** Why there is none; `null` when there is. */
  readonly nothing: string | null
}

export interface Next {
  readonly at: EpochMs
  /** From where the steps count: what this tick wanted. */
  readonly desired: number | null
  readonly up: NextStep
  readonly down: NextStep
}

/** Ends and beginnings that are tried together with a changed value. */
const MOST_MOMENTS = 6
const SIDES: readonly Side[] = ['up', 'down']
const MOVES: readonly Move[] = ['rise', 'fall']

/**
 * @param windowsAt the schedule windows at a time to come; those of the observation where there is no calendar to ask
 */
export function nextSteps(
  written: FleetSpec,
  observation: Observation,
  memory: Memory,
  windowsAt: (at: EpochMs) => Windows = () => observation.windows,
): Next {
  const outlook = new Outlook(written, observation, memory, windowsAt)
  const { base } = outlook
  const found: Found = { up: [], down: [] }
  const spec = applyOverrides(written, observation.overrides, observation.at)
  const spent = base.desired === null ? null : search(spec, outlook, observation, found)
  const step = (side: Side): NextStep => ({
    ways: found[side],
    nothing: found[side].length > 0 ? null : (spent ?? whyNothing(spec, base, observation, side)),
  })
  return { at: observation.at, desired: base.desired, up: step('up'), down: step('down') }
}

type Found = Record<Side, Way[]>

/** @returns why it ended early; `null` when everything was tried */
function search(spec: FleetSpec, outlook: Outlook, observation: Observation, found: Found): string | null {
  try {
    const moments = comingMoments(spec, outlook.after.observation, outlook.after.memory)
    byTime(outlook, moments, found)
    byValue(spec, outlook, observation, moments, found)
    return null
  } catch (error) {
    if (error instanceof Spent) return error.message
    throw error
  }
}

/** With every value as it is: the first moment at which the count changes that way. */
function byTime(outlook: Outlook, moments: readonly Moment[], found: Found): void {
  let before = outlook.base.at
  for (const { at, what } of moments) {
    const decision = outlook.later(at)
    for (const side of SIDES) {
      if (found[side].length > 0 || !isThatWay(outlook.base, decision, side)) continue
      const when = what === null ? firstTime(outlook, before, at, side) : at
      found[side].push(timeWay(outlook.base, outlook.later(when), when, what))
    }
    before = at
  }
}

/** To the millisecond, between a time at which it does not and one at which it does. */
function firstTime(outlook: Outlook, no: EpochMs, yes: EpochMs, side: Side): EpochMs {
  let [low, high] = [no, yes]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (isThatWay(outlook.base, outlook.later(middle), side)) high = middle
    else low = middle
  }
  return high
}

/** One value changed: at once, else together with the first moment at which that is enough. */
function byValue(
  spec: FleetSpec,
  outlook: Outlook,
  observation: Observation,
  moments: readonly Moment[],
  found: Found,
): void {
  const gaps = new Set(
    outlook.base.steps.flatMap(step =>
      step.stage === 'operands' && step.outcome === 'gap' ? [step.operand] : [],
    ),
  )
  const knobs = knobsOf(spec, observation, gaps)
  const known = moments.filter(({ what }) => what !== null).slice(0, MOST_MOMENTS)
  for (const side of SIDES) {
    for (const moment of [null, ...known]) {
      const waitsAnyway = found[side].find(({ kind }) => kind === 'time')?.at
      if (moment !== null && waitsAnyway != null && moment.at >= waitsAnyway) break
      if (isAtBound(spec, moment === null ? outlook.base : outlook.later(moment.at), observation, side))
        continue
      const ways = knobs.flatMap(knob => waysOf(outlook, knob, moment, side))
      found[side].push(...ways.sort((a, b) => effort(a) - effort(b)))
      if (ways.length > 0) break
    }
  }
}

function waysOf(outlook: Outlook, knob: Knob, moment: Moment | null, side: Side): Way[] {
  const decideAt = (value: number): Decision =>
    moment === null ? outlook.now({ knob, value }) : outlook.later(moment.at, { knob, value })
  return MOVES.flatMap(move => {
    const from = knob.value ?? (move === 'rise' ? Math.max(0, knob.search.lowest) : knob.search.scale * 4)
    const test = (value: number): boolean => isThatWay(outlook.base, decideAt(value), side)
    // Of a gap nothing is known: where any value would do from this end, the other end tells the border.
    if (knob.value === null && test(from)) return []
    const turn = nearestTurn(from, move, test, knob.search)
    if (turn === null) return []
    const decision = decideAt(turn.yes)
    return [valueWay(outlook.base, decision, knob, move, turn, moment)]
  })
}

/** How far a value has to go, in shares of what is usual for it: the smallest comes first. */
function effort({ from, to }: Way): number {
  if (from === null || to === null) return Number.POSITIVE_INFINITY
  return Math.abs(to - from) / Math.max(Math.abs(from), Math.abs(to), Number.MIN_VALUE)
}

function isThatWay(base: Decision, { desired }: Decision, side: Side): boolean {
  if (base.desired === null || desired === null) return false
  return side === 'up' ? desired > base.desired : desired < base.desired
}

/** The bounds leave no room, whatever is read. */
function isAtBound(
  spec: FleetSpec,
  { bounds, desired }: Decision,
  { targetHighest }: Observation,
  side: Side,
): boolean {
  if (desired === null) return false
  const most = Math.min(bounds.highest, targetHighest ?? bounds.highest, spec.quota ?? bounds.highest)
  return side === 'up' ? desired >= most : desired <= bounds.lowest
}

function timeWay(base: Decision, decision: Decision, at: EpochMs, waitsFor: string | null): Way {
  const desired = decision.desired ?? 0
  const what = waitsFor === null ? '' : ` (${waitsFor})`
  return {
    kind: 'time',
    operand: null,
    from: null,
    to: null,
    inclusive: true,
    move: null,
    at,
    waitsFor,
    desired,
    rule: decision.rule,
    because: `${desired} in ${formatSpan(at - base.at)}${what}, with every value as it is${byRule(decision.rule)}`,
  }
}

function valueWay(
  base: Decision,
  decision: Decision,
  { name, value: from }: Knob,
  move: Move,
  { value: to, inclusive }: { value: number; inclusive: boolean },
  moment: Moment | null,
): Way {
  const desired = decision.desired ?? 0
  const verb = move === 'rise' ? 'rises' : 'falls'
  const border = inclusive ? 'to' : move === 'rise' ? 'above' : 'below'
  const distance = from === null ? 0 : Math.abs(to - from)
  const goal =
    from === null
      ? `${name} has data again and is ${inclusive ? (move === 'rise' ? 'at least' : 'at most') : border} ${formatNumber(to)}`
      : `${name} ${verb} ${border} ${formatNumber(to)}`
  const now =
    from === null
      ? ''
      : ` (now ${formatNumber(from)}, ${formatNumber(distance)} ${move === 'rise' ? 'more' : 'less'})`
  const when =
    moment === null
      ? `${desired} as soon as ${goal}${now}`
      : `${desired} in ${formatSpan(moment.at - base.at)} (${moment.what}), if ${goal}${now} and stays so`
  return {
    kind: 'value',
    operand: name,
    from,
    to,
    inclusive,
    move,
    at: moment?.at ?? null,
    waitsFor: moment?.what ?? null,
    desired,
    rule: decision.rule,
    because: `${when}${byRule(decision.rule)}`,
  }
}

function byRule(rule: string | null): string {
  return rule === null ? '' : `: "${rule}"`
}

function whyNothing(spec: FleetSpec, base: Decision, { targetHighest }: Observation, side: Side): string {
  const outcome = base.steps.find(step => step.stage === 'reconciliation')
  switch (outcome?.outcome) {
    case 'count-unknown':
    case 'paused':
    case 'no-constraint':
      return explainStep(outcome, base.at)
    case 'vetoed':
      if (side === 'down') return explainStep(outcome, base.at)
  }
  const { lowest, highest, constraint } = base.bounds
  const desired = base.desired ?? 0
  if (side === 'up' && desired >= highest) return `"${constraint}" allows at most ${highest}`
  if (side === 'down' && desired <= lowest) return `"${constraint}" asks for at least ${lowest}`
  if (side === 'up' && targetHighest !== null && desired >= targetHighest) {
    return `the target holds at most ${targetHighest}`
  }
  if (side === 'up' && spec.quota !== null && desired >= spec.quota) {
    return `the quota allows at most ${spec.quota}`
  }
  const asks = side === 'up' ? canGrow : canShrink
  if (!spec.rules.some(rule => rule.enabled && asks(rule, desired))) {
    return `no rule asks for ${side === 'up' ? 'more' : 'fewer'}`
  }
  return 'no single value, and no waiting, would do it: several would have to change together'
}
