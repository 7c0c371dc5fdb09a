/**
 * Step scaling: the band the operand lies in says how far to go. Above the threshold a band holds its lower end, below
 * it its upper end, so that a reading of exactly the threshold belongs to the first band out, as in AWS.
 *
 * Example: threshold 60, bands 0..10 by +10 % and 10.. by +30 %: 70 at 11 instances lies in the second band, 11 becomes 14.
 */
import type { Band, StepRule } from '../../model/spec.ts'
import type { Evaluate } from '../condition.ts'
import { type Ask, NOTHING, UNKNOWN, want } from './answer.ts'
import { wantAt, wantTowardsZero } from './scale.ts'

export function askSteps({ threshold, bands, rounding }: StepRule, operand: Evaluate): Ask {
  const scale = rounding === 'up' ? wantAt : wantTowardsZero
  return ({ evidence, current }) => {
    const value = operand(evidence)
    if (Number.isNaN(value)) return UNKNOWN
    const band = bands.find(candidate => holds(candidate, value - threshold))
    return band === undefined ? NOTHING : want(scale(band.scale, current))
  }
}

/** Bands that reach below the threshold are closed at their upper end; the others at their lower. */
function holds({ from, to }: Band, distance: number): boolean {
  const below = from === null || from < 0
  return below
    ? (from === null || distance > from) && (to === null || distance <= to)
    : distance >= from && (to === null || distance < to)
}
