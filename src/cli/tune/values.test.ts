import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDuration } from '../../config/expression/units.ts'
import { valuesOf } from './values.ts'

describe('values to try', () => {
  it.each([
    ['60..90', '80%', ['60%', '68%', '75%', '83%', '90%']],
    ['60%..90%', '80%', ['60%', '68%', '75%', '83%', '90%']],
    ['60..90%', null, ['60%', '68%', '75%', '83%', '90%']],
    ['60..90/3', null, ['60', '75', '90']],
    ['90..60/3', '80%', ['90%', '75%', '60%']],
    ['-3..-1/3', '-1', ['-3', '-2', '-1']],
    ['1..3', '2', ['1', '2', '3']],
    ['0.5..0.9', '0.8', ['0.5', '0.6', '0.7', '0.8', '0.9']],
    ['99%..99.9%/4', '99.5%', ['99%', '99.3%', '99.6%', '99.9%']],
    ['1m..15m', '3m', ['1m', '2m', '4m', '8m', '15m']],
    ['1..15', '3m', ['1m', '2m', '4m', '8m', '15m']],
    ['15m..1m', '3m', ['15m', '8m', '4m', '2m', '1m']],
    ['10s..60s', null, ['10s', '16s', '24s', '38s', '1m']],
    ['1h..1d', null, ['1h', '130m', '5h', '11h', '1d']],
    ['5m..10m', '5m', ['5m', '6m', '8m', '9m', '10m']],
    ['0s..4m', '1m', ['0s', '1m', '2m', '3m', '4m']],
    ['30s..2m/3', null, ['30s', '1m', '2m']],
    ['1m,5m,15m', '3m', ['1m', '5m', '15m']],
    ['1, 5, 15', '3m', ['1m', '5m', '15m']],
    ['60,70%', '80%', ['60%', '70%']],
    ['true,false', 'true', ['true', 'false']],
    ['all,any', 'all', ['all', 'any']],
    ['5m,5m', '3m', ['5m']],
    ['7', '3', ['7']],
  ])('%s, where the file says %s', (words, written, values) => {
    expect(valuesOf(words, written)).toEqual(values)
  })

  it.each([
    ['60..', '"60.." is no value'],
    ['a..b', '"a" is no number'],
    ['60..90/1', 'from 2 to 1000, not 1'],
    ['60..90/x', 'not x'],
    ['1m..90%', 'its ends are in m and %'],
    ['1m,,5m', 'a value is missing'],
    ['{ a: 1 }', '"{ a: 1 }" is no value'],
    ['a: b', 'is no value'],
    ['"5m"', 'is no value'],
  ])('%s is PLM-742: %s', (words, because) => {
    expect(() => valuesOf(words, null)).toThrow(
      expect.objectContaining({ code: 'PLM-742', message: expect.stringContaining(because) }),
    )
  })

  it('of a range rise from one end to the other, however many', () => {
    const minutes = fc.integer({ min: 1, max: 600 })
    fc.assert(
      fc.property(minutes, minutes, fc.integer({ min: 2, max: 30 }), (low, more, count) => {
        const values = valuesOf(`${low}m..${low + more}m/${count}`, null).map(
          value => parseDuration(value) ?? 0,
        )
        expect(values.at(0)).toBe(low * 60_000)
        expect(values.at(-1)).toBe((low + more) * 60_000)
        expect(values).toEqual([...values].sort((one, other) => one - other))
        expect(values.length).toBeLessThanOrEqual(count)
      }),
    )
  })
})
