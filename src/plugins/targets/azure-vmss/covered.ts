/**
 * How many of the ordered instances need no raise of the capacity, since it has places already that nothing fills?
 *
 * Example: capacity 5, three listed, and two orders that were raised for before: both are covered. A third order, never tried, is not.
 * Were four listed and one of them leaving, that one counts as filling a place for the third (rather one instance too many than
 * none); for the two that were tried it does not.
 */
import type { Claims } from './claims.ts'
import { isLeaving, type Vm } from './vm-state.ts'

export interface Covering {
  readonly claims: Pick<Claims, 'isTried' | 'triedBesides'>
  /** It leaves, and Azure launches another in its place by itself. */
  readonly isRefilled: (vm: Vm) => boolean
}

/** @param vms all that are listed: those that are kept deallocated have their places, too */
export function coveredOf(
  asked: readonly string[],
  capacity: number,
  vms: readonly Vm[],
  { claims, isRefilled }: Covering,
): number {
  const tried = asked.filter(token => claims.isTried(token)).length
  const staying = vms.filter(vm => !isLeaving(vm)).length
  const filled = vms.filter(vm => !isRefilled(vm)).length
  const ofTried = Math.min(tried, Math.max(0, capacity - staying))
  const free = Math.max(0, capacity - filled - ofTried - claims.triedBesides(asked))
  return ofTried + Math.min(asked.length - tried, free)
}
