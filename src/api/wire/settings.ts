/**
 * Settings over the wire: their values, flat, as an application wants them, and the details an operator wants.
 *
 * Example: `{ "fleet": "web", "version": 5, "applied": true, "settings": { "reports": false }, "details": [{ "setting":
 *   "reports", "value": false, "default": true, "rule": "Shed load", "since": "2026-11-21T12:04:00.000Z", ... }] }`.
 */
import { z } from 'zod'
import type { SettingChange, SettingsInForce } from '../../model/settings.ts'
import { type Covers, component } from './components.ts'
import { SettingValueWire } from './step.ts'
import { Time } from './time.ts'

/** As a fleet's memory holds them. */
export const SettingsInForceWire = component(
  'SettingsInForce',
  z.object({
    version: z.number().int(),
    at: Time,
    applied: z.boolean(),
    values: z.record(
      z.string(),
      z.object({ value: SettingValueWire, rule: z.string().nullable(), since: Time }),
    ),
  }),
)
export type SettingsCovered = Covers<SettingsInForce, z.output<typeof SettingsInForceWire>>

export const SettingWire = component(
  'Setting',
  z.object({
    setting: z.string(),
    value: SettingValueWire.describe('What applications are told.'),
    default: SettingValueWire,
    description: z.string(),
    rule: z.string().nullable().describe('The rule that holds the value; null at the default.'),
    since: Time.nullable().describe('Since when it has this value; null before the first tick.'),
    decided: SettingValueWire.describe(
      'What the rules ask for. Another value than `value` only in a mode that does not apply settings.',
    ),
  }),
)

export const FleetSettingsWire = component(
  'FleetSettings',
  z.object({
    fleet: z.string(),
    version: z.number().int().describe('Grows whenever a value changes; 0 before the first tick.'),
    applied: z
      .boolean()
      .describe('false in the modes notify and recommend, in which every setting stays at its default.'),
    settings: z.record(z.string(), SettingValueWire).describe('The values alone, by name.'),
    details: z.array(SettingWire),
  }),
)

export const SettingChangeWire = component(
  'SettingChange',
  z.object({
    version: z.number().int(),
    at: Time,
    setting: z.string(),
    from: SettingValueWire,
    to: SettingValueWire,
    rule: z.string().nullable().describe('The rule that set it; null when it went back to its default.'),
  }),
)
export type SettingChangeCovered = Covers<SettingChange, z.output<typeof SettingChangeWire>>
