import { describe, expect, it } from 'vitest'
import { NOON } from '../../test/builders/observation.ts'
import { fleetSpec } from '../../test/builders/spec.ts'
import type { ConstraintRule } from '../model/spec.ts'
import { boundsAt, decideBounds } from './bounds.ts'

const HOUR = 3_600_000
const peak: Partial<ConstraintRule> = { name: 'Peak', rank: 100, min: 4, max: 6, schedule: 'peak' }
const windows = { peak: { from: NOON - HOUR, to: NOON + HOUR } }

describe('the bounds in force', () => {
  it('end with the window of their constraint', () => {
    const spec = fleetSpec({ min: 2, max: 5, constraints: [peak] })
    expect(boundsAt(spec, NOON, windows)).toEqual({
      lowest: 4,
      highest: 6,
      default: 4,
      constraint: 'Peak',
      until: NOON + HOUR,
    })
  })

  it('do not end where they are always on, whatever windows there are', () => {
    const spec = fleetSpec({ min: 2, max: 5, default: 3, constraints: [peak] })
    expect(boundsAt(spec, NOON + HOUR, windows)).toEqual({
      lowest: 2,
      highest: 5,
      default: 3,
      constraint: 'capacity',
      until: null,
    })
  })

  it('are none where no constraint is', () => {
    const spec = fleetSpec({ spec: { constraints: [] } })
    expect(boundsAt(spec, NOON, {})).toEqual({
      lowest: 0,
      highest: Number.MAX_SAFE_INTEGER,
      default: 0,
      constraint: 'no constraint',
      until: null,
    })
  })

  it('are told with those they stand over, and those of their rank', () => {
    const constraints = [peak, { name: 'Fair', rank: 100, min: 1, max: 1 }, { name: 'Night', rank: 50 }]
    const spec = fleetSpec({ min: 2, max: 5, constraints })
    expect(decideBounds(spec, NOON, windows).step).toEqual({
      stage: 'bounds',
      outcome: 'set',
      constraint: 'Peak',
      rank: 100,
      lowest: 4,
      highest: 6,
      default: 4,
      schedule: 'peak',
      until: NOON + HOUR,
      over: ['capacity', 'Night'],
      tied: ['Fair'],
    })
  })

  it('are told alone where they are alone', () => {
    expect(decideBounds(fleetSpec(), NOON, {}).step).toMatchObject({ over: [], tied: [] })
  })
})
