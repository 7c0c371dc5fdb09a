import { describe, expect, it } from 'vitest'
import { Allowance, type Purpose } from './allowance.ts'

function allowanceAt(at: number) {
  const clock = { at, now: () => clock.at }
  const allowance = new Allowance(clock)
  const saw = (status: number, headers: Readonly<Record<string, string>>) =>
    allowance.observe(status, { get: name => headers[name] })
  const allows = (purpose: Purpose) => {
    try {
      allowance.require(purpose, 'list')
      return true
    } catch {
      return false
    }
  }
  return { clock, saw, allows, allowance }
}

describe('what Azure still allows', () => {
  it.each([
    ['12', 12_000],
    ['Sun, 22 Nov 2026 12:00:09 GMT', 9_000],
    ['soon', 5_000],
    ['86400', 300_000],
  ])('after 429 with Retry-After %s nothing is asked for %i ms', (retryAfter, ms) => {
    const { clock, saw, allows } = allowanceAt(Date.parse('2026-11-22T12:00:00Z'))
    saw(429, { 'retry-after': retryAfter })
    clock.at += ms - 1
    expect([allows('look'), allows('act')]).toEqual([false, false])
    clock.at += 1
    expect([allows('look'), allows('act')]).toEqual([true, true])
  })

  it.each([
    ['GetVMScaleSetVM3Min;11', true, true],
    ['GetVMScaleSetVM3Min;10', false, true],
    ['VMScaleSetVMViews3Min;10', false, true],
    ['Microsoft.Compute/GetVMScaleSetVM3Min;0', false, false],
    ['DeleteVMScaleSetVM3Min;1', true, true],
    ['DeleteVMScaleSetVM3Min;0', true, false],
    ['nonsense', true, true],
  ])('%s: looking %s, acting %s', (text, looks, acts) => {
    const { saw, allows } = allowanceAt(0)
    saw(200, { 'x-ms-ratelimit-remaining-resource': text })
    expect([allows('look'), allows('act')]).toEqual([looks, acts])
  })

  it('forgets what was said half a minute ago, since the budgets fill up again', () => {
    const { clock, saw, allows, allowance } = allowanceAt(0)
    saw(200, { 'x-ms-ratelimit-remaining-resource': 'GetVMScaleSetVM3Min;0,GetVMScaleSetVM30Min;99' })
    expect(allowance.describe()).toBe('0 calls of GetVMScaleSetVM3Min left')
    clock.at = 30_001
    expect([allows('look'), allowance.describe()]).toEqual([true, null])
  })
})
