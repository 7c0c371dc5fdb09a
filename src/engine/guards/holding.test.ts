import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NOON, observation } from '../../../test/builders/observation.ts'
import { fleetSpec } from '../../../test/builders/spec.ts'
import { runs } from '../../../test/seed.ts'
import { type Change, EMPTY_MEMORY, type Memory } from '../../model/memory.ts'
import type { FleetSpec, Guards, OutageGuard, RateLimit, RateLimits } from '../../model/spec.ts'
import { decide } from '../decide.ts'
import { explainDecision } from '../explain.ts'

const MINUTE = 60_000

const limit: fc.Arbitrary<RateLimit> = fc.oneof(
  fc.record({
    kind: fc.constant('instances' as const),
    instances: fc.nat(5),
    periodMs: fc.constantFrom(MINUTE, 5 * MINUTE),
  }),
  fc.record({
    kind: fc.constant('percent' as const),
    ratio: fc.double({ min: 0, max: 3, noNaN: true }),
    periodMs: fc.constantFrom(MINUTE, 5 * MINUTE),
  }),
)
const limits: fc.Arbitrary<RateLimits> = fc.record({
  limits: fc.array(limit, { maxLength: 3 }),
  select: fc.constantFrom('max' as const, 'min' as const),
})
const guards: fc.Arbitrary<Partial<Guards>> = fc.record({
  flapping: fc.boolean(),
  cooldownOutMs: fc.constantFrom(0, MINUTE),
  cooldownInMs: fc.constantFrom(0, 10 * MINUTE),
  stabilizationOutMs: fc.constantFrom(0, MINUTE),
  stabilizationInMs: fc.constantFrom(0, 5 * MINUTE),
  rateOut: limits,
  rateIn: limits,
  billingHour: fc.option(
    fc.record({
      by: fc.constantFrom('wall-clock' as const, 'age' as const),
      outFirstMinutes: fc.option(fc.integer({ min: 1, max: 60 }), { nil: null }),
      inLastMinutes: fc.option(fc.integer({ min: 1, max: 60 }), { nil: null }),
    }),
    { nil: null },
  ),
  growDuringWarmup: fc.boolean(),
})
const change: fc.Arbitrary<Change> = fc
  .record({ ago: fc.nat(600_000), from: fc.nat(20), to: fc.nat(20) })
  .map(({ ago, from, to }) => ({
    at: NOON - ago,
    direction: to >= from ? ('out' as const) : ('in' as const),
    rule: null,
    from,
    to,
    cooldownMs: 0,
  }))
const memory: fc.Arbitrary<Partial<Memory>> = fc.record({
  lastChange: fc.option(change, { nil: null }),
  changes: fc.array(change, { maxLength: 5 }),
  recommendations: fc.array(fc.record({ at: fc.nat(600_000).map(ago => NOON - ago), count: fc.nat(20) }), {
    maxLength: 5,
  }),
  load: fc.record({
    peaks: fc.array(fc.record({ at: fc.nat(300_000).map(ago => NOON - ago), value: fc.nat(1000) }), {
      maxLength: 1,
    }),
    heldUntil: fc.option(
      fc.nat(600_000).map(later => NOON + later + 1),
      { nil: null },
    ),
  }),
})
const outageGuard: fc.Arbitrary<OutageGuard | null> = fc.option(
  fc.record({
    operand: fc.constant({
      node: 'aggregate' as const,
      key: 'last(orders)',
      aggregate: 'last' as const,
      metric: 'orders',
      windowMs: MINUTE,
    }),
    operandText: fc.constant('last(orders)'),
    dropRatio: fc.double({ min: 0.1, max: 1, noNaN: true }),
    withinMs: fc.constant(5 * MINUTE),
    holdMs: fc.constant(15 * MINUTE),
  }),
  { nil: null },
)
const situation = fc.record({
  open: fc.nat(20),
  orders: fc.option(fc.nat(1000), { nil: null, freq: 8 }),
  by: fc.integer({ min: -6, max: 6 }),
  min: fc.nat(5),
  span: fc.nat(20),
  quota: fc.option(fc.integer({ min: 1, max: 25 }), { nil: null }),
  guards,
  memory,
  outageGuard,
})

function specOf(
  given: { by: number; min: number; span: number },
  change: Partial<FleetSpec>,
  held: Partial<Guards>,
) {
  return fleetSpec({
    min: given.min,
    max: given.min + given.span,
    rules: [{ name: 'Rule', when: 'last(orders) >= 0', by: given.by === 0 ? 1 : given.by }],
    guards: { flapping: false, ...held },
    spec: { warmupMs: 5 * MINUTE, ...change },
  })
}

describe('whatever the guards are', () => {
  it('they hold or lessen what the rules want, and the bounds and the quota have the last word', () => {
    fc.assert(
      fc.property(situation, ({ open, orders, quota, memory: before, ...given }) => {
        const seen = observation({ open, values: { 'last(orders)': orders } })
        const all = { ...EMPTY_MEMORY, ...before }
        const limited = { quota, outageGuard: given.outageGuard }
        const { decision } = decide(specOf(given, limited, given.guards), seen, all)
        const free = decide(specOf(given, {}, {}), seen, EMPTY_MEMORY).decision
        const most = Math.min(given.min + given.span, quota ?? Number.POSITIVE_INFINITY)
        const desired = decision.desired ?? Number.NaN
        expect(desired).toBeLessThanOrEqual(most)
        expect(desired).toBeGreaterThanOrEqual(Math.min(given.min, most))
        // Between what there is and what would be without guards, but for bounds.
        const low = Math.min(open, free.desired ?? 0)
        const high = Math.max(open, free.desired ?? 0)
        expect(desired).toBeGreaterThanOrEqual(Math.min(low, most))
        expect(desired).toBeLessThanOrEqual(Math.max(high, given.min))
        for (const step of decision.steps) {
          if (step.stage !== 'guards') continue
          expect(Math.sign(step.to - open) * Math.sign(step.from - open)).toBeGreaterThanOrEqual(0)
          expect(Math.abs(step.to - open)).toBeLessThanOrEqual(Math.abs(step.from - open))
          expect(step.outcome).toBe(step.to === step.from ? 'passed' : step.to === open ? 'held' : 'lessened')
        }
        for (const sentence of explainDecision(decision)) expect(sentence).not.toMatch(/undefined|NaN|null/)
      }),
      { numRuns: runs(1000) },
    )
  })
})
