import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatAddress, readAddress } from './address.ts'
import { decodeName, encodeName, Names, numberOf } from './names.ts'

const ids = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter(id => id.isWellFormed())

describe('the name of a server', () => {
  it('is one HAProxy takes, and leads back to the instance', () => {
    fc.assert(
      fc.property(ids, fc.option(ids), (id, incarnation) => {
        const names = new Names('a fleet', null)
        const name = names.nameOf({ id, incarnation })
        expect(name).toMatch(/^[A-Za-z0-9._:-]+$/)
        expect(names.isOurs(name)).toBe(true)
        expect(names.instanceOf(name)).toBe(id)
      }),
    )
  })

  it('is another one for another instance, incarnation or fleet', () => {
    const rooms = new Names('rooms', null)
    const all = [
      rooms.nameOf({ id: 'a', incarnation: null }),
      rooms.nameOf({ id: 'a', incarnation: '1' }),
      rooms.nameOf({ id: 'a', incarnation: '2' }),
      rooms.nameOf({ id: 'a:1', incarnation: null }),
      new Names('rooms:a', null).nameOf({ id: '1', incarnation: null }),
      new Names('x', 'mine-').nameOf({ id: 'a', incarnation: null }),
    ]
    expect(new Set(all).size).toBe(all.length)
    expect(all[0]).toBe('rooms:a')
    expect(all[5]).toBe('mine-a')
    expect(rooms.isOurs(all[4] ?? '')).toBe(false)
  })

  it('says what is the same for all incarnations', () => {
    const rooms = new Names('rooms', null)
    const parts = ['1', '2'].map(incarnation =>
      rooms.instancePart(rooms.nameOf({ id: 'web/3', incarnation })),
    )
    expect(parts).toEqual(['web_2f3', 'web_2f3'])
  })

  it.each(['web-3', 'web/3', 'a_b', 'a b', '', 'ü', '_2f'])('of "%s" can be read back', text => {
    expect(decodeName(encodeName(text))).toBe(text)
  })
})

describe('the number of a server', () => {
  it('is the same each time, another at another attempt, and far from those HAProxy gives', () => {
    fc.assert(
      fc.property(ids, fc.nat(4), (name, attempt) => {
        const number = numberOf(name, attempt)
        expect(number).toBe(numberOf(name, attempt))
        expect(number).not.toBe(numberOf(name, attempt + 1))
        expect(number).toBeGreaterThanOrEqual(1_048_576)
        expect(number).toBeLessThan(2 ** 31)
      }),
    )
  })
})

describe('the address of an instance', () => {
  it.each([
    ['http://127.0.0.1:41231', '127.0.0.1:41231'],
    ['http://127.0.0.1:41231/', '127.0.0.1:41231'],
    ['10.0.0.7:80', '10.0.0.7:80'],
    ['tcp://10.0.0.7:5900', '10.0.0.7:5900'],
    ['https://10.0.0.7', '10.0.0.7:443'],
    ['http://[::1]:8080', '[::1]:8080'],
    ['[2001:db8::1]:8080', '[2001:db8::1]:8080'],
  ])('%s is given as %s', (text, address) => {
    const read = readAddress(text)
    expect(read === null ? null : formatAddress(read)).toBe(address)
  })

  it.each([
    '',
    'web.example:80',
    'http://localhost:80',
    '10.0.0.7',
    '10.0.0.700:80',
    '10.0.0.7:0',
    '10.0.0.7:70000',
    '1 2',
    '10.0.0.7:80 id 3',
  ])('"%s" is none', text => {
    expect(readAddress(text)).toBeNull()
  })
})
