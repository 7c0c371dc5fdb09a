/**
 * So many ready instances that the stated share of the demand finds capacity. The headroom that takes is not decided
 * here: it comes in with the observation, learnt from how demand rose before (`ServeOutlook`), so that the same
 * observation gives the same answer again. Without an outlook nothing is known, and unknown is never zero.
 *
 * Example: 100 per instance, a demand of 4,100 that may rise to 4,650 before a new instance is ready: 47 are wanted.
 */
import type { ServeRule } from '../../model/spec.ts'
import { type Ask, HOLD, outlookOf, UNKNOWN, want } from './answer.ts'
import { instancesFor } from './demand.ts'

export function askServe({ name, perInstance }: ServeRule): Ask {
  return ({ outlooks, current }) => {
    const outlook = outlookOf(outlooks, name)
    if (outlook?.kind !== 'serve' || !Number.isFinite(outlook.capacity)) return UNKNOWN
    const count = instancesFor(outlook.capacity, perInstance)
    return count === current ? HOLD : want(count)
  }
}
