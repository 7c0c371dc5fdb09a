import { describe, expect, it } from 'vitest'
import { aws } from './aws.ts'
import { awsStep } from './aws-step.ts'
import { answers, SETTING, times } from './shown.fixture.ts'

describe('target tracking', () => {
  it('grows in proportion after three minutes above the target', () => {
    expect(answers(aws.create(0.6, SETTING), times(3, { load: 750, ready: 10 }))).toEqual([10, 10, 13])
  })

  it('begins to count anew when a minute was not above it', () => {
    const broken = [
      ...times(2, { load: 750, ready: 10 }),
      { load: 600, ready: 10 },
      ...times(2, { load: 750, ready: 10 }),
    ]
    expect(answers(aws.create(0.6, SETTING), broken)).toEqual([10, 10, 10, 10, 10])
  })

  it('adds only what is missing while the alarm lasts', () => {
    const lasting = [
      ...times(3, { load: 750, ready: 10 }),
      { load: 750, ready: 10, booting: 3 },
      { load: 900, ready: 10, booting: 3 },
    ]
    expect(answers(aws.create(0.6, SETTING), lasting).slice(2)).toEqual([13, 13, 15])
  })

  it('shrinks in proportion after a quarter of an hour below 90 % of the target, and then begins anew', () => {
    const low = times(16, { load: 300, ready: 10 })
    expect(answers(aws.create(0.6, SETTING), low)).toEqual([...Array<number>(14).fill(10), 5, 10])
    expect(answers(aws.create(0.6, SETTING), times(20, { load: 550, ready: 10 }))).toEqual(
      Array<number>(20).fill(10),
    )
  })

  it('takes nothing in while instances warm up, for five minutes from their launch', () => {
    const grown = [...times(3, { load: 750, ready: 10 }), ...times(15, { load: 300, ready: 13 })]
    expect(answers(aws.create(0.6, SETTING), grown).at(-1)).toBe(5)
    const late = [...times(14, { load: 300, ready: 10 }), ...times(3, { load: 900, ready: 10 })]
    expect(answers(aws.create(0.6, SETTING), late).at(-1)).toBe(15)
    const booting = times(15, { load: 300, ready: 10, booting: 1 })
    expect(answers(aws.create(0.6, SETTING), booting).at(-1)).toBe(11)
  })

  it('takes a bin of five minutes for five minutes, and six of ten seconds for one', () => {
    expect(answers(aws.create(0.6, SETTING), [{ load: 750, ready: 10 }], 300_000)).toEqual([13])
    const short = answers(aws.create(0.6, SETTING), times(18, { load: 750, ready: 10 }), 10_000)
    expect(short).toEqual([...Array<number>(17).fill(10), 13])
  })
})

describe('step scaling', () => {
  const grown = (load: number) => answers(awsStep.create(0.5, SETTING), times(3, { load, ready: 20 })).at(-1)

  it.each([
    { load: 1180, wants: 20, because: '59 % is within ten points of 50 %' },
    { load: 1220, wants: 22, because: '61 %: a tenth more' },
    { load: 1420, wants: 26, because: '71 %: three tenths more' },
    { load: 5000, wants: 26, because: 'there is no higher step' },
  ])('wants $wants for $load on 20: $because', ({ load, wants }) => {
    expect(grown(load)).toBe(wants)
  })

  it('rounds a share of the group down, but to one at least', () => {
    expect(answers(awsStep.create(0.5, SETTING), times(3, { load: 195, ready: 3 })).at(-1)).toBe(4)
    expect(answers(awsStep.create(0.5, SETTING), times(3, { load: 1190, ready: 19 })).at(-1)).toBe(20)
  })

  it('works a higher step out from the group before the instances that warm up', () => {
    const higher = [
      ...times(3, { load: 1240, ready: 20 }),
      { load: 1240, ready: 20, booting: 2 },
      { load: 1500, ready: 20, booting: 2 },
    ]
    expect(answers(awsStep.create(0.5, SETTING), higher).slice(2)).toEqual([22, 22, 26])
  })

  it('shrinks by a step after a quarter of an hour', () => {
    expect(answers(awsStep.create(0.5, SETTING), times(15, { load: 760, ready: 20 })).at(-1)).toBe(18)
    expect(answers(awsStep.create(0.5, SETTING), times(15, { load: 100, ready: 20 })).at(-1)).toBe(14)
    expect(answers(awsStep.create(0.5, SETTING), times(15, { load: 0, ready: 1 })).at(-1)).toBe(1)
  })
})
