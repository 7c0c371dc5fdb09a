import { describe, expect, it } from 'vitest'
import type { Action, Plan } from '../model/plan.ts'
import { coloursFor } from './colours.ts'
import { tellActions, tellLaunchTrouble, tellTick } from './decision-text.ts'

const at = Date.parse('2026-11-21T12:04:15Z')
const options = { colours: coloursFor({ env: {}, isTerminal: false }), timeZone: 'Europe/London', now: at }
const decision = {
  fleet: 'web',
  at,
  current: 5,
  desired: 6,
  direction: 'out' as const,
  because: '"Scale up" fired',
  steps: [{ because: 'bounds 4..6 from "Peak"' }],
}
const launch = (n: number): Action => ({ kind: 'launch', id: `web/1/${n}`, zone: null, because: '6 wanted' })
const planOf = (actions: readonly Action[], waiting: Plan['waiting'] = []): Plan => ({
  fleet: 'web',
  desired: 6,
  actions,
  waiting,
})

describe('a tick in words', () => {
  it('has its outcome first, then steps and plan lined up under the reason', () => {
    const reopen: Action = {
      kind: 'reopen',
      id: 'web/1/1',
      instance: 'web-3',
      because: 'still there with 2 in use',
    }
    expect(tellTick(decision, planOf([reopen]), [], options)).toEqual([
      'web  12:04:15  5 -> 6  because "Scale up" fired',
      '                       bounds 4..6 from "Peak"',
      '                       plan: reopen web-3: still there with 2 in use',
    ])
  })

  it('puts launches for one reason together, with what became of each', () => {
    const outcomes = [
      { action: 'web/1/1', outcome: 'done' as const, instance: 'web-7', at },
      { action: 'web/1/2', outcome: 'failed' as const, kind: 'refused', error: 'no quota', at },
    ]
    const lines = tellTick(decision, planOf([launch(1), launch(2)]), outcomes, options)
    expect(lines.at(-1)?.trim()).toBe('plan: launch 2 instances: 6 wanted (web-7, failed: no quota)')
  })

  it('says what waits, for what and until when', () => {
    const waiting = [
      { what: 'launch' as const, instance: null, because: 'the last launch failed', until: at + 60_000 },
    ]
    const lines = tellTick(decision, planOf([], waiting), [], options)
    expect(lines.at(-1)?.trim()).toBe('waiting: launch: the last launch failed, until 12:05:15')
  })

  it('says why instances that are wanted are not there, once for each reason, and nothing of other waits', () => {
    const failed = (n: number) => ({
      action: `web/1/${n}`,
      outcome: 'failed' as const,
      kind: 'refused' as const,
      error: 'no quota',
      at,
    })
    const waiting = [
      { what: 'launch' as const, instance: null, because: 'the last launch failed', until: at + 60_000 },
      { what: 'terminate' as const, instance: 'web-3', because: '2 in use', until: null },
    ]
    expect(
      tellLaunchTrouble(planOf([launch(1), launch(2)], waiting), [failed(1), failed(2)], options),
    ).toEqual(['launch failed: no quota', 'waiting: launch: the last launch failed, until 12:05:15'])
  })

  it('has the date of another day', () => {
    const [head] = tellTick(decision, planOf([]), [], { ...options, now: at + 86_400_000 })
    expect(head).toMatch(/^web {2}21 Nov 12:04:15 {2}5 -> 6/)
  })

  it('says what a tick did that kept the count, leaving out the seal of what is terminated', () => {
    const actions: Action[] = [
      { kind: 'seal', id: 'web/2/1', instance: 'web-1', because: 'closed and empty' },
      { kind: 'terminate', id: 'web/2/2', instance: 'web-1', because: 'closed and empty' },
    ]
    expect(tellActions(planOf(actions), [])).toBe('terminate web-1: closed and empty')
    expect(tellActions(planOf([]), [])).toBe('')
  })
})
