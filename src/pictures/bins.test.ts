import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  columnArea,
  columnLine,
  columnSpread,
  columnsOf,
  densityOf,
  largestOf,
  meanLine,
  type Scale,
  sharesOf,
  shortfallBars,
  sumOf,
} from './bins.ts'

/** Ten pixels a bin, ten pixels an instance, counts upwards from 100. */
const scale: Scale = { x: bin => bin * 10, y: value => 100 - value * 10 }
const gap = Number.NaN

function lineOf(bins: readonly number[], wanted = bins.length): string {
  return columnLine(columnsOf(bins, 0, bins.length, wanted), scale)
}

function areaOf(bins: readonly number[], wanted = bins.length): string {
  return columnArea(columnsOf(bins, 0, bins.length, wanted), 'high', 0, scale)
}

describe('bins on columns', () => {
  it('keep the lowest and the highest of every column, whatever their number', () => {
    const bins = fc.array(fc.oneof(fc.integer({ min: -50, max: 50 }), fc.constant(gap)), {
      minLength: 1,
      maxLength: 200,
    })
    fc.assert(
      fc.property(bins, fc.integer({ min: 1, max: 60 }), (values, wanted) => {
        const { length, starts, low, high } = columnsOf(values, 0, values.length, wanted)
        expect(length).toBe(Math.min(values.length, wanted))
        expect([starts[0], starts[length]]).toEqual([0, values.length])
        for (let column = 0; column < length; column++) {
          const own = values.slice(starts[column], starts[column + 1])
          expect(own.length).toBeGreaterThan(0)
          const known = own.filter(value => !Number.isNaN(value))
          expect(low[column]).toBe(known.length === 0 ? gap : Math.min(...known))
          expect(high[column]).toBe(known.length === 0 ? gap : Math.max(...known))
        }
      }),
    )
  })

  it('are none of none', () => {
    expect(columnsOf([], 0, 0, 100).length).toBe(0)
    expect(lineOf([])).toBe('')
    expect(areaOf([])).toBe('')
  })
})

describe('the line', () => {
  it.each([
    ['a steady count is one stroke', [5, 5, 5], 'M0 50H30'],
    ['a change is a step', [5, 5, 6], 'M0 50H20V40H30'],
    ['a gap lifts the pen', [5, gap, 6], 'M0 50H10M20 40H30'],
    ['a gap at the end ends it', [5, gap], 'M0 50H10'],
    ['nothing known is nothing drawn', [gap, gap], ''],
  ])('%s', (_what, bins, path) => {
    expect(lineOf(bins)).toBe(path)
  })

  it('strokes over all values of a column, and goes on from where it is', () => {
    expect(lineOf([5, 9, 5, 5, 5, 5], 3)).toBe('M0 10V50H60')
  })
})

describe('the area', () => {
  it.each([
    ['stands on its base', [5, 6], 'M0 100V50H10V40H20V100Z'],
    ['has a hole at a gap', [5, gap, 6], 'M0 100V50H10V100ZM20 100V40H30V100Z'],
  ])('%s', (_what, bins, path) => {
    expect(areaOf(bins)).toBe(path)
  })
})

describe('what was short', () => {
  it('is a bar from what was ready to what was needed, of the worst bin of a column', () => {
    const needed = [4, 9, 4, 4]
    const ready = [4, 6, 4, 3.98]
    expect(shortfallBars(needed, ready, columnsOf(ready, 0, 4, 2), scale)).toBe('M0 40H20V10H0Z')
  })
})

describe('what was turned away', () => {
  it('is a share of the load of its bin, and all of it where there was none', () => {
    expect([
      ...sharesOf(
        [
          [1, 0, 2, gap],
          [1, 0, 0, 0],
        ],
        [8, 0, 0, 5],
        4,
      ),
    ]).toEqual([0.25, 0, 1, 0])
  })
})

describe('a line through many bins', () => {
  it('is the average of each column, with a stroke over what it went through', () => {
    const columns = columnsOf([1, 3, 5, 5, gap, gap], 0, 6, 3)
    expect(meanLine(columns, scale)).toBe('M0 80H20V50H40')
    expect(columnSpread(columns, scale)).toBe('M10 90V70')
  })
})

describe('how often', () => {
  it('is a share of the most in one column, and nothing where it is elsewhere', () => {
    expect([...densityOf([0, 1, 9, -5, 10], 0, 10, 5)]).toEqual([1, 0, 0, 0, 0.5])
    expect([...densityOf([], 0, 10, 2)]).toEqual([0, 0])
  })
})

describe('sums and highest', () => {
  it('leave gaps out, and what is without limit', () => {
    expect(sumOf([1, gap, 2])).toBe(3)
    expect(largestOf([1, gap, Number.MAX_SAFE_INTEGER, 2])).toBe(2)
  })
})
