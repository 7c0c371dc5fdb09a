import { describe, expect, it } from 'vitest'
import type { Step } from '../model/decision.ts'
import { applyLimits } from './limits.ts'

const bounds = { lowest: 2, highest: 8, default: 2, constraint: 'capacity', until: null }

function limit(wanted: number, target: number | null = null, quota: number | null = null) {
  const steps: Step[] = []
  return { count: applyLimits(bounds, target, quota, wanted, steps), steps }
}

describe('the last word on a count', () => {
  it.each([
    [1, null, null, [['raised', 'lowest', 1, 2]]],
    [9, null, null, [['lowered', 'highest', 9, 8]]],
    [7, 6, null, [['lowered', 'target', 7, 6]]],
    [7, null, 6, [['lowered', 'quota', 7, 6]]],
    [
      9,
      7,
      6,
      [
        ['lowered', 'highest', 9, 8],
        ['lowered', 'target', 8, 7],
        ['lowered', 'quota', 7, 6],
      ],
    ],
    [
      1,
      1,
      null,
      [
        ['raised', 'lowest', 1, 2],
        ['lowered', 'target', 2, 1],
      ],
    ],
  ] as const)('of %i, with a target of %s and a quota of %s', (wanted, target, quota, expected) => {
    const { count, steps } = limit(wanted, target, quota)
    expect(steps).toEqual(
      expected.map(([outcome, name, from, to]) => ({ stage: 'limits', outcome, limit: name, from, to })),
    )
    expect(count).toBe(steps.at(-1)?.stage === 'limits' ? expected.at(-1)?.[3] : Number.NaN)
  })

  it.each([
    [2, null, null],
    [8, null, null],
    [5, 5, null],
    [5, null, 5],
    [5, 6, 6],
  ])('is not needed for %i, with a target of %s and a quota of %s', (wanted, target, quota) => {
    expect(limit(wanted, target, quota)).toEqual({ count: wanted, steps: [] })
  })
})
