import { describe, expect, it } from 'vitest'
import { NOON, observation } from '../../../test/builders/observation.ts'
import { fleetSpec } from '../../../test/builders/spec.ts'
import { EMPTY_MEMORY, type Memory, type Recommendation } from '../../model/memory.ts'
import type { Guards } from '../../model/spec.ts'
import { decide } from '../decide.ts'

const MINUTE = 60_000

/** A fleet of 6 that wants `to`; each recommendation is minutes ago and a count. */
function wanting(to: number, guards: Partial<Guards>, ...before: (readonly [number, number])[]) {
  const spec = fleetSpec({
    max: 20,
    metrics: { signal: {} },
    rules: [{ name: 'rule', when: 'last(signal) > 0', to }],
    guards,
  })
  const recommendations = before.map(([ago, count]): Recommendation => ({ at: NOON - ago * MINUTE, count }))
  const seen = observation({ open: 6, values: { 'last(signal)': 1 } })
  const { decision, memory } = decide(spec, seen, { ...EMPTY_MEMORY, recommendations })
  const step = decision.steps.find(each => each.stage === 'guards' && each.guard === 'stabilization')
  return { desired: decision.desired, step, memory }
}

const into = { stabilizationInMs: 5 * MINUTE }
const out = { stabilizationOutMs: 5 * MINUTE }

describe('the stabilization window', () => {
  it.each([
    [
      'in: the largest of the window stands',
      into,
      3,
      [
        [4, 4],
        [3, 5],
        [1, 4],
      ],
      5,
      2,
    ],
    [
      'in: of two as large the later one, since it leaves later',
      into,
      3,
      [
        [3, 5],
        [1, 5],
      ],
      5,
      4,
    ],
    [
      'in: one as large as the count holds it',
      into,
      3,
      [
        [2, 6],
        [1, 3],
      ],
      6,
      3,
    ],
    [
      'out: the smallest of the window stands',
      out,
      9,
      [
        [4, 8],
        [3, 7],
        [1, 8],
      ],
      7,
      2,
    ],
    [
      'out: of two as small the later one',
      out,
      9,
      [
        [3, 7],
        [1, 7],
      ],
      7,
      4,
    ],
    [
      'out: one as small as the count holds it',
      out,
      9,
      [
        [2, 6],
        [1, 9],
      ],
      6,
      3,
    ],
    ['out: never reversed by what wanted fewer', out, 9, [[2, 1]], 6, 3],
  ] as const)('%s', (_, guards, to, before, desired, minutes) => {
    const found = wanting(to, guards, ...before)
    expect(found.desired).toBe(desired)
    expect(found.step).toMatchObject({
      outcome: desired === 6 ? 'held' : 'lessened',
      from: to,
      to: desired,
      until: NOON + minutes * MINUTE,
    })
  })

  it.each([
    [
      'all of it asked for as few',
      into,
      3,
      [
        [2, 3],
        [1, 2],
      ],
    ],
    ['nothing is remembered', into, 3, []],
    [
      'all of it asked for as many',
      out,
      9,
      [
        [2, 9],
        [1, 12],
      ],
    ],
    ['what asked for fewer was longer ago', out, 9, [[5, 6]]],
  ] as const)('lets it pass and waits for nothing when %s', (_, guards, to, before) => {
    const found = wanting(to, guards, ...before)
    expect(found.desired).toBe(to)
    expect(found.step).toMatchObject({ outcome: 'passed', from: to, to, until: null })
  })
})

describe('the recommendations that are remembered', () => {
  const remembered = ({ memory }: { memory: Memory }) =>
    memory.recommendations.map(({ at, count }) => [(NOON - at) / MINUTE, count])

  it('are those of the longer window, and this one', () => {
    const guards = { stabilizationInMs: 5 * MINUTE, stabilizationOutMs: MINUTE }
    expect(remembered(wanting(3, guards, [6, 9], [5, 8], [4, 7]))).toEqual([
      [4, 7],
      [0, 3],
    ])
  })

  it('stand once for equal ones in a row, at the newest time', () => {
    expect(remembered(wanting(3, into, [4, 3], [3, 5], [1, 3]))).toEqual([
      [4, 3],
      [3, 5],
      [0, 3],
    ])
  })

  it('are none without a window, also those there were', () => {
    expect(remembered(wanting(3, {}, [1, 6]))).toEqual([])
  })
})
