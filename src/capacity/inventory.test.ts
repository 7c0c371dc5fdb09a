import { describe, expect, it } from 'vitest'
import { type ListedInstance, type Load, PLAIN_TARGET } from '../model/inventory.ts'
import { EMPTY_MEMORY, type Mark, type Memory } from '../model/memory.ts'
import { type Listing, type Taken, takeInventory } from './inventory.ts'
import { countCapacity } from './standing.ts'

const AT = 1_000_000_000
const LAG_MS = 30_000

function entry(id: string, more: Partial<ListedInstance> = {}): ListedInstance {
  return {
    id,
    lifecycle: 'ready',
    health: 'healthy',
    zone: null,
    address: `http://127.0.0.1/${id}`,
    launchedAt: AT - 3_600_000,
    token: null,
    detail: null,
    ...more,
  }
}

function listing(listed: readonly ListedInstance[], more: Partial<Listing> = {}): Listing {
  return {
    at: AT,
    listed,
    loads: new Map(listed.map(({ id }): [string, Load] => [id, { kind: 'known', slots: 1, at: AT }])),
    exclusive: true,
    listingLagMs: LAG_MS,
    target: PLAIN_TARGET,
    asked: new Map(),
    ...more,
  }
}

function take(
  memory: Memory,
  listed: readonly ListedInstance[],
  afterMs: number,
  more: Partial<Listing> = {},
): Taken {
  return takeInventory(listing(listed, { at: AT + afterMs, ...more }), memory)
}

/** Two instances, seen ready at AT. */
function two(): Memory {
  const { memory } = take(EMPTY_MEMORY, [entry('web-1', { incarnation: 'vm-a' }), entry('web-2')], 0)
  return { ...memory, expected: 2 }
}

function withMark(memory: Memory, id: string, change: Partial<Mark>): Memory {
  const mark = memory.marks[id]
  if (mark === undefined) throw new Error(`no mark ${id}`)
  return { ...memory, marks: { ...memory.marks, [id]: { ...mark, ...change } } }
}

describe('an instance that ends by itself', () => {
  const ends = (readyAt: number | null) => {
    const memory = withMark(two(), 'web-1', { readyAt })
    const lost = entry('web-1', { incarnation: 'vm-a', lifecycle: 'lost', detail: 'exit code 3' })
    return take(memory, [lost, entry('web-2')], 60_000).memory
  }

  it('before it was ever ready makes the next launch wait, and says why', () => {
    expect(ends(null).launchTrouble).toMatchObject({ failures: 1, error: 'exit code 3' })
    expect(ends(null).repairs).toMatchObject([{ how: 'never-ready', because: 'exit code 3' }])
  })

  it('after it had lasted is replaced at once', () => {
    expect(ends(AT).launchTrouble).toBeNull()
    expect(ends(AT).repairs).toEqual([])
  })
})

describe('an instance of a target that chooses who goes', () => {
  const more = { target: { ...PLAIN_TARGET, choosesVictim: false }, exclusive: false, listingLagMs: 0 }

  it('was let go when it vanishes, and is no loss, however young it was', () => {
    const young = withMark(two(), 'web-1', { readyAt: null })
    const taken = take(young, [entry('web-2')], 5_000, more)
    expect([taken.lost, taken.memory.repairs, taken.memory.launchTrouble]).toEqual([[], [], null])
    expect(take(young, [entry('web-2')], 5_000, { ...more, target: PLAIN_TARGET }).lost).toEqual(['web-1'])
  })

  it('is lost when it vanishes where nobody else acts', () => {
    expect(take(two(), [entry('web-2')], 5_000, { ...more, exclusive: true }).lost).toEqual(['web-1'])
  })

  it('is a new one when it is back, and open', () => {
    const gone = take(two(), [entry('web-1')], 5_000, more)
    const back = take(gone.memory, [entry('web-1'), entry('web-2')], 10_000, more)
    expect(back.inventory.instances).toMatchObject([{ id: 'web-1' }, { id: 'web-2', admission: 'open' }])
    expect(countCapacity(back.inventory, back.memory)).toMatchObject({ open: 2, draining: 0 })
  })

  it('is open again when the target thinks better of ending it', () => {
    const ending = take(two(), [entry('web-1', { lifecycle: 'terminating' }), entry('web-2')], 5_000, more)
    expect(countCapacity(ending.inventory, ending.memory)).toMatchObject({ open: 1, draining: 1 })
    const again = take(ending.memory, [entry('web-1'), entry('web-2')], 10_000, more)
    expect(countCapacity(again.inventory, again.memory)).toMatchObject({ open: 2, draining: 0 })
  })
})

