/**
 * Which of the VMs that Azure lists are instances of the fleet? Those that are kept deallocated are not: to the fleet they are gone. What
 * the list shows also moves their lives on: one that was to be started and is up, is out; one that was to be deallocated and is, is
 * parked.
 *
 * Example: five VMs are listed, two of them deallocated: `web_3`, which we parked, is hidden; `web_4`, which nobody asked to deallocate, was
 * evicted, and is listed as lost.
 */
import { isDeallocated, isUp, type Life, type Lives, lifeOf } from './lives.ts'
import { isLeaving, type Vm } from './vm-state.ts'

export interface Standing {
  readonly listed: readonly Vm[]
  /** Kept for a later launch. */
  readonly parked: readonly Vm[]
  /** Parked, and up all the same: the list is behind, or somebody else started them. */
  readonly returned: readonly Vm[]
  /** Lives that have moved on, by `vmId`. */
  readonly moved: ReadonlyMap<string, Life>
}

/** @param adopts nothing was ever written down, and what is deallocated is kept for later */
export function standingOf(
  vms: readonly Vm[],
  lives: Lives | null,
  { at, adopts }: { readonly at: number; readonly adopts: boolean },
): Standing {
  const listed: Vm[] = []
  const parked: Vm[] = []
  const returned: Vm[] = []
  const moved = new Map<string, Life>()
  const move = (vm: Vm, change: Partial<Life>): void => {
    if (vm.vmId !== null) moved.set(vm.vmId, { ...lifeOf(vm, lives), name: vm.name, at, ...change })
  }
  for (const vm of vms) {
    const { state } = lifeOf(vm, lives)
    if (state === 'out' && adopts && lives === null && isDeallocated(vm)) {
      move(vm, { state: 'parked' })
      parked.push(vm)
    } else if (state === 'out') {
      listed.push(vm)
    } else if (state === 'parking' && isDeallocated(vm)) {
      move(vm, { state: 'parked' })
      parked.push(vm)
    } else if (state === 'parking') {
      listed.push(vm)
    } else if (state === 'starting' && isUp(vm)) {
      move(vm, { state: 'out' })
      listed.push(vm)
    } else if (state === 'parked' && isUp(vm) && !isLeaving(vm)) {
      returned.push(vm)
    } else {
      parked.push(vm)
    }
  }
  return { listed, parked, returned, moved }
}
