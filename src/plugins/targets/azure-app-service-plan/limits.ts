/**
 * How many instances a plan may have, and whether anybody but Azure may say so. Azure tells the limits of a tier when it is
 * asked; the table is for when it does not.
 *
 * Example: Standard S1, for which Azure tells 1 to 10: 1 to 10. Not told: the plan itself says at most 10. Neither: the table
 * says 10. Premium V3 that is spread over zones: 2 to 30.
 */
import { PluginError } from '../../../ports/plugin.ts'

/** What of a plan its limits depend on. */
export interface PlanTier {
  readonly name: string
  /** `Standard`, `PremiumV3` ... */
  readonly tier: string
  /** `S1`, `P1v3` ... */
  readonly size: string
  /** Azure adds and removes instances by the requests that come in. */
  readonly scalesItself: boolean
  readonly zoneRedundant: boolean
  /** What the plan says of itself; `null`: nothing. */
  readonly most: number | null
}

export interface Limits {
  readonly lowest: number
  /** `null`: not known, and Azure will say. */
  readonly highest: number | null
}

/** In small letters. V4 is not told anywhere, so it is left to Azure. */
const HIGHEST: Readonly<Record<string, number>> = {
  free: 1,
  shared: 1,
  basic: 3,
  standard: 10,
  premium: 20,
  premiumv2: 30,
  premiumv3: 30,
  premiummv3: 30,
  isolated: 100,
  isolatedv2: 100,
}
/** One over zones is on two of them at least. */
const LOWEST_OVER_ZONES = 2
/** Functions and workflows, which Azure scales whatever the plan says. */
const SCALES_ITSELF = /^(dynamic|flexconsumption|elastic.*|workflow.*)$/

export function scalesItself(tier: string): boolean {
  return SCALES_ITSELF.test(tier.toLowerCase())
}

/** @param told by Azure for the plan's tier and size */
export function limitsOf({ tier, zoneRedundant, most }: PlanTier, told: Partial<Limits>): Limits {
  const said = [told.highest ?? null, most].filter(count => count !== null && count > 0)
  const highest = said.length > 0 ? Math.min(...said.map(Number)) : (HIGHEST[tier.toLowerCase()] ?? null)
  return { lowest: Math.max(1, told.lowest ?? 1, zoneRedundant ? LOWEST_OVER_ZONES : 1), highest }
}

/**
 * In the answer of `getServerFarmSkus`, which has no type: a list of sizes, each with its name (or with a `sku` that has it) and
 * a `capacity`. What has another shape says nothing.
 */
export function toldIn(answer: Readonly<Record<string, unknown>>, size: string): Partial<Limits> {
  const list = [answer.value, answer.skus].find(Array.isArray) ?? []
  for (const entry of list) {
    if (!isRecord(entry)) continue
    const sku = isRecord(entry.sku) ? entry.sku : entry
    if (String(sku.name).toLowerCase() !== size.toLowerCase() || !isRecord(entry.capacity)) continue
    const { minimum, maximum } = entry.capacity
    return {
      ...(isCount(minimum) ? { lowest: minimum } : {}),
      ...(isCount(maximum) ? { highest: maximum } : {}),
    }
  }
  return {}
}

/** @throws PluginError PLM-782 where Azure scales it itself */
export function requireOurs({ name, tier, scalesItself }: PlanTier): void {
  if (!scalesItself) return
  throw new PluginError(
    'refused',
    `PLM-782 Azure scales the plan ${name} (${tier}) itself, by the requests that come in; nothing was changed. Switch its automatic scaling off (\`az appservice plan update --elastic-scale false\`) to let Plimsoll scale it, or give the fleet \`target: { type: none }\`.`,
  )
}

/** @throws PluginError PLM-783 where the tier does not allow so many, or no other number than it has */
export function requireAllowed(count: number, plan: PlanTier, { lowest, highest }: Limits): void {
  if (count >= lowest && (highest === null || count <= highest)) return
  throw new PluginError('refused', `PLM-783 ${whyNot(count, plan, lowest, highest)}; nothing was changed.`)
}

function whyNot(count: number, plan: PlanTier, lowest: number, highest: number | null): string {
  const { name, tier, zoneRedundant } = plan
  if (highest === 1) {
    return `the plan ${name} is ${tier}, which has one instance and no more: scale it up to Basic or above, where the number can be set`
  }
  if (highest !== null && count > highest) {
    return `${count} instances were wanted of the plan ${name}, and ${tier} has at most ${highest}: lower the fleet's max to ${highest}, or scale the plan up`
  }
  const because = zoneRedundant
    ? `it is spread over zones and has at least ${lowest}`
    : `it has at least ${lowest}`
  return `${count} instances were wanted of the plan ${name}, and ${because}: raise the fleet's min to ${lowest}`
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}
