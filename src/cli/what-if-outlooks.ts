/**
 * What rules that look ahead have to expect in a what-if: as it was stated, else what the stated demand needs now. There is no past
 * to learn from here, so a `serve` rule asks for no headroom and a `forecast` waits, and both say so.
 *
 * Example: `outlooks: { Serve: { capacity: 4650 } }` beside `values: { "last(requests)": 4100 }` is a demand of 4,100 that may rise to
 * 4,650; without it, 4,100 is all that "Serve" expects.
 */
import { demandsOf } from '../engine/demands.ts'
import { USUAL_BOOT_MS } from '../loop/outlooks.ts'
import type { Observation } from '../model/observation.ts'
import type { Outlook } from '../model/outlook.ts'
import { type FleetSpec, type ForecastRule, looksAhead, type ServeRule } from '../model/spec.ts'
import { suggest } from './nearest.ts'
import { type FleetWhatIf, type OutlookWhatIf, pathOf } from './what-if-input.ts'

/** Keys that belong to the other kind, rules that are none. */
export function outlookProblems({ name, rules }: FleetSpec, { outlooks }: FleetWhatIf): string[] {
  const ahead = rules.filter(looksAhead)
  return Object.entries(outlooks).flatMap(([rule, stated]) => {
    const path = pathOf(['fleets', name, 'outlooks', rule])
    const found = ahead.find(candidate => candidate.name === rule)
    if (found === undefined) {
      const names = ahead.map(candidate => candidate.name)
      return [`${path}: no serve and no forecast rule has this name. ${suggest(rule, names)}`]
    }
    if (stated === null) return []
    const [own, other] =
      found.kind === 'serve' ? (['capacity', 'atMost'] as const) : (['atMost', 'capacity'] as const)
    if (stated[other] !== undefined)
      return [`${path}: "${rule}" is a ${found.kind} rule: say "${own}", not "${other}"`]
    return stated[own] === undefined ? [`${path}: how much is expected? Give "${own}"`] : []
  })
}

/** @param seen the observation without them */
export function outlooksOf(
  fleet: FleetSpec,
  { outlooks }: FleetWhatIf,
  seen: Observation,
): Pick<Observation, 'outlooks'> {
  const ahead = fleet.rules.filter(looksAhead)
  if (ahead.length === 0) return {}
  const demands = demandsOf(fleet, seen)
  const known = ahead.map((rule): [string, Outlook] => {
    const stated = Object.hasOwn(outlooks, rule.name) ? outlooks[rule.name] : undefined
    if (stated === null) return [rule.name, { kind: 'none', waitsFor: 'what is stated as unknown' }]
    const read = demands[rule.name]
    const demand = stated?.demand ?? (read !== undefined && 'value' in read ? read.value : null)
    const gap = read !== undefined && 'gap' in read ? read.gap : 'it was not read'
    return [
      rule.name,
      rule.kind === 'serve'
        ? served(rule, fleet, stated, demand, gap)
        : forecast(rule, fleet, stated, demand, seen),
    ]
  })
  return { outlooks: Object.fromEntries(known) }
}

type Stated = NonNullable<OutlookWhatIf> | undefined

function served(
  { sloRatio, bootMs }: ServeRule,
  { everyMs }: FleetSpec,
  stated: Stated,
  read: number | null,
  gap: string,
): Outlook {
  const demand = read ?? stated?.capacity
  if (demand === undefined) return { kind: 'none', waitsFor: `the demand (${gap})` }
  return {
    kind: 'serve',
    demand,
    capacity: stated?.capacity ?? demand,
    leadMs: stated?.lead ?? (bootMs ?? USUAL_BOOT_MS) + everyMs,
    boot: stated?.lead !== undefined || bootMs !== null ? 'stated' : 'usual',
    sloRatio,
    servedRatio: null,
    learntMs: 0,
  }
}

function forecast(
  { horizonMs }: ForecastRule,
  { everyMs }: FleetSpec,
  stated: Stated,
  demand: number | null,
  { at }: Observation,
): Outlook {
  const atMost = stated?.atMost
  if (atMost === undefined) return { kind: 'none', waitsFor: 'history: there is none in what is stated here' }
  return {
    kind: 'forecast',
    demand: demand ?? atMost,
    for: at + (stated?.lead ?? horizonMs ?? USUAL_BOOT_MS + everyMs),
    expected: stated?.expected ?? atMost,
    atMost,
    by: 'what is stated',
    errorRatio: null,
    state: 'used',
  }
}
