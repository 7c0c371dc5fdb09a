/**
 * A fleet with settings of every type and a rule that sheds load, for tests of what applications are told.
 *
 * Example: `standIn.tick('web', { at: T0, instances: [instance('web-1')], cpu: 95 })` with `sheddingFleet()` puts
 * `reports` to false by "Shed load"; at 50 % it is true again.
 */
import type { FleetSpec, SettingSpec, SettingValue } from '../../src/model/spec.ts'
import { webFleet } from './journal.ts'

function setting(name: string, usual: SettingValue): SettingSpec {
  return { name, default: usual, description: `The ${name} of the shop.` }
}

export const SHOP_SETTINGS: Readonly<Record<string, SettingSpec>> = {
  reports: setting('reports', true),
  quality: setting('quality', 'high'),
  'page size': setting('page size', 50),
}

/** Above 80 % CPU "Scale up" sheds too: `reports` off, `quality` low, `page size` 10. */
export function sheddingFleet(overrides: Partial<FleetSpec> = {}): FleetSpec {
  const fleet = webFleet({ settings: SHOP_SETTINGS, ...overrides })
  const set = { reports: false, quality: 'low', 'page size': 10 }
  const rules = fleet.rules.map(rule =>
    rule.name === 'Scale up' && rule.kind === 'when'
      ? { ...rule, name: 'Shed load', scale: null, effects: { set, notify: [], run: [] } }
      : rule,
  )
  return { ...fleet, rules }
}
