/**
 * The least capacity that could have served a load, by one who knows the future: what any contender's cost is held against. An
 * instance takes some bins to boot and is paid meanwhile, so between two bins that need it, it is kept if the gap is shorter than
 * the boot and otherwise let go and ordered again in time.
 *
 * Exact, because instances are alike and can be seen as layers: layer k is needed in the bins that need at least k. Each layer
 * is paid for its bins, for each gap the shorter of gap and boot, and for the boot of its first run unless that begins the trace.
 *
 * Example: needed 1 1 3 1 1 1 1 3 with a boot of 3 bins: layer 1 is paid 8 bins, layers 2 and 3 each 3 + 1 + 3 + 1: in all 24.
 */

/**
 * @param needed instances per bin, whole numbers; NaN needs nothing
 * @param bootBins paid before a new instance serves
 * @returns paid instance-bins
 */
export function oracleInstanceBins(needed: ArrayLike<number>, bootBins: number): number {
  return sumOfLayers(needed, (gap, isFirst) => (isFirst ? bootBins : Math.min(gap, bootBins)))
}

/** The same for one who lets go of an instance as soon as a bin does not need it, and boots it anew each time. */
export function oracleWithoutKeepingBins(needed: ArrayLike<number>, bootBins: number): number {
  return sumOfLayers(needed, () => bootBins)
}

/** @param costOf beginning a run of a layer, after a gap of so many bins or as its first */
function sumOfLayers(
  needed: ArrayLike<number>,
  costOf: (gapBins: number, isFirst: boolean) => number,
): number {
  /** By layer, the bin after its last run; -1: there was none. */
  const endOf: number[] = []
  let sum = 0
  let before = 0
  for (let bin = 0; bin < needed.length; bin += 1) {
    const now = needed[bin] || 0
    sum += now
    for (let layer = before; layer < now; layer += 1) {
      const end = endOf[layer] ?? -1
      if (bin > 0) sum += costOf(bin - end, end < 0)
    }
    for (let layer = now; layer < before; layer += 1) endOf[layer] = bin
    before = now
  }
  return sum
}
