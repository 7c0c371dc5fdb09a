/**
 * The defaults of other autoscalers, laid under what the operator wrote: rules brought from there behave as they did, and
 * every key in the file wins.
 *
 * Example: `{ preset: hpa, cooldown: 1m }` reads like `{ flapping: false, cooldown: 1m, stabilization: { out: 0s, in: 5m },
 * rateLimits: { out: [4 or 100 % per 15s], in: [100 % per 15s] }, ... }`.
 */
export const PRESETS = ['wasabi', 'azure', 'hpa', 'aws'] as const
export type Preset = (typeof PRESETS)[number]

type Keys = Readonly<Record<string, unknown>>

const NO_STABILIZATION = { out: '0s', in: '0s' }

/** As an operator would write them. */
const FLEET_DEFAULTS: Readonly<Record<Preset, Keys>> = {
  wasabi: {
    scaleIn: 'any',
    flapping: false,
    cooldown: { out: '20m', in: '20m' },
    cooldownFrom: 'own',
    stabilization: NO_STABILIZATION,
  },
  azure: {
    scaleIn: 'all',
    flapping: true,
    cooldown: { out: '5m', in: '5m' },
    cooldownFrom: 'own',
    stabilization: NO_STABILIZATION,
  },
  hpa: {
    scaleIn: 'all',
    flapping: false,
    cooldown: { out: '0s', in: '0s' },
    stabilization: { out: '0s', in: '5m' },
    rateLimits: {
      out: [
        { instances: 4, per: '15s' },
        { percent: '100%', per: '15s' },
      ],
      in: [{ percent: '100%', per: '15s' }],
      select: 'max',
    },
  },
  aws: {
    scaleIn: 'all',
    flapping: false,
    cooldown: { out: '0s', in: '0s' },
    stabilization: NO_STABILIZATION,
    warmup: '5m',
    growDuringWarmup: false,
  },
}

/** Under the keys of a rule's `track` and `steps`. */
const TRACK_DEFAULTS: Partial<Readonly<Record<Preset, Keys>>> = {
  hpa: { tolerance: '10%', wholePercents: true },
  aws: { tolerance: { out: '0%', in: '10%' } },
}
const STEPS_DEFAULTS: Partial<Readonly<Record<Preset, Keys>>> = { aws: { rounding: 'towards-zero' } }

export function isPreset(value: unknown): value is Preset {
  return PRESETS.some(preset => preset === value)
}

/** The whole file with every fleet's preset laid under it. Rules of a group keep to the presets of none. */
export function withPresets(config: unknown): unknown {
  if (!isMapping(config) || !isMapping(config.fleets)) return config
  const fleets = Object.entries(config.fleets).map(([name, fleet]) => [name, withPreset(fleet)])
  return { ...config, fleets: Object.fromEntries(fleets) }
}

/** A fleet as written with its preset laid under it; left alone without one. */
export function withPreset(fleet: unknown): unknown {
  if (!isMapping(fleet) || !isPreset(fleet.preset)) return fleet
  const { preset } = fleet
  const under = layUnder(FLEET_DEFAULTS[preset], fleet)
  const { rules } = fleet
  return Array.isArray(rules) ? { ...under, rules: rules.map(rule => ruleWithPreset(rule, preset)) } : under
}

function ruleWithPreset(rule: unknown, preset: Preset): unknown {
  if (!isMapping(rule)) return rule
  const { track, steps } = rule
  return {
    ...rule,
    ...(isMapping(track) ? { track: layUnder(TRACK_DEFAULTS[preset] ?? {}, track) } : {}),
    ...(isMapping(steps) ? { steps: layUnder(STEPS_DEFAULTS[preset] ?? {}, steps) } : {}),
  }
}

/** Mappings key by key, anything else whole: `cooldown: 5m` takes the place of both directions. */
function layUnder(defaults: Keys, written: Keys): Keys {
  const result: Record<string, unknown> = { ...defaults, ...written }
  for (const [key, fallback] of Object.entries(defaults)) {
    const own = written[key]
    if (isMapping(own) && isMapping(fallback)) result[key] = layUnder(fallback, own)
  }
  return result
}

function isMapping(value: unknown): value is Keys {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
