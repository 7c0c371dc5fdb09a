/** What is drawn of two autoscalers beside each other. */
import { describe, expect, it } from 'vitest'
import { whatIsNotWellFormed } from '../../test/oracles/xml.ts'
import { type ComparisonPicture, drawComparison } from './comparison.ts'
import { COLOURS } from './frame.ts'

const HOUR = 3_600_000

function picture(change: Partial<ComparisonPicture> = {}): string {
  return drawComparison({
    title: 'web',
    subtitle: 'two hours',
    timeZone: 'UTC',
    window: { from: 0, to: 2 * HOUR },
    theirs: [{ from: 0, to: 2 * HOUR, value: 4 }],
    ours: [
      { from: 0, to: HOUR, value: 4 },
      { from: HOUR, to: 2 * HOUR, value: 6 },
    ],
    lowest: [],
    highest: [],
    apart: [],
    strips: [],
    marks: [],
    ...change,
  })
}

/** The filled areas of a colour. */
function areas(svg: string, colour: string): number {
  return [...svg.matchAll(new RegExp(`<path d="[^"]+" fill="${colour}" fill-opacity`, 'g'))].length
}

describe('the picture of a comparison', () => {
  it('fills the room between the two: green where Plimsoll would have had more, red where fewer', () => {
    expect([areas(picture(), COLOURS.out), areas(picture(), COLOURS.in)]).toEqual([1, 0])
    const fewer = picture({ ours: [{ from: 0, to: HOUR, value: 2 }] })
    expect([areas(fewer, COLOURS.out), areas(fewer, COLOURS.in)]).toEqual([0, 1])
    const same = picture({ ours: [{ from: 0, to: 2 * HOUR, value: 4 }] })
    expect([areas(same, COLOURS.out), areas(same, COLOURS.in)]).toEqual([0, 0])
  })

  it('hatches what cannot be compared, and says so in the legend only then', () => {
    expect(picture()).not.toContain('not compared')
    const svg = picture({ apart: [{ from: 0, to: HOUR }] })
    expect(svg).toContain('not compared')
    expect(svg).toContain('fill="url(#apart)"')
  })

  it('has a bar of at least a pixel in a strip for what took a moment', () => {
    const svg = picture({
      strips: [{ label: 'busy', intervals: [{ from: HOUR, to: HOUR + 1 }], total: '<0.1 %' }],
    })
    expect(svg).toMatch(/<path d="M542 [\d.]+H543V[\d.]+H542Z" fill="#c92a2a"\/>/)
    expect(svg).toContain('&lt;0.1 %')
  })

  it('says why where it is pointed at', () => {
    const svg = picture({ marks: [{ from: HOUR, to: 2 * HOUR, says: '"Scale <up>" fired' }] })
    expect(svg).toContain('<title>&quot;Scale &lt;up&gt;&quot; fired</title>')
  })

  it('is a well-formed document whatever the names are, and of nothing at all', () => {
    const hostile = '<b> & "\u0007\u202e'
    const marks = [{ from: 0, to: HOUR, says: hostile }]
    const strips = [{ label: hostile, intervals: [], total: hostile }]
    expect(whatIsNotWellFormed(picture({ title: hostile, subtitle: hostile, marks, strips }))).toBeNull()
    const empty = picture({ theirs: [], ours: [] })
    expect(whatIsNotWellFormed(empty)).toBeNull()
    expect(empty).not.toMatch(/NaN|undefined/)
  })

  it('stays small whatever the length: thousands of changes are a few per pixel', () => {
    const theirs = Array.from({ length: 100_000 }, (_, n) => ({
      from: n * 72,
      to: (n + 1) * 72,
      value: n % 5,
    }))
    expect(picture({ theirs, ours: theirs }).length).toBeLessThan(300_000)
  })
})
