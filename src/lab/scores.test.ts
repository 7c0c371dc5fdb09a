import { describe, expect, it } from 'vitest'
import type { Course } from './course.ts'
import { scoreRows } from './report/score-rows.ts'
import { elasticityOf, elasticSpeedup, scoresOf } from './scores.ts'

const HOUR_MS = 3_600_000
const SETTING = { perInstance: 10, bootMs: HOUR_MS, pricePerHour: null }

type Bins = Partial<Record<'needed' | 'ready' | 'paid' | 'lost' | 'refused' | 'backlog', readonly number[]>>

/** Hours of load; the rest as stated, or as nothing. */
function course(
  load: readonly number[],
  bins: Bins,
  changes: readonly (readonly [number, number])[] = [],
): Course {
  const { length } = load
  const of = (values: readonly number[] | undefined) =>
    Float64Array.from(values ?? Array<number>(length).fill(0))
  const served = load.map((value, bin) => value - (bins.lost?.[bin] ?? 0) - (bins.refused?.[bin] ?? 0))
  return {
    name: 'test',
    startAt: 0,
    stepMs: HOUR_MS,
    length,
    load: Float64Array.from(load),
    served: Float64Array.from(served),
    lost: of(bins.lost),
    refused: of(bins.refused),
    backlog: of(bins.backlog),
    needed: of(bins.needed ?? load.map(value => Math.max(1, Math.ceil(value / 10)))),
    ready: of(bins.ready),
    paid: of(bins.paid ?? bins.ready),
    desired: of(bins.ready),
    lowest: of(undefined),
    highest: of(undefined),
    decisions: changes.map(([from, to], index) => ({
      at: index,
      from,
      to,
      rule: null,
      because: '',
      decision: null,
    })),
    censored: [],
    doubtful: [],
    ticks: length,
    elapsedMs: 2,
  }
}

describe('scores', () => {
  it('say which share of the load and of the time had too few, waited, was refused and lost', () => {
    const scores = scoresOf(
      course([20, 40, 20, 20], {
        ready: [2, 2, 2, 2],
        lost: [0, 5, 0, 0],
        refused: [0, 5, 0, 0],
        backlog: [0, 10, 0, 0],
      }),
      SETTING,
    )
    expect(scores).toMatchObject({
      demandShortPercent: 20,
      timeShortPercent: 25,
      timeQueuedPercent: 25,
      refusedPercent: 5,
      lostPercent: 5,
      averageWaitMs: HOUR_MS / 10,
    })
  })

  it('hold hours against what was needed, the oracle, and the peak at all times', () => {
    // The oracle keeps two through the gap of one hour: 2 + 2 + 2.
    const scores = scoresOf(course([20, 10, 20], { ready: [3, 3, 3], paid: [3, 4, 3] }), SETTING)
    expect(scores).toMatchObject({
      instanceHours: 10,
      neededInstanceHours: 5,
      oracleInstanceHours: 6,
      costVsNeededRatio: 2,
      costVsOracleRatio: 10 / 6,
      costVsStaticPeakRatio: 10 / 6,
      price: null,
    })
    const priced = scoresOf(course([20, 10, 20], { ready: [3, 3, 3] }), { ...SETTING, pricePerHour: 0.5 })
    expect(priced.price).toBe(4.5)
  })

  it('count actions and how often they turned, not decisions that changed nothing', () => {
    const changes = [
      [1, 3],
      [3, 3],
      [3, 4],
      [4, 2],
      [2, 5],
    ] as const
    const scores = scoresOf(
      course(Array<number>(12).fill(10), { ready: Array<number>(12).fill(1) }, changes),
      SETTING,
    )
    expect(scores).toMatchObject({ actions: 4, actionsPerDay: 8, reversals: 2, ticksPerSecond: 6000 })
  })

  it('leave gaps out', () => {
    const scores = scoresOf(
      course([20, Number.NaN, 20], {
        needed: [2, Number.NaN, 2],
        ready: [2, 9, 1],
        lost: [0, Number.NaN, 10],
      }),
      SETTING,
    )
    expect(scores).toMatchObject({
      lostPercent: 25,
      timeShortPercent: 50,
      instanceHours: 3,
      thetaOPercent: 0,
    })
  })
})

describe('elasticity', () => {
  const of = (needed: readonly number[], ready: readonly number[]) =>
    elasticityOf({ needed: Float64Array.from(needed), ready: Float64Array.from(ready) })

  it('measures how much and how often supply is beside the need, and how often they part', () => {
    expect(of([2, 2, 4, 4], [2, 3, 3, 4])).toEqual({
      thetaUPercent: 6.25,
      thetaOPercent: 12.5,
      tauUPercent: 25,
      tauOPercent: 25,
      upsilonPercent: 100,
      sigmaPercent: expect.closeTo((6.25 ** 5 + 12.5 ** 5 + 2 * 25 ** 5 + 100 ** 5) ** 0.2),
    })
  })

  it('is without fault where supply is the need', () => {
    expect(Object.values(of([2, 5, 3], [2, 5, 3]))).toEqual([0, 0, 0, 0, 0, 0])
  })

  it('takes the dust of averages for nothing', () => {
    expect(of([3, 3], [3 - 1e-12, 3 + 1e-12])).toMatchObject({
      tauUPercent: 0,
      tauOPercent: 0,
      upsilonPercent: 0,
    })
  })

  it('is compared as a speedup, where nothing counts as a tenth of a percent', () => {
    const one = {
      thetaUPercent: 1,
      thetaOPercent: 10,
      tauUPercent: 5,
      tauOPercent: 50,
      upsilonPercent: 0,
      sigmaPercent: 0,
    }
    expect(elasticSpeedup(one, one)).toBe(1)
    expect(elasticSpeedup(one, { ...one, thetaUPercent: 2, thetaOPercent: 40 })).toBeCloseTo(8 ** 0.25)
    expect(elasticSpeedup({ ...one, thetaUPercent: 0 }, one)).toBeCloseTo(10 ** 0.25)
    expect(elasticSpeedup({ ...one, thetaUPercent: 0 }, { ...one, thetaUPercent: 0 })).toBe(1)
  })
})

describe('the table of scores', () => {
  it('has a row for each score and a column for each contender, and none for what nobody stated', () => {
    const waiting = { backlog: [3, 0], refused: [2, 0] }
    const lean = scoresOf(course([20, 20], { ready: [1, 1], lost: [10, 10], ...waiting }), SETTING)
    const rich = scoresOf(course([20, 20], { ready: [4, 4] }), SETTING)
    const table = scoreRows([lean, rich])
    expect(table.find(({ key }) => key === 'lostPercent')).toMatchObject({
      unit: '%',
      betterIs: 'lower',
      values: [50, 0],
    })
    expect(table.map(({ key }) => key)).not.toContain('price')
    expect(new Set([...table.map(({ key }) => key), 'price'])).toEqual(new Set(Object.keys(lean)))
  })
})
