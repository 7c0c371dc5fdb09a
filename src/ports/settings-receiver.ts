/**
 * An application that wants to be told when its settings change. At least once, and only the newest: `id` lets it drop
 * repeats, `version` lets it drop what is older than what it knows.
 *
 * Example: `send({ id: 'web/settings/5', fleet: 'web', version: 5, at, settings: { reports: false }, changed: [...] }, signal)`.
 */
import type { SettingChange } from '../model/settings.ts'
import type { SettingValue } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import type { Plugin } from './plugin.ts'

export interface SettingsMessage {
  /** The same for the same version of the same fleet. */
  readonly id: string
  readonly fleet: string
  readonly version: number
  /** When this version came about. */
  readonly at: EpochMs
  /** Every setting of the fleet with its value. */
  readonly settings: Readonly<Record<string, SettingValue>>
  /** What changed since the message before, also where that one never arrived; empty in the first after a start. */
  readonly changed: readonly SettingChange[]
}

export interface SettingsReceiver extends Plugin {
  /** Throws `PluginError` when it was not taken; `unavailable` and `throttled` are tried again. */
  send(message: SettingsMessage, signal: AbortSignal): Promise<void>
}
