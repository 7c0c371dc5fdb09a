import { describe, expect, it } from 'vitest'
import { whatIsNotWellFormed } from '../../../test/oracles/xml.ts'
import { shownCourses, svgReport } from './picture.ts'
import { madeReport } from './report.fixture.ts'
import type { Report } from './report.ts'

const HOSTILE = '</title><script>alert(1)</script>&"\u0007'

function changed(
  change: Partial<Report['courses'][number]>,
  report = madeReport({ contenders: ['web'] }),
): Report {
  return { ...report, courses: report.courses.map(course => ({ ...course, ...change })) }
}

/** The lowest y that a filled area of that colour reaches: the top of its highest point. */
function topOf(svg: string, fill: string): number {
  const path = new RegExp(`d="([^"]*)" fill="${fill}"`).exec(svg)?.[1] ?? ''
  return Math.min(...[...path.matchAll(/V([\d.]+)/g)].map(match => Number(match[1])))
}

describe('the picture of a replay', () => {
  it('is a well-formed document whatever the names are', () => {
    const report = madeReport({ contenders: [HOSTILE, 'hpa'], title: HOSTILE })
    const svg = svgReport(report)
    expect(whatIsNotWellFormed(svg)).toBeNull()
    expect(svg).not.toContain('<script')
    expect(svg).toContain('&lt;script&gt;')
  })

  it('stays small with a month by the minute of many contenders', () => {
    const names = ['web', 'hpa', 'aws', 'azure', 'nomad', 'react', 'hist', 'reg', 'adapt', 'static', 'oracle']
    expect(svgReport(madeReport({ days: 30, contenders: names })).length).toBeLessThan(300_000)
  })

  it('draws one minute of a month as high as it was', () => {
    const report = madeReport({ days: 30, contenders: ['web'] })
    const flat = report.courses.map(course => ({ ...course, needed: course.needed.map(() => 4) }))
    const spiked = flat.map(course => ({
      ...course,
      needed: course.needed.map((need, at) => (at === 31_337 ? 30 : need)),
    }))
    const usual = topOf(svgReport({ ...report, courses: flat }), '#5fa3b8')
    const wild = topOf(svgReport({ ...report, courses: spiked }), '#5fa3b8')
    expect(usual - wild).toBeGreaterThan(150)
  })

  it('marks each decision with its reason, and many as ticks', () => {
    const few = svgReport(changed({ decisions: madeReport().courses[0]?.decisions.slice(0, 5) ?? [] }))
    expect(few).toMatch(/<title>1 Jun \d\d:\d\d:\d\d {2}\d+ -&gt; \d+ {2}&quot;Follow the load&quot; fired/)
    const many = svgReport(madeReport({ days: 30, contenders: ['web'] }))
    expect(many.match(/<title>/g)?.length).toBe(1)
    expect(many).toContain('>changes</text>')
  })

  it('hatches where the record hit its ceiling and where it says little', () => {
    const svg = svgReport(madeReport())
    expect(svg).toContain('url(#censored)')
    expect(svg).toContain('url(#doubtful)')
    const plain = svgReport(changed({ censored: [], doubtful: [] }))
    expect(plain).not.toContain('url(#censored)')
    expect(plain).not.toContain('>doubtful<')
  })

  it('says how much was lost, a strip each', () => {
    const lost = new Float64Array(2880)
    const load = new Float64Array(2880).fill(100)
    lost[7] = 100
    const svg = svgReport(changed({ lost, load }))
    expect(svg).toContain('>0.03 %</text>')
    const svgNone = svgReport(changed({ lost: new Float64Array(2880), load }))
    expect(svgNone).toContain('>0 %</text>')
  })

  it('shows refused and waiting only where there are some', () => {
    const some = Float64Array.from({ length: 2880 }, (_, at) => (at === 7 ? 5 : 0))
    const none = new Float64Array(2880)
    const svg = svgReport(changed({ lost: none, refused: some, backlog: some }))
    expect(svg).toContain('>refused</text>')
    expect(svg).toContain('>waiting</text>')
    expect(svg).not.toContain('>lost</text>')
  })

  it('lets a band without an upper end run out at the top', () => {
    const highest = new Float64Array(2880).fill(Number.MAX_SAFE_INTEGER)
    const svg = svgReport(changed({ highest }))
    expect(whatIsNotWellFormed(svg)).toBeNull()
    expect(svg).not.toMatch(/e\+\d|NaN|Infinity/)
  })

  it('draws no band where nobody set one, and nothing at all of nothing', () => {
    const none = new Float64Array(2880).fill(Number.NaN)
    const svg = svgReport(changed({ lowest: none, highest: none }))
    expect(svg).not.toContain('>bounds<')
    expect(svg).not.toMatch(/NaN|Infinity/)
    const empty = svgReport({ ...madeReport(), courses: [] })
    expect(whatIsNotWellFormed(empty)).toBeNull()
    expect(empty).not.toMatch(/NaN|Infinity/)
  })

  it('says what is counted, and leaves room for the names beside the strips', () => {
    const svg = svgReport(
      madeReport({ contenders: ['checkout', 'as recorded', 'a very long name of a fleet'] }),
    )
    expect(svg).toContain('>instances</text>')
    const names = [...svg.matchAll(/<text[^>]*x="([\d.]+)"[^>]*text-anchor="end"[^>]*>([^<]*)</g)]
    expect(names.map(([, , said]) => said)).toContain('as recorded')
    // A letter of 11 points is some 6 wide.
    for (const [, x = '0', said = ''] of names) expect(Number(x) - 6 * said.length).toBeGreaterThanOrEqual(4)
  })

  it('names each line at its end', () => {
    expect(svgReport(madeReport({ contenders: ['web', 'hpa', 'aws'] }))).toMatch(/fill="#d9480f|>hpa<\/text>/)
    expect(svgReport(madeReport({ contenders: ['web'] }))).not.toContain('>web</text>')
  })
})

describe('who is in the picture', () => {
  const names = (contenders: readonly string[]) =>
    shownCourses(madeReport({ contenders })).map(({ name }) => name)

  it.each([
    [
      'the first who compete',
      ['web', 'static', 'hpa', 'aws', 'azure', 'nomad'],
      ['web', 'hpa', 'aws', 'azure'],
    ],
    ['the others where nobody competes', ['web', 'oracle'], ['web', 'oracle']],
    ['the one there is', ['web'], ['web']],
  ])('%s', (_what, contenders, shown) => {
    expect(names(contenders)).toEqual(shown)
  })
})
