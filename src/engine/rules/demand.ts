/**
 * The demand that a rule which looks ahead is about: of a total the value itself, of a per-instance operand its value
 * times the instances it stands for. A ready instance that does not report carries what the others do: it counts
 * neither as idle nor as full, so that silence does not look like a rise or a fall.
 *
 * Example: 60 requests/s each, reported by 4 of 5 ready instances: a demand of 300; at 100 per instance, 3 of them.
 */
import type { OutlookRule } from '../../model/spec.ts'
import { compileExpression, type Evidence, type Slots } from '../condition.ts'

/** A quotient such as 300 / 100 may come out a hair above its whole number. */
const ROUNDING = 1e-9

export interface DemandSeen {
  readonly evidence: Evidence
  readonly ready: number
  /** By operand slot: how many instances the value stands for; NaN where the samples name none. */
  readonly reporting: ArrayLike<number>
}

/** NaN is unknown. */
export type ReadDemand = (seen: DemandSeen) => number

export function compileDemand({ operand, spread }: OutlookRule, slots: Slots): ReadDemand {
  const evaluate = compileExpression(operand, slots)
  if (spread === 'total') return ({ evidence }) => Math.max(0, evaluate(evidence))
  const slot = operand.node === 'aggregate' ? (slots.get(operand.key) ?? -1) : -1
  return ({ evidence, ready, reporting }) => {
    const named = reporting[slot] ?? Number.NaN
    const carriers = Number.isNaN(named) ? ready : Math.max(named, ready)
    return Math.max(0, evaluate(evidence) * carriers)
  }
}

/** The fewest instances that serve this demand; 0 serve none. */
export function instancesFor(demand: number, perInstance: number): number {
  return Math.max(0, Math.ceil(demand / perInstance - ROUNDING))
}
