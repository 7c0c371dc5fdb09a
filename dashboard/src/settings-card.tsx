/**
 * What applications are told: each setting of the fleet with its value, its default, and the rule that holds it.
 *
 * Example: "reports **false**, default true, held by "Shed load" since 12:04:15".
 */
import type { FleetSettings, Setting } from './wire.ts'
import { clockText } from './words.ts'

export function SettingsCard({ settings }: { settings: FleetSettings | null }) {
  if (settings === null || settings.details.length === 0) return null
  const { details, applied } = settings
  return (
    <section class="card wide" aria-label="Settings">
      <div class="card-head">
        <h2>Settings</h2>
        {applied ? null : <span class="muted">not applied in this mode: all are at their defaults</span>}
      </div>
      <ul class="settings">
        {details.map(setting => (
          <SettingLine key={setting.setting} setting={setting} />
        ))}
      </ul>
    </section>
  )
}

function SettingLine({ setting: one }: { setting: Setting }) {
  const { setting, value, description, rule } = one
  const changed = value !== one.default
  return (
    <li class={changed ? 'setting changed' : 'setting'}>
      <p>
        {setting} <b>{String(value)}</b>
      </p>
      <p class="muted">{heldText(one)}</p>
      {description === '' ? null : <p class="muted">{description}</p>}
      {rule === null && one.decided !== value ? (
        <p class="muted">its rules ask for {String(one.decided)}</p>
      ) : null}
    </li>
  )
}

function heldText({ value, rule, since, default: usual }: Setting): string {
  if (rule === null) return 'at its default'
  const held = `held by "${rule}"${since === null ? '' : ` since ${clockText(since)}`}`
  return value === usual ? held : `${held}, default ${String(usual)}`
}
