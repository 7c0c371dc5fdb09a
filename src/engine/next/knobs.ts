/**
 * The numbers of an observation that the world could change: what each operand of a rule reads, and the sessions in use.
 *
 * Example: of "Scale up" (`avg(cpu, 45m) > 80%`) the knob `avg(cpu, 45m)` stands at 62.1; set to 90, the observation is
 * the same but for that reading.
 */
import type { Condition, Expression } from '../../model/expression.ts'
import type { Observation, OperandReading, SessionCounts } from '../../model/observation.ts'
import type { Outlook } from '../../model/outlook.ts'
import { type FleetSpec, looksAhead, type ReactiveRule } from '../../model/spec.ts'
import { compileFleet } from '../compile.ts'
import { NO_OUTLOOKS, outlookOf } from '../rules/answer.ts'
import { criticalValues } from './critical.ts'
import type { Search } from './turn.ts'

export interface Knob {
  readonly name: string
  /** `null` is a gap. */
  readonly value: number | null
  readonly search: Search
  set(observation: Observation, value: number): Observation
}

/** @param gaps operands that did not count this tick */
export function knobsOf(spec: FleetSpec, observation: Observation, gaps: ReadonlySet<string>): Knob[] {
  const compiled = compileFleet(spec)
  const operandsOf = new Map(compiled.rules.map(({ rule, operands }) => [rule, operands]))
  const namesOf = (rule: ReactiveRule): readonly string[] => {
    if (!rule.enabled) return []
    const operands = operandsOf.get(rule) ?? []
    // What it reads moves it only by way of its outlook.
    if (looksAhead(rule)) return []
    return usesSessions(rule) ? [...operands, SESSIONS] : operands
  }
  const readings = [...criticalValues(spec, namesOf)].flatMap(([name, values]) => {
    if (name === SESSIONS) return sessionsKnob(observation, values)
    const aggregate = spec.operands.find(({ key }) => key === name)?.aggregate ?? 'last'
    return [readingKnob(name, aggregate, observation, gaps.has(name), values)]
  })
  return [...readings, ...spec.rules.flatMap(rule => outlookKnob(rule, observation))]
}

/** How much capacity a rule that looks ahead expects to need: what its learner would have to say for another count. */
function outlookKnob(rule: ReactiveRule, { outlooks = NO_OUTLOOKS }: Observation): Knob[] {
  const outlook = outlookOf(outlooks, rule.name)
  if (!looksAhead(rule) || !rule.enabled || outlook === null || outlook.kind === 'none') return []
  const value = outlook.kind === 'serve' ? outlook.capacity : outlook.atMost
  const turned = (to: number): Outlook =>
    outlook.kind === 'serve' ? { ...outlook, capacity: to } : { ...outlook, atMost: to }
  return [
    {
      name: `the capacity that "${rule.name}" expects to need`,
      value,
      search: searchOf(value, [rule.perInstance], false),
      set: (observation, to) => ({
        ...observation,
        outlooks: { ...observation.outlooks, [rule.name]: turned(to) },
      }),
    },
  ]
}

const SESSIONS = 'sessions'

function readingKnob(
  name: string,
  aggregate: string,
  { readings }: Observation,
  isGap: boolean,
  values: readonly number[],
): Knob {
  const reading = readings[name]
  const value = isGap || reading === undefined ? null : numberOf(reading)
  const mayBeNegative = aggregate === 'slope' || aggregate === 'trend'
  return {
    name,
    value,
    search: searchOf(value, values, mayBeNegative),
    set: (observation, changed) => ({
      ...observation,
      readings: { ...observation.readings, [name]: withValue(reading, value === null, changed) },
    }),
  }
}

function sessionsKnob({ sessions }: Observation, values: readonly number[]): Knob[] {
  if (sessions.inUse === null) return []
  return [
    {
      name: SESSIONS,
      value: sessions.inUse,
      search: searchOf(sessions.inUse, values, false),
      set: (observation, inUse) => ({ ...observation, sessions: withSessions(observation.sessions, inUse) }),
    },
  ]
}

/** Those that come or go do so on open instances. */
function withSessions(sessions: SessionCounts, inUse: number): SessionCounts {
  const { inUseOpen } = sessions
  const change = inUse - (sessions.inUse ?? inUse)
  return { ...sessions, inUse, inUseOpen: inUseOpen === null ? null : Math.max(0, inUseOpen + change) }
}

function numberOf(reading: OperandReading): number | null {
  if ('gap' in reading) return null
  return 'stated' in reading ? reading.stated : reading.value
}

/** Everything else about the reading stays: how many reported matters to a tracking rule. */
function withValue(reading: OperandReading | undefined, isGap: boolean, value: number): OperandReading {
  return isGap || reading === undefined || !('value' in reading) ? { stated: value } : { ...reading, value }
}

function searchOf(value: number | null, values: readonly number[], mayBeNegative: boolean): Search {
  const sizes = [value ?? 0, ...values].map(Math.abs).filter(size => size > 0 && Number.isFinite(size))
  const isNegative = mayBeNegative || (value ?? 0) < 0 || values.some(critical => critical < 0)
  return {
    worthTrying: values,
    scale: sizes.length === 0 ? 1 : Math.max(...sizes),
    lowest: isNegative ? Number.NEGATIVE_INFINITY : 0,
  }
}

function usesSessions(rule: ReactiveRule): boolean {
  const visit = (tree: Condition | Expression): boolean => {
    switch (tree.node) {
      case 'quantity':
        return tree.fleet === null && (tree.quantity === 'sessions' || tree.quantity === 'free_slots')
      case 'number':
      case 'aggregate':
      case 'truth':
      case 'kpi':
        return false
      case 'negate':
      case 'not':
        return visit(tree.operand)
      case 'arithmetic':
      case 'compare':
      case 'and':
      case 'or':
        return visit(tree.left) || visit(tree.right)
    }
  }
  switch (rule.kind) {
    case 'when':
      return visit(rule.when)
    case 'match':
      return visit(rule.expression)
    case 'steps':
    case 'track':
      return visit(rule.operand)
    case 'reserve':
      return true
    case 'serve':
    case 'forecast':
      return false
  }
}
