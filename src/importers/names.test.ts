import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fleetName, name, word } from '../config/values.ts'
import { Names } from './names.ts'

const KINDS = { name, fleet: fleetName, word } as const

describe('names of another system', () => {
  it.each([
    ['Scale up!', 'name', 'Scale up'],
    ['  Übersicht (alt) ', 'name', 'Übersicht alt'],
    ['Übersicht', 'fleet', 'bersicht'],
    ['Web Role 1', 'word', 'Web_Role_1'],
    ['% Time', 'word', 'Time'],
    ['12', 'word', 'm_12'],
    ['and', 'word', 'm_and'],
    ['***', 'name', 'rule'],
    ['x'.repeat(80), 'name', 'x'.repeat(64)],
  ] as const)('%j is, as a %s, %j', (text, kind, expected) => {
    expect(new Names('rule').take(text, kind)).toBe(expected)
  })

  it('are each given once, whatever their case', () => {
    const names = new Names('rule', ['capacity'])
    const taken = ['Up', 'up', 'UP!', 'Capacity', 'Up 2'].map(text => names.take(text, 'name'))
    expect(taken).toEqual(['Up', 'up 2', 'UP 3', 'Capacity 2', 'Up 2 2'])
  })

  it.each(['name', 'fleet', 'word'] as const)('are always allowed as a %s', kind => {
    const names = new Names('rule')
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 90 }), text => {
        const taken = names.take(text, kind)
        expect(KINDS[kind].safeParse(taken)).toMatchObject({ success: true, data: taken })
      }),
    )
  })
})
