/**
 * From the keys of what holds a change back to the model's guards, in code units.
 *
 * Example: `cooldown: 5m` becomes `{ cooldownOutMs: 300000, cooldownInMs: 300000, ... }`.
 */
import type { Expression } from '../model/expression.ts'
import type { BillingHour, Guards, OutageGuard, RateLimit } from '../model/spec.ts'
import type { ReadConfig } from './schema.ts'

type ReadFleet = ReadConfig['fleets'][string]

const MINUTE_MS = 60_000

export function compileGuards(fleet: ReadFleet): Guards {
  const { cooldown, stabilization, rateLimits } = fleet
  const sides = typeof cooldown === 'number' ? { out: cooldown, in: cooldown } : cooldown
  const { select } = rateLimits
  const selected = typeof select === 'string' ? { out: select, in: select } : select
  return {
    scaleIn: fleet.scaleIn,
    flapping: fleet.flapping,
    cooldownOutMs: sides.out,
    cooldownInMs: sides.in,
    cooldownFrom: fleet.cooldownFrom,
    stabilizationOutMs: stabilization.out,
    stabilizationInMs: stabilization.in,
    rateOut: { limits: rateLimits.out.map(rateLimitOf), select: selected.out },
    rateIn: { limits: rateLimits.in.map(rateLimitOf), select: selected.in },
    billingHour: billingHourOf(fleet.billingHour),
    growDuringWarmup: fleet.growDuringWarmup,
    withoutConstraint: fleet.preset === 'wasabi' ? 'hold' : 'free',
  }
}

function rateLimitOf({ instances, percent, per }: ReadFleet['rateLimits']['out'][number]): RateLimit {
  if (instances !== undefined) return { kind: 'instances', instances, periodMs: per }
  if (percent === undefined) throw new Error('A rate limit of nothing was compiled')
  return { kind: 'percent', ratio: percent, periodMs: per }
}

function billingHourOf(written: ReadFleet['billingHour']): BillingHour | null {
  if (written === undefined) return null
  const minutes = (ms: number | undefined): number | null => (ms === undefined ? null : ms / MINUTE_MS)
  const { by, outFirst, inLast } = written
  return { by, outFirstMinutes: minutes(outFirst), inLastMinutes: minutes(inLast) }
}

export function compileOutageGuard(
  written: ReadFleet['outageGuard'],
  expression: (text: string) => Expression,
): OutageGuard | null {
  if (written === undefined) return null
  const { of, drop, within, hold } = written
  return {
    operand: expression(of),
    operandText: of.trim(),
    dropRatio: drop,
    withinMs: within,
    holdMs: hold,
  }
}
