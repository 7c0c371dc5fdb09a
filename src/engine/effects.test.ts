import { describe, expect, it } from 'vitest'
import { NOON, observation } from '../../test/builders/observation.ts'
import { fleetSpec } from '../../test/builders/spec.ts'
import { EMPTY_MEMORY } from '../model/memory.ts'
import type { RuleEffects } from '../model/spec.ts'
import { decide } from './decide.ts'

function fleet(effects: Partial<RuleEffects>) {
  const spec = fleetSpec({ rules: [{ name: 'backlog', when: 'last(orders) > 100', by: 1 }] })
  const rules = spec.rules.map(rule => ({ ...rule, effects: { ...rule.effects, ...effects } }))
  return { ...spec, rules }
}

const busy = observation({ values: { 'last(orders)': 500 } })

describe('a rule that begins to fire', () => {
  it('tells its notifiers, then runs its actions, and says so', () => {
    const { decision, memory } = decide(
      fleet({ notify: ['ops', 'chat'], run: ['provision'] }),
      busy,
      EMPTY_MEMORY,
    )
    const begun = [
      { kind: 'notify', rule: 'backlog', name: 'ops' },
      { kind: 'notify', rule: 'backlog', name: 'chat' },
      { kind: 'run', rule: 'backlog', name: 'provision' },
    ]
    expect(decision.effects).toEqual(begun)
    expect(decision.steps.filter(({ stage }) => stage === 'effects')).toEqual(
      begun.map(({ kind, rule, name }) => ({ stage: 'effects', outcome: kind, rule, name })),
    )
    expect(memory.firingSince).toEqual({ backlog: NOON })
  })

  it('is remembered since when while it fires', () => {
    const memory = { ...EMPTY_MEMORY, firingSince: { backlog: NOON - 60_000 } }
    const again = decide(fleet({ run: ['provision'] }), busy, memory)
    expect(again.decision.effects).toEqual([])
    expect(again.memory.firingSince).toEqual({ backlog: NOON - 60_000 })
  })

  it('is not remembered where it only scales, or no longer fires', () => {
    expect(decide(fleet({}), busy, EMPTY_MEMORY).memory.firingSince).toEqual({})
    const memory = { ...EMPTY_MEMORY, firingSince: { backlog: NOON - 60_000 } }
    const quiet = observation({ values: { 'last(orders)': 50 } })
    expect(decide(fleet({ run: ['provision'] }), quiet, memory).memory.firingSince).toEqual({})
  })
})
