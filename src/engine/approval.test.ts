import { describe, expect, it } from 'vitest'
import type { Approval, Verdict } from '../model/approval.ts'
import type { Decision } from '../model/decision.ts'
import { type Wish, weighApproval, withdrawApproval } from './approval.ts'

const NOON = Date.UTC(2026, 10, 21, 12)
const MINUTE = 60_000

/** What is wanted a minute after noon: `current` to `desired`, asked by "Scale up", in revision 43. */
function wish(current: number | null, desired: number | null, change: Partial<Wish> = {}): Wish {
  const direction =
    current === null || desired === null || current === desired ? 'none' : desired > current ? 'out' : 'in'
  const decision: Decision = {
    fleet: 'web',
    at: NOON + MINUTE,
    current,
    desired,
    direction,
    rule: 'Scale up',
    bounds: { lowest: 1, highest: 20, default: 1, constraint: 'capacity', until: null },
    because: '',
    kpis: {},
    settings: {},
    effects: [],
    steps: [],
  }
  const begins = direction !== 'none'
  return {
    at: NOON + MINUTE,
    decision,
    because: 'it is busy',
    begins,
    expiresMs: 30 * MINUTE,
    revision: 43,
    ...change,
  }
}

/** Asked at noon. */
function asked(current: number, desired: number, change: Partial<Approval> = {}): Approval {
  return {
    id: 'web-42',
    at: NOON,
    current,
    desired,
    direction: desired > current ? 'out' : 'in',
    rule: 'Scale up',
    because: 'it was busy',
    expiresAt: NOON + 30 * MINUTE,
    state: 'waiting',
    ...change,
  }
}

function word(verdict: Verdict['verdict']): Verdict {
  return { approval: 'web-42', verdict, at: NOON + 30_000, who: 'ada', why: '' }
}

const anew = (current: number, desired: number): Approval =>
  asked(current, desired, {
    id: 'web-43',
    at: NOON + MINUTE,
    because: 'it is busy',
    expiresAt: NOON + 31 * MINUTE,
  })

const NOTHING = { approval: null, count: null, news: [] }

describe('a change in notify mode that was not asked for yet', () => {
  it('is asked for, with what it is, why, and until when', () => {
    const approval = anew(5, 7)
    expect(weighApproval(null, null, wish(5, 7))).toEqual({
      approval,
      count: null,
      news: [{ news: 'wanted', approval }],
    })
  })

  it.each([
    ['where nothing new begins', wish(5, 7, { begins: false })],
    ['where the count is not known', wish(null, null, { begins: true })],
    ['where it is not known any more what is wanted', wish(5, null, { begins: true })],
  ])('is not asked for %s', (_, wanted) => {
    expect(weighApproval(null, null, wanted)).toEqual(NOTHING)
  })

  it('may be one that keeps the count: what was lost is to be replaced', () => {
    const { approval } = weighApproval(null, null, wish(5, 5, { begins: true }))
    expect(approval).toMatchObject({ current: 5, desired: 5, direction: 'none', state: 'waiting' })
  })
})

describe('a question that waits', () => {
  it.each([
    ['while the same is wanted', wish(5, 7)],
    ['while more is wanted', wish(5, 9)],
    ['while less of it is wanted', wish(5, 6)],
    ['while the count is not known', wish(null, null)],
    ['until just before it expires', wish(5, 7, { at: NOON + 30 * MINUTE - 1 })],
  ])('stays as it is %s', (_, wanted) => {
    const before = asked(5, 7)
    expect(weighApproval(before, null, wanted)).toEqual({ approval: before, count: null, news: [] })
  })

  it('expires, and is asked anew where it is still wanted', () => {
    const before = asked(5, 7)
    const at = NOON + 30 * MINUTE
    const approval = { ...anew(5, 7), at, expiresAt: at + 30 * MINUTE }
    expect(weighApproval(before, null, wish(5, 7, { at }))).toEqual({
      approval,
      count: null,
      news: [
        { news: 'expired', approval: before },
        { news: 'wanted', approval },
      ],
    })
    expect(weighApproval(before, null, wish(5, 5, { at }))).toEqual({
      ...NOTHING,
      news: [{ news: 'expired', approval: before }],
    })
  })

  it('is withdrawn when nothing is wanted any more', () => {
    const before = asked(5, 7)
    expect(weighApproval(before, null, wish(5, 5))).toEqual({
      ...NOTHING,
      news: [{ news: 'withdrawn', approval: before }],
    })
  })

  it('is withdrawn for another when the other way is wanted', () => {
    const before = asked(5, 7)
    const approval = anew(5, 4)
    expect(weighApproval(before, null, wish(5, 4))).toEqual({
      approval,
      count: null,
      news: [
        { news: 'withdrawn', approval: before },
        { news: 'wanted', approval },
      ],
    })
  })
})

