import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StickyCookie } from './cookie.ts'

const NOW = 1_795_262_400_000
const TTL_MS = 60_000
const options = { name: 'plimsoll', ttlMs: TTL_MS, secret: 'correct horse battery staple' }
const cookie = new StickyCookie(options, 'web')

/** Name and value, as a browser sends them back. */
function issued(from: StickyCookie = cookie, instance = 'web-1'): string {
  return from.issue(instance, 'session', NOW).split(';')[0] ?? ''
}

describe('the sticky cookie', () => {
  it('tells no script and no other site, and ends with the session', () => {
    expect(cookie.issue('web-1', 'session', NOW)).toMatch(
      /^plimsoll=[\w-]+\.session\.\w+\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=60$/,
    )
  })

  it('says again what it was issued for, whatever the id of the instance', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }), instance => {
        expect(cookie.read(issued(cookie, instance), NOW)).toEqual({
          instance,
          session: 'session',
          expiresAt: NOW + TTL_MS,
        })
      }),
    )
  })

  it('is found among other cookies, and not inside the name or value of one', () => {
    const value = issued()
    expect(cookie.read(`a=1; ${value}; b=2`, NOW)?.instance).toBe('web-1')
    expect(cookie.read(`a=1;${value}`, NOW)?.instance).toBe('web-1')
    expect(cookie.read(`other${value}`, NOW)).toBeNull()
    expect(cookie.read('plimsoll=old.value; x=y', NOW)).toBeNull()
  })

  it('is found behind a stale one of the same name', () => {
    expect(cookie.read(`plimsoll=nonsense; ${issued()}`, NOW)?.instance).toBe('web-1')
  })

  it('is nothing once it has expired, also when it was verified before', () => {
    expect(cookie.read(issued(), NOW + TTL_MS - 1)).not.toBeNull()
    expect(cookie.read(issued(), NOW + TTL_MS)).toBeNull()
  })

  it('is nothing when any one character of it was changed', () => {
    const value = issued().slice('plimsoll='.length)
    fc.assert(
      fc.property(fc.nat(value.length - 1), fc.constantFrom(...'aZ09-_.'), (at, other) => {
        const tampered = value.slice(0, at) + other + value.slice(at + 1)
        fc.pre(tampered !== value)
        expect(new StickyCookie(options, 'web').read(`plimsoll=${tampered}`, NOW)).toBeNull()
      }),
    )
  })

  it.each([
    ['another secret', new StickyCookie({ ...options, secret: 'another' }, 'web')],
    ['another fleet with the same secret', new StickyCookie(options, 'shop')],
    ['a secret made up for another process', new StickyCookie({ ...options, secret: null }, 'web')],
  ])('of %s is nothing here', (_, other) => {
    expect(cookie.read(issued(other), NOW)).toBeNull()
    expect(other.read(issued(other), NOW)).not.toBeNull()
  })

  it.each([
    'plimsoll=',
    'plimsoll=...',
    'plimsoll=a.b.c',
    'plimsoll=a.b.c.d.e',
    `plimsoll=${'a'.repeat(5_000)}`,
    '',
    ';;;',
  ])('is nothing where it is damaged: %s', header => {
    expect(cookie.read(header, NOW)).toBeNull()
  })

  it('never throws, whatever is sent', () => {
    fc.assert(fc.property(fc.string({ maxLength: 200 }), text => void cookie.read(`plimsoll=${text}`, NOW)))
  })

  it('is due for renewal past half its life', () => {
    const session = { instance: 'web-1', session: 's', expiresAt: NOW + TTL_MS }
    expect(cookie.isDueForRenewal(session, NOW + TTL_MS / 2)).toBe(false)
    expect(cookie.isDueForRenewal(session, NOW + TTL_MS / 2 + 1)).toBe(true)
  })

  it('makes up sessions that do not repeat', () => {
    expect(new Set(Array.from({ length: 1_000 }, () => cookie.newSession())).size).toBe(1_000)
  })
})
