import { describe, expect, it } from 'vitest'
import { hpa } from './hpa.ts'
import { answers, SETTING, times } from './shown.fixture.ts'

describe('HPA', () => {
  it.each([
    { load: 880, ready: 10, booting: 0, wants: 10, because: '88 % is within 10 % of 80 %' },
    { load: 890, ready: 10, booting: 0, wants: 12, because: 'ceil(10 * 89 / 80) = 12' },
    { load: 730, ready: 10, booting: 0, wants: 10, because: '73 % is within 10 % of 80 %' },
    {
      load: 640,
      ready: 10,
      booting: 0,
      wants: 8,
      because: 'ceil(10 * 64 / 80) = 8, with nothing higher before',
    },
    {
      load: 1000,
      ready: 10,
      booting: 5,
      wants: 15,
      because: 'with 5 idle it would shrink: 1000 / 1500 is under the target',
    },
    {
      load: 1500,
      ready: 10,
      booting: 2,
      wants: 19,
      because: 'what boots is counted as idle: ceil(12 * 125 / 80) = 19',
    },
    {
      load: 500,
      ready: 10,
      booting: 2,
      wants: 7,
      because: 'shrinking goes by what is ready: ceil(10 * 50 / 80) = 7',
    },
    { load: 0, ready: 10, booting: 0, wants: 0, because: 'nothing is needed' },
  ])(
    'wants $wants for $load with $ready ready and $booting booting: $because',
    ({ load, ready, booting, wants }) => {
      expect(answers(hpa.create(0.8, SETTING), [{ load, ready, booting }])).toEqual([wants])
    },
  )

  it('shrinks to no less than the highest it recommended in the last five minutes', () => {
    const falling = [{ load: 1600, ready: 20 }, ...times(6, { load: 400, ready: 20 })]
    expect(answers(hpa.create(0.8, SETTING), falling)).toEqual([20, 20, 20, 20, 20, 5, 5])
  })

  it('at most doubles or adds four in each 15 seconds', () => {
    const leap = { load: 10_000, ready: 1 }
    expect(answers(hpa.create(0.8, SETTING), [leap], 15_000)).toEqual([5])
    expect(answers(hpa.create(0.8, SETTING), [{ load: 10_000, ready: 10 }], 15_000)).toEqual([20])
    // Four periods of 15 s: 1, 5, 10, 20, 40.
    expect(answers(hpa.create(0.8, SETTING), [leap])).toEqual([40])
  })

  it('looks every 15 seconds, though there is something new every 10', () => {
    const rising = times(6, { load: 1600, ready: 10 })
    // At 10, 20, 30, 50 and 60 s; at 40 s it does not look.
    expect(answers(hpa.create(0.8, SETTING), rising, 10_000)).toEqual([20, 20, 20, 10, 20, 20])
  })

  it('stays as it is where nothing was measured', () => {
    expect(answers(hpa.create(0.8, SETTING), [{ load: Number.NaN, ready: 7, booting: 2 }])).toEqual([9])
  })
})
