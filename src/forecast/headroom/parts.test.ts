import { describe, expect, it } from 'vitest'
import { DayPast } from './day-past.ts'
import { Regression } from './regression.ts'

describe('the past of a day', () => {
  it.each([
    [0, 1, 10],
    [1, 3, 25],
    [0, 4, 25],
    [2, 2, 30],
    [-5, 2, 15],
    [3, 99, 40],
    [4, 6, 0],
  ])('has the mean from step %i to %i: %d', (from, to, mean) => {
    const past = new DayPast(10)
    for (const value of [10, 20, 30, 40]) past.push(value)
    expect(past.mean(from, to)).toBe(mean)
    expect({ step: past.step, newest: past.newest }).toEqual({ step: 3, newest: 40 })
  })

  it('forgets what is older than it keeps', () => {
    const past = new DayPast(5)
    for (let value = 0; value < 12; value += 1) past.push(value)
    expect(past.mean(0, 12)).toBe(9.5)
    expect(past.mean(10, 12)).toBe(10.5)
  })
})

describe('the regression', () => {
  const inputs = (...values: readonly number[]) => Float64Array.from(values)

  it('begins with its prior', () => {
    expect(new Regression([0.5, 0.5], 0.1, 1).predict(inputs(10, 20), 0)).toBe(15)
    expect(new Regression([0.5, 0.5], 0.1, 1).predict(inputs(9, 9, 10, 20), 2)).toBe(15)
  })

  it('finds what the examples have in common', () => {
    const regression = new Regression([0, 0], 100, 1)
    for (let index = 0; index < 200; index += 1) {
      const example = inputs(index % 7, index % 5)
      const came = 2 * (index % 7) - 3 * (index % 5)
      regression.learn(example, 0, came - regression.predict(example, 0), 1)
    }
    expect(regression.predict(inputs(1, 0), 0)).toBeCloseTo(2, 3)
    expect(regression.predict(inputs(0, 1), 0)).toBeCloseTo(-3, 3)
  })

  it('trusts a sure example more', () => {
    const [sure, unsure] = [new Regression([0], 1, 1), new Regression([0], 1, 1)]
    sure.learn(inputs(1), 0, 10, 10)
    unsure.learn(inputs(1), 0, 10, 0.1)
    expect(sure.predict(inputs(1), 0)).toBeGreaterThan(unsure.predict(inputs(1), 0))
  })

  it('does not jump after a long quiet: it is never less sure than at the beginning', () => {
    const quiet = new Regression([0, 1], 0.1, 0.99)
    for (let index = 0; index < 5000; index += 1) quiet.learn(inputs(0, 1), 0, 0, 1)
    const fresh = new Regression([0, 1], 0.1, 0.99)
    for (const regression of [quiet, fresh]) regression.learn(inputs(10, 0), 0, 5, 1)
    expect(quiet.predict(inputs(10, 0), 0)).toBeLessThanOrEqual(fresh.predict(inputs(10, 0), 0) + 1e-9)
  })
})
