import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { whatIsNotWellFormed } from '../../test/oracles/xml.ts'
import { drawFront, type FrontPictureRequest, type FrontPoint, frontOf } from './front.ts'

function point(across: number, up: number, label = 'a setting'): FrontPoint {
  return { across, up, label }
}

const request: FrontPictureRequest = {
  title: 'What service costs',
  subtitle: '',
  across: { label: 'load lost, %', scale: 'log' },
  up: { label: 'cost', scale: 'linear' },
  groups: [
    { name: 'ours', points: [point(0, 3), point(0.1, 2), point(0.5, 1.5), point(0.4, 2.5)] },
    { name: 'hpa', points: [point(0.1, 3.9), point(2, 1.6)] },
  ],
  goals: [0.1, 1],
}

describe('the front', () => {
  it('is what nothing beats in both, in order', () => {
    const points = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })))
    fc.assert(
      fc.property(points, pairs => {
        const all = pairs.map(([across, up]) => point(across, up))
        const front = frontOf(all)
        const beats = (a: FrontPoint, b: FrontPoint) =>
          a.across <= b.across && a.up <= b.up && (a.across < b.across || a.up < b.up)
        for (const one of front) expect(all.some(other => beats(other, one))).toBe(false)
        for (const one of all) {
          const isThere = front.some(({ across, up }) => across === one.across && up === one.up)
          expect(isThere || all.some(other => beats(other, one))).toBe(true)
        }
        expect(front.map(({ across }) => across)).toEqual(
          [...front.map(({ across }) => across)].sort((a, b) => a - b),
        )
      }),
    )
  })

  it('leaves out what has no score', () => {
    expect(frontOf([point(Number.NaN, 1), point(1, Number.POSITIVE_INFINITY)])).toEqual([])
  })
})

describe('the picture of the front', () => {
  it('is a well-formed document whatever the names are', () => {
    const hostile = '<script>&"\u0000'
    const groups = [{ name: hostile, points: [point(1, 2, hostile)] }]
    const svg = drawFront({ ...request, title: hostile, groups, chosen: point(1, 2, hostile) })
    expect(whatIsNotWellFormed(svg)).toBeNull()
    expect(svg).not.toContain('<script>')
  })

  it('joins the best of each and says every setting', () => {
    const svg = drawFront(request)
    expect(svg.match(/<circle/g)?.length).toBe(6)
    expect(svg).toContain('<title>a setting: 0.1, 2</title>')
    // The point at (0.4, 2.5) is beaten: pale, and not on the line.
    expect(svg.match(/fill-opacity="0.28"/g)?.length).toBe(1)
  })

  it('says what the lines of the goals mean, where that is said', () => {
    const svg = drawFront({ ...request, goalText: goal => `at most ${goal} %` })
    expect(svg).toContain('>at most 0.1 %</text>')
    expect(svg).toContain('>at most 1 %</text>')
    expect(drawFront(request)).not.toContain('at most')
  })

  it('marks the chosen one', () => {
    const svg = drawFront({ ...request, chosen: point(0.1, 2, 'slo: 99.5%') })
    expect(svg).toContain('>slo: 99.5%</text>')
  })

  it('gives zero a place on a logarithmic axis', () => {
    const svg = drawFront(request)
    expect(svg).toContain('text-anchor="middle">0</text>')
    expect(svg).not.toMatch(/NaN|Infinity/)
  })

  it.each([
    ['no points', []],
    ['one point', [{ name: 'ours', points: [point(1, 1)] }]],
    ['only zeros', [{ name: 'ours', points: [point(0, 0)] }]],
    ['equal costs', [{ name: 'ours', points: [point(1, 5), point(2, 5)] }]],
  ])('can be drawn of %s', (_what, groups) => {
    const svg = drawFront({ ...request, groups, goals: [] })
    expect(whatIsNotWellFormed(svg)).toBeNull()
    expect(svg).not.toMatch(/NaN|Infinity/)
  })
})
