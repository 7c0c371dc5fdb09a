/**
 * What the checks of fleets, rules and groups share: what the rest of the file defines, and names that must be known or
 * must not be given twice.
 *
 * Example: `run: provison` is PLM-132 at the word, "did you mean provision?".
 */
import { CODES } from './codes.ts'
import type { ContextMetric, ExpressionContext } from './expression/context.ts'
import { nearest } from './expression/nearest.ts'
import type { Listening } from './listening.ts'
import type { Check } from './plugin-name.ts'
import { type Path, pathText } from './problem.ts'
import { isMapping, shown } from './shape.ts'

export interface FleetCheck extends Check {
  readonly schedules: ReadonlySet<string>
  readonly metrics: ReadonlyMap<string, ContextMetric>
  /** Every fleet as written. */
  readonly fleets: ReadonlyMap<string, unknown>
  readonly notifiers: ReadonlySet<string>
  readonly actions: ReadonlySet<string>
  /** Filled with where fleets listen. */
  readonly listening: Listening[]
}

/** What the expressions of these fleets may all speak of. */
export function contextOf(check: FleetCheck, fleets: readonly unknown[]): ExpressionContext {
  return {
    metrics: check.metrics,
    kpis: namesInAll(fleets, 'kpis'),
    fleets: new Set(check.fleets.keys()),
  }
}

/** Names under a key that every one of the fleets has. */
export function namesInAll(fleets: readonly unknown[], key: 'kpis' | 'settings'): ReadonlySet<string> {
  const [first, ...others] = fleets.map(fleet => namesUnder(fleet, key))
  return new Set([...(first ?? [])].filter(name => others.every(names => names.has(name))))
}

function namesUnder(fleet: unknown, key: string): ReadonlySet<string> {
  const part = isMapping(fleet) ? fleet[key] : undefined
  return new Set(isMapping(part) ? Object.keys(part) : [])
}

/** Whether something of that name is defined; reports the nearest when it is not. */
export function checkKnown(
  check: FleetCheck,
  what: 'fleet' | 'setting' | 'notifier' | 'action',
  name: string,
  known: Iterable<string>,
  path: Path,
  part: 'key' | 'value' = 'value',
): boolean {
  const all = [...known]
  if (all.includes(name)) return true
  const near = nearest(name, all)
  const listed = all.length === 0 ? WHERE_DEFINED[what] : `known: ${all.slice(0, 20).join(', ')}`
  check.report({
    code: CODES.unknownName,
    message: `there is no ${what} ${part === 'key' ? JSON.stringify(name) : shown(check, name, path)}`,
    hint: near === null ? listed : `did you mean ${near}?`,
    path,
    part,
  })
  return false
}

const WHERE_DEFINED = {
  fleet: 'define it under "fleets:"',
  setting: 'define it under "settings:" of the fleet',
  notifier: 'define it under "notifiers:"',
  action: 'define it under "actions:"',
} as const

export function checkName(
  check: FleetCheck,
  name: string | undefined,
  names: Map<string, string>,
  path: Path,
): void {
  if (name === undefined) return
  const taken = names.get(name)
  if (taken === undefined) {
    names.set(name, `${pathText(path)}`)
    return
  }
  check.report({
    code: CODES.duplicateName,
    message: `the name ${shown(check, name, [...path, 'name'])} is already that of ${taken}`,
    hint: 'rules and constraints of a fleet need different names, since decisions are explained by them',
    path: [...path, 'name'],
  })
}

export function checkScheduleName(check: FleetCheck, name: string, path: Path): void {
  if (check.schedules.has(name)) return
  const near = nearest(name, check.schedules)
  const known =
    check.schedules.size === 0 ? 'define it under "schedules:"' : `known: ${[...check.schedules].join(', ')}`
  check.report({
    code: CODES.unknownSchedule,
    message: `there is no schedule ${shown(check, name, path)}`,
    hint: near === null ? known : `did you mean ${near}?`,
    path,
  })
}
