import { describe, expect, it } from 'vitest'
import { NOON, observation } from '../../test/builders/observation.ts'
import { fleetSpec } from '../../test/builders/spec.ts'
import type { Decision } from '../model/decision.ts'
import { type Change, EMPTY_MEMORY, type Memory } from '../model/memory.ts'
import type { Guards } from '../model/spec.ts'
import { decide } from './decide.ts'
import { rememberDecision, rememberExternalChange } from './remember.ts'

const MINUTE = 60_000
const cooldowns = { cooldownOutMs: 3 * MINUTE, cooldownInMs: 10 * MINUTE }
const rules = [
  { name: 'up', when: 'last(orders) > 100', by: 1 },
  { name: 'quick', when: 'last(orders) > 1000', by: 3, cooldownMs: MINUTE },
  { name: 'down', when: 'last(orders) < 10', by: -1 },
]
const spec = fleetSpec({ min: 2, max: 10, rules, guards: cooldowns })

function decided(orders: number, open = 4): Decision {
  return decide(spec, observation({ open, values: { 'last(orders)': orders } }), EMPTY_MEMORY).decision
}

describe('a decision that is carried out', () => {
  it.each<[string, number, number, Partial<Change>]>([
    [
      'with the cooldown of its direction: out',
      500,
      4,
      { direction: 'out', rule: 'up', from: 4, to: 5, cooldownMs: 3 * MINUTE },
    ],
    ['in', 1, 4, { direction: 'in', rule: 'down', from: 4, to: 3, cooldownMs: 10 * MINUTE }],
    [
      "with the rule's own, where it has one",
      5000,
      4,
      { direction: 'out', rule: 'quick', from: 4, to: 7, cooldownMs: MINUTE },
    ],
    [
      'with that of the fleet, where a constraint asked',
      50,
      1,
      { direction: 'out', rule: 'capacity', from: 1, to: 2, cooldownMs: 3 * MINUTE },
    ],
  ])('is remembered %s', (_, orders, open, change) => {
    const { lastChange } = rememberDecision(spec, decided(orders, open), EMPTY_MEMORY)
    expect(lastChange).toEqual({ at: NOON, ...change })
  })

  it('is not one when it changes nothing, or does not know the count', () => {
    const blind = {
      ...observation({ values: { 'last(orders)': 500 } }),
      capacity: null,
      capacityGap: 'no answer',
    }
    const unknown = decide(spec, blind, EMPTY_MEMORY).decision
    for (const decision of [decided(50), unknown]) {
      expect(rememberDecision(spec, decision, EMPTY_MEMORY)).toBe(EMPTY_MEMORY)
    }
  })
})

describe("another actor's change", () => {
  it.each([
    [{ from: 4, to: 6 }, 'out', 3 * MINUTE],
    [{ from: 6, to: 4 }, 'in', 10 * MINUTE],
  ] as const)('%j is one %s, with the cooldown of the fleet', (external, direction, cooldownMs) => {
    const { lastChange } = rememberExternalChange(spec, external, NOON, EMPTY_MEMORY)
    expect(lastChange).toEqual({ at: NOON, direction, rule: null, ...external, cooldownMs })
  })

  it('is none when nobody acted, or the count came back', () => {
    expect(rememberExternalChange(spec, null, NOON, EMPTY_MEMORY)).toBe(EMPTY_MEMORY)
    expect(rememberExternalChange(spec, { from: 4, to: 4 }, NOON, EMPTY_MEMORY)).toBe(EMPTY_MEMORY)
  })
})

describe('the changes that are remembered', () => {
  const limits = (...minutes: number[]) => ({
    limits: minutes.map(n => ({ kind: 'instances' as const, instances: 1, periodMs: n * MINUTE })),
    select: 'max' as const,
  })
  /** Changes of so many minutes ago; the answer likewise, after one now. */
  function kept(guards: Partial<Guards>, warmupMs: number, ...minutesAgo: number[]): number[] {
    const changes = minutesAgo.map(
      (minutes): Change => ({
        at: NOON - minutes * MINUTE,
        direction: 'out',
        rule: null,
        from: 3,
        to: 4,
        cooldownMs: 0,
      }),
    )
    const before: Memory = { ...EMPTY_MEMORY, changes }
    const of = fleetSpec({ guards, spec: { warmupMs } })
    const after = rememberExternalChange(of, { from: 4, to: 5 }, NOON, before)
    return after.changes.map(({ at }) => (NOON - at) / MINUTE)
  }

  it.each<[string, Partial<Guards>, number, number[]]>([
    ['none where nothing asks for them', {}, 5 * MINUTE, []],
    ['those of the longest rate limit, out', { rateOut: limits(1, 5, 3), rateIn: limits(2) }, 0, [4, 1, 0]],
    ['those of the longest rate limit, in', { rateOut: limits(1), rateIn: limits(2, 5) }, 0, [4, 1, 0]],
    [
      'those of the warm-up, where it stands in for a cooldown',
      { growDuringWarmup: false },
      5 * MINUTE,
      [4, 1, 0],
    ],
    [
      'those of the longer of the two',
      { growDuringWarmup: false, rateOut: limits(2) },
      5 * MINUTE,
      [4, 1, 0],
    ],
  ])('are %s', (_, guards, warmupMs, expected) => {
    expect(kept(guards, warmupMs, 6, 5, 4, 1)).toEqual(expected)
  })
})
