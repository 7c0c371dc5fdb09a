/**
 * Which one costs least to close? Sessions first, then how long they are expected to last, then what else would be lost
 * (a warm cache), then age: the youngest goes. An unknown load may be anything, so it is the dearest.
 *
 * Example: two instances with one session each, 4 min and 3 h left: the first one is closed.
 */
import type { Instance } from '../model/inventory.ts'

export function byCloseCost(a: Instance, b: Instance): number {
  return (
    difference(slots(a), slots(b)) ||
    difference(remaining(a), remaining(b)) ||
    difference(worth(a), worth(b)) ||
    byYouth(a, b)
  )
}

export function byYouth(a: Instance, b: Instance): number {
  return (b.launchedAt ?? 0) - (a.launchedAt ?? 0) || (a.id < b.id ? 1 : -1)
}

export function costText({ load }: Instance): string {
  switch (load.kind) {
    case 'known':
      return `${load.slots} in use`
    case 'untracked':
      return 'the youngest'
    case 'unknown':
      return 'load unknown'
  }
}

/** Both may be infinite. */
function difference(a: number, b: number): number {
  return a === b ? 0 : a - b
}

function slots({ load }: Instance): number {
  switch (load.kind) {
    case 'known':
      return load.slots
    case 'untracked':
      return 0
    case 'unknown':
      return Number.POSITIVE_INFINITY
  }
}

/** Not known is longer than any that is. */
function remaining({ load }: Instance): number {
  if (load.kind !== 'known' || load.slots === 0) return 0
  return load.remainingMs ?? Number.POSITIVE_INFINITY
}

function worth({ load }: Instance): number {
  return load.kind === 'known' ? (load.worth ?? 0) : 0
}
