/**
 * How many fleets can one core decide a second? Three rules, two constraints, a KPI-free but complete pipeline with
 * every step recorded, over observations that differ so that nothing can be cached. And how much more does a fleet with 50
 * rules cost? (At most 20 times as much.)
 *
 * Example: `npm run bench -- decide --json` ends with `{"fleetsPerSecond":410000,...,"ratio50to3":6.5}`.
 */
import { performance } from 'node:perf_hooks'
import { decide } from '../src/engine/decide.ts'
import { EMPTY_MEMORY } from '../src/model/memory.ts'
import type { Observation } from '../src/model/observation.ts'
import type { FleetSpec } from '../src/model/spec.ts'
import { NOON, observation } from '../test/builders/observation.ts'
import { fleetSpec } from '../test/builders/spec.ts'

const ROUNDS = 7
const DECISIONS_PER_ROUND = 100_000
const DISTINCT_FLEETS = 1_000

const spec = fleetSpec({
  min: 2,
  max: 20,
  constraints: [{ name: 'Peak', rank: 100, min: 4, max: 40, schedule: 'peak' }],
  rules: [
    { name: 'Scale up', rank: 10, when: 'avg(cpu, 5m) > 80%', by: 1 },
    { name: 'Scale up fast', rank: 10, when: 'last(orders) / instances > 100', percent: 20 },
    { name: 'Scale down', rank: 10, when: 'avg(cpu, 5m) < 20% and last(orders) < 50', by: -1 },
  ],
  guards: { cooldownOutMs: 180_000, cooldownInMs: 600_000, stabilizationInMs: 300_000 },
})

/** A third grows, a third shrinks (with its projection), a third stays. */
function observations(): Observation[] {
  return Array.from({ length: DISTINCT_FLEETS }, (_, n) => {
    const cpu = [85, 10, 50][n % 3] ?? 50
    return observation({
      open: 4 + (n % 12),
      readings: {
        'avg(cpu, 5m)': {
          value: cpu + n / 1000,
          samples: 80,
          firstAt: NOON - 290_000,
          lastAt: NOON - 5_000,
          reporting: 4 + (n % 12),
        },
        'last(orders)': {
          value: n % 40,
          samples: 20,
          firstAt: NOON - 50_000,
          lastAt: NOON - 5_000,
          reporting: null,
        },
      },
      windows: { peak: { from: NOON - 3_600_000, to: NOON + 3_600_000 } },
    })
  })
}

const MANY_RULES = 50
const DECISIONS_PER_LARGE_ROUND = 10_000

/** Fifty rules over the same two operands, of which a few fire each time. */
const large = fleetSpec({
  min: 2,
  max: 20,
  constraints: [{ name: 'Peak', rank: 100, min: 4, max: 40, schedule: 'peak' }],
  rules: Array.from({ length: MANY_RULES }, (_, n) => {
    const rule = { name: `Rule ${n}`, rank: n % 5 }
    switch (n % 3) {
      case 0:
        return { ...rule, when: `avg(cpu, 5m) > ${70 + n}%`, by: 1 }
      case 1:
        return { ...rule, when: `last(orders) / instances > ${50 + n}`, percent: 20 }
      default:
        return { ...rule, when: `avg(cpu, 5m) < ${n}% and last(orders) < 50`, by: -1 }
    }
  }),
  guards: { cooldownOutMs: 180_000, cooldownInMs: 600_000, stabilizationInMs: 300_000 },
})

export async function run(): Promise<{ table: string; result: Record<string, number> }> {
  const inputs = observations()
  const small = measure(spec, inputs, DECISIONS_PER_ROUND)
  const fifty = measure(large, inputs, DECISIONS_PER_LARGE_ROUND)
  const ratio50to3 = Math.round((small.perSecond / fifty.perSecond) * 10) / 10
  return {
    table: [
      `fleets decided per second, one core (median of ${ROUNDS - 2} rounds of ${DECISIONS_PER_ROUND}): ${small.perSecond}`,
      `steps recorded per decision: ${small.stepsPerDecision.toFixed(1)}`,
      `with ${MANY_RULES} rules: ${fifty.perSecond} per second, ${ratio50to3} times the cost, ${fifty.stepsPerDecision.toFixed(1)} steps`,
    ].join('\n'),
    result: {
      fleetsPerSecond: small.perSecond,
      slowest: small.slowest,
      stepsPerDecision: small.stepsPerDecision,
      fleetsPerSecond50Rules: fifty.perSecond,
      ratio50to3,
    },
  }
}

function measure(fleet: FleetSpec, inputs: readonly Observation[], decisions: number) {
  const rates: number[] = []
  let steps = 0
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    for (let n = 0; n < decisions; n++) {
      const input = inputs[n % DISTINCT_FLEETS]
      if (input !== undefined) steps += decide(fleet, input, EMPTY_MEMORY).decision.steps.length
    }
    rates.push(decisions / ((performance.now() - started) / 1000))
  }
  // The first two rounds warm the compiler up.
  const measured = rates.slice(2).sort((a, b) => a - b)
  return {
    perSecond: Math.round(measured[Math.floor(measured.length / 2)] ?? 0),
    slowest: Math.round(measured[0] ?? 0),
    stepsPerDecision: steps / (ROUNDS * decisions),
  }
}
