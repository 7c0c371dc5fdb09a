import { describe, expect, it } from 'vitest'
import { type ListedInstance, type Order, PLAIN_TARGET } from '../model/inventory.ts'
import { EMPTY_MEMORY, type Memory } from '../model/memory.ts'
import { bootTimeOf } from './boot-times.ts'
import { takeInventory } from './inventory.ts'

const AT = 1_000_000_000

function entry(id: string, lifecycle: ListedInstance['lifecycle']): ListedInstance {
  const plain = { health: 'healthy', zone: null, address: null, token: null, detail: null } as const
  // Another clock than ours.
  return { id, lifecycle, ...plain, launchedAt: AT - 86_400_000 }
}

const order = (instance: string, at: number): Order => ({
  token: `order of ${instance}`,
  at,
  expiresAt: at + 600_000,
  zone: null,
  instance,
})

function look(memory: Memory, at: number, ...listed: readonly ListedInstance[]): Memory {
  const listing = {
    at,
    listed,
    loads: null,
    exclusive: true,
    listingLagMs: 0,
    target: PLAIN_TARGET,
    asked: new Map(),
  }
  return { ...takeInventory(listing, memory).memory, at }
}

const before: Memory = { ...EMPTY_MEMORY, at: AT - 1000 }
const ordered = (...orders: readonly Order[]): Memory => ({ ...before, orders })

describe('the time an instance takes to boot', () => {
  it('is counted from its order until it is first seen ready, by our own clock', () => {
    const booting = look(ordered(order('web-1', AT - 5000)), AT, entry('web-1', 'booting'))
    expect(booting.boots).toBeUndefined()
    const ready = look(booting, AT + 55_000, entry('web-1', 'ready'))
    expect(ready.boots).toEqual([60_000])
    expect(look(ready, AT + 60_000, entry('web-1', 'ready')).boots).toEqual([60_000])
  })

  it('is counted of one that is ready when it is first seen', () => {
    expect(look(ordered(order('web-1', AT - 5000)), AT, entry('web-1', 'ready')).boots).toEqual([5000])
  })

  it('is counted from when it was first seen, where nobody ordered it', () => {
    const booting = look(before, AT, entry('web-1', 'booting'))
    expect(look(booting, AT + 30_000, entry('web-1', 'ready')).boots).toEqual([30_000])
  })

  it.each<[string, Memory, number]>([
    ['was there before we first looked', look(EMPTY_MEMORY, AT, entry('web-1', 'booting')), AT + 30_000],
    ['was ready before we saw it', before, AT],
    [
      'became ready while nobody looked for long',
      look(ordered(order('web-1', AT - 5000)), AT, entry('web-1', 'booting')),
      AT + 3_600_000,
    ],
  ])('is not known of one that %s', (_, memory, at) => {
    expect(look(memory, at, entry('web-1', 'ready')).boots).toBeUndefined()
  })

  it('is not counted again after a restart in place', () => {
    const ready = look(ordered(order('web-1', AT - 5000)), AT, entry('web-1', 'ready'))
    const mark = ready.marks['web-1']
    if (mark === undefined) throw new Error('no mark')
    const restarted = { ...ready, marks: { 'web-1': { ...mark, readyAt: null } } }
    expect(look(restarted, AT + 50_000, entry('web-1', 'ready')).boots).toEqual([5000])
  })

  it('is remembered of the last fifty', () => {
    let memory: Memory = { ...before, boots: Array.from({ length: 50 }, (_, index) => index + 1) }
    memory = look({ ...memory, orders: [order('web-1', AT - 5000)] }, AT, entry('web-1', 'ready'))
    expect(memory.boots).toHaveLength(50)
    expect(memory.boots?.at(0)).toBe(2)
    expect(memory.boots?.at(-1)).toBe(5000)
  })

  it.each([
    [undefined, null],
    [[], null],
    [[180], 180],
    [[170, 300, 175, 180], 300],
    [Array.from({ length: 20 }, (_, index) => index + 1), 19],
  ])('of %j is counted with as %s', (boots, counted) => {
    expect(bootTimeOf(boots)).toBe(counted)
  })
})
