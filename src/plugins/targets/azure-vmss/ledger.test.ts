import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isInLedger, LEDGER_TOKENS, withTokens } from './ledger.ts'

const tokens = (from: number, count: number) => Array.from({ length: count }, (_, n) => `web/${from + n}/1`)

describe('the ledger in the tags of a scale set', () => {
  it('knows the newest tokens, within what Azure allows, and leaves other tags alone', () => {
    const batches = fc.array(fc.integer({ min: 1, max: LEDGER_TOKENS }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(batches, sizes => {
        let tags: Readonly<Record<string, string>> = { owner: 'shop' }
        let next = 0
        for (const size of sizes) {
          tags = withTokens(tags, tokens(next, size))
          next += size
        }
        const newest = tokens(Math.max(0, next - LEDGER_TOKENS), Math.min(next, LEDGER_TOKENS))
        expect(newest.every(token => isInLedger(tags, token))).toBe(true)
        expect(isInLedger(tags, `web/${next}/1`)).toBe(false)
        expect(Object.values(tags).every(value => value.length <= 256)).toBe(true)
        expect([tags.owner, Object.keys(tags).length <= 5]).toEqual(['shop', true])
      }),
    )
  })

  it('enters a token once', () => {
    const once = withTokens({}, ['a', 'b'])
    expect(withTokens(withTokens(once, ['a']), ['b'])).toEqual(once)
  })

  it('makes nothing of tags that somebody else wrote', () => {
    expect(isInLedger({ 'plimsoll-launches-1': 'x' }, 'web/1/1')).toBe(false)
  })
})
