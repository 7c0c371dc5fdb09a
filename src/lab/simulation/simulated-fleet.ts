/**
 * The fleet of a simulation: sessions in slots, a reserve, and every choice of an operator that makes a difference drawn from
 * the seed.
 *
 * Example: 5 slots each, 2 kept free, 1..8 instances, drains reopened after two minutes.
 */
import { USUAL_REPAIR } from '../../model/health.ts'
import type { FleetSpec } from '../../model/spec.ts'
import { capacityOf, NO_WAITING, PLAIN_FLEET, reserveOf } from './plain-fleet.ts'
import type { SeededRandom } from './seeded-random.ts'

export function simulatedFleet(random: SeededRandom): FleetSpec {
  const slotsPerInstance = random.pick([1, 2, 4])
  const min = random.whole(0, 2)
  const max = min + random.whole(3, 7)
  return {
    ...PLAIN_FLEET,
    name: 'rooms',
    target: { type: 'simulated', options: {} },
    routers: [{ type: 'simulated', options: {} }],
    sessions: {
      slotsPerInstance,
      placement: random.pick(['pack', 'spread', 'power-of-two', 'rendezvous']),
      leaseMs: 60_000,
      mostWaiting: 50,
      longestWaitMs: 10_000,
      drain: {
        deadlineMs: random.pick([null, 120_000, 600_000]),
        pastDeadline: random.pick(['keep', 'reopen']),
      },
      mayCut: false,
    },
    repair: { ...USUAL_REPAIR, freezeMs: 120_000 },
    constraints: [capacityOf(min, max)],
    rules: [
      reserveOf(
        random.chance(0.5)
          ? { kind: 'slots', slots: random.whole(1, slotsPerInstance) }
          : { kind: 'ratio', ratio: 0.25 },
        slotsPerInstance,
      ),
    ],
    guards: {
      ...NO_WAITING,
      cooldownInMs: random.pick([0, 15_000]),
      stabilizationInMs: random.pick([0, 20_000]),
    },
    everyMs: 5_000,
    bootTimeoutMs: 60_000,
    launchBatch: random.pick([2, 10]),
  }
}
