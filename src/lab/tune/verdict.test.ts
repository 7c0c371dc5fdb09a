import { describe, expect, it } from 'vitest'
import { parseObjective } from './objective.ts'
import { scoresWith } from './scores.fixture.ts'
import type { Finalist } from './search.ts'
import { verdictOf } from './verdict.ts'

type Point = readonly [cost: number, lost: number]

function finalist([cost, lost]: Point, [heldCost, heldLost]: Point): Finalist {
  return { tuned: scoresWith({ cost, lost }), held: scoresWith({ cost: heldCost, lost: heldLost }) }
}

interface Row {
  readonly objective: string
  readonly asItIs: readonly [tuned: Point, held: Point]
  readonly chosen: readonly [tuned: Point, held: Point] | null
  readonly kind: string
  readonly words: readonly string[]
}

const rows: readonly Row[] = [
  {
    // Found on a beginning of the part it was tuned on, where it was interrupted.
    objective: 'cost, lost<=now',
    asItIs: [
      [1.16, 0.1195],
      [1.13, 0.013],
    ],
    chosen: [
      [1.09, 0.1229],
      [1.1, 0.0104],
    ],
    kind: 'fails',
    words: [
      'On the part it was tuned on it costs 6 % less than the file as it is (lost 0.123 % instead of 0.119 %).',
      'There lost is beyond 0.119 %, which the file as it is keeps: not worth it.',
    ],
  },
  {
    objective: 'cost, lost<=now',
    asItIs: [
      [2, 0.2],
      [2, 0.2],
    ],
    chosen: [
      [1.6, 0.2],
      [1.6, 0.2201],
    ],
    kind: 'fails',
    words: [
      'On the part it was tuned on it costs 20 % less than the file as it is (lost 0.20 % instead of 0.20 %).',
      'On the part it was not tuned on lost is 0.2201 %, beyond 0.2200 %: not worth it.',
    ],
  },
  {
    objective: 'cost, lost<=1%',
    asItIs: [
      [2, 0.2],
      [2, 0.2],
    ],
    chosen: [
      [1.6, 0.9],
      [1.64, 0.8],
    ],
    kind: 'holds',
    words: [
      'On the part it was tuned on it costs 20 % less than the file as it is (lost 0.90 % instead of 0.20 %).',
      'On the part it was not tuned on it costs 18 % less than the file as it is: the gain holds.',
    ],
  },
  {
    objective: 'cost, lost<=1%',
    asItIs: [
      [2, 0.2],
      [2, 0.2],
    ],
    chosen: [
      [1.6, 0.9],
      [2.08, 0.8],
    ],
    kind: 'fails',
    words: [
      'On the part it was tuned on it costs 20 % less than the file as it is (lost 0.90 % instead of 0.20 %).',
      'On the part it was not tuned on it costs 4 % more than the file as it is: not worth it.',
    ],
  },
  {
    objective: 'cost, lost<=1%',
    asItIs: [
      [2, 0.2],
      [2, 0.2],
    ],
    chosen: [
      [1.6, 0.9],
      [1.9, 0.8],
    ],
    kind: 'partly',
    words: [
      'On the part it was tuned on it costs 20 % less than the file as it is (lost 0.90 % instead of 0.20 %).',
      'On the part it was not tuned on it costs 5 % less than the file as it is: less than half of the gain holds there.',
    ],
  },
  {
    objective: 'cost, lost<=1%',
    asItIs: [
      [2, 0.2],
      [2, 0.2],
    ],
    chosen: [
      [1.6, 0.9],
      [1.6, 2.5],
    ],
    kind: 'fails',
    words: [
      'On the part it was tuned on it costs 20 % less than the file as it is (lost 0.90 % instead of 0.20 %).',
      'On the part it was not tuned on lost is 2.50 %, beyond 1.00 %: not worth it.',
    ],
  },
  {
    objective: 'cost, lost<=1%',
    asItIs: [
      [2, 3],
      [2, 4],
    ],
    chosen: [
      [2.2, 0.9],
      [2.3, 1.2],
    ],
    kind: 'partly',
    words: [
      'On the part it was tuned on it costs 10 % more than the file as it is (lost 0.90 % instead of 3.00 %).',
      'On the part it was not tuned on lost is 1.20 %, beyond 1.00 %; with the file as it is it is 4.00 % there.',
    ],
  },
  {
    objective: 'cost, lost<=1%',
    asItIs: [
      [2, 3],
      [2, 4],
    ],
    chosen: [
      [2.2, 0.9],
      [2.3, 0.8],
    ],
    kind: 'holds',
    words: [
      'On the part it was tuned on it costs 10 % more than the file as it is (lost 0.90 % instead of 3.00 %).',
      'On the part it was not tuned on the bounds are kept too; there it costs 15 % more than the file as it is.',
    ],
  },
  {
    objective: 'cost, lost<=1%',
    asItIs: [
      [2, 3],
      [2, 4],
    ],
    chosen: [
      [2.2, 2],
      [2.3, 2.5],
    ],
    kind: 'partly',
    words: [
      'On the part it was tuned on it costs 10 % more than the file as it is (lost 2.00 % instead of 3.00 %). No configuration keeps lost within 1.00 %; this one comes nearest.',
      'On the part it was not tuned on lost is 2.50 %, beyond 1.00 %; with the file as it is it is 4.00 % there.',
    ],
  },
  {
    objective: 'cost, lost<=1%',
    asItIs: [
      [2, 0.2],
      [2, 0.2],
    ],
    chosen: null,
    kind: 'none',
    words: ['Nothing that was tried is better than the file as it is.', 'There cost is 2.00 x.'],
  },
  {
    objective: 'cost, lost<=1%',
    asItIs: [
      [2, 3],
      [2, 4],
    ],
    chosen: null,
    kind: 'none',
    words: [
      'Nothing that was tried is better than the file as it is.',
      'It does not keep lost within 1.00 % either (3.00 %).',
    ],
  },
  {
    objective: 'cost, lost<=now',
    asItIs: [
      [2, 1],
      [2, 1],
    ],
    chosen: [
      [1.8, 1],
      [1.8, 1.08],
    ],
    kind: 'holds',
    words: [
      'On the part it was tuned on it costs 10 % less than the file as it is (lost 1.00 % instead of 1.00 %).',
      'On the part it was not tuned on it costs 10 % less than the file as it is: the gain holds.',
    ],
  },
  {
    objective: 'cost, lost<=now',
    asItIs: [
      [2, 1],
      [2, 1],
    ],
    chosen: [
      [1.8, 1],
      [1.8, 1.2],
    ],
    kind: 'fails',
    words: [
      'On the part it was tuned on it costs 10 % less than the file as it is (lost 1.00 % instead of 1.00 %).',
      'On the part it was not tuned on lost is 1.20 %, beyond 1.10 %: not worth it.',
    ],
  },
  {
    objective: 'lost, cost<=now',
    asItIs: [
      [2, 1],
      [2, 1],
    ],
    chosen: [
      [2, 0.5],
      [2, 0.6],
    ],
    kind: 'holds',
    words: [
      'On the part it was tuned on it has 50 % less lost than the file as it is (cost 2.00 x instead of 2.00 x).',
      'On the part it was not tuned on it has 40 % less lost than the file as it is: the gain holds.',
    ],
  },
  {
    objective: 'lost',
    asItIs: [
      [2, 1],
      [2, 0],
    ],
    chosen: [
      [2, 0.5],
      [2, 0.6],
    ],
    kind: 'fails',
    words: [
      'On the part it was tuned on it has 50 % less lost than the file as it is.',
      'On the part it was not tuned on it has lost 0.60 %, where the file as it is has none: not worth it.',
    ],
  },
]

describe('a verdict', () => {
  it.each(rows)('$objective, $asItIs and $chosen: $kind', ({ objective, asItIs, chosen, kind, words }) => {
    const verdict = verdictOf({
      objective: parseObjective(objective),
      asItIs: finalist(...asItIs),
      chosen: chosen === null ? null : finalist(...chosen),
    })
    expect(verdict).toEqual({ kind, words })
  })
})
