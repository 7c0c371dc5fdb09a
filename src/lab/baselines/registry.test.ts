import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bootBinsOf, StandardCourse, standardPerInstance } from '../standard-setting.ts'
import { BASELINES, baselineNamed } from './registry.ts'

/** Ten days by the hour quarter: a wave with seeded bumps. */
function wave(): Float64Array {
  return Float64Array.from({ length: 10 * 96 }, (_, bin) =>
    Math.round(500 + 400 * Math.sin((bin / 96) * 2 * Math.PI) + ((bin * 7919) % 97)),
  )
}

describe('the baselines', () => {
  it('have a name of their own by which they are found', () => {
    const names = BASELINES.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.map(name => baselineNamed(name)?.name)).toEqual(names)
    expect(baselineNamed('none such')).toBeNull()
  })

  it.each(BASELINES)(
    '$name has a knob whose usual setting lies within its grid',
    ({ knob: { grid, usual } }) => {
      expect(Math.min(...grid)).toBeLessThanOrEqual(usual)
      expect(Math.max(...grid)).toBeGreaterThanOrEqual(usual)
      expect(new Set(grid).size).toBe(grid.length)
    },
  )

  it.each(BASELINES)('$name pays more and loses less at the generous end of its knob', baseline => {
    const load = wave()
    const setting = { perInstance: standardPerInstance(load), stepMs: 60_000, bootMs: 180_000 }
    const course = new StandardCourse(load, setting)
    const known = { ...setting, leadBins: bootBinsOf(setting), startAt: 0, load }
    const at = (knob: number) => {
      course.run(baseline.create(knob, known), baseline.initial?.(knob, known))
      return course.scores().all
    }
    const { grid } = baseline.knob
    const lean = at(grid[0] ?? 0)
    const generous = at(grid.at(-1) ?? 0)
    expect(generous.lostPercent).toBeLessThanOrEqual(lean.lostPercent)
    expect(generous.costRatio).toBeGreaterThanOrEqual(lean.costRatio)
  })

  it.each(BASELINES)('$name answers with a whole number whatever it is shown', baseline => {
    const moment = fc.record({
      load: fc.oneof(fc.constant(Number.NaN), fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true })),
      ready: fc.integer({ min: 1, max: 500 }),
      booting: fc.integer({ min: 0, max: 50 }),
    })
    fc.assert(
      fc.property(fc.array(moment, { minLength: 1, maxLength: 60 }), moments => {
        const load = Float64Array.from(moments, shown => shown.load)
        const contender = baseline.create(baseline.knob.usual, {
          perInstance: 7,
          stepMs: 60_000,
          bootMs: 180_000,
          leadBins: 3,
          startAt: 1_000_000_000_000,
          load: load.with(0, 5),
        })
        for (const [bin, shown] of moments.entries()) {
          const utilizationRatio = shown.load / (shown.ready * 7)
          const count = contender.next({
            ...shown,
            atMs: (bin + 1) * 60_000,
            bin,
            utilizationRatio,
            backlog: 0,
          })
          expect(Number.isInteger(count) && count >= 0).toBe(true)
        }
      }),
      { numRuns: 40 },
    )
  })
})
