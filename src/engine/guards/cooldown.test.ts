import { describe, expect, it } from 'vitest'
import { observation } from '../../../test/builders/observation.ts'
import { fleetSpec } from '../../../test/builders/spec.ts'
import { EMPTY_MEMORY } from '../../model/memory.ts'
import { decide } from '../decide.ts'

describe('the cooldown of a fleet that never changed', () => {
  it.each(['own', 'last'] as const)('is over, counted from %s', cooldownFrom => {
    const spec = fleetSpec({
      rules: [{ when: 'last(orders) > 0', by: 1 }],
      guards: { cooldownFrom, cooldownOutMs: 180_000 },
    })
    const { decision } = decide(spec, observation({ open: 4, values: { 'last(orders)': 1 } }), EMPTY_MEMORY)
    expect(decision.desired).toBe(5)
    expect(decision.steps).toContainEqual({
      stage: 'guards',
      guard: 'cooldown',
      outcome: 'passed',
      from: 5,
      to: 5,
      lastChangeAt: null,
      cooldownMs: 180_000,
      until: null,
    })
  })
})
