import { describe, expect, it } from 'vitest'
import { whatIsNotWellFormed } from '../../test/oracles/xml.ts'
import { drawSchedule } from './schedule.ts'

const day = Date.parse('2026-11-21T00:00:00Z')
const hour = 3_600_000
const capacity = { lowest: 2, highest: 5, default: 2, constraint: 'capacity' }
const peak = { lowest: 4, highest: 6, default: 4, constraint: 'Peak & <more>' }
const window = { from: day, to: day + 24 * hour }

describe('the picture of bounds to come', () => {
  it('has a colour for each constraint, named in the legend, and one for all beyond the sixth', () => {
    const named = (count: number) =>
      Array.from({ length: count }, (_, n) => {
        const from = day + n * hour
        return { from, to: from + hour, ...peak, constraint: `Constraint ${n}` }
      })
    const fills = (svg: string) =>
      new Set([...svg.matchAll(/<path d="M[^"]*Z" fill="(#[0-9a-f]+)"/g)].map(([, fill]) => fill))
    const few = drawSchedule({ fleet: 'web', stretches: named(7), window })
    expect(fills(few).size).toBe(7)
    expect(few).not.toContain(' more<')
    const many = drawSchedule({ fleet: 'web', stretches: named(12), window })
    expect(fills(many).size).toBe(7)
    expect(many).toContain('>6 more<')
  })

  it('names each constraint that has room, escaped', () => {
    const stretches = [
      { from: day, to: day + 8 * hour, ...capacity },
      { from: day + 8 * hour, to: day + 16 * hour, ...peak },
      { from: day + 16 * hour, to: day + 24 * hour, ...capacity },
    ]
    const svg = drawSchedule({ fleet: 'web', stretches, window, timeZone: 'Europe/London' })
    expect(whatIsNotWellFormed(svg)).toBeNull()
    expect(svg).toContain('Peak &amp; &lt;more&gt;')
    expect(svg).toContain('2 constraints in force in turn')
  })

  it('leaves out names for which there is no room, and can be drawn of nothing', () => {
    const stretches = Array.from({ length: 240 }, (_, index) => {
      const from = day + index * 360_000
      return { from, to: from + 360_000, ...(index % 2 === 0 ? capacity : peak) }
    })
    const svg = drawSchedule({ fleet: 'web', stretches, window })
    // Only the legend has it.
    expect(svg.split('>capacity<')).toHaveLength(2)
    expect(whatIsNotWellFormed(drawSchedule({ fleet: 'web', stretches: [], window }))).toBeNull()
  })
})
