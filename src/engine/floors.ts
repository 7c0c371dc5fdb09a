/**
 * Stage 7: floors. What a reserve, serve or forecast rule wants is wanted whatever ranks and guards say: no other rule can take
 * the room that sessions or the demand need, and nobody waits for a cooldown to get some. One whose data is missing lets
 * nothing go; a forecast that waits for history asks for nothing.
 *
 * Example: 6 open, "Night" of rank 10 wants 2, "Room" needs 5 for 70 sessions: 5.
 */
import type { Bounds, Step } from '../model/decision.ts'
import type { FleetSpec } from '../model/spec.ts'
import { isHeldWithoutConstraint } from './bounds.ts'
import type { Conditions, Firing, JudgedRule } from './conditions.ts'
import type { Wanted } from './reconcile.ts'

/** @returns the floor in the way of `wanted`; `null` where none is */
export function floorUnder(
  spec: FleetSpec,
  conditions: Conditions,
  bounds: Bounds,
  current: number,
  wanted: number,
  steps: Step[],
): Wanted | null {
  if (isHeldWithoutConstraint(spec, bounds)) return null
  let highest: { readonly judged: JudgedRule; readonly count: number } | null = null
  for (const judged of conditions.rules) {
    const count = floorOf(judged, current)
    if (count !== null && count > (highest?.count ?? wanted)) highest = { judged, count }
  }
  if (highest === null) return null
  const { count, judged } = highest
  const { rule } = judged.compiled
  const reason = judged.firing === 'unknown' ? 'unknown' : 'room'
  steps.push({ stage: 'floors', outcome: 'raised', rule: rule.name, reason, from: wanted, to: count })
  return { count, rule }
}

/** `null`: it sets none now. */
function floorOf({ compiled: { rule }, firing, want }: JudgedRule, current: number): number | null {
  switch (rule.kind) {
    case 'when':
    case 'steps':
    case 'track':
    case 'match':
      return null
    case 'reserve':
    case 'serve':
    case 'forecast':
      return floorWhen(firing, want, current)
  }
}

function floorWhen(firing: Firing, want: number | null, current: number): number | null {
  switch (firing) {
    case 'fired':
      return want
    case 'holds':
    case 'unknown':
      return current
    case 'false':
    case 'not-long-enough':
    case 'disabled':
    case 'outside-schedule':
      return null
  }
}
