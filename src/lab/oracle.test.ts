import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { oracle } from './baselines/oracle.ts'
import { oracleInstanceBins, oracleWithoutKeepingBins } from './oracle.ts'
import { bootBinsOf, StandardCourse } from './standard-setting.ts'

const MINUTE_MS = 60_000

describe('the oracle', () => {
  it.each([
    { needed: [], boot: 3, kept: 0, anew: 0, because: 'nothing needs nothing' },
    { needed: [2, 2, 2], boot: 3, kept: 6, anew: 6, because: 'what is there at the beginning does not boot' },
    {
      needed: [1, 2, 1],
      boot: 3,
      kept: 7,
      anew: 7,
      because: 'a first run boots, even before the trace begins',
    },
    { needed: [2, 1, 2], boot: 3, kept: 6, anew: 8, because: 'a gap shorter than the boot is bridged' },
    {
      needed: [2, 1, 1, 1, 2],
      boot: 3,
      kept: 10,
      anew: 10,
      because: 'a gap as long as the boot is the same either way',
    },
    { needed: [2, 1, 1, 1, 1, 1, 2], boot: 3, kept: 12, anew: 12, because: 'a longer gap is not bridged' },
    { needed: [1, 1, 3, 1, 1, 1, 1, 3], boot: 3, kept: 24, anew: 24, because: 'layers are independent' },
    {
      needed: [1, 3, 2, 3],
      boot: 2,
      kept: 9 + 4 + 1,
      anew: 9 + 4 + 2,
      because: 'only the layer with the gap pays for it',
    },
    { needed: [1, Number.NaN, 1], boot: 5, kept: 3, anew: 7, because: 'a gap in the record needs nothing' },
  ])('$because', ({ needed, boot, kept, anew }) => {
    expect(oracleInstanceBins(needed, boot)).toBe(kept)
    expect(oracleWithoutKeepingBins(needed, boot)).toBe(anew)
  })

  it('finds what trying everything finds', () => {
    const needed = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(needed, fc.integer({ min: 1, max: 3 }), (bins, boot) => {
        expect(oracleInstanceBins(bins, boot)).toBe(leastOfAll(bins, boot))
      }),
      { numRuns: 150 },
    )
  })

  it('is undercut by nobody who loses nothing in the standard setting, and reached by the one who knows the future', () => {
    const cases = fc.record({
      needed: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 40 }),
      more: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 48, maxLength: 48 }),
      boot: fc.integer({ min: 1, max: 5 }),
    })
    fc.assert(
      fc.property(cases, ({ needed, more, boot }) => {
        // Nobody can be ready for a rise before the first order serves.
        const load = Float64Array.from(
          [...Array<number>(boot).fill(needed[0] ?? 1), ...needed],
          count => count * 10,
        )
        const setting = { perInstance: 10, stepMs: MINUTE_MS, bootMs: boot * MINUTE_MS }
        const course = new StandardCourse(load, setting)
        const known = { ...setting, leadBins: bootBinsOf(setting), startAt: 0, load }
        // Of the bins an order boots, the one it was decided in is not paid.
        const least = oracleInstanceBins(course.needed, boot - 1)
        const paid = (): number => course.paid.reduce((sum, count) => sum + count, 0)

        const best = oracle.create(1, known)
        course.run(best)
        expect(course.scores().all.lostPercent).toBe(0)
        expect(paid()).toBe(least)

        course.run({ name: 'generous', next: seen => best.next(seen) + (more[seen.bin] ?? 0) })
        expect(course.scores().all.lostPercent).toBe(0)
        expect(paid()).toBeGreaterThanOrEqual(least)
      }),
      { numRuns: 200 },
    )
  })
})

/**
 * Every way to order and release, bin by bin: from one boot before the beginning, with what the first bin needs already there.
 * The state is how many are ready and how many become so in each of the next bins.
 */
function leastOfAll(needed: readonly number[], boot: number): number {
  const most = Math.max(...needed)
  const known = new Map<string, number>()
  const least = (bin: number, ready: number, coming: readonly number[]): number => {
    if (bin === needed.length) return 0
    const key = `${bin}:${ready}:${coming.join()}`
    const before = known.get(key)
    if (before !== undefined) return before
    let best = Number.POSITIVE_INFINITY
    const all = coming.reduce((sum, count) => sum + count, 0)
    for (let ordered = 0; ready + all + ordered <= most; ordered += 1) {
      const [now = 0, ...later] = [...coming, ordered]
      const up = ready + now
      // Before the beginning only what boots is paid.
      const paid = (bin < 0 ? 0 : up) + later.reduce((sum, count) => sum + count, 0)
      if (bin >= 0 && up < (needed[bin] ?? 0)) continue
      const lowest = bin < 0 ? up : 0
      for (let kept = lowest; kept <= up; kept += 1) best = Math.min(best, paid + least(bin + 1, kept, later))
    }
    known.set(key, best)
    return best
  }
  return least(-boot, needed[0] ?? 1, Array<number>(boot).fill(0))
}
