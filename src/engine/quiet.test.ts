import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NOON, observation } from '../../test/builders/observation.ts'
import { fleetSpec } from '../../test/builders/spec.ts'
import { EMPTY_MEMORY, type Memory } from '../model/memory.ts'
import type { Interval } from '../model/time.ts'
import { decideUntold } from './decide.ts'
import { isStillQuiet, type QuietDecision, quietOf, rememberQuiet } from './quiet.ts'

const fleet = fleetSpec({
  min: 2,
  max: 20,
  constraints: [{ name: 'Peak', rank: 100, min: 4, max: 40, schedule: 'peak' }],
  rules: [
    { name: 'Up', when: 'avg(cpu, 5m) > 80%', by: 1 },
    { name: 'Slow', when: 'avg(cpu, 5m) > 70%', by: 1, forMs: 120_000 },
    { name: 'Many', when: 'last(orders) / instances > 100', percent: 20, during: 'peak' },
    { name: 'Down', when: 'avg(cpu, 5m) < 20% and last(orders) < 50', by: -1 },
  ],
  guards: { cooldownOutMs: 180_000, cooldownInMs: 600_000, stabilizationInMs: 300_000 },
})

const peak: Interval = { from: NOON + 600_000, to: NOON + 1_200_000 }
/** The same object while the window is the same, as a replay gives it. */
const windows = { peak }

interface Moment {
  readonly cpu: number | null
  readonly orders: number
  readonly pending: number
}

const moment = fc.record<Moment>({
  cpu: fc.option(fc.constantFrom(10, 15, 40, 45, 50, 55, 60, 75, 90), { freq: 12 }),
  orders: fc.constantFrom(10, 60, 200, 900),
  pending: fc.constantFrom(0, 0, 0, 0, 1),
})

function seenAt(minute: number, { cpu, orders, pending }: Moment, open: number) {
  const at = NOON + minute * 60_000
  const reading = (value: number) => ({
    value,
    samples: 9,
    firstAt: at - 290_000,
    lastAt: at,
    reporting: null,
  })
  return observation({
    at,
    open,
    pending,
    windows,
    readings: {
      'avg(cpu, 5m)': cpu === null ? { gap: 'nothing came' } : reading(cpu),
      'last(orders)': reading(orders),
    },
  })
}

describe('a quiet tick', () => {
  it('decides the same, and a stretch of them leaves the memory that deciding each time would leave', () => {
    let spared = 0
    fc.assert(
      fc.property(fc.array(moment, { minLength: 5, maxLength: 40 }), moments => {
        let memory: Memory = EMPTY_MEMORY
        let beforeStretch: Memory = EMPTY_MEMORY
        let quiet: QuietDecision | null = null
        let open = 4
        moments.forEach((each, minute) => {
          const now = { ...seenAt(minute, each, open), sessions: SESSIONS, overrides: OVERRIDES }
          const decided = decideUntold(fleet, now, memory)
          if (quiet !== null && isStillQuiet(fleet, quiet, now)) {
            spared += 1
            expect(rememberQuiet(fleet, quiet, now.at, beforeStretch)).toEqual(decided.memory)
            expect(decided.decision).toMatchObject({
              direction: 'none',
              current: quiet.decision.current,
              desired: quiet.decision.desired,
              bounds: quiet.decision.bounds,
            })
          } else {
            quiet = quietOf(fleet, now, decided.decision, decided.memory)
            beforeStretch = decided.memory
          }
          memory = decided.memory
          open = Math.max(1, (decided.decision.desired ?? open) - each.pending)
        })
      }),
    )
    expect(spared).toBeGreaterThan(100)
  })

  it('is never one of a fleet with KPIs, whose times go on', () => {
    const spec = fleetSpec({ kpis: { cool: 'avg(cpu, 5m) < 80%' }, rules: [] })
    const now = seenAt(0, { cpu: 40, orders: 60, pending: 0 }, 4)
    const { decision, memory } = decideUntold(spec, now, EMPTY_MEMORY)
    expect(quietOf(spec, now, decision, memory)).toBeNull()
  })
})

const { sessions: SESSIONS, overrides: OVERRIDES } = observation()
