import { describe, expect, it } from 'vitest'
import { literalsOf } from './literals.ts'

describe('the numbers of an expression', () => {
  it.each([
    ['avg(cpu, 45m) > 80%', ['80%'], ['45m']],
    ['80% < avg(cpu, 45m)', ['80%'], ['45m']],
    ['avg(cpu, 45m) > 80% and instances < 4', ['80%', '4'], ['45m']],
    [
      '(avg(cpu, 5m) > 80% or p95(latency, 10m) >= 300ms) and not (ready <= 2)',
      ['80%', '300ms', '2'],
      ['5m', '10m'],
    ],
    ['last(queue) > -5', ['-5'], []],
    ['last(queue) / 100 > instances', ['100'], []],
    ['last(queue) / instances > 95', ['95'], []],
    ['last(queue) > 100 * ready', ['100'], []],
    ['last(queue) / 100 > 2 * ready', [], []],
    ['(last(queue) + 1) > (4)', ['4'], []],
    ['fleet(db).ready > 3', ['3'], []],
    ['busy is red', [], []],
    ['last(queue, 2m) / 100', [], ['2m']],
    ['slope(queue, 15m) > 0', ['0'], ['15m']],
  ])('of %s are the thresholds %j and the windows %j', (text, thresholds, windows) => {
    const found = literalsOf(text)
    expect(found.thresholds.map(literal => literal.text)).toEqual(thresholds)
    expect(found.windows.map(literal => literal.text)).toEqual(windows)
    for (const literal of [...found.thresholds, ...found.windows]) {
      expect(text.slice(literal.at, literal.end)).toBe(literal.text)
    }
  })
})
