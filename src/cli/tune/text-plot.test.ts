import { describe, expect, it } from 'vitest'
import { MEASURES, type Measure } from '../../lab/tune/objective.ts'
import { type PlotPoint, plotText } from './text-plot.ts'

function named(name: string): Measure {
  const found = MEASURES.find(measure => measure.name === name)
  if (found === undefined) throw new Error(`no measure ${name}`)
  return found
}

function plot(points: readonly PlotPoint[], width = 40): readonly string[] {
  return plotText({ across: named('lost'), up: named('cost'), points, width })
}

describe('a plot in letters', () => {
  it('has the dear ones above, the lossy ones to the right, and the chosen one over others', () => {
    const lines = plot([
      { across: 0, up: 2, mark: 'o' },
      { across: 1, up: 1, mark: '*' },
      { across: 1, up: 1, mark: '.' },
      { across: 0.5, up: 1.5, mark: '=' },
      { across: Number.NaN, up: 1, mark: '.' },
    ])
    expect(lines[0]).toBe('        cost')
    expect(lines[1]).toBe('2.00 x |o')
    expect(lines[12]).toBe(`1.00 x |${' '.repeat(29)}*`)
    expect(lines.filter(line => line.includes('='))).toHaveLength(1)
    expect(lines.join('').includes('.  ')).toBe(false)
    expect(lines.at(-1)).toMatch(/^ {8}0 % +1\.00 % {2}lost$/)
  })

  it('says nothing where there is nothing to compare, or no room', () => {
    expect(plot([{ across: 0, up: 1, mark: '*' }])).toEqual([])
    const two: PlotPoint[] = [
      { across: 0, up: 1, mark: '*' },
      { across: 1, up: 2, mark: '.' },
    ]
    expect(plot(two, 20)).toEqual([])
    expect(plot(two)).not.toEqual([])
  })

  it('has a place for points that are all alike', () => {
    const same: PlotPoint = { across: 1, up: 1, mark: '.' }
    expect(plot([same, same]).filter(line => line.includes('|.'))).toHaveLength(1)
  })
})
