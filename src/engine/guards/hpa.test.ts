import { describe, expect, it } from 'vitest'
import { NOON, observation } from '../../../test/builders/observation.ts'
import { fleetSpec } from '../../../test/builders/spec.ts'
import { HPA, type Policies, type ScaleEvent } from '../../../test/conformance/hpa-behavior.ts'
import { type Change, EMPTY_MEMORY, type Memory } from '../../model/memory.ts'
import type { Guards, RateLimits } from '../../model/spec.ts'
import { decide } from '../decide.ts'
import { limitRate } from './rate-limit.ts'

function limitsOf({ selectPolicy, policies }: Policies): RateLimits {
  return {
    select: selectPolicy === 'Min' ? 'min' : 'max',
    limits: policies.map(({ type, value, periodSeconds }) =>
      type === 'Pods'
        ? { kind: 'instances', instances: value, periodMs: periodSeconds * 1000 }
        : { kind: 'percent', ratio: value / 100, periodMs: periodSeconds * 1000 },
    ),
  }
}

function changesOf(events: readonly ScaleEvent[], direction: 'out' | 'in'): Change[] {
  const to = (change: number): number => (direction === 'out' ? change : -change)
  return events.map(({ change, ageSeconds }) => ({
    at: NOON - ageSeconds * 1000,
    direction,
    rule: null,
    from: 0,
    to: to(change),
    cooldownMs: 0,
  }))
}

/** One rule that wants `desired`, whatever is observed. */
function decideTo(
  desired: number,
  current: number,
  bounds: { min: number; max: number },
  guards: Partial<Guards>,
  memory: Partial<Memory>,
): number | null {
  const spec = fleetSpec({
    ...bounds,
    metrics: { wish: {} },
    rules: [{ name: 'wish', when: 'last(wish) >= 0', to: desired }],
    guards: { flapping: false, ...guards },
  })
  const seen = observation({ open: current, values: { 'last(wish)': desired } })
  return decide(spec, seen, { ...EMPTY_MEMORY, ...memory }).decision.desired
}

describe('the Kubernetes HPA’s behaviour', () => {
  it.each(HPA.rateLimit)('$id: $title', testCase => {
    const { scaleUp, scaleDown, minReplicas, maxReplicas, desiredBeforeLimits, currentReplicas } = testCase
    const guards = { rateOut: limitsOf(scaleUp), rateIn: limitsOf(scaleDown) }
    const changes = [
      ...changesOf(testCase.scaleUpEvents, 'out'),
      ...changesOf(testCase.scaleDownEvents, 'in'),
    ]
    const bounds = { min: minReplicas, max: maxReplicas }
    expect(decideTo(desiredBeforeLimits, currentReplicas, bounds, guards, { changes })).toBe(
      testCase.expectedReplicas,
    )
  })

  it.each(HPA.behaviorStabilization)('$id: $title', testCase => {
    const { scaleUpWindowSeconds, scaleDownWindowSeconds, history, desired, currentReplicas } = testCase
    const guards = {
      stabilizationOutMs: scaleUpWindowSeconds * 1000,
      stabilizationInMs: scaleDownWindowSeconds * 1000,
    }
    const recommendations = history.map(({ recommendation, ageSeconds }) => ({
      at: NOON - ageSeconds * 1000,
      count: recommendation,
    }))
    const bounds = { min: 0, max: 1000 }
    expect(decideTo(desired, currentReplicas, bounds, guards, { recommendations })).toBe(
      testCase.expectedReplicas,
    )
  })

  it.each(HPA.policyLimit)('$id: $title', ({ direction, currentReplicas, expectedLimit, ...policies }) => {
    const wanted = direction === 'up' ? 1_000 : 0
    expect(limitRate(limitsOf(policies), [], NOON, currentReplicas, wanted, [])).toBe(expectedLimit)
  })
})
