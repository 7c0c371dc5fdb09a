import { describe, expect, it } from 'vitest'
import { azure, azureRulePair } from './azure.ts'
import { answers, SETTING, times } from './shown.fixture.ts'

describe('the Azure rule pair', () => {
  it('waits until ten minutes are known, adds a tenth, and rests five minutes', () => {
    const high = times(16, { load: 1800, ready: 20 })
    expect(answers(azure.create(0.8, SETTING), high)).toEqual([
      ...Array<number>(9).fill(20),
      22,
      ...Array<number>(4).fill(20),
      22,
      20,
    ])
  })

  it.each([
    { load: 750, ready: 10, wants: 10, because: 'between the thresholds nothing happens' },
    { load: 410, ready: 5, wants: 6, because: 'a tenth of 5 is one' },
    { load: 350, ready: 10, wants: 9, because: '35 % is below 40 %' },
    { load: 70, ready: 2, wants: 1, because: 'one at 70 % would not grow again' },
    { load: 20, ready: 1, wants: 1, because: 'one is left' },
  ])('wants $wants for $load on $ready: $because', ({ load, ready, wants }) => {
    expect(answers(azure.create(0.8, SETTING), times(10, { load, ready })).at(-1)).toBe(wants)
  })

  it('goes by the average of the ten minutes, not by the last', () => {
    const spike = [...times(9, { load: 700, ready: 10 }), { load: 1500, ready: 10 }]
    expect(answers(azure.create(0.8, SETTING), spike).at(-1)).toBe(10)
  })

  it.each([
    { load: 2100, ready: 30, wants: 27, because: '27 would be at 78 %' },
    { load: 2220, ready: 30, wants: 28, because: '27 would be at 82 %, 28 at 79 %' },
    { load: 148, ready: 2, wants: 2, because: 'one would be at 148 %' },
  ])('of 80 % and 75 % leaves $wants of $ready at a load of $load: $because', ({ load, ready, wants }) => {
    expect(answers(azureRulePair(0.8, 0.75), times(10, { load, ready })).at(-1)).toBe(wants)
  })
})
