import { describe, expect, it } from 'vitest'
import { NOON, type ObservationWords, observation } from '../../../test/builders/observation.ts'
import { fleetSpec, type RuleWords } from '../../../test/builders/spec.ts'
import type { Step } from '../../model/decision.ts'
import { EMPTY_MEMORY } from '../../model/memory.ts'
import { NO_SESSIONS, type Observation } from '../../model/observation.ts'
import { decide } from '../decide.ts'

const MINUTE = 60_000
const metrics = {
  cpu: { kind: 'perInstance' as const },
  total: { kind: 'total' as const },
  signal: { kind: 'independent' as const },
  other: { kind: 'independent' as const },
}
const busy: RuleWords = { name: 'grow', when: 'avg(cpu, 5m) > 80%', by: 1 }

/** The grow rule, and a rule that wants `to`, over these values. */
function cut(
  grow: RuleWords,
  to: number,
  words: ObservationWords,
  { rank = 0, sessions }: { rank?: number; sessions?: Observation['sessions'] } = {},
) {
  const rules: RuleWords[] = [grow, { name: 'shrink', when: 'last(signal) > 0', to, rank }]
  const spec = fleetSpec({ min: 0, max: 2000, metrics, rules })
  const seen = observation({ ...words, values: { 'last(signal)': 1, ...words.values } })
  const { decision } = decide(spec, sessions === undefined ? seen : { ...seen, sessions }, EMPTY_MEMORY)
  return { desired: decision.desired, step: () => flappingOf(decision.steps) }
}

function flappingOf(steps: readonly Step[]): Extract<Step, { guard: 'flapping' }> {
  const step = steps.find(candidate => candidate.stage === 'guards' && candidate.guard === 'flapping')
  if (step?.stage !== 'guards' || step.guard !== 'flapping') throw new Error('no flapping step')
  return step
}

describe('who is asked whether a cut would make the fleet grow back', () => {
  const at60 = { open: 3, values: { 'avg(cpu, 5m)': 60 } }

  it.each([
    ['a grow rule', busy, 3],
    ['not one that is disabled', { ...busy, enabled: false }, 2],
    ['not one outside its schedule', { ...busy, during: 'night' }, 2],
  ] as const)('%s', (_, grow, desired) => {
    expect(cut(grow, 2, at60).desired).toBe(desired)
  })

  it('a grow rule of a lower rank that would become true', () => {
    expect(cut(busy, 2, at60, { rank: 1 }).desired).toBe(3)
  })

  it('not a grow rule of a lower rank that is true already: it was overruled', () => {
    expect(cut(busy, 2, { open: 3, values: { 'avg(cpu, 5m)': 90 } }, { rank: 1 }).desired).toBe(2)
  })

  it('also where it has only not been true for long enough', () => {
    const seen = { open: 3, values: { 'avg(cpu, 5m)': 90 } }
    expect(cut({ ...busy, forMs: MINUTE }, 2, seen, { rank: 1 }).desired).toBe(2)
  })

  it('a rule of the same rank that would set a count above, once it is true for long enough', () => {
    const spec = fleetSpec({
      min: 0,
      metrics,
      rules: [
        { name: 'five', when: 'last(signal) > 0', to: 5, forMs: MINUTE },
        { name: 'three', when: 'last(signal) > 0', to: 3 },
      ],
      guards: { scaleIn: 'any' },
    })
    const seen = observation({ open: 8, values: { 'last(signal)': 1 } })
    expect(decide(spec, seen, EMPTY_MEMORY).decision.desired).toBe(5)
  })

  it('a grow rule of the same rank that has only not been true for long enough', () => {
    const grow = { ...busy, forMs: MINUTE }
    expect(cut(grow, 2, { open: 3, values: { 'avg(cpu, 5m)': 90 } }).desired).toBe(3)
  })
})

