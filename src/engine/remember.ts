/**
 * What guards need to know of the past: the last change, and those a rate limit still counts. Kept only for changes that
 * are carried out: a recommendation starts no cooldown.
 *
 * Example: "Scale up" takes 4 to 5 at noon: `lastChange` is `{ at: noon, direction: 'out', rule: 'Scale up', from: 4,
 * to: 5, cooldownMs: 180000 }`.
 */
import type { Decision } from '../model/decision.ts'
import type { Change, Memory } from '../model/memory.ts'
import type { FleetSpec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import { cooldownOf } from './guards/cooldown.ts'

/** The memory of a decision that is carried out. */
export function rememberDecision(spec: FleetSpec, decision: Decision, memory: Memory): Memory {
  const { current, desired, direction, at } = decision
  if (current === null || desired === null || direction === 'none') return memory
  const rule = spec.rules.find(({ name }) => name === decision.rule) ?? null
  const cooldownMs = cooldownOf(spec, rule, direction)
  return withChange(spec, memory, {
    at,
    direction,
    rule: decision.rule,
    from: current,
    to: desired,
    cooldownMs,
  })
}

/** Another actor's change starts the cooldown like one of ours. */
export function rememberExternalChange(
  spec: FleetSpec,
  external: { readonly from: number; readonly to: number } | null,
  at: EpochMs,
  memory: Memory,
): Memory {
  if (external === null || external.from === external.to) return memory
  const direction = external.to > external.from ? 'out' : 'in'
  const cooldownMs = cooldownOf(spec, null, direction)
  return withChange(spec, memory, { at, direction, rule: null, ...external, cooldownMs })
}

function withChange(spec: FleetSpec, memory: Memory, change: Change): Memory {
  const { rateOut, rateIn, growDuringWarmup } = spec.guards
  const longestMs = [...rateOut.limits, ...rateIn.limits].reduce(
    (longest, { periodMs }) => Math.max(longest, periodMs),
    growDuringWarmup ? 0 : spec.warmupMs,
  )
  const kept = memory.changes.filter(({ at }) => at > change.at - longestMs)
  return { ...memory, lastChange: change, changes: longestMs === 0 ? [] : [...kept, change] }
}
