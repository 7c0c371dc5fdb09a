import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Aim, byMerit, excessOf, frontOf, promoted, type Scored } from './front.ts'
import { boundsOf, parseObjective } from './objective.ts'
import { scoresWith } from './scores.fixture.ts'

const objective = parseObjective('cost, lost<=1%')
const aim: Aim = { objective, bounds: boundsOf(objective, scoresWith({})) }

function scored(points: readonly (readonly [cost: number, lost: number])[]): readonly Scored[] {
  return points.map(([cost, lost], index) => ({ index, scores: scoresWith({ cost, lost }) }))
}

/** Few different values, so that there are ties. */
const points = fc
  .array(fc.tuple(fc.integer({ min: 10, max: 20 }), fc.integer({ min: 0, max: 10 })), { maxLength: 60 })
  .map(pairs => scored(pairs.map(([cost, lost]) => [cost / 10, lost / 4])))

function beats(one: Scored, other: Scored): boolean {
  const [a, b] = [one.scores, other.scores]
  const noWorse = a.costVsOracleRatio <= b.costVsOracleRatio && a.lostPercent <= b.lostPercent
  return noWorse && (a.costVsOracleRatio < b.costVsOracleRatio || a.lostPercent < b.lostPercent)
}

describe('a front', () => {
  it('leaves out what another beats', () => {
    const tried = scored([
      [1.7, 0.6],
      [1.4, 2],
      [1.6, 0.5],
      [1.6, 0.5],
    ])
    expect(frontOf(tried, objective).map(({ index }) => index)).toEqual([1, 2])
  })

  it('has no member that another beats, and everything else is beaten or equalled by a member', () => {
    fc.assert(
      fc.property(points, tried => {
        const front = frontOf(tried, objective)
        const isMember = new Set(front)
        for (const member of front) expect(tried.filter(each => beats(each, member))).toEqual([])
        for (const other of tried.filter(each => !isMember.has(each))) {
          const covered = front.some(
            member =>
              beats(member, other) ||
              (member.scores.costVsOracleRatio === other.scores.costVsOracleRatio &&
                member.scores.lostPercent === other.scores.lostPercent),
          )
          expect(covered).toBe(true)
        }
      }),
    )
  })

  it('is the same in whatever order they are given', () => {
    fc.assert(
      fc.property(points, tried => {
        expect(frontOf([...tried].reverse(), objective)).toEqual(frontOf(tried, objective))
      }),
    )
  })
})

describe('merit', () => {
  it('puts what keeps the bounds first, then the cheapest', () => {
    const tried = scored([
      [1.2, 3],
      [1.5, 0.9],
      [1.4, 1],
      [1.1, 1.1],
    ])
    expect(byMerit(tried, aim).map(({ index }) => index)).toEqual([2, 1, 3, 0])
    expect(tried.map(({ scores }) => excessOf(scores, aim.bounds) > 0)).toEqual([true, false, false, true])
  })
})

describe('those who go on', () => {
  it('are the best by merit and members of the front, as many as there is room for', () => {
    fc.assert(
      fc.property(points, fc.integer({ min: 1, max: 20 }), (tried, count) => {
        const next = promoted(tried, count, aim)
        expect(next).toHaveLength(Math.min(count, tried.length))
        expect(new Set(next).size).toBe(next.length)
        if (tried.length > 0) expect(next).toContain(byMerit(tried, aim)[0])
        const front = frontOf(tried, objective)
        if (count >= 2 && front.length > 1)
          expect(next.filter(each => front.includes(each)).length).toBeGreaterThan(0)
      }),
    )
  })

  it('include what is a little beyond a bound and cheap, since on more of the record it may keep it', () => {
    const tried = scored([
      [1.5, 0.2],
      [1.6, 0.1],
      [1.7, 0.05],
      [1.3, 1.05],
      [1.8, 0.9],
    ])
    expect(promoted(tried, 2, aim).map(({ index }) => index)).toEqual([0, 1])
    expect(promoted(tried, 4, aim).map(({ index }) => index)).toEqual([0, 1, 2, 3])
  })
})
