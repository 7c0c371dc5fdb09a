import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fleetSpec } from '../../test/builders/spec.ts'
import type { Decision, Step } from '../model/decision.ts'
import { NO_SETTINGS, type SettingsInForce } from '../model/settings.ts'
import type { FleetSpec, Mode, SettingSpec, SettingValue } from '../model/spec.ts'
import { applySettings } from './apply-settings.ts'

const NOON = Date.UTC(2026, 10, 21, 12)

function setting(name: string, usual: SettingValue): SettingSpec {
  return { name, default: usual, description: '' }
}

function withSettings(...settings: readonly SettingSpec[]): FleetSpec {
  return fleetSpec({
    metrics: {},
    spec: { settings: Object.fromEntries(settings.map(one => [one.name, one])) },
  })
}

const SHOP = withSettings(setting('reports', true), setting('quality', 'high'))

/** What rules set, by setting: the value and the rule. */
type SetBy = Readonly<Record<string, readonly [SettingValue, string]>>

function decided(spec: FleetSpec, at: number, set: SetBy = {}): Decision {
  const steps = Object.entries(set).map(
    ([name, [value, rule]]): Step => ({
      stage: 'settings',
      outcome: 'set',
      setting: name,
      value,
      rule,
      over: [],
    }),
  )
  const values = Object.values(spec.settings).map(one => [one.name, set[one.name]?.[0] ?? one.default])
  return {
    fleet: spec.name,
    at,
    current: 1,
    desired: 1,
    direction: 'none',
    rule: null,
    bounds: { lowest: 1, highest: 10, default: 1, constraint: 'capacity', until: null },
    because: '',
    kpis: {},
    settings: Object.fromEntries(values),
    effects: [],
    steps,
  }
}

/** After the first tick. Not a constant: a defect should fail tests, not the file. */
const first = () => applySettings(SHOP, 'scale', decided(SHOP, NOON), NO_SETTINGS).settings