describe('a late list', () => {
  it('leaves an instance standing as it stood for the listing lag', () => {
    const taken = take(two(), [entry('web-2')], 5_000)
    expect(taken.lost).toEqual([])
    expect(taken.inventory.instances).toMatchObject([
      { id: 'web-1', listed: false, lifecycle: 'ready', load: { kind: 'unknown' } },
      { id: 'web-2', listed: true },
    ])
    expect(countCapacity(taken.inventory, taken.memory)).toMatchObject({ open: 2, replacing: 0 })
  })

  it('makes it lost when it is missing for longer, and its place is owed', () => {
    const late = take(two(), [entry('web-2')], 5_000)
    const taken = take(late.memory, [entry('web-2')], 5_000 + LAG_MS)
    expect(taken.lost).toEqual(['web-1'])
    expect(countCapacity(taken.inventory, taken.memory)).toMatchObject({ open: 1, replacing: 1 })
    expect(take(taken.memory, [entry('web-2')], 60_000).lost).toEqual([])
  })

  it('is looked at five times before it counts, however far the clock is set forward in between', () => {
    const missingAt = (memory: Memory, afterMs: number): Taken => {
      const taken = take(memory, [entry('web-2')], afterMs)
      return { ...taken, memory: { ...taken.memory, at: AT + afterMs } }
    }
    const first = missingAt({ ...two(), at: AT }, 1_000)
    const second = missingAt(first.memory, 3_600_000)
    const third = missingAt(second.memory, 7_200_000)
    const fourth = missingAt(third.memory, 10_800_000)
    expect([first, second, third, fourth].flatMap(({ lost }) => lost)).toEqual([])
    expect(missingAt(fourth.memory, 14_400_000).lost).toEqual(['web-1'])
  })

  it('forgets that it was missing once it is listed again', () => {
    const late = take(two(), [entry('web-2')], 5_000)
    const back = take(late.memory, [entry('web-1', { incarnation: 'vm-a' }), entry('web-2')], 20_000)
    expect(back.memory.marks['web-1']).toMatchObject({ missingSince: null, admission: 'open' })
    const again = take(back.memory, [entry('web-2')], 10_000 + LAG_MS)
    expect(again.lost).toEqual([])
  })

  it('does not call lost what we ended ourselves', () => {
    const sealed = withMark(two(), 'web-1', { seal: 'sealed', admission: 'closed' })
    const taken = take(sealed, [entry('web-2')], 1_000)
    expect(taken.lost).toEqual([])
    expect(taken.memory.owed).toBe(0)
    const sealing = withMark(two(), 'web-1', { seal: 'sealing', admission: 'closed' })
    const later = take(take(sealing, [entry('web-2')], 0).memory, [entry('web-2')], LAG_MS)
    expect(later.lost).toEqual([])
  })

  it('does not bring back as open what is dying', () => {
    const sealed = withMark(two(), 'web-1', { seal: 'sealed', admission: 'closed' })
    const gone = take(sealed, [entry('web-2')], 1_000)
    const phantom = take(gone.memory, [entry('web-1', { incarnation: 'vm-a' }), entry('web-2')], 2_000)
    expect(phantom.inventory.instances[0]).toMatchObject({ id: 'web-1', sealed: true })
    expect(countCapacity(phantom.inventory, phantom.memory)).toMatchObject({ open: 1, draining: 1 })
  })

  it('closes what comes back after it was given up as lost: its sessions have ended', () => {
    const lost = take(two(), [entry('web-2')], 0, { listingLagMs: 0 })
    const back = take(lost.memory, [entry('web-1', { incarnation: 'vm-a' }), entry('web-2')], 5_000)
    expect(back.inventory.instances[0]).toMatchObject({ id: 'web-1', admission: 'closing', sealed: false })
    expect(countCapacity(back.inventory, back.memory)).toMatchObject({ open: 1, draining: 1 })
  })

  it('keeps marks of those that are gone for a bounded time, and of a bounded number', () => {
    const many = Array.from({ length: 400 }, (_, index) => entry(`web-${index}`))
    const { memory } = take(EMPTY_MEMORY, many, 0)
    const gone = take(memory, [], 1_000, { listingLagMs: 0 })
    expect(Object.keys(gone.memory.marks)).toHaveLength(256)
    expect(Object.keys(take(gone.memory, [], 3_600_000).memory.marks)).toEqual([])
  })
})

