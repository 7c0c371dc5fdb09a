/**
 * The placements by the names they have in a configuration.
 *
 * Example: `placement: power-of-two` is `PLACEMENTS['power-of-two']`.
 */
import type { Placement } from '../../model/spec.ts'
import type { Choose } from './choose.ts'
import { pack } from './pack.ts'
import { powerOfTwo } from './power-of-two.ts'
import { rendezvous } from './rendezvous.ts'
import { spread } from './spread.ts'

export const PLACEMENTS: Readonly<Record<Placement, Choose>> = {
  pack,
  spread,
  'power-of-two': powerOfTwo,
  rendezvous,
}
