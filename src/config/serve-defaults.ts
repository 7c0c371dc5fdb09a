/**
 * A fleet that is scaled by `serve` alone has no stabilization window unless the file says so: the rule has learnt how long
 * to keep what it has, and waiting once more on top of that only costs.
 *
 * Example: `rules: [{ name: Serve, serve: { ... } }]` reads as if it had `stabilization: { out: 0s, in: 0s }`; with a `when`
 * rule beside it, the usual five minutes stay.
 */

type Keys = Readonly<Record<string, unknown>>

/** The whole file, with these defaults laid under its fleets. */
export function withServeDefaults(config: unknown): unknown {
  if (!isMapping(config) || !isMapping(config.fleets)) return config
  const { fleets, groups } = config
  const guided = Object.entries(fleets).map(([name, fleet]) => [
    name,
    isMapping(fleet) && isServedAlone(name, fleet, fleets, groups) ? withoutWaiting(fleet) : fleet,
  ])
  return { ...config, fleets: Object.fromEntries(guided) }
}

function withoutWaiting(fleet: Keys): Keys {
  const none = { out: '0s', in: '0s' }
  const { stabilization } = fleet
  if (stabilization === undefined) return { ...fleet, stabilization: none }
  return isMapping(stabilization) ? { ...fleet, stabilization: { ...none, ...stabilization } } : fleet
}

function isServedAlone(name: string, { preset, rules }: Keys, fleets: Keys, groups: unknown): boolean {
  if (preset !== undefined || !Array.isArray(rules) || !rules.some(rule => hasKind(rule, ['serve'])))
    return false
  if (!rules.every(rule => hasKind(rule, LOOKS_AHEAD) || scalesNothing(rule))) return false
  return !hasGroupRules(name, groups) && !isScaledByOthers(name, fleets)
}

const LOOKS_AHEAD = ['serve', 'forecast', 'reserve']

function hasKind(rule: unknown, kinds: readonly string[]): boolean {
  return isMapping(rule) && kinds.some(kind => rule[kind] !== undefined)
}

/** A rule that only sets settings, notifies or runs something. */
function scalesNothing(rule: unknown): boolean {
  return isMapping(rule) && rule.when !== undefined && rule.scale === undefined
}

function hasGroupRules(name: string, groups: unknown): boolean {
  if (!isMapping(groups)) return false
  return Object.values(groups).some(
    group =>
      isMapping(group) &&
      isMapping(group.fleets) &&
      Object.hasOwn(group.fleets, name) &&
      group.rules !== undefined,
  )
}

function isScaledByOthers(name: string, fleets: Keys): boolean {
  return Object.values(fleets).some(
    fleet =>
      isMapping(fleet) &&
      Array.isArray(fleet.rules) &&
      fleet.rules.some(rule => isMapping(rule) && isMapping(rule.scale) && rule.scale.fleet === name),
  )
}

function isMapping(value: unknown): value is Keys {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
