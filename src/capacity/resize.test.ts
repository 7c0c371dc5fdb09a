import { describe, expect, it } from 'vitest'
import { fleetSpec } from '../../test/builders/spec.ts'
import type { Instance, Load } from '../model/inventory.ts'
import { PLAIN_TARGET } from '../model/inventory.ts'
import { EMPTY_MEMORY, type Memory } from '../model/memory.ts'
import { USUAL_SESSIONS } from '../model/spec.ts'
import { planResize, type Resized } from './resize.ts'

const AT = 1_000_000_000
const EMPTY: Load = { kind: 'known', slots: 0, at: AT }
const UNKNOWN: Load = { kind: 'unknown', because: 'the router does not answer' }
const UNTRACKED: Load = { kind: 'untracked' }
const target = { ...PLAIN_TARGET, choosesVictim: false }

function holding(slots: number): Load {
  return { kind: 'known', slots, at: AT }
}

function instance(load: Load, index: number, more: Partial<Instance> = {}): Instance {
  return {
    id: `plan-${index + 1}`,
    incarnation: null,
    listed: true,
    order: null,
    lifecycle: 'ready',
    admission: 'open',
    health: 'healthy',
    sealed: false,
    load,
    zone: null,
    address: null,
    launchedAt: AT - 600_000,
    readyAt: AT - 500_000,
    closedAt: null,
    detail: null,
    access: [],
    ...more,
  }
}

interface Asked {
  readonly desired: number
  readonly loads: readonly Load[]
  readonly mayCut?: boolean
  readonly memory?: Partial<Memory>
  readonly more?: Partial<Instance>
}

function resize({ desired, loads, mayCut = false, memory = {}, more = {} }: Asked): Resized {
  const spec = fleetSpec({ spec: { sessions: { ...USUAL_SESSIONS, mayCut } } })
  // What is said of one is said of the last.
  const instances = loads.map((load, index) => instance(load, index, index === loads.length - 1 ? more : {}))
  return planResize(
    { spec, at: AT, desired, id: 'web/1/1' },
    { instances, orders: [], target },
    { ...EMPTY_MEMORY, ...memory },
  )
}

/** `to 2`, or why not. */
function said({ actions, waiting }: Resized): string {
  const [action] = actions
  if (action?.kind === 'resize') return `to ${action.count}`
  return waiting.map(({ because }) => because).join('; ')
}

const busy = (slots: number): Load[] => [EMPTY, EMPTY, holding(slots)]

describe('a fleet whose target chooses who goes is made smaller', () => {
  it.each<[string, Asked, RegExp]>([
    ['when nothing is in use anywhere', { desired: 2, loads: [EMPTY, EMPTY, EMPTY] }, /^to 2$/],
    ['where nobody places sessions', { desired: 1, loads: [UNTRACKED, UNTRACKED] }, /^to 1$/],
    ['where sessions may be cut', { desired: 2, loads: busy(3), mayCut: true }, /^to 2$/],
    ['where they may be, also unknown ones', { desired: 1, loads: [EMPTY, UNKNOWN], mayCut: true }, /^to 1$/],
    [
      'when only one that is gone already had sessions',
      { desired: 1, loads: busy(3), more: { lifecycle: 'lost' } },
      /^to 1$/,
    ],
  ])('%s', (_, asked, expected) => {
    expect(said(resize(asked))).toMatch(expected)
  })
})

describe('a fleet whose target chooses who goes is not made smaller', () => {
  it.each<[string, Asked, RegExp]>([
    ['for one session on one of three', { desired: 2, loads: busy(1) }, /1 hold sessions/],
    [
      'though the others have room for all that is in use',
      { desired: 1, loads: [EMPTY, EMPTY, EMPTY, holding(1)] },
      /1 hold sessions/,
    ],
    [
      'while the load of one is unknown, which is never zero',
      { desired: 1, loads: [EMPTY, UNKNOWN] },
      /unknown/,
    ],
    ['while no load is known', { desired: 0, loads: [UNKNOWN, UNKNOWN] }, /the load of 2 is unknown/],
    [
      'while one that boots may hold something',
      { desired: 1, loads: [EMPTY, UNKNOWN], more: { lifecycle: 'booting' } },
      /unknown/,
    ],
    [
      'while an operator wants one kept, though sessions may be cut',
      { desired: 1, loads: [EMPTY, EMPTY], more: { order: 'keep' }, mayCut: true },
      /an operator wants 1 kept/,
    ],
    [
      'while what is destructive is held back',
      {
        desired: 1,
        loads: [EMPTY, EMPTY],
        mayCut: true,
        memory: { freeze: { cause: 'unhealthy', because: 'too many at once', since: AT - 1, until: AT + 1 } },
      },
      /too many at once/,
    ],
    [
      'before the last resize that failed may be tried again',
      {
        desired: 1,
        loads: [EMPTY, EMPTY],
        memory: { launchTrouble: { failures: 1, retryAt: AT + 1, error: '429' } },
      },
      /the last resize failed: 429/,
    ],
  ])('%s', (_, asked, expected) => {
    const resized = resize(asked)
    expect(resized.actions).toEqual([])
    expect(said(resized)).toMatch(expected)
    // Nothing is owed by the target, and what is there is what the next tick should see.
    expect(resized.memory).toMatchObject({ owed: 0, expected: asked.loads.length })
  })
})

describe('a fleet whose target chooses who goes is made larger', () => {
  it('whatever is in use, unknown or held back', () => {
    const freeze = { cause: 'unhealthy', because: 'too many', since: AT - 1, until: AT + 1 } as const
    expect(said(resize({ desired: 5, loads: [holding(3), UNKNOWN], memory: { freeze } }))).toBe('to 5')
  })

  it('and is not asked again while that is on its way', () => {
    const asked = { token: 'web/0/1', count: 5, at: AT - 1_000, until: AT + 1_000, acknowledged: true }
    expect(resize({ desired: 5, loads: [EMPTY], memory: { resize: asked } }).actions).toEqual([])
    const unanswered = resize({
      desired: 5,
      loads: [EMPTY],
      memory: { resize: { ...asked, acknowledged: false } },
    })
    expect(unanswered.actions).toMatchObject([{ kind: 'resize', id: 'web/0/1', count: 5 }])
  })
})

describe('a count that was asked for already', () => {
  const asked = { token: 'web/0/1', at: AT - 1_000, until: AT + 1_000 }

  it('and is smaller is not asked for again once sessions have come', () => {
    const unanswered = { resize: { ...asked, count: 2, acknowledged: false } }
    expect(said(resize({ desired: 2, loads: [EMPTY, EMPTY, EMPTY], memory: unanswered }))).toBe('to 2')
    const held = resize({ desired: 2, loads: busy(1), memory: unanswered })
    expect(held.actions).toEqual([])
    expect(said(held)).toMatch(/1 hold sessions/)
  })

  it('and is smaller is taken back whatever is in use', () => {
    const memory = { resize: { ...asked, count: 2, acknowledged: true } }
    expect(said(resize({ desired: 3, loads: busy(1), memory }))).toBe('to 3')
  })

  it('and is larger is not lowered while sessions are in use: some of them may be there already', () => {
    const memory = { resize: { ...asked, count: 5, acknowledged: true } }
    expect(said(resize({ desired: 4, loads: busy(1), memory }))).toMatch(/1 hold sessions/)
    expect(said(resize({ desired: 4, loads: [EMPTY, EMPTY], memory }))).toBe('to 4')
  })
})
