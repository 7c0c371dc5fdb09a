/**
 * Has enough time passed since the last change? The period is the requesting rule's own (or the fleet's for its
 * direction), counted from the last change in either direction; with `cooldownFrom: last` it is the period of the
 * rule that acted last.
 *
 * Example: cooldown out 3m, last change 12:00: growth wanted at 12:02 is held until 12:03.
 */
import type { Step } from '../../model/decision.ts'
import type { Memory } from '../../model/memory.ts'
import type { FleetSpec, ReactiveRule } from '../../model/spec.ts'
import type { EpochMs } from '../../model/time.ts'

/** The period a change in this direction asks for, in milliseconds. */
export function cooldownOf(spec: FleetSpec, rule: ReactiveRule | null, direction: 'out' | 'in'): number {
  const ofFleet = direction === 'out' ? spec.guards.cooldownOutMs : spec.guards.cooldownInMs
  return rule?.cooldownMs ?? ofFleet
}

/** @returns `wanted`, or `current` while it cools down */
export function withholdCooling(
  spec: FleetSpec,
  memory: Memory,
  rule: ReactiveRule | null,
  at: EpochMs,
  current: number,
  wanted: number,
  steps: Step[],
): number {
  const { lastChange } = memory
  const own = cooldownOf(spec, rule, wanted > current ? 'out' : 'in')
  const cooldownMs = spec.guards.cooldownFrom === 'last' && lastChange !== null ? lastChange.cooldownMs : own
  const until = lastChange === null ? null : lastChange.at + cooldownMs
  const held = until !== null && at < until
  steps.push({
    stage: 'guards',
    guard: 'cooldown',
    outcome: held ? 'held' : 'passed',
    from: wanted,
    to: held ? current : wanted,
    lastChangeAt: lastChange?.at ?? null,
    cooldownMs,
    until: held ? until : null,
  })
  return held ? current : wanted
}
