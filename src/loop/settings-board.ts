/**
 * The settings of every fleet as applications are told them, at hand without asking the store each time. It follows the
 * ticks; before a fleet's first tick, and while another process holds its lease, the store's memory says.
 *
 * Example: `await board.of(web)` after "Shed load" fired is `{ fleet: 'web', version: 5, applied: true, settings:
 * [{ setting: 'reports', value: false, default: true, rule: 'Shed load', ... }] }`.
 */
import type { SettingsInForce } from '../model/settings.ts'
import type { FleetSpec, SettingSpec, SettingValue } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import type { Runtime } from './runtime.ts'
import type { LoopEvent } from './world.ts'

export interface SettingNow {
  readonly setting: string
  readonly value: SettingValue
  readonly default: SettingValue
  readonly description: string
  readonly rule: string | null
  /** `null` before the first tick that knew it. */
  readonly since: EpochMs | null
  /** What the last decision would have it; the value in force where nothing is decided yet. */
  readonly decided: SettingValue
}

export interface FleetSettings {
  readonly fleet: string
  readonly version: number
  readonly applied: boolean
  /** In the order of the file. */
  readonly settings: readonly SettingNow[]
}

export interface SettingsBoard {
  of(fleet: FleetSpec): Promise<FleetSettings>
  close(): void
}

export function createSettingsBoard(runtime: Runtime): SettingsBoard {
  const known = new Map<string, SettingsInForce>()
  const unsubscribe = runtime.subscribe(event => follow(known, event))

  async function inForce(fleet: string): Promise<SettingsInForce> {
    const there = known.get(fleet)
    if (there !== undefined) return there
    const { settings } = await runtime.store.load(fleet)
    // A tick may have told newer ones meanwhile. Nobody tells us what another process does.
    const told = known.get(fleet)
    if (told !== undefined) return told
    if (runtime.lastReport(fleet)?.outcome === 'ticked') known.set(fleet, settings)
    return settings
  }

  return {
    async of(fleet) {
      const decided = runtime.latest(fleet.name)?.decision.settings ?? null
      return settingsNow(fleet, await inForce(fleet.name), decided)
    },
    close: unsubscribe,
  }
}

function follow(known: Map<string, SettingsInForce>, event: LoopEvent): void {
  if (event.type === 'settings') known.set(event.fleet, event.settings)
  if (event.type === 'tick' && event.report.outcome !== 'ticked') known.delete(event.report.fleet)
}

/** What is configured, with what is in force; a setting no tick has seen yet is at its default. */
export function settingsNow(
  fleet: FleetSpec,
  { version, applied, values }: SettingsInForce,
  decided: Readonly<Record<string, SettingValue>> | null,
): FleetSettings {
  const settings = Object.values(fleet.settings).map((spec): SettingNow => {
    const now = Object.hasOwn(values, spec.name) ? values[spec.name] : undefined
    const isOurs = now !== undefined && typeof now.value === typeof spec.default
    const value = isOurs ? now.value : spec.default
    return {
      setting: spec.name,
      value,
      default: spec.default,
      description: spec.description,
      rule: isOurs ? now.rule : null,
      since: isOurs ? now.since : null,
      decided: decidedOf(spec, decided) ?? value,
    }
  })
  return { fleet: fleet.name, version, applied, settings }
}

function decidedOf(
  { name }: SettingSpec,
  decided: Readonly<Record<string, SettingValue>> | null,
): SettingValue | undefined {
  return decided !== null && Object.hasOwn(decided, name) ? decided[name] : undefined
}
