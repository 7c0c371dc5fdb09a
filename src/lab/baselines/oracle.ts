/**
 * Orders just in time what the future needs: the oracle as something that can be played and drawn. How little it costs is worked
 * out by ../oracle.ts; this one only shows when it would act.
 *
 * Example: an order serves 3 bins later, and the load of bin 20 needs 7: after bin 17 there are 7, ready or booting.
 */
import { instancesFor } from '../service-model.ts'
import type { Baseline } from './baseline.ts'

export const oracle: Baseline = {
  name: 'oracle',
  title: 'Oracle',
  source: 'Knows the future: the exact minimum that loses nothing',
  knob: { name: 'headroom', usual: 1, grid: [1] },
  outOfCompetition: true,
  create(knob, { load, perInstance, leadBins, stepMs }) {
    const wanted = highestAhead(load, leadBins, value => instancesFor(value * knob, perInstance))
    return {
      name: 'oracle',
      // By the clock, not by what was measured: late metrics do not make it late.
      next: ({ atMs }) => wanted[Math.floor(atMs / stepMs)] ?? 1,
    }
  },
}

/** By bin that begins now: the most needed in so many bins from it on. */
function highestAhead(load: Float64Array, lead: number, countOf: (value: number) => number): Int32Array {
  const highest = new Int32Array(load.length + 1).fill(1)
  /** Bins whose need nothing nearer exceeds, farthest first. */
  const falling: number[] = []
  const needed = Int32Array.from(load, value => (Number.isNaN(value) ? 1 : countOf(value)))
  let farthest = 0
  for (let bin = load.length - 1; bin >= 0; bin -= 1) {
    while (falling.length > farthest && (needed[falling.at(-1) ?? 0] ?? 0) <= (needed[bin] ?? 0))
      falling.pop()
    falling.push(bin)
    while ((falling[farthest] ?? bin) >= bin + lead) farthest += 1
    highest[bin] = needed[falling[farthest] ?? bin] ?? 1
  }
  return highest
}
