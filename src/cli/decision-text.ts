/**
 * A tick as an operator reads it: one line with the outcome and its reason, under it every step and what the plan does.
 *
 * Example:
 *
 *     web  12:04:15  5 -> 6  because "Scale up" fired: avg(cpu, 45m) = 83.2 (avg(cpu, 45m) > 80%)
 *                            bounds 4..6 from "Peak" (rank 100, for another 1h 55m) over "capacity"
 *                            plan: reopen web-3: ...
 */
import type { Effect } from '../model/decision.ts'
import type { Action, Outcome, Plan, Waiting } from '../model/plan.ts'
import type { EpochMs } from '../model/time.ts'
import { formatDay, formatTime } from '../pictures/zone-time.ts'
import type { Colours } from './colours.ts'
import { widthOf } from './table.ts'

export interface ToldDecision {
  readonly fleet: string
  readonly at: EpochMs
  readonly current: number | null
  readonly desired: number | null
  readonly direction: 'out' | 'in' | 'none'
  readonly because: string
  readonly steps: readonly { readonly because: string }[]
  /** What began beside scaling. */
  readonly effects?: readonly Effect[]
}

export interface TellOptions {
  readonly colours: Colours
  readonly timeZone: string
  readonly now: EpochMs
}

/** Header, steps, plan. */
export function tellTick(
  decision: ToldDecision,
  plan: Plan,
  outcomes: readonly Outcome[],
  options: TellOptions,
): string[] {
  const { colours } = options
  const head = `${colours.bold(decision.fleet)}  ${tellTime(decision.at, options)}  ${tellCount(decision, colours)}  `
  const indent = ' '.repeat(widthOf(head))
  const dim = decision.steps.map(step => `${indent}${colours.dim(step.because)}`)
  return [
    `${head}${because(decision)}`,
    ...dim,
    ...tellPlan(plan, outcomes, options).map(line => `${indent}${line}`),
    ...tellEffects(decision.effects ?? [], outcomes).map(line => `${indent}${line}`),
  ]
}

/** One line: for a list. */
export function tellHeadline(decision: Omit<ToldDecision, 'steps'>, options: TellOptions): string {
  const { colours } = options
  return `${tellTime(decision.at, options)}  ${tellCount(decision, colours)}  ${because(decision)}`
}

function because(decision: Pick<ToldDecision, 'because'>): string {
  return `because ${decision.because}`
}

/**
 * What a plan does, in one line: for a tick that changed instances but not their count. A seal goes without saying where
 * the instance is terminated.
 */
export function tellActions(plan: Plan, outcomes: readonly Outcome[]): string {
  const ended = new Set(
    plan.actions.flatMap(action => (action.kind === 'terminate' ? [action.instance] : [])),
  )
  const shown = plan.actions.filter(action => action.kind !== 'seal' || !ended.has(action.instance))
  return groupActions(shown, outcomes)
    .map(({ what, reason }) => `${what}: ${reason}`)
    .join('; ')
}

/** With the date, unless it is today. */
export function tellTime(at: EpochMs, { now, timeZone }: TellOptions): string {
  const day = formatDay(at, timeZone)
  const time = formatTime(at, timeZone)
  return day === formatDay(now, timeZone) && Math.abs(now - at) < 172_800_000 ? time : `${day} ${time}`
}

export function tellCount(
  { current, desired, direction }: Pick<ToldDecision, 'current' | 'desired' | 'direction'>,
  colours: Colours,
): string {
  if (current === null || desired === null) return colours.yellow('count unknown')
  switch (direction) {
    case 'none':
      return `stays ${current}`
    case 'out':
      return colours.green(`${current} -> ${desired}`)
    case 'in':
      return colours.magenta(`${current} -> ${desired}`)
  }
}

function tellPlan(plan: Plan, outcomes: readonly Outcome[], options: TellOptions): string[] {
  const lines = groupActions(plan.actions, outcomes).map(
    ({ what, reason, result }) => `plan: ${what}: ${reason}${result === '' ? '' : ` (${result})`}`,
  )
  lines.push(...plan.waiting.map(waiting => tellWaiting(waiting, options)))
  return lines.length === 0 ? ['plan: nothing to do'] : lines
}

/** What a tick began beside scaling, and what became of it. */
export function tellEffects(effects: readonly Effect[], outcomes: readonly Outcome[]): string[] {
  let runs = 0
  return effects.map(({ kind, rule, name }) => {
    if (kind === 'notify') return `told: ${name}, by "${rule}"`
    runs += 1
    const outcome = outcomes.find(({ action }) => action.endsWith(`/run/${runs}`))
    return `run: ${name}, by "${rule}"${outcome === undefined ? ' (no outcome: not run here, or not ended yet)' : ` (${tellRun(outcome)})`}`
  })
}

function tellRun(outcome: Outcome): string {
  if (outcome.outcome === 'failed') return `failed: ${outcome.error}`
  const [first = ''] = (outcome.output ?? '').split('\n')
  return first === '' ? 'done' : `done: ${first}`
}

function tellWaiting({ what, instance, because: reason, until }: Waiting, options: TellOptions): string {
  const when = until === null ? '' : `, until ${tellTime(until, options)}`
  return `waiting: ${what}${instance === null ? '' : ` ${instance}`}: ${reason}${when}`
}

/** Why instances that are wanted are not there: launches that failed, or wait after some did. */
export function tellLaunchTrouble(
  plan: Plan,
  outcomes: readonly Outcome[],
  options: TellOptions,
): readonly string[] {
  const launches = new Set(plan.actions.flatMap(({ kind, id }) => (kind === 'launch' ? [id] : [])))
  const failed = outcomes.flatMap(outcome =>
    outcome.outcome === 'failed' && launches.has(outcome.action) ? [`launch failed: ${outcome.error}`] : [],
  )
  const waits = plan.waiting.filter(({ what }) => what === 'launch')
  return [...new Set(failed), ...waits.map(waiting => tellWaiting(waiting, options))]
}

interface Group {
  readonly what: string
  readonly reason: string
  readonly result: string
}

/** Launches for one reason are one line; everything that names an instance has its own. */
function groupActions(actions: readonly Action[], outcomes: readonly Outcome[]): readonly Group[] {
  const results = new Map(outcomes.map(outcome => [outcome.action, tellOutcome(outcome)]))
  const launches = new Map<string, Action[]>()
  const groups: Group[] = []
  for (const action of actions) {
    if (action.kind !== 'launch') {
      const result = results.get(action.id) ?? ''
      const what =
        action.kind === 'resize' ? `resize to ${action.count}` : `${action.kind} ${action.instance}`
      groups.push({ what, reason: action.because, result })
      continue
    }
    const alike = launches.get(action.because)
    if (alike === undefined) launches.set(action.because, [action])
    else alike.push(action)
  }
  const launched = [...launches].map(([reason, alike]) => ({
    what: alike.length === 1 ? 'launch 1 instance' : `launch ${alike.length} instances`,
    reason,
    result: alike.flatMap(action => results.get(action.id) ?? []).join(', '),
  }))
  return [...launched, ...groups]
}

function tellOutcome(outcome: Outcome): string {
  return outcome.outcome === 'done' ? (outcome.instance ?? 'done') : `failed: ${outcome.error}`
}