describe('settings in force', () => {
  it('begin at their defaults, which is no change of a value', () => {
    expect(applySettings(SHOP, 'scale', decided(SHOP, NOON), NO_SETTINGS)).toEqual({
      settings: {
        version: 2,
        at: NOON,
        applied: true,
        values: {
          reports: { value: true, rule: null, since: NOON },
          quality: { value: 'high', rule: null, since: NOON },
        },
      },
      changes: [],
    })
  })

  it('change with the rule that sets them, and back, each change with a version of its own', () => {
    const shed = decided(SHOP, NOON + 1, { reports: [false, 'Shed load'], quality: ['low', 'Shed load'] })
    const off = applySettings(SHOP, 'scale', shed, first())
    expect(off.changes).toEqual([
      { version: 3, at: NOON + 1, setting: 'reports', from: true, to: false, rule: 'Shed load' },
      { version: 4, at: NOON + 1, setting: 'quality', from: 'high', to: 'low', rule: 'Shed load' },
    ])
    expect(off.settings).toMatchObject({
      version: 4,
      at: NOON + 1,
      values: { reports: { value: false, rule: 'Shed load', since: NOON + 1 } },
    })
    const on = applySettings(
      SHOP,
      'scale',
      decided(SHOP, NOON + 2, { quality: ['low', 'Shed load'] }),
      off.settings,
    )
    expect(on.changes).toEqual([
      { version: 5, at: NOON + 2, setting: 'reports', from: false, to: true, rule: null },
    ])
    expect(on.settings.values).toEqual({
      reports: { value: true, rule: null, since: NOON + 2 },
      quality: { value: 'low', rule: 'Shed load', since: NOON + 1 },
    })
  })

  it('that a rule sets at the first tick changed from their default', () => {
    const { changes, settings } = applySettings(
      SHOP,
      'scale',
      decided(SHOP, NOON, { reports: [false, 'Shed load'] }),
      NO_SETTINGS,
    )
    expect(changes).toMatchObject([{ version: 1, setting: 'reports', from: true, to: false }])
    expect(settings.version).toBe(2)
  })

  it('are the same object while nothing changes', () => {
    const before = first()
    expect(applySettings(SHOP, 'scale', decided(SHOP, NOON + 1), before).settings).toBe(before)
  })

  it('of a fleet that has none stay the same object in every mode', () => {
    const none = withSettings()
    for (const mode of ['scale', 'recommend'] as const) {
      expect(applySettings(none, mode, decided(none, NOON), NO_SETTINGS).settings).toBe(NO_SETTINGS)
    }
  })

  it('keep version and time when only another rule holds a value', () => {
    const by = (rule: string, at: number) => decided(SHOP, at, { reports: [false, rule] })
    const held = applySettings(SHOP, 'scale', by('Shed load', NOON + 1), first()).settings
    const other = applySettings(SHOP, 'scale', by('Panic', NOON + 2), held)
    expect(other).toEqual({
      settings: {
        ...held,
        values: { ...held.values, reports: { value: false, rule: 'Panic', since: NOON + 1 } },
      },
      changes: [],
    })
  })

  it('remember that a rule sets the default too', () => {
    const same = applySettings(SHOP, 'scale', decided(SHOP, NOON + 1, { reports: [true, 'Keep'] }), first())
    expect(same.changes).toEqual([])
    expect(same.settings).toMatchObject({
      version: 2,
      values: { reports: { value: true, rule: 'Keep', since: NOON } },
    })
  })

  it.each<[Mode, boolean]>([
    ['scale', true],
    ['scale-and-notify', true],
    ['notify', false],
    ['recommend', false],
  ])('in mode %s are applied: %s', (mode, isApplied) => {
    const { settings, changes } = applySettings(
      SHOP,
      mode,
      decided(SHOP, NOON + 1, { reports: [false, 'Shed load'] }),
      first(),
    )
    expect(settings.applied).toBe(isApplied)
    expect(settings.values.reports).toEqual(
      isApplied
        ? { value: false, rule: 'Shed load', since: NOON + 1 }
        : { value: true, rule: null, since: NOON },
    )
    expect(changes).toHaveLength(isApplied ? 1 : 0)
    expect(settings.version).toBe(isApplied ? 3 : 2)
  })

  it('go back to their defaults when the mode changes to one that only advises', () => {
    const shed = (at: number) => decided(SHOP, at, { reports: [false, 'Shed load'] })
    const off = applySettings(SHOP, 'scale', shed(NOON + 1), first()).settings
    const { changes, settings } = applySettings(SHOP, 'recommend', shed(NOON + 2), off)
    expect(changes).toEqual([
      { version: 4, at: NOON + 2, setting: 'reports', from: false, to: true, rule: null },
    ])
    expect(settings.applied).toBe(false)
  })

  it('come and go with the configuration; the version grows, and a removed one is no change', () => {
    const only = withSettings(setting('quality', 'high'), setting('limit', 10))
    const { settings, changes } = applySettings(only, 'scale', decided(only, NOON + 1), first())
    expect(changes).toEqual([])
    expect(settings).toMatchObject({ version: 4, at: NOON + 1 })
    expect(Object.keys(settings.values)).toEqual(['quality', 'limit'])
  })

  it('follow a changed default', () => {
    const low = withSettings(setting('reports', true), setting('quality', 'low'))
    expect(applySettings(low, 'scale', decided(low, NOON + 1), first()).changes).toEqual([
      { version: 3, at: NOON + 1, setting: 'quality', from: 'high', to: 'low', rule: null },
    ])
  })

  it('are what the changes since the beginning make of the defaults, whatever happens', () => {
    const tick = fc.record({
      mode: fc.constantFrom<Mode>('scale', 'notify', 'recommend', 'scale-and-notify'),
      reports: fc.constantFrom(null, true, false),
      quality: fc.constantFrom(null, 'high', 'low', 'none'),
    })
    fc.assert(
      fc.property(fc.array(tick, { maxLength: 30 }), ticks => {
        const played: Record<string, SettingValue> = { reports: true, quality: 'high' }
        let now: SettingsInForce = NO_SETTINGS
        for (const [index, { mode, reports, quality }] of ticks.entries()) {
          const set: SetBy = {
            ...(reports === null ? {} : { reports: [reports, 'a'] as const }),
            ...(quality === null ? {} : { quality: [quality, 'b'] as const }),
          }
          const before = now
          const { settings, changes } = applySettings(SHOP, mode, decided(SHOP, NOON + index, set), before)
          now = settings
          for (const change of changes) {
            expect(change.from).toBe(played[change.setting])
            expect(change.version).toBeGreaterThan(before.version)
            expect(change.version).toBeLessThanOrEqual(now.version)
            played[change.setting] = change.to
          }
          expect(new Set(changes.map(({ version }) => version)).size).toBe(changes.length)
          const values = Object.entries(now.values).map(([name, { value }]) => [name, value])
          expect(Object.fromEntries(values)).toEqual(played)
        }
      }),
    )
  })
})
