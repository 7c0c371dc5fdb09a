import { expect, it } from 'vitest'
import { coveredOf } from './covered.ts'
import type { Vm } from './vm-state.ts'

const STAYS: Vm = {
  instanceId: '0',
  name: 'web_0',
  vmId: null,
  provisioning: 'succeeded',
  power: 'running',
  health: null,
  zone: null,
  computerName: null,
  createdAt: null,
  detail: null,
  location: 'westeurope',
  etag: null,
  protection: null,
  isOfLatestModel: null,
}
const LEAVES: Vm = { ...STAYS, provisioning: 'deleting' }

/** Orders `t...` were tried before, `n...` never. */
function covered(
  asked: string,
  capacity: number,
  vms: readonly Vm[],
  besides = 0,
  isRefilled = false,
): number {
  return coveredOf(asked.split(' '), capacity, vms, {
    claims: { isTried: token => token.startsWith('t'), triedBesides: () => besides },
    isRefilled: vm => isRefilled && vm === LEAVES,
  })
}

it.each<[string, string, number, readonly Vm[], number, boolean, number]>([
  ['nothing where every place is filled', 'n1 n2', 2, [STAYS, STAYS], 0, false, 0],
  ['places that nothing fills', 'n1 n2', 4, [STAYS, STAYS], 0, false, 2],
  ['no more than there are orders', 'n1', 9, [STAYS], 0, false, 1],
  ['what was raised for and is to come', 't1 t2', 5, [STAYS, STAYS, STAYS], 0, false, 2],
  ['and nothing beside that for another', 't1 t2 n1', 5, [STAYS, STAYS, STAYS], 0, false, 2],
  ['nothing that is to come for somebody else', 'n1', 3, [STAYS, STAYS], 1, false, 0],
  ['no place of one that leaves, for an order never tried', 'n1', 3, [STAYS, STAYS, LEAVES], 0, false, 0],
  ['it, where Azure fills the place itself', 'n1', 3, [STAYS, STAYS, LEAVES], 0, true, 1],
  ['its place, for one that was tried', 't1', 3, [STAYS, STAYS, LEAVES], 0, false, 1],
  ['nothing of a capacity below what is listed', 'n1 t1', 1, [STAYS, STAYS], 0, false, 0],
])('covers %s', (_, asked, capacity, vms, besides, isRefilled, expected) => {
  expect(covered(asked, capacity, vms, besides, isRefilled)).toBe(expected)
})
