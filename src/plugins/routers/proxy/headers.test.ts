import { describe, expect, it } from 'vitest'
import { requestHead, responseHeaders, trailerFields } from './headers.ts'

const FROM_OUTSIDE = '10.0.0.7'
const FROM_HERE = '127.0.0.1'
const added = ['x-forwarded-for', FROM_OUTSIDE, 'x-forwarded-proto', 'http', 'via', '1.1 plimsoll']

function passed(fields: readonly string[], peer = FROM_OUTSIDE): string[] {
  return requestHead(fields, peer).headers
}

describe('the fields of a request', () => {
  it.each([
    ['a field of its own', ['Accept', 'text/html'], ['Accept', 'text/html']],
    ['the same field twice', ['X-A', '1', 'X-A', '2'], ['X-A', '1', 'X-A', '2']],
    [
      'what is about the connection',
      ['Connection', 'close', 'Keep-Alive', '5', 'TE', 'gzip', 'Upgrade', 'h2c'],
      [],
    ],
    ['what is for a proxy', ['Proxy-Authorization', 'Basic eA==', 'Proxy-Connection', 'close'], []],
    ['the framing', ['Transfer-Encoding', 'chunked', 'Trailer', 'X-Sum'], []],
    ['an expectation, which the proxy meets itself', ['Expect', '100-continue'], []],
    [
      'fields the connection names',
      ['Connection', 'X-Trace, close', 'X-Trace', '1', 'X-Keep', '2'],
      ['X-Keep', '2'],
    ],
    [
      'not the ones that frame or address it',
      ['Connection', 'content-length, cookie', 'Content-Length', '3', 'Cookie', 'a=1'],
      ['Content-Length', '3', 'Cookie', 'a=1'],
    ],
  ])('%s', (_, fields, kept) => {
    expect(passed(fields)).toEqual([...kept, ...added])
  })

  it('adds the host asked for, the client and itself', () => {
    expect(passed(['Host', 'shop.example', 'Via', '1.0 edge'])).toEqual([
      ...['Host', 'shop.example', 'x-forwarded-for', FROM_OUTSIDE, 'x-forwarded-host', 'shop.example'],
      ...['x-forwarded-proto', 'http', 'via', '1.0 edge, 1.1 plimsoll'],
    ])
  })

  it('believes no stranger what he says about where a request came from', () => {
    const claims = [
      'X-Forwarded-For',
      '1.2.3.4',
      'X-Forwarded-Proto',
      'https',
      'X-Forwarded-Host',
      'a',
      'Forwarded',
      'for=x',
    ]
    expect(passed(claims)).toEqual(added)
  })

  it('believes a proxy on this machine', () => {
    const claims = [
      'X-Forwarded-For',
      '1.2.3.4',
      'X-Forwarded-Proto',
      'https',
      'X-Forwarded-Host',
      'a',
      'Forwarded',
      'for=x',
    ]
    expect(passed(claims, FROM_HERE)).toEqual([
      ...['Forwarded', 'for=x', 'x-forwarded-for', `1.2.3.4, ${FROM_HERE}`, 'x-forwarded-host', 'a'],
      ...['x-forwarded-proto', 'https', 'via', '1.1 plimsoll'],
    ])
  })

  it('replaces the host by that of an absolute target', () => {
    const { headers } = requestHead(['Host', 'other.example'], FROM_OUTSIDE, 'shop.example')
    expect(headers.slice(0, 2)).toEqual(['host', 'shop.example'])
    expect(headers).not.toContain('other.example')
  })

  it('joins cookies sent in several fields', () => {
    expect(requestHead(['Cookie', 'a=1', 'Cookie', 'b=2'], FROM_OUTSIDE).cookie).toBe('a=1; b=2')
    expect(requestHead([], FROM_OUTSIDE).cookie).toBeNull()
  })

  it.each([
    [['Content-Length', '5'], true],
    [['Content-Length', '0'], false],
    [['Transfer-Encoding', 'chunked'], true],
    [[], false],
  ])('knows whether a body follows: %j', (fields, hasBody) => {
    expect(requestHead(fields, FROM_OUTSIDE).hasBody).toBe(hasBody)
  })
})

describe('the fields of a response', () => {
  it.each([
    ['a field of its own', { 'content-type': 'text/html' }, ['content-type', 'text/html']],
    ['several cookies', { 'set-cookie': ['a=1', 'b=2'] }, ['set-cookie', ['a=1', 'b=2']]],
    [
      'what is about the connection',
      { connection: 'close', 'keep-alive': 'timeout=5', 'transfer-encoding': 'chunked' },
      [],
    ],
    ['fields the connection names', { connection: 'x-hop', 'x-hop': '1', 'x-own': '2' }, ['x-own', '2']],
    ['a length', { 'content-length': '3' }, ['content-length', '3']],
  ])('%s', (_, fields, kept) => {
    expect(responseHeaders(fields, 200, false)).toEqual([...kept, 'via', '1.1 plimsoll'])
  })

  it('has no length where there is no content', () => {
    expect(responseHeaders({ 'content-length': '0' }, 204, false)).toEqual(['via', '1.1 plimsoll'])
  })

  it('announces trailers only where there can be some', () => {
    expect(responseHeaders({ trailer: 'x-sum' }, 200, true)).toContain('trailer')
    expect(responseHeaders({ trailer: 'x-sum' }, 200, false)).not.toContain('trailer')
  })

  it('adds itself to those who passed it on', () => {
    expect(responseHeaders({ via: '1.1 cache' }, 200, false)).toEqual(['via', '1.1 cache, 1.1 plimsoll'])
  })
})

describe('trailing fields', () => {
  it('pass, unless they frame or address the message', () => {
    expect(
      trailerFields({ 'x-sum': '42', 'content-length': '3', 'transfer-encoding': 'x', 'set-cookie': 'a=1' }),
    ).toEqual({
      'x-sum': '42',
    })
  })
})
