import { describe, expect, it } from 'vitest'
import { isoOf, parseInstant, parseIso } from './instant.ts'

/** 12:30 in London in winter. */
const context = { now: Date.parse('2026-11-21T12:30:00Z'), timeZone: 'Europe/London' }

describe('a time as typed', () => {
  it.each([
    ['now', '2026-11-21T12:30:00.000Z'],
    ['12:04', '2026-11-21T12:04:00.000Z'],
    ['12:04:09', '2026-11-21T12:04:09.000Z'],
    ['9:05', '2026-11-21T09:05:00.000Z'],
    ['23:50', '2026-11-20T23:50:00.000Z'],
    ['10m ago', '2026-11-21T12:20:00.000Z'],
    ['-10m', '2026-11-21T12:20:00.000Z'],
    ['10m', '2026-11-21T12:20:00.000Z'],
    ['1h30m ago', '2026-11-21T11:00:00.000Z'],
    ['1.5h', '2026-11-21T11:00:00.000Z'],
    ['2d ago', '2026-11-19T12:30:00.000Z'],
    ['500ms', '2026-11-21T12:29:59.500Z'],
    ['2026-11-21T12:04:00Z', '2026-11-21T12:04:00.000Z'],
    ['2026-11-21t12:04z', '2026-11-21T12:04:00.000Z'],
    ['2026-11-21T12:04:00.25+01:00', '2026-11-21T11:04:00.250Z'],
    ['2026-11-21 12:04', '2026-11-21T12:04:00.000Z'],
    ['2026-07-21T12:04', '2026-07-21T11:04:00.000Z'],
    ['2026-07-21', '2026-07-20T23:00:00.000Z'],
    [' 12:04 ', '2026-11-21T12:04:00.000Z'],
  ])('%s is %s', (text, expected) => {
    expect(isoOf(parseInstant(text, '--at', context))).toBe(expected)
  })

  it.each([
    '',
    'noon',
    '24:00',
    '12:60',
    '2026-02-30',
    '2026-13-01',
    '2026-11-21T25:00',
    '10',
    '10x ago',
    '-',
    '12:04Z',
    '1e3m',
  ])('%j is refused with the forms it may have', text => {
    expect(() => parseInstant(text, '--at', context)).toThrow(/--at ".*" is not a time.*10m ago/s)
  })

  it('is yesterday across the change of the clock, too', () => {
    const sunday = { now: Date.parse('2026-10-25T01:10:00Z'), timeZone: 'Europe/London' }
    expect(isoOf(parseInstant('23:00', '--at', sunday))).toBe('2026-10-24T22:00:00.000Z')
  })

  it('takes a date as midnight of the zone that is asked for', () => {
    expect(parseIso('2026-11-21', 'UTC')).toBe(Date.parse('2026-11-21T00:00:00Z'))
    expect(parseIso('2026-11-21', 'Asia/Tokyo')).toBe(Date.parse('2026-11-20T15:00:00Z'))
  })
})
