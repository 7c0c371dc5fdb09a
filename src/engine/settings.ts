/**
 * Which value does each setting have now? Of several rules that fire and set it, the highest rank wins, then the first in
 * the file; when none does, it is at its default. Works beside scaling and without it.
 *
 * Example: "Shed load" sets `advancedStatistics: false` while it fires; when it no longer does, it is `true` again.
 */
import type { Step } from '../model/decision.ts'
import type { FleetSpec, ReactiveRule, SettingValue } from '../model/spec.ts'
import type { Conditions } from './conditions.ts'

export function decideSettings(
  spec: FleetSpec,
  conditions: Conditions,
  steps: Step[],
): Readonly<Record<string, SettingValue>> {
  const settings = Object.values(spec.settings)
  if (settings.length === 0) return NO_VALUES
  const values: Record<string, SettingValue> = {}
  for (const setting of settings) {
    const setters = settersOf(conditions, setting.name)
    const winner = setters.reduce<ReactiveRule | undefined>(
      (best, rule) => (best === undefined || rule.rank > best.rank ? rule : best),
      undefined,
    )
    const value = winner?.effects.set[setting.name]
    values[setting.name] = value ?? setting.default
    if (winner === undefined || value === undefined) continue
    steps.push({
      stage: 'settings',
      outcome: 'set',
      setting: setting.name,
      value,
      rule: winner.name,
      over: setters.filter(rule => rule !== winner).map(rule => rule.name),
    })
  }
  return values
}

const NO_VALUES: Readonly<Record<string, SettingValue>> = Object.freeze({})

function settersOf({ rules }: Conditions, setting: string): ReactiveRule[] {
  return rules.flatMap(({ compiled: { rule }, firing }) =>
    firing === 'fired' && Object.hasOwn(rule.effects.set, setting) ? [rule] : [],
  )
}
