import { describe, expect, it } from 'vitest'
import { HOUR, noise, told, wave } from './forecast.fixture.ts'
import { INPUTS, Lags } from './lags.ts'
import { Past } from './past.ts'
import { createRidge } from './ridge.ts'

const HORIZON = 2
const make = (past: Past) => createRidge(past, { name: 'regression', horizonBins: HORIZON, halfLifeDays: 7 })

function lagsOf(values: readonly number[], horizonBins: number): Lags {
  const past = new Past(HOUR)
  const lags = new Lags(past, horizonBins)
  for (const value of values) {
    past.push(value)
    lags.learn(value)
  }
  return lags
}

describe('lags', () => {
  it('are all 0 where demand is constant: as now', () => {
    const values = Array.from({ length: 200 }, () => 42)
    expect([...lagsOf(values, 3).inputs]).toEqual(Array.from({ length: INPUTS }, () => 0))
  })

  it('are distances from now, and what is not known is 0', () => {
    // Means in bins of an hour are almost the last value: the quickest has 1 / 2^20 of the one before left.
    const lags = lagsOf([50, 100], 1)
    expect(lags.now).toBeCloseTo(100, 3)
    const [ten = 0, half = 0, , day = 0, last = 0, lastTwo = 0] = lags.inputs
    expect(ten).toBeCloseTo(-50 / 2 ** 6, 3)
    expect(half).toBeCloseTo(-50 / 2 ** 2, 3)
    expect(day).toBeCloseTo(-50 * 0.5 ** (1 / 24), 3)
    expect(last).toBeCloseTo(0, 3)
    expect(lastTwo).toBeCloseTo(-25, 3)
    expect([...lags.inputs.slice(-5)]).toEqual([0, 0, 0, 0, 0])
  })

  it('see yesterday’s level, step and growth', () => {
    // Yesterday 80 at this time, 120 an hour later, its neighbours alike, and now 100.
    const yesterday = [80, 80, 80, 120, 120, 120]
    const values = [...yesterday, ...Array.from({ length: 19 }, () => 100)]
    // 25 bins: this time yesterday is bin 0, the mean around an hour later of bins 0, 1 and 2.
    const lags = lagsOf(values, 3)
    const [level, step, growth, shape, shapeStep] = lags.inputs.slice(8, 13)
    expect(level).toBeCloseTo((80 + 120 + 120) / 3 - 100, 6)
    expect(step).toBeCloseTo((80 + 120 + 120) / 3 - 80, 6)
    expect(growth).toBeCloseTo((100 * (80 + 120 + 120)) / 3 / 80 - 100, 6)
    expect(shape).toBeCloseTo(20, 6)
    expect(shapeStep).toBeCloseTo(40, 6)
  })
})

describe('the regression', () => {
  it('says nothing before 60 outcomes, and says so', () => {
    expect(told(make, HOUR, wave(61, HOUR)).forecast(HORIZON)).toBeNaN()
    expect(told(make, HOUR, wave(61, HOUR)).waitsFor()).toBe('60 min more of history for a regression')
    expect(told(make, HOUR, wave(62, HOUR)).forecast(HORIZON)).not.toBeNaN()
  })

  it('is made for one horizon and says nothing of others', () => {
    expect(told(make, HOUR, wave(200, HOUR)).forecast(HORIZON + 1)).toBeNaN()
  })

  it('learns a wave: after a week its error is a tenth of the last value’s', () => {
    const values = wave(24 * 7, HOUR)
    const coming = wave(24 * 7 + HORIZON, HOUR).at(-1) ?? 0
    const error = Math.abs(told(make, HOUR, values).forecast(HORIZON) - coming)
    expect(error).toBeLessThan(0.1 * Math.abs((values.at(-1) ?? 0) - coming))
  })

  it('learns that noise comes back to its mean', () => {
    const chance = noise(5)
    const values = Array.from({ length: 24 * 14 }, () => 100 * chance.next().value)
    const forecast = told(make, HOUR, [...values, 100]).forecast(HORIZON)
    expect(forecast).toBeGreaterThan(30)
    expect(forecast).toBeLessThan(75)
  })
})
