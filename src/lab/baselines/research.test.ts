import { describe, expect, it } from 'vitest'
import { adapt } from './adapt.ts'
import { hist } from './hist.ts'
import { react } from './react.ts'
import { reg } from './reg.ts'
import { answers, type Moment, PER_INSTANCE, SETTING, times } from './shown.fixture.ts'

const HOUR_MS = 3_600_000

describe('React', () => {
  it.each([
    { load: 410, wants: 6 },
    { load: 400, wants: 5 },
    { load: 390, wants: 5 },
    { load: 0, wants: 1 },
  ])('at a threshold of 80 keeps $wants for $load, up and down', ({ load, wants }) => {
    expect(answers(react.create(1.25, SETTING), [{ load, ready: 20 }])).toEqual([wants])
  })
})

describe('Hist', () => {
  /** Days of hours, one moment an hour. */
  const hourly = (...loads: readonly number[]): Moment[] => loads.map(load => ({ load, ready: 1 }))
  const quietDay = Array<number>(24).fill(100)
  const set = { ...SETTING, stepMs: HOUR_MS, bootMs: HOUR_MS }
  const at = (knob: number, loads: readonly number[]) =>
    answers(hist.create(knob, set), hourly(...loads), HOUR_MS).at(-1)

  it('only reacts while it knows no day', () => {
    expect(at(1, [100, 250])).toBe(3)
    expect(at(2, [100, 250])).toBe(5)
  })

  it('provides for the peak of the same hour of the days before, one lead ahead', () => {
    const day = quietDay.with(9, 900)
    // After 32 hours it is 8 o'clock, and what is ordered serves from 9 on.
    expect(at(1, [...day, ...quietDay.slice(0, 7)])).toBe(1)
    expect(at(1, [...day, ...quietDay.slice(0, 8)])).toBe(9)
    expect(at(1, [...day, ...quietDay.slice(0, 9)])).toBe(9)
    expect(at(1, [...day, ...quietDay.slice(0, 10)])).toBe(1)
  })

  it('takes the 90 % quantile of the days, not their highest', () => {
    const days = [quietDay.with(9, 1000), ...Array.from({ length: 5 }, () => quietDay)].flat()
    // Of 1000 and five times 100 the 90 % quantile is 550.
    expect(at(1, [...days, ...quietDay.slice(0, 9)])).toBe(6)
  })

  it('forgets after seven days', () => {
    const days = [quietDay.with(9, 5000), ...Array.from({ length: 7 }, () => quietDay)].flat()
    expect(at(1, [...days, ...quietDay.slice(0, 9)])).toBe(1)
  })

  it('adds the average by which the last three hours exceeded their peaks', () => {
    // 400 in an hour of 100: 300 over three hours is 100 on top.
    expect(at(1, [...quietDay, 100, 400, 100])).toBe(2)
    expect(at(1, [...quietDay, 100, 400, 100, 100, 100, 100])).toBe(1)
  })
})

describe('Reg', () => {
  it('grows at once to what brings it under the threshold', () => {
    expect(answers(reg.create(1.25, SETTING), [{ load: 1000, ready: 10 }])).toEqual([13])
  })

  it('shrinks to what the load took when it grew, after three decisions in a row', () => {
    const grown: Moment[] = [
      { load: 800, ready: 1 },
      { load: 1600, ready: 10 },
      { load: 2400, ready: 20 },
    ]
    expect(answers(reg.create(1.25, SETTING), [...grown, ...times(4, { load: 1200, ready: 30 })])).toEqual([
      10, 20, 30, 30, 30, 15, 30,
    ])
  })

  it('begins to count anew when the load came back', () => {
    const moments = [
      { load: 2400, ready: 1 },
      ...times(2, { load: 1200, ready: 30 }),
      { load: 2400, ready: 30 },
      ...times(2, { load: 1200, ready: 30 }),
    ]
    expect(answers(reg.create(1.25, SETTING), moments)).toEqual([30, 30, 30, 30, 30, 30])
  })

  it('never predicts less than the load takes', () => {
    // Learnt where one instance was always enough.
    const moments = [{ load: 80, ready: 0 }, ...times(3, { load: 4000, ready: 60 })]
    expect(answers(reg.create(1.25, SETTING), moments).at(-1)).toBe(50)
  })
})

describe('Adapt', () => {
  it('grows at once', () => {
    expect(answers(adapt.create(1, SETTING), [{ load: 1000, ready: 8 }])).toEqual([10])
  })

  it('keeps what it has while the load stands still, however little that is', () => {
    expect(
      answers(adapt.create(1, SETTING), times(50, { load: 100, ready: 20 })).every(count => count === 20),
    ).toBe(true)
  })

  it('lets go in proportion to the average fall of the last five minutes', () => {
    // 100 a minute at an average capacity of 2,000 is one of 20; of 1,967 it is 0.97 of 19, which waits for the next.
    const contender = adapt.create(1, SETTING)
    let ready = 20
    const counts: number[] = []
    for (let minute = 1; minute <= 10; minute += 1) {
      const load = 2000 - 100 * minute
      const [count = 0] = answers(contender, [{ load, ready, atMs: minute * 60_000 }])
      ready = count
      counts.push(count)
    }
    expect(counts).toEqual([20, 19, 19, 18, 17, 16, 15, 14, 13, 12])
    expect(counts.every((count, index) => count * PER_INSTANCE >= 2000 - 100 * (index + 1))).toBe(true)
  })

  it('never lets go of what the load needs', () => {
    const plunge = [
      { load: 2000, ready: 20 },
      { load: 1000, ready: 20 },
      ...times(8, { load: 1000, ready: 12 }),
    ]
    expect(Math.min(...answers(adapt.create(1, SETTING), plunge))).toBe(10)
  })
})
