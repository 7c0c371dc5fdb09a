/**
 * Settings as feature flags: which setting a flag key means, and what a flag's evaluation says.
 *
 * Example: `reports` is the setting of that name when one fleet alone has one, or when the context names the fleet;
 * `web.reports` is always the one of the fleet "web". Held at false by "Shed load" it evaluates to `{ key: 'web.reports',
 * value: false, reason: 'TARGETING_MATCH', variant: 'false', metadata: { fleet: 'web', rule: 'Shed load', ... } }`.
 */
import type { FleetSettings, SettingNow } from '../loop/settings-board.ts'
import type { FleetSpec, Spec } from '../model/spec.ts'
import { ambiguousFlag, noSuchContextFleet, noSuchFlag } from './failure.ts'
import { isoTime } from './wire/time.ts'

export interface FlagPlace {
  readonly fleet: FleetSpec
  readonly setting: string
}

/** The fleet a context names; `null` when it names none. Throws PLM-470. */
export function fleetOfContext(
  { fleets }: Spec,
  context: Readonly<Record<string, unknown>>,
): FleetSpec | null {
  const named = context.fleet
  if (named === undefined || named === null) return null
  const fleet = typeof named === 'string' && Object.hasOwn(fleets, named) ? fleets[named] : undefined
  if (fleet === undefined) throw noSuchContextFleet(named, Object.keys(fleets))
  return fleet
}

/** Throws PLM-469 when no setting, or more than one, is meant. */
export function placeOfFlag(spec: Spec, key: string, contextFleet: FleetSpec | null): FlagPlace {
  if (contextFleet !== null && Object.hasOwn(contextFleet.settings, key)) {
    return { fleet: contextFleet, setting: key }
  }
  const fleets = Object.values(spec.fleets)
  const inFull = fleets.flatMap(fleet => {
    const setting = key.startsWith(`${fleet.name}.`) ? key.slice(fleet.name.length + 1) : ''
    return Object.hasOwn(fleet.settings, setting) ? [{ fleet, setting }] : []
  })
  const alone =
    contextFleet === null
      ? fleets.filter(({ settings }) => Object.hasOwn(settings, key)).map(fleet => ({ fleet, setting: key }))
      : []
  const [found, ...others] = inFull.length > 0 ? inFull : alone
  if (found === undefined) throw noSuchFlag(key, flagKeys(spec))
  if (others.length > 0) throw ambiguousFlag(key, [found, ...others].map(fullName))
  return found
}

/** Every setting under its full name. */
function flagKeys({ fleets }: Spec): string[] {
  return Object.values(fleets).flatMap(fleet =>
    Object.keys(fleet.settings).map(setting => fullName({ fleet, setting })),
  )
}

function fullName({ fleet, setting }: FlagPlace): string {
  return `${fleet.name}.${setting}`
}

export function evaluateFlag(key: string, setting: string, { fleet, version, settings }: FleetSettings) {
  const now = settings.find(one => one.setting === setting)
  return now === undefined ? null : evaluation(key, now, fleet, version)
}

/**
 * Every flag of these fleets. Of one fleet alone by its short keys; of all of them by the full keys, and by the short
 * ones that only one fleet has.
 */
export function evaluateAll(fleets: readonly FleetSettings[], isOneAlone: boolean) {
  const holders = new Map<string, number>()
  for (const { settings } of fleets) {
    for (const { setting } of settings) holders.set(setting, (holders.get(setting) ?? 0) + 1)
  }
  return fleets.flatMap(({ fleet, version, settings }) =>
    settings.flatMap(now => {
      const full = `${fleet}.${now.setting}`
      const short = holders.get(now.setting) === 1 ? [now.setting] : []
      const keys = isOneAlone ? [now.setting] : [...short, full]
      return keys.map(key => evaluation(key, now, fleet, version))
    }),
  )
}

function evaluation(key: string, now: SettingNow, fleet: string, version: number) {
  const { setting, value, rule, since } = now
  return {
    key,
    value,
    reason: rule === null ? ('STATIC' as const) : ('TARGETING_MATCH' as const),
    variant: String(value),
    metadata: {
      fleet,
      setting,
      version,
      default: now.default,
      ...(rule === null ? {} : { rule }),
      ...(since === null ? {} : { since: isoTime(since) }),
    },
  }
}
