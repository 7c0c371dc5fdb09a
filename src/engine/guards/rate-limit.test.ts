import { describe, expect, it } from 'vitest'
import type { Step } from '../../model/decision.ts'
import type { RateLimits } from '../../model/spec.ts'
import { limitRate } from './rate-limit.ts'

const NOON = 1_795_262_400_000

describe('a limit in percent', () => {
  const limits: RateLimits = { limits: [{ kind: 'percent', ratio: 0.5, periodMs: 60_000 }], select: 'max' }

  it('lets nothing grow from none, and says so in a number that the journal knows', () => {
    const steps: Step[] = []
    expect(limitRate(limits, [], NOON, 0, 3, steps)).toBe(0)
    expect(steps).toEqual([
      { stage: 'guards', guard: 'rate-limit', outcome: 'held', from: 3, to: 0, allowed: 0 },
    ])
    // Minus zero is another number than the zero that JSON makes of it.
    expect(JSON.parse(JSON.stringify(steps))).toEqual(steps)
  })
})