describe('how the cut is said', () => {
  it.each([
    ['passed', 4, 3, 50, 3],
    ['lessened', 4, 1, 30, 2],
    ['held', 3, 2, 60, 3],
  ])('%s: from %i to %i at %i %% gives %i', (outcome, open, to, cpu, desired) => {
    const { step } = cut(busy, to, { open, values: { 'avg(cpu, 5m)': cpu } })
    expect(step()).toMatchObject({ outcome, from: to, to: desired })
  })

  it('with each count that was tried, and what it would carry', () => {
    expect(cut(busy, 1, { open: 4, values: { 'avg(cpu, 5m)': 30 } }).step().projections).toEqual([
      { instances: 1, rule: 'grow', operand: 'avg(cpu, 5m)', value: 120 },
      { instances: 2, rule: 'grow', operand: 'avg(cpu, 5m)', value: 60 },
    ])
  })

  it('with twenty projections at most, however far the cut', () => {
    const { desired, step } = cut(busy, 1, { open: 1000, values: { 'avg(cpu, 5m)': 79 } })
    expect(desired).toBe(988)
    expect(step().projections.map(({ instances }) => instances)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    )
  })

  it('with no projection of what is not known', () => {
    const grow = { ...busy, when: 'avg(cpu, 5m) > 80% or last(other) > 5' }
    const { step } = cut(
      grow,
      3,
      { open: 4, values: { 'avg(cpu, 5m)': 30, 'last(other)': null } },
      { rank: 1 },
    )
    expect(step().projections).toEqual([{ instances: 3, rule: 'grow', operand: 'avg(cpu, 5m)', value: 40 }])
  })
})

describe('what the smaller fleet would read', () => {
  const reading = (value: number, reporting: number) => ({
    'avg(cpu, 5m)': { value, samples: 9, firstAt: NOON - 4 * MINUTE, lastAt: NOON, reporting },
  })

  it('a ready instance that did not report carries load too', () => {
    // 4 x 63 / 3 = 84; from the two that reported it would be 42.
    expect(cut(busy, 3, { open: 4, readings: reading(63, 2) }).desired).toBe(4)
  })

  it('and so does a draining one that did', () => {
    // 6 x 45 / 3 = 90; from the four open ones it would be 60.
    expect(cut(busy, 3, { open: 4, draining: 2, readings: reading(45, 6) }).desired).toBe(4)
  })

  it('no load at all is none for no instance either', () => {
    const { desired, step } = cut(busy, 0, { open: 1, values: { 'avg(cpu, 5m)': 0 } })
    expect(desired).toBe(0)
    expect(step().projections).toEqual([{ instances: 0, rule: 'grow', operand: 'avg(cpu, 5m)', value: 0 }])
  })

  it.each([
    ['fewer instances', 'last(total) / instances > 100', { open: 4 }, 301, 4],
    ['fewer instances, just enough', 'last(total) / instances > 100', { open: 4 }, 300, 3],
    ['fewer ready ones', 'last(total) / ready > 100', { open: 4 }, 301, 4],
    [
      'all of them ready, none pending',
      'last(total) / (ready + pending) > 100',
      { open: 3, pending: 1 },
      301,
      4,
    ],
    ['none pending any more', 'last(total) > 100 and pending == 0', { open: 3, pending: 1 }, 101, 4],
  ])('%s: %s', (_, when, counts, total, desired) => {
    const { desired: found } = cut({ ...busy, when }, 3, { ...counts, values: { 'last(total)': total } })
    expect(found).toBe(desired)
  })

  it.each([
    ['free_slots < 10', 51, 4, '60 - 51 = 9'],
    ['free_slots < 10', 50, 3, '60 - 50 = 10'],
    ['sessions / slots > 0.8', 49, 4, '49 / 60 = 0.82'],
    ['sessions / slots > 0.8', 48, 3, '48 / 60 = 0.8'],
  ])('the slots of those that are left: %s with %i of 80 in use leaves %i (%s)', (when, inUse, desired) => {
    const sessions = { ...NO_SESSIONS, inUse, inUseOpen: inUse, slots: 80 }
    expect(cut({ ...busy, when }, 3, { open: 4 }, { sessions }).desired).toBe(desired)
  })
})
