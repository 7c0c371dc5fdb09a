import { describe, expect, it } from 'vitest'
import { whatIsNotWellFormed } from '../../test/oracles/xml.ts'
import type { TimelinePoint } from '../ports/state-store.ts'
import { drawTimeline } from './timeline.ts'

const start = Date.parse('2026-11-21T08:00:00Z')
const window = { from: start, to: start + 3_600_000 }

function point(second: number, change: Partial<TimelinePoint> = {}): TimelinePoint {
  const usual = {
    open: 2,
    pending: 0,
    draining: 0,
    desired: 2,
    lowest: 2,
    highest: 5,
    rule: null,
    sessions: null,
  }
  return { at: start + second * 1000, revision: second, ...usual, ...change }
}

/** The path of the thick line of instances. */
function instancesLine(svg: string): string {
  return /<path d="([^"]*)" fill="none" stroke="#0b4f8a"/.exec(svg)?.[1] ?? 'missing'
}

describe('the picture of a fleet', () => {
  it('is a well-formed document whatever the names are', () => {
    const because = '"Scale <up> & away" fired: \u0007'
    const decisions = [{ at: start, current: 2, desired: 3, direction: 'out' as const, because }]
    const svg = drawTimeline({ fleet: '<web> & "co"', points: [point(0), point(15)], window, decisions })
    expect(whatIsNotWellFormed(svg)).toBeNull()
    expect(svg).toContain('&lt;web&gt; &amp; &quot;co&quot;')
    expect(svg).not.toContain('<up>')
  })

  it('steps where the count changes', () => {
    const svg = drawTimeline({
      fleet: 'web',
      points: [point(0), point(1800, { open: 4, desired: 4 })],
      window,
    })
    expect(instancesLine(svg)).toMatch(/^M56 [\d.]+H542V[\d.]+H1028$/)
  })

  it('has a hole where the target could not be asked', () => {
    const unknown = { open: null, pending: null, draining: null, desired: null }
    const points = [point(0), point(900, unknown), point(1800)]
    expect(instancesLine(drawTimeline({ fleet: 'web', points, window }))).toMatch(
      /^M56 [\d.]+H299M542 [\d.]+H1028$/,
    )
  })

  it('says why at the marks', () => {
    const decisions = [
      { at: start + 60_000, current: 2, desired: 3, direction: 'out' as const, because: '"Scale up" fired' },
      { at: start + 90_000, current: 3, desired: 3, direction: 'none' as const, because: 'no rule fired' },
    ]
    const svg = drawTimeline({
      fleet: 'web',
      points: [point(0)],
      window,
      decisions,
      timeZone: 'Europe/Paris',
    })
    expect(svg).toContain('<title>09:01:00  2 -&gt; 3  &quot;Scale up&quot; fired</title>')
    expect(svg).not.toContain('no rule fired')
    expect(svg).toContain('1 change')
  })

  it('names the rule from the points where it has no decisions', () => {
    const points = [point(0), point(60, { desired: 3, rule: 'Scale up' })]
    expect(drawTimeline({ fleet: 'web', points, window })).toContain('2 -&gt; 3  &quot;Scale up&quot;')
  })

  it('shows pending and draining only where there are some', () => {
    const plain = drawTimeline({ fleet: 'web', points: [point(0)], window })
    expect(plain).not.toContain('pending')
    const busy = drawTimeline({
      fleet: 'web',
      points: [point(0, { pending: 1 }), point(15, { draining: 1 })],
      window,
    })
    expect(busy).toContain('>pending<')
    expect(busy).toContain('>draining<')
  })

  it.each([
    [0, 'No tick was recorded in this time.'],
    [1, '2 instances'],
  ])('can be drawn of %d points', (count, said) => {
    const svg = drawTimeline({ fleet: 'web', points: Array.from({ length: count }, () => point(5)), window })
    expect(whatIsNotWellFormed(svg)).toBeNull()
    expect(svg).toContain(said)
  })

  it('stays small with a hundred thousand points, and keeps a single spike', () => {
    const span = { from: start, to: start + 100_000_000 }
    const points = Array.from({ length: 100_000 }, (_, second) =>
      point(second, { open: second === 61_803 ? 19 : second % 2 === 0 ? 3 : 7, highest: 19 }),
    )
    const svg = drawTimeline({ fleet: 'web', points, window: span })
    expect(svg.length).toBeLessThan(200_000)
    expect(svg).toContain('3 to 19 instances')
    const topOfPlot = Math.min(
      ...[...instancesLine(svg).matchAll(/V([\d.]+)/g)].map(match => Number(match[1])),
    )
    const usualTop = 424 - (7 / 25) * 328
    expect(topOfPlot).toBeLessThan(usualTop)
    expect(svg.match(/<title>/g)?.length).toBeLessThan(200)
  })
})
