/**
 * Which settings are in force after a decision, and what changed. In the modes that only advise (`notify`, `recommend`)
 * no setting is applied: all of them are at their defaults, whatever the decision says.
 *
 * Example: `reports` (default true) is in force at version 4; "Shed load" sets it to false: version 5 with one change,
 * `{ version: 5, setting: 'reports', from: true, to: false, rule: 'Shed load' }`. While nothing changes, the settings that
 * were given are given back, the same object.
 */
import type { Decision } from '../model/decision.ts'
import type { SettingChange, SettingInForce, SettingsInForce } from '../model/settings.ts'
import type { FleetSpec, Mode, SettingSpec } from '../model/spec.ts'

export interface SettingsApplied {
  readonly settings: SettingsInForce
  /** Oldest version first. */
  readonly changes: readonly SettingChange[]
}

export function appliesSettings(mode: Mode): boolean {
  return mode === 'scale' || mode === 'scale-and-notify'
}

export function applySettings(
  spec: FleetSpec,
  mode: Mode,
  decision: Decision,
  before: SettingsInForce,
): SettingsApplied {
  const changes: SettingChange[] = []
  const values: Record<string, SettingInForce> = {}
  let { version } = before
  for (const setting of Object.values(spec.settings)) {
    const wanted = wantedOf(setting, mode, decision)
    const known = before.values[setting.name]
    const from = known?.value ?? setting.default
    const isChange = from !== wanted.value
    if (isChange || known === undefined) version += 1
    if (isChange) {
      changes.push({
        version,
        at: decision.at,
        setting: setting.name,
        from,
        to: wanted.value,
        rule: wanted.rule,
      })
    }
    const since = isChange || known === undefined ? decision.at : known.since
    values[setting.name] = { ...wanted, since }
  }
  version += Object.keys(before.values).filter(name => !Object.hasOwn(values, name)).length
  const applied = appliesSettings(mode) || Object.keys(values).length === 0
  if (version > before.version) return { settings: { version, at: decision.at, applied, values }, changes }
  if (applied === before.applied && !holdersChanged(before.values, values))
    return { settings: before, changes }
  return { settings: { ...before, applied, values }, changes }
}

function wantedOf(
  { name, default: usual }: SettingSpec,
  mode: Mode,
  { settings, steps }: Decision,
): Omit<SettingInForce, 'since'> {
  if (!appliesSettings(mode)) return { value: usual, rule: null }
  const step = steps.find(step => step.stage === 'settings' && step.setting === name)
  return { value: settings[name] ?? usual, rule: step?.stage === 'settings' ? step.rule : null }
}

function holdersChanged(
  before: Readonly<Record<string, SettingInForce>>,
  after: Readonly<Record<string, SettingInForce>>,
): boolean {
  return Object.entries(after).some(([name, { rule }]) => before[name]?.rule !== rule)
}
