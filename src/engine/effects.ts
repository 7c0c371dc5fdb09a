/**
 * What begins now besides scaling? A rule that begins to fire tells its notifiers and runs its custom actions once; as
 * long as it goes on firing nothing is repeated, also not by a restart.
 *
 * Example: "Backlog" (`run: [provision]`) fires at 12:00, 12:01 and 12:02: `provision` runs at 12:00.
 */
import type { Effect, Step } from '../model/decision.ts'
import type { Memory } from '../model/memory.ts'
import type { EpochMs } from '../model/time.ts'
import type { Conditions, JudgedRule } from './conditions.ts'

export interface Effects {
  readonly effects: readonly Effect[]
  readonly firingSince: Readonly<Record<string, EpochMs>>
}

export function decideEffects(conditions: Conditions, memory: Memory, at: EpochMs, steps: Step[]): Effects {
  const firing = conditions.rules.filter(hasEffects)
  if (firing.length === 0) return NO_EFFECTS
  const effects: Effect[] = []
  const firingSince: Record<string, EpochMs> = {}
  for (const { compiled } of firing) {
    const { name: rule, effects: wanted } = compiled.rule
    const since = memory.firingSince[rule]
    firingSince[rule] = since ?? at
    if (since !== undefined) continue
    for (const name of wanted.notify) effects.push({ kind: 'notify', rule, name })
    for (const name of wanted.run) effects.push({ kind: 'run', rule, name })
  }
  for (const { kind, rule, name } of effects) steps.push({ stage: 'effects', outcome: kind, rule, name })
  return { effects, firingSince }
}

/** It fires, and there is something to tell or to run when it begins to. */
function hasEffects({ compiled: { rule }, firing }: JudgedRule): boolean {
  return firing === 'fired' && rule.effects.notify.length + rule.effects.run.length > 0
}

const NO_EFFECTS: Effects = { effects: Object.freeze([]), firingSince: Object.freeze({}) }