describe('another instance under a known id (invariant 15)', () => {
  it('is open whatever the former was, and the former is lost', () => {
    const closed = withMark(two(), 'web-1', { admission: 'closed', closedAt: AT })
    const taken = take(closed, [entry('web-1', { incarnation: 'vm-b' }), entry('web-2')], 1_000)
    expect(taken.lost).toEqual(['web-1'])
    expect(taken.inventory.instances[0]).toMatchObject({
      incarnation: 'vm-b',
      admission: 'open',
      closedAt: null,
    })
  })

  it('is not sealed because the former was, which is no loss', () => {
    const sealed = withMark(two(), 'web-1', { admission: 'closed', seal: 'sealed' })
    const taken = take(sealed, [entry('web-1', { incarnation: 'vm-b' }), entry('web-2')], 1_000)
    expect(taken.lost).toEqual([])
    expect(taken.inventory.instances[0]).toMatchObject({
      incarnation: 'vm-b',
      admission: 'open',
      sealed: false,
    })
  })

  it('stays the one when a late list has the former once more', () => {
    const renewed = take(two(), [entry('web-1', { incarnation: 'vm-b' }), entry('web-2')], 1_000)
    const late = take(renewed.memory, [entry('web-1', { incarnation: 'vm-a' }), entry('web-2')], 2_000)
    expect(late.inventory.instances[0]).toMatchObject({ incarnation: 'vm-b', listed: false })
    expect(late.lost).toEqual([])
  })

  it('is told by when it was launched where the target names no incarnations', () => {
    const gone = take(two(), [entry('web-1', { incarnation: 'vm-a' })], 1_000, { listingLagMs: 0 })
    const again = entry('web-2', { launchedAt: AT + 2_000 })
    const taken = take(gone.memory, [entry('web-1', { incarnation: 'vm-a' }), again], 3_000)
    expect(taken.inventory.instances[1]).toMatchObject({ id: 'web-2', admission: 'open' })
  })

  it('leaves the place of the former to it', () => {
    const taken = take(two(), [entry('web-1', { incarnation: 'vm-b' }), entry('web-2')], 1_000)
    const { open, pending, replacing } = countCapacity(taken.inventory, taken.memory)
    expect(open + pending + replacing).toBe(2)
  })
})

describe('probes', () => {
  const health = {
    probe: { type: 'http', options: {} },
    everyMs: 1_000,
    timeoutMs: 1_000,
    graceMs: 0,
    suspectAfter: 1,
    unhealthyAfter: 2,
    healthyAfter: 1,
  } as const

  it('make one sick that the target takes for healthy, and say why', () => {
    const answers = [1, 2].map(n => ({ at: AT + n, state: 'unhealthy' as const, detail: 'HTTP 503' }))
    const probes = new Map([['web-2', { incarnation: null, answers }]])
    const taken = take(two(), [entry('web-2')], 1_000, { health, probes })
    expect(taken.inventory.instances.find(({ id }) => id === 'web-2')).toMatchObject({
      health: 'unhealthy',
      detail: 'HTTP 503',
    })
  })

  it('of a former one under the same id are nothing to this one', () => {
    const answers = [1, 2].map(n => ({ at: AT + n, state: 'unhealthy' as const, detail: 'HTTP 503' }))
    const probes = new Map([['web-1', { incarnation: 'vm-a', answers }]])
    const renewed = take(two(), [entry('web-1', { incarnation: 'vm-b' })], 0)
    const taken = take(renewed.memory, [entry('web-1', { incarnation: 'vm-b' })], 1_000, { health, probes })
    expect(taken.inventory.instances[0]).toMatchObject({ incarnation: 'vm-b', health: 'healthy' })
  })

  it('keep one booting that says it is not there yet', () => {
    const answers = [{ at: AT + 1, state: 'initializing' as const, detail: 'warming up' }]
    const probes = new Map([['web-2', { incarnation: null, answers }]])
    const taken = take(two(), [entry('web-2')], 1_000, { health, probes })
    expect(taken.inventory.instances.find(({ id }) => id === 'web-2')).toMatchObject({
      lifecycle: 'booting',
      readyAt: null,
    })
  })
})

describe('one that another actor ends', () => {
  it('leaves its place to be filled, once', () => {
    const taken = take(
      two(),
      [entry('web-1', { incarnation: 'vm-a' }), entry('web-2', { lifecycle: 'terminating' })],
      1_000,
    )
    expect(countCapacity(taken.inventory, taken.memory)).toEqual({
      open: 1,
      pending: 0,
      draining: 1,
      replacing: 1,
    })
    const again = take(
      taken.memory,
      [entry('web-1', { incarnation: 'vm-a' }), entry('web-2', { lifecycle: 'terminating' })],
      2_000,
    )
    expect(again.memory.owed).toBe(taken.memory.owed)
  })

  it('is lost news once, however long it stays listed as lost', () => {
    const lost = [entry('web-1', { incarnation: 'vm-a' }), entry('web-2', { lifecycle: 'lost' })]
    const first = take(two(), lost, 1_000)
    expect(first.lost).toEqual(['web-2'])
    expect(take(first.memory, lost, 2_000).lost).toEqual([])
  })
})
