/**
 * What applications are told the settings of a fleet are, and how that came about. A decision says what the rules set at
 * one tick; this is what is in force, which in the modes that only advise stays at the defaults.
 *
 * Example: "Shed load" sets `reports: false` at 12:04 and lets go at 12:06: two changes, `true` to `false` (version 1, by
 * "Shed load") and back (version 2, by nobody).
 */
import type { SettingValue } from './spec.ts'
import type { EpochMs } from './time.ts'

export interface SettingInForce {
  readonly value: SettingValue
  /** The rule that holds it; `null` at its default. */
  readonly rule: string | null
  /** Since when it has this value. */
  readonly since: EpochMs
}

export interface SettingsInForce {
  /** Grows by one with every change of a value, and when a setting comes or goes. 0 before the first tick. */
  readonly version: number
  /** When the version last grew. */
  readonly at: EpochMs
  /** `false` in a mode that only advises: every setting is at its default, whatever the rules ask for. */
  readonly applied: boolean
  readonly values: Readonly<Record<string, SettingInForce>>
}

export interface SettingChange {
  /** Of the settings in force after it; no two changes of a fleet share one. */
  readonly version: number
  readonly at: EpochMs
  readonly setting: string
  readonly from: SettingValue
  readonly to: SettingValue
  /** The rule that set it; `null` when it went back to its default. */
  readonly rule: string | null
}

/** Before the first tick, and of a fleet without settings: there is nothing that is not applied. */
export const NO_SETTINGS: SettingsInForce = Object.freeze({
  version: 0,
  at: 0,
  applied: true,
  values: Object.freeze({}),
})
