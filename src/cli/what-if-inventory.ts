/**
 * The instances of a what-if: as given, or as many made-up ones as the counts say, so that a plan can be made of them.
 *
 * Example: `{ open: 2, draining: 1 }` of "web" is web-1 and web-2 (ready, open) and web-3 (ready, closed, load unknown).
 */
import { type Instance, type Inventory, type Load, PLAIN_TARGET } from '../model/inventory.ts'
import type { Mark } from '../model/memory.ts'
import type { FleetSpec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import type { FleetWhatIf, InstanceWhatIf } from './what-if-input.ts'

export function inventoryOf(spec: FleetSpec, given: FleetWhatIf, open: number, at: EpochMs): Inventory {
  const listed = given.instances ?? madeUp(spec.name, open, given, at)
  const instances = listed
    .map(instance => instanceOf(instance, spec, at))
    .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
  return { instances, orders: [], target: PLAIN_TARGET }
}

export function marksOf({ instances }: Inventory, at: EpochMs): Readonly<Record<string, Mark>> {
  const marks = instances.map(
    ({ id, admission, closedAt, sealed, readyAt, launchedAt, zone }): [string, Mark] => [
      id,
      {
        admission,
        closedAt,
        seal: sealed ? 'sealed' : 'none',
        readyAt,
        seenAt: launchedAt ?? at,
        incarnation: null,
        health: null,
        missingSince: null,
        goneAt: null,
        zone,
      },
    ],
  )
  return Object.fromEntries(marks)
}

function madeUp(
  fleet: string,
  open: number,
  { pending = 0, draining = 0, ages = [] }: FleetWhatIf,
  at: EpochMs,
): readonly InstanceWhatIf[] {
  const alike = { health: 'healthy', sealed: false, zone: null, closedAt: null } as const
  return Array.from({ length: open + pending + draining }, (_, index): InstanceWhatIf => {
    const id = `${fleet}-${index + 1}`
    const age = ages[index]
    const usual = { ...alike, launchedAt: age === undefined ? null : at - age }
    if (index < open) return { ...usual, id, lifecycle: 'ready', admission: 'open' }
    if (index < open + pending) return { ...usual, id, lifecycle: 'booting', admission: 'open' }
    return { ...usual, id, lifecycle: 'ready', admission: 'closed', load: null }
  })
}

function instanceOf({ load, ...given }: InstanceWhatIf, spec: FleetSpec, at: EpochMs): Instance {
  const isClosed = given.admission === 'closed' || given.admission === 'closing'
  return {
    ...given,
    load: loadOf(load, spec, at),
    address: null,
    readyAt: given.lifecycle === 'ready' ? (given.launchedAt ?? at) : null,
    // A load stated now was seen after the close, whenever that was.
    closedAt: isClosed ? (given.closedAt ?? at - 1) : null,
    detail: null,
    incarnation: null,
    listed: true,
    order: null,
    access: [],
  }
}

function loadOf(load: InstanceWhatIf['load'], spec: FleetSpec, at: EpochMs): Load {
  if (load === 'untracked') return { kind: 'untracked' }
  if (load === null) return { kind: 'unknown', because: 'stated as unknown' }
  if (load !== undefined) return { kind: 'known', slots: load, at }
  return spec.routers.length === 0 ? { kind: 'untracked' } : { kind: 'unknown', because: 'no load given' }
}
