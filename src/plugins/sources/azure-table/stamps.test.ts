import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  descendingKey,
  encodedKey,
  minuteKey,
  rollDate,
  ticksKey,
  ticksOf,
  timeOfDescendingKey,
  timeOfMinuteKey,
  timeOfTicks,
  timeOfTicksKey,
} from './stamps.ts'

/** Years 1 to 9999, in whole milliseconds. */
const times = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 })

describe('times in the keys of tables', () => {
  it.each([
    ['0001-01-01T00:00:00Z', '0000000000000000000'],
    ['1970-01-01T00:00:00Z', '0621355968000000000'],
    ['2010-03-04T13:59:00Z', '0634033079400000000'],
    ['2026-11-22T11:04:00Z', '0639309422400000000'],
  ])('%s is %s in ticks', (at, key) => {
    expect(ticksKey(Date.parse(at))).toBe(key)
    expect(timeOfTicksKey(key)).toBe(Date.parse(at))
  })

  it.each([
    ['2019-08-15T21:00:00Z', '2518363979999999999'],
    ['2017-09-13T13:14:00Z', '2518969923599999999'],
    ['2015-11-10T00:00:00Z', '2519551871999999999'],
  ])('%s is %s counted down', (at, key) => {
    expect(descendingKey(Date.parse(at))).toBe(key)
    expect(timeOfDescendingKey(key)).toBe(Date.parse(at))
  })

  it.each([
    ['2014-05-22T11:00:00Z', '20140522T1100'],
    ['2026-11-22T00:04:59Z', '20261122T0004'],
  ])('%s is in the minute %s', (at, key) => {
    expect(minuteKey(Date.parse(at))).toBe(key)
  })

  it.each(['', '2014', '20140230T0000', '20141322T0000', '20140522T2460', '20140522T11000', '20140522 1100'])(
    '"%s" is no minute',
    text => {
      expect(timeOfMinuteKey(text)).toBeNull()
    },
  )

  it.each(['', '-1', '12a', '1.5', '99999999999999999999', '123456789012345678901'])(
    '"%s" is no time in ticks',
    text => {
      expect([timeOfTicksKey(text), timeOfDescendingKey(text)]).toEqual([null, null])
    },
  )

  it('are there and back the same', () => {
    fc.assert(
      fc.property(times, at => {
        expect(timeOfTicks(ticksOf(at))).toBe(at)
        expect(timeOfTicksKey(ticksKey(at))).toBe(at)
        expect(timeOfDescendingKey(descendingKey(at))).toBe(at)
      }),
    )
  })

  it('are read from ticks between two milliseconds as the earlier', () => {
    fc.assert(
      fc.property(times, fc.bigInt({ min: 0n, max: 9_999n }), (at, more) => {
        expect(timeOfTicks(ticksOf(at) + more)).toBe(at)
      }),
    )
  })

  it('sort as time goes, counted down the other way round, all of one length', () => {
    fc.assert(
      fc.property(times, times, (one, other) => {
        expect(ticksKey(one) < ticksKey(other)).toBe(one < other)
        expect(descendingKey(one) > descendingKey(other)).toBe(one < other)
        expect([ticksKey(one).length, descendingKey(one).length]).toEqual([19, 19])
      }),
    )
  })

  it('of minutes are there and back the same', () => {
    const minutes = fc.integer({ min: 0, max: 4_223_371_679 }).map(minute => minute * 60_000)
    fc.assert(
      fc.property(minutes, at => {
        expect(timeOfMinuteKey(minuteKey(at))).toBe(at)
      }),
    )
  })
})

describe('tables of ten days', () => {
  it.each([
    ['2017-04-10T00:00:00Z', '20170410'],
    ['2017-06-18T23:59:59Z', '20170609'],
    ['2017-09-12T15:30:00Z', '20170907'],
    ['2019-08-15T21:00:00Z', '20190808'],
    ['2019-09-27T00:00:00Z', '20190927'],
    ['2026-11-22T11:04:00Z', '20261119'],
  ])('%s is in the one of %s', (at, date) => {
    expect(rollDate(Date.parse(at))).toBe(date)
  })

  it('last ten days each, wherever one begins to count', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30_000 }), day => {
        const days = Array.from({ length: 10 }, (_, n) => rollDate((day + n) * 86_400_000))
        const after = rollDate((day + 10) * 86_400_000)
        expect(new Set(days).size).toBeLessThanOrEqual(2)
        expect(after).not.toBe(days[0])
      }),
    )
  })
})

describe('names in keys', () => {
  it.each([
    ['\\Memory\\Available Bytes', ':005CMemory:005CAvailable:0020Bytes'],
    [
      '\\LogicalDisk(_Total)\\% Idle Time',
      ':005CLogicalDisk:0028:005FTotal:0029:005C:0025:0020Idle:0020Time',
    ],
    [
      '/subscriptions/9c7a-1/Microsoft.Compute',
      ':002Fsubscriptions:002F9c7a:002D1:002FMicrosoft:002ECompute',
    ],
  ])('%s is %s', (name, key) => {
    expect(encodedKey(name)).toBe(key)
  })

  it('can be told apart, and hold nothing a key may not', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(encodedKey(one) === encodedKey(other)).toBe(one === other)
        expect(encodedKey(one)).toMatch(/^[A-Za-z0-9:]*$/)
      }),
    )
  })
})
