import { describe, expect, it } from 'vitest'
import { NOON, observation } from '../../../test/builders/observation.ts'
import { fleetSpec } from '../../../test/builders/spec.ts'
import { EMPTY_MEMORY } from '../../model/memory.ts'
import type { Launches } from '../../model/observation.ts'
import { decide } from '../decide.ts'
import { explainStep } from '../explain.ts'
import { nextSteps } from '../next.ts'
import { whyNot } from '../why-not.ts'

const MINUTE = 60_000

const spec = (by: number) =>
  fleetSpec({
    min: 0,
    max: 20,
    metrics: { cpu: {} },
    rules: [{ name: 'rule', when: 'avg(cpu, 5m) > 0', by }],
    guards: { flapping: false, billingHour: { by: 'age', outFirstMinutes: null, inLastMinutes: 10 } },
  })

/** So many minutes old. */
const launched = (...minutes: number[]) => minutes.map(age => NOON - age * MINUTE)

interface Seen {
  readonly open?: number
  readonly pending?: number
  readonly replacing?: number
  readonly launches?: Launches
}

const seen = ({ launches, ...counts }: Seen) => ({
  ...observation({ open: 4, ...counts, values: { 'avg(cpu, 5m)': 50 } }),
  ...(launches === undefined ? {} : { launches }),
})

function guarded(by: number, given: Seen) {
  const { decision } = decide(spec(by), seen(given), EMPTY_MEMORY)
  const step = decision.steps.find(found => found.stage === 'guards' && found.guard === 'billing-hour')
  const said = step === undefined ? null : explainStep(step, NOON)
  const until = step !== undefined && 'until' in step && step.until !== null ? step.until : null
  return { desired: decision.desired, said, until, decision }
}

describe('the paid hour by age', () => {
  it('lessens a cut to those in their last minutes, and says when the next may go', () => {
    const { desired, said, until } = guarded(-2, {
      launches: { open: launched(55, 115, 45, 1), booting: [] },
    })
    expect(desired).toBe(2)
    expect(said).toBe('billing hour: 2 may go, each in the last 10m of its paid hour or not there yet')
    expect(until).toBeNull()
    const one = guarded(-3, { launches: { open: launched(55, 115, 45, 1), booting: [] } })
    expect(one.desired).toBe(2)
    expect(one.said).toBe(
      'billing hour: 2 instead of 1, no other instance is in the last 10m of its paid hour, the next in 5m',
    )
    expect(one.until).toBe(NOON + 5 * MINUTE)
  })

  it('holds while nobody is, until the first is', () => {
    const held = guarded(-1, { launches: { open: launched(49, 30, 20, 1), booting: [] } })
    expect(held.desired).toBe(4)
    expect(held.said).toBe(
      'billing hour: held, no instance is in the last 10m of its paid hour, the next in 1m',
    )
    expect(held.until).toBe(NOON + MINUTE)
    expect(held.decision.because).toContain('billing hour: held')
  })

  it.each([
    { minutes: 49.99, desired: 4 },
    { minutes: 50, desired: 3 },
    { minutes: 59.99, desired: 3 },
    { minutes: 60, desired: 4 },
    { minutes: 24 * 60 + 50, desired: 3 },
    // The clock of the target is ahead of ours.
    { minutes: -5, desired: 4 },
  ])('at $minutes minutes gives $desired', ({ minutes, desired }) => {
    const launches = { open: launched(minutes, 1, 1, 1), booting: [] }
    expect(guarded(-1, { launches }).desired).toBe(desired)
  })

  it('lets places go that nobody fills', () => {
    const launches = { open: launched(20, 20, 20), booting: [] }
    expect(guarded(-2, { open: 3, replacing: 1, launches }).desired).toBe(3)
  })

  it('closes no open instance while what is booting would have to go first', () => {
    const launches = { open: launched(55, 55, 55, 55), booting: launched(1) }
    const held = guarded(-1, { pending: 1, launches })
    expect(held.desired).toBe(5)
    expect(held.said).toBe(
      'billing hour: held, what is booting goes before an open instance, and has just been paid for',
    )
    expect(held.until).toBeNull()
    const booting = { open: launched(55, 55, 55, 55), booting: launched(52) }
    expect(guarded(-2, { pending: 1, launches: booting }).desired).toBe(3)
  })

  it('holds where it is not known when instances were launched: unknown never shrinks', () => {
    expect(guarded(-1, {})).toMatchObject({
      desired: 4,
      said: 'billing hour: held, when the rest was launched is not known',
    })
    const launches = { open: launched(55), booting: [] }
    expect(guarded(-2, { launches })).toMatchObject({
      desired: 3,
      said: 'billing hour: 3 instead of 2, when the rest was launched is not known',
    })
  })

  it('never holds growing, which begins an hour of its own', () => {
    expect(guarded(1, { launches: { open: launched(1, 1, 1, 1), booting: [] } })).toMatchObject({
      desired: 5,
      said: null,
    })
  })

  it('gives way to the bounds', () => {
    const bounded = fleetSpec({ ...{ min: 0, max: 2 }, guards: spec(-1).guards })
    const launches = { open: launched(1, 1, 1, 1), booting: [] }
    expect(decide(bounded, seen({ launches }), EMPTY_MEMORY).decision.desired).toBe(2)
  })

  it('is what --why-not answers with, and --next knows when', () => {
    const launches = { open: launched(49, 30, 20, 1), booting: [] }
    const past = { observation: seen({ launches }), memory: EMPTY_MEMORY }
    const { decision } = decide(spec(-1), past.observation, past.memory)
    expect(whyNot(spec(-1), { ...past, decision }, 'rule')?.reasons).toMatchObject([
      { reason: 'held', by: 'billing-hour', until: NOON + MINUTE },
    ])
    expect(nextSteps(spec(-1), past.observation, past.memory).down.ways).toMatchObject([
      {
        kind: 'time',
        at: NOON + MINUTE,
        desired: 3,
        waitsFor: "the last minutes of an instance's paid hour begin",
      },
    ])
  })

  it('looks past a cut of this very tick to the next one', () => {
    const launches = { open: launched(55, 30, 20, 1), booting: [] }
    const { desired, down } = nextSteps(spec(-1), seen({ launches }), EMPTY_MEMORY)
    expect(desired).toBe(3)
    expect(down.ways).toMatchObject([{ kind: 'time', at: NOON + 20 * MINUTE, desired: 2 }])
  })
})

