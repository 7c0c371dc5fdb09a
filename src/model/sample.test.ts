import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { partsOfSeries, seriesOf } from './sample.ts'

describe('the name of a series', () => {
  it('is the instance, where there are no labels', () => {
    expect(seriesOf({ instance: 'web-1' })).toBe('web-1')
    expect(seriesOf({ instance: 'web-1', labels: {} })).toBe('web-1')
    expect(seriesOf({})).toBeUndefined()
  })

  it('does not depend on the order of labels', () => {
    expect(seriesOf({ labels: { region: 'eu', zone: 'z1' } })).toBe(
      seriesOf({ labels: { zone: 'z1', region: 'eu' } }),
    )
  })

  it('says again what it was made of', () => {
    const text = fc.string({ minLength: 1, maxLength: 8 }).filter(part => part !== '__proto__')
    fc.assert(
      fc.property(fc.option(text), fc.dictionary(text, fc.string({ maxLength: 8 })), (instance, found) => {
        const labels = { ...found }
        const parts = {
          ...(instance === null ? {} : { instance }),
          ...(Object.keys(labels).length === 0 ? {} : { labels }),
        }
        expect(partsOfSeries(seriesOf(parts))).toEqual(parts)
      }),
    )
  })

  it.each(['a\u0001b', '\u0001', 'a\u0001{'])('takes the instance %j for an instance', instance => {
    expect(partsOfSeries(seriesOf({ instance }))).toEqual({ instance })
  })
})
