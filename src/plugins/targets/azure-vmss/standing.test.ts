import { describe, expect, it } from 'vitest'
import type { Life, LifeState } from './lives.ts'
import { standingOf } from './standing.ts'
import { RUNNING_VM } from './vm.fixture.ts'
import type { Vm } from './vm-state.ts'

const NOW = { at: 9_000, adopts: true }

function livesOf(state: LifeState): ReadonlyMap<string, Life> {
  return new Map([['6f1c', { life: 1, state, token: 'web/1/1', name: 'web_3', at: 5_000 }]])
}

/** `listed`, `parked` or `returned`, and the state it moves on to. */
function told(vm: Partial<Vm>, lives: ReadonlyMap<string, Life> | null, adopts = true): string {
  const { listed, parked, returned, moved } = standingOf([{ ...RUNNING_VM, ...vm }], lives, {
    ...NOW,
    adopts,
  })
  const place =
    listed.length > 0 ? 'listed' : parked.length > 0 ? 'parked' : returned.length > 0 ? 'returned' : ''
  const to = moved.get('6f1c')
  return to === undefined ? place : `${place}, ${to.state}`
}

describe('a VM of a scale set that deallocates', () => {
  it.each<[LifeState, string, string]>([
    ['out', 'running', 'listed'],
    ['out', 'starting', 'listed'],
    ['out', 'stopped', 'listed'],
    ['out', 'deallocated', 'listed'],
    ['parking', 'running', 'listed'],
    ['parking', 'deallocating', 'listed'],
    ['parking', 'deallocated', 'parked, parked'],
    ['parked', 'deallocated', 'parked'],
    ['parked', 'stopped', 'parked'],
    ['parked', 'running', 'returned'],
    ['parked', 'starting', 'returned'],
    ['starting', 'deallocated', 'parked'],
    ['starting', 'starting', 'listed, out'],
    ['starting', 'running', 'listed, out'],
  ])('that is %s and %s is %s', (state, power, expected) => {
    expect(told({ power }, livesOf(state))).toBe(expected)
  })

  it('that is parked and being deleted is not back', () => {
    expect(told({ power: 'running', provisioning: 'deleting' }, livesOf('parked'))).toBe('parked')
  })

  it('that nothing was written down about is kept where it is deallocated, once', () => {
    expect(told({ power: 'deallocated' }, null)).toBe('parked, parked')
    expect(told({ power: 'deallocated' }, new Map())).toBe('listed')
    expect(told({ power: 'deallocated' }, null, false)).toBe('listed')
    expect(told({ power: 'running' }, null)).toBe('listed')
  })

  it('keeps its life and its token when it moves on', () => {
    const { moved } = standingOf([RUNNING_VM], livesOf('starting'), NOW)
    expect(moved.get('6f1c')).toEqual({ life: 1, state: 'out', token: 'web/1/1', name: 'web_3', at: 9_000 })
  })
})
