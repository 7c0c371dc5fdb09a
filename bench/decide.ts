/**
 * How many fleets can one core decide a second? Three rules, two constraints, a KPI-free but complete pipeline with
 * every step recorded, over observations that differ so that nothing can be cached.
 *
 * Example: `npm run bench -- decide --json` ends with `{"fleetsPerSecond":250000,...}`.
 */
import { performance } from 'node:perf_hooks'
import { decide } from '../src/engine/decide.ts'
import { EMPTY_MEMORY } from '../src/model/memory.ts'
import type { Observation } from '../src/model/observation.ts'
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

export async function run(): Promise<{ table: string; result: Record<string, number> }> {
  const inputs = observations()
  const rates: number[] = []
  let steps = 0
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    for (let n = 0; n < DECISIONS_PER_ROUND; n++) {
      const input = inputs[n % DISTINCT_FLEETS]
      if (input !== undefined) steps += decide(spec, input, EMPTY_MEMORY).decision.steps.length
    }
    rates.push(DECISIONS_PER_ROUND / ((performance.now() - started) / 1000))
  }
  // The first two rounds warm the compiler up.
  const measured = rates.slice(2).sort((a, b) => a - b)
  const fleetsPerSecond = Math.round(measured[Math.floor(measured.length / 2)] ?? 0)
  const stepsPerDecision = steps / (ROUNDS * DECISIONS_PER_ROUND)
  return {
    table: `fleets decided per second, one core (median of ${measured.length} rounds of ${DECISIONS_PER_ROUND}): ${fleetsPerSecond}\nsteps recorded per decision: ${stepsPerDecision.toFixed(1)}`,
    result: { fleetsPerSecond, slowest: Math.round(measured[0] ?? 0), stepsPerDecision },
  }
}
