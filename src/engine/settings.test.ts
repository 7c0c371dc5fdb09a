import { describe, expect, it } from 'vitest'
import { observation } from '../../test/builders/observation.ts'
import { fleetSpec } from '../../test/builders/spec.ts'
import { EMPTY_MEMORY } from '../model/memory.ts'
import { decide } from './decide.ts'

describe('the step of a setting', () => {
  const base = fleetSpec({
    rules: ['first', 'second', 'third', 'idle'].map((name, rank) => ({
      name,
      rank: Math.min(rank, 1),
      when: name === 'idle' ? 'last(orders) > 1000' : 'last(orders) > 100',
      by: 1,
    })),
    spec: {
      settings: {
        quality: { name: 'quality', default: 'high', description: '' },
        reports: { name: 'reports', default: true, description: '' },
      },
    },
  })
  const rules = base.rules.map(rule => ({
    ...rule,
    effects: { ...rule.effects, set: { quality: `of ${rule.name}` } },
  }))

  it('tells the value, whose it is, and over whom; a setting nobody sets has none', () => {
    const seen = observation({ values: { 'last(orders)': 500 } })
    const { decision } = decide({ ...base, rules }, seen, EMPTY_MEMORY)
    expect(decision.steps.filter(({ stage }) => stage === 'settings')).toEqual([
      {
        stage: 'settings',
        outcome: 'set',
        setting: 'quality',
        value: 'of second',
        rule: 'second',
        over: ['first', 'third'],
      },
    ])
    expect(decision.settings).toEqual({ quality: 'of second', reports: true })
  })
})
