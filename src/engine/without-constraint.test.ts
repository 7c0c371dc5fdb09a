import { describe, expect, it } from 'vitest'
import { NOON, observation } from '../../test/builders/observation.ts'
import { fleetSpec } from '../../test/builders/spec.ts'
import { EMPTY_MEMORY } from '../model/memory.ts'
import { decide } from './decide.ts'

const at = (hour: number) => ({
  peak: { from: NOON - 1 + hour * 3_600_000, to: NOON + (hour + 1) * 3_600_000 },
})

describe('a fleet whose only constraint is not in force', () => {
  const words = { rules: [{ when: 'last(orders) > 1', by: 1 }] }
  const constraints = [
    { name: 'Peak', rank: 1, enabled: true, min: 2, max: 9, default: null, schedule: 'peak' },
  ]
  const seen = (hour: number) => observation({ open: 4, values: { 'last(orders)': 5 }, windows: at(hour) })

  it('stays as it is, where it is told to', () => {
    const spec = fleetSpec({ ...words, guards: { withoutConstraint: 'hold' }, spec: { constraints } })
    expect(decide(spec, seen(5), EMPTY_MEMORY).decision).toMatchObject({
      desired: 4,
      because: 'no constraint is in force, so nothing changes',
    })
    expect(decide(spec, seen(0), EMPTY_MEMORY).decision.desired).toBe(5)
  })

  it('is free to go anywhere otherwise', () => {
    const spec = fleetSpec({ ...words, spec: { constraints } })
    expect(decide(spec, seen(5), EMPTY_MEMORY).decision.desired).toBe(5)
  })
})
