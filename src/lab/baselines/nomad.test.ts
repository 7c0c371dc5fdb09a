import { describe, expect, it } from 'vitest'
import { nomad } from './nomad.ts'
import { answers, SETTING, times } from './shown.fixture.ts'

describe('Nomad', () => {
  it.each([
    { load: 800, ready: 10, wants: 12, because: 'ceil(10 * 80 / 70) = 12' },
    { load: 706, ready: 10, wants: 10, because: '70.6 % is within 1 % of 70 %' },
    { load: 710, ready: 10, wants: 11, because: '71 % is not' },
    { load: 350, ready: 10, wants: 5, because: 'it shrinks at once' },
    { load: 0, ready: 10, wants: 1, because: 'the least is one' },
  ])('wants $wants for $load on $ready: $because', ({ load, ready, wants }) => {
    expect(answers(nomad.create(0.7, SETTING), [{ load, ready }])).toEqual([wants])
  })

  it('does nothing for five minutes after a change, whatever comes', () => {
    const moments = [{ load: 800, ready: 10 }, ...times(5, { load: 3000, ready: 12 })]
    expect(answers(nomad.create(0.7, SETTING), moments)).toEqual([12, 12, 12, 12, 12, 43])
  })

  it('multiplies the whole count, also what boots', () => {
    expect(answers(nomad.create(0.7, SETTING), [{ load: 800, ready: 10, booting: 2 }])).toEqual([14])
  })
})