describe('a yes', () => {
  it.each([
    ['the same is wanted', asked(5, 7), wish(5, 7), 7],
    ['more is wanted by now: not more than was approved', asked(5, 7), wish(5, 9), 7],
    ['less is wanted by now', asked(5, 7), wish(5, 6), 6],
    ['fewer are wanted by now: not fewer than was approved', asked(5, 3), wish(5, 1), 3],
    ['not so few are wanted by now', asked(5, 3), wish(5, 4), 4],
  ])('%s', (_, before, wanted, count) => {
    expect(weighApproval(before, word('approved'), wanted)).toEqual({
      approval: { ...before, state: 'approved', desired: count },
      count,
      news: [{ news: 'approved', approval: { ...before, state: 'approved' } }],
    })
  })

  it('counts also when it comes as the question expires', () => {
    const at = NOON + 30 * MINUTE
    expect(weighApproval(asked(5, 7), word('approved'), wish(5, 7, { at })).count).toBe(7)
  })

  it('is kept for a tick that knows the count', () => {
    const before = asked(5, 7)
    expect(weighApproval(before, word('approved'), wish(null, null))).toEqual({
      approval: before,
      count: null,
      news: [],
    })
  })

  it.each([
    ['nothing', wish(5, 5)],
    ['the other way', wish(5, 4)],
  ])('does nothing when %s is wanted by now, and says so', (_, wanted) => {
    const before = asked(5, 7)
    const approved = { ...before, state: 'approved' as const }
    expect(weighApproval(before, word('approved'), wanted)).toEqual({
      ...NOTHING,
      news: [
        { news: 'approved', approval: approved },
        { news: 'withdrawn', approval: approved },
      ],
    })
  })
})

describe('what was approved', () => {
  const approved = asked(5, 7, { state: 'approved' })

  it.each([
    ['while the fleet stands, or is being brought, there', wish(7, 7)],
    ['also for what is lost of it', wish(7, 7, { begins: true })],
    ['while the count is not known', wish(null, null)],
  ])('may be done without another question %s', (_, wanted) => {
    expect(weighApproval(approved, null, wanted)).toEqual({ approval: approved, count: 7, news: [] })
  })

  it.each([
    ['another count is wanted', wish(7, 9), anew(7, 9)],
    ['the fleet has left it', wish(6, 7), anew(6, 7)],
  ])('is over when %s: that is asked', (_, wanted, approval) => {
    expect(weighApproval(approved, null, wanted)).toEqual({
      approval,
      count: null,
      news: [{ news: 'wanted', approval }],
    })
  })

  it('is over when the fleet rests at another count', () => {
    expect(weighApproval(approved, null, wish(6, 6))).toEqual(NOTHING)
  })
})

describe('a no', () => {
  it('is told, and stands for as long as a question would, from when it was said', () => {
    const before = asked(5, 7)
    const rejected = { ...before, state: 'rejected', expiresAt: NOON + 30_000 + 30 * MINUTE }
    expect(weighApproval(before, word('rejected'), wish(5, 7))).toEqual({
      approval: rejected,
      count: null,
      news: [{ news: 'rejected', approval: rejected }],
    })
  })

  const rejected = asked(5, 7, { state: 'rejected' })
  it.each([
    ['the same is wanted', wish(5, 7)],
    ['nothing is wanted for a while', wish(5, 5)],
    ['nothing new begins', wish(7, 9, { begins: false })],
    ['it has not expired', wish(5, 7, { at: NOON + 30 * MINUTE - 1 })],
  ])('stands while %s', (_, wanted) => {
    expect(weighApproval(rejected, null, wanted)).toEqual({ approval: rejected, count: null, news: [] })
  })

  it.each([
    ['another count is wanted', wish(5, 8), anew(5, 8)],
    ['the same count is wanted from the other side', wish(9, 7), anew(9, 7)],
  ])('is over when %s: that is asked', (_, wanted, approval) => {
    expect(weighApproval(rejected, null, wanted)).toMatchObject({ approval, news: [{ news: 'wanted' }] })
  })

  it('is over when its time is: the same is asked again', () => {
    const { news } = weighApproval(rejected, null, wish(5, 7, { at: NOON + 30 * MINUTE }))
    expect(news).toMatchObject([{ news: 'wanted', approval: { id: 'web-43', desired: 7 } }])
  })
})

describe('leaving notify mode', () => {
  it('withdraws a question that waits', () => {
    const before = asked(5, 7)
    expect(withdrawApproval(before)).toEqual({ ...NOTHING, news: [{ news: 'withdrawn', approval: before }] })
  })

  it.each([null, asked(5, 7, { state: 'approved' }), asked(5, 7, { state: 'rejected' })])(
    'says nothing of %j',
    before => {
      expect(withdrawApproval(before)).toEqual(NOTHING)
    },
  )
})