describe('the paid hour by the wall clock', () => {
  it.each([
    [1, 14, null],
    [1, 15, 60],
    [-1, 49, 50],
    [-1, 50, null],
  ])('for a change of %i at minute %i waits until minute %s', (by, minute, until) => {
    const clock = { by: 'wall-clock' as const, outFirstMinutes: 15, inLastMinutes: 10 }
    const at = NOON + minute * MINUTE
    const given = observation({ at, open: 4, values: { 'avg(cpu, 5m)': 50 } })
    const { decision } = decide(
      { ...spec(by), guards: { ...spec(by).guards, billingHour: clock } },
      given,
      EMPTY_MEMORY,
    )
    expect(decision.steps.find(step => step.stage === 'guards' && step.guard === 'billing-hour')).toEqual({
      stage: 'guards',
      guard: 'billing-hour',
      outcome: until === null ? 'passed' : 'held',
      from: 4 + by,
      to: until === null ? 4 + by : 4,
      until: until === null ? null : NOON + until * MINUTE,
    })
  })

  it.each([1, -1])('never holds a change of %i that no minutes are set for', by => {
    const clock = { by: 'wall-clock' as const, outFirstMinutes: null, inLastMinutes: null }
    for (const minute of [0, 30, 59]) {
      const given = observation({ at: NOON + minute * MINUTE, open: 4, values: { 'avg(cpu, 5m)': 50 } })
      const held = { ...spec(by), guards: { ...spec(by).guards, billingHour: clock } }
      expect(decide(held, given, EMPTY_MEMORY).decision.desired).toBe(4 + by)
    }
  })
})

describe('who may go by age', () => {
  const stepOf = (by: number, given: Seen) =>
    guarded(by, given).decision.steps.find(step => step.stage === 'guards' && step.guard === 'billing-hour')

  it.each<[string, number, Seen, object]>([
    [
      'places, what is booting in its last minutes, and open ones in theirs',
      -4,
      {
        open: 4,
        pending: 1,
        replacing: 2,
        launches: { open: launched(55, 20, 10, 1), booting: launched(50) },
      },
      {
        outcome: 'passed',
        to: 3,
        until: null,
        ages: { lastMinutes: 10, mayGo: 4, waitsFor: 'last-minutes' },
      },
    ],
    [
      'places alone, while something boots that has just been paid for',
      -4,
      {
        open: 4,
        pending: 2,
        replacing: 2,
        launches: { open: launched(55, 20, 10, 1), booting: launched(50, 1) },
      },
      { outcome: 'lessened', to: 5, until: null, ages: { lastMinutes: 10, mayGo: 3, waitsFor: 'booting' } },
    ],
    [
      'nobody, as long as the launches are not known',
      -1,
      { open: 4 },
      { outcome: 'held', to: 4, until: null, ages: { lastMinutes: 10, mayGo: 0, waitsFor: 'launches' } },
    ],
    [
      'those that are known, while some are not',
      -3,
      { open: 4, launches: { open: launched(55), booting: [] } },
      { outcome: 'lessened', to: 3, until: null, ages: { lastMinutes: 10, mayGo: 1, waitsFor: 'launches' } },
    ],
    [
      'all that are known, and all are',
      -4,
      { open: 2, launches: { open: launched(55, 52), booting: [] }, replacing: 1, pending: 0 },
      {
        outcome: 'passed',
        to: 0,
        until: null,
        ages: { lastMinutes: 10, mayGo: 3, waitsFor: 'last-minutes' },
      },
    ],
    [
      'the next of those that are known, while some are not',
      -3,
      { open: 4, launches: { open: launched(45), booting: [] } },
      {
        outcome: 'held',
        to: 4,
        until: NOON + 5 * MINUTE,
        ages: { lastMinutes: 10, mayGo: 0, waitsFor: 'last-minutes' },
      },
    ],
  ])('%s', (_, by, given, expected) => {
    expect(stepOf(by, given)).toMatchObject(expected)
  })
})
