/**
 * Warns about rules that look ahead where something beside them works against them: bounds under which the demand cannot be
 * seen, and waits on top of the hold they have learnt.
 *
 * Example: `serve` with `cooldown: 10m`: it grows all the same, since it is a floor, and every instance it lets go stays ten
 * minutes longer than was worth it.
 */
import { type FleetSpec, looksAhead, type OutlookRule, type ServeRule } from '../model/spec.ts'
import { CODES } from './codes.ts'
import { type Origins, originKey } from './compile-fleet.ts'
import { formatDuration } from './expression/units.ts'
import type { Path, Report } from './problem.ts'

export function lintServe(fleet: FleetSpec, origins: Origins, report: Report): void {
  for (const rule of fleet.rules) {
    if (!rule.enabled || !looksAhead(rule)) continue
    const origin = origins.get(originKey(fleet.name, rule.name)) ?? ['fleets', fleet.name]
    lintNone(fleet, rule, origin, report)
    if (rule.kind === 'serve') lintCooldown(rule, origin, report)
  }
  lintStabilization(fleet, report)
}

/** Where nothing runs nobody reports, and unknown never grows. */
function lintNone({ constraints }: FleetSpec, rule: OutlookRule, origin: Path, report: Report): void {
  if (rule.spread !== 'perInstance') return
  const none = constraints.find(({ enabled, min }) => enabled && min === 0)
  if (none === undefined) return
  report({
    code: CODES.blindAtNone,
    severity: 'warning',
    message: `"${none.name}" allows no instance at all; then none reports ${rule.operandText}, the demand is unknown, and "${rule.name}" never asks for one again`,
    hint: 'let min be 1 or more, or measure the demand of the whole fleet (kind: total)',
    path: [...origin, rule.kind, 'metric'],
  })
}

function lintCooldown({ name, cooldownMs }: ServeRule, origin: Path, report: Report): void {
  if (cooldownMs === null || cooldownMs === 0) return
  report({
    code: CODES.waitsTwice,
    severity: 'warning',
    message: `"${name}" keeps what it has for as long as it has learnt to; a cooldown of ${formatDuration(cooldownMs)} on top keeps instances longer and serves no more`,
    hint: 'delete it: a serve rule has no cooldown of its own',
    path: [...origin, 'cooldown'],
  })
}

function lintStabilization({ name, rules, guards }: FleetSpec, report: Report): void {
  const windowMs = guards.stabilizationInMs
  const scales = rules.filter(rule => rule.kind !== 'when' || rule.scale !== null)
  if (windowMs === 0 || !scales.some(({ kind }) => kind === 'serve')) return
  if (!scales.every(rule => looksAhead(rule) || rule.kind === 'reserve')) return
  report({
    code: CODES.waitsTwice,
    severity: 'warning',
    message: `a stabilization window of ${formatDuration(windowMs)} on top of what a serve rule has learnt to keep keeps instances longer and serves no more`,
    hint: 'write stabilization: { in: 0s }, or leave it out',
    path: ['fleets', name, 'stabilization'],
  })
}
