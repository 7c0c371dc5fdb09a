import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDate, formatTime, instantOf, isTimeZone, localTime, zoneOffsetMs } from './zone-time.ts'

const at = (iso: string) => Date.parse(iso)

describe('local times', () => {
  it.each([
    ['2026-11-21T12:00:00Z', 'Europe/London', '12:00:00'],
    ['2026-07-21T12:00:00Z', 'Europe/London', '13:00:00'],
    ['2026-11-21T12:00:00Z', 'Asia/Kolkata', '17:30:00'],
    ['2026-11-21T00:00:00Z', 'America/New_York', '19:00:00'],
    ['2026-11-21T12:00:00Z', '+02:00', '14:00:00'],
  ])('%s in %s is %s', (iso, zone, expected) => {
    expect(formatTime(at(iso), zone)).toBe(expected)
  })

  it('knows the date of the zone, not of UTC', () => {
    expect(formatDate(at('2026-11-21T20:00:00Z'), 'Asia/Tokyo')).toBe('22 Nov 2026')
  })

  it('knows a time zone from a word', () => {
    expect(isTimeZone('Europe/London')).toBe(true)
    expect(isTimeZone('Europe/Lodnon')).toBe(false)
  })

  it('finds the instant again from what the clock shows, except where the clock shows it twice', () => {
    const zones = [
      'UTC',
      'Europe/London',
      'America/New_York',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
      '-09:30',
    ]
    const seconds = fc.integer({
      min: at('1990-01-01T00:00:00Z') / 1000,
      max: at('2037-01-01T00:00:00Z') / 1000,
    })
    fc.assert(
      fc.property(seconds, fc.constantFrom(...zones), (second, zone) => {
        const instant = second * 1000
        const found = instantOf(localTime(instant, zone), zone)
        expect(localTime(found, zone)).toEqual(localTime(instant, zone))
        expect(found).toBeLessThanOrEqual(instant)
      }),
    )
  })

  it('takes the first of two instants the clock shows, and passes over a gap', () => {
    const local = { year: 2026, month: 10, day: 25, hour: 1, minute: 30, second: 0 }
    expect(instantOf(local, 'Europe/London')).toBe(at('2026-10-25T00:30:00Z'))
    const skipped = { year: 2026, month: 3, day: 29, hour: 1, minute: 30, second: 0 }
    expect(formatTime(instantOf(skipped, 'Europe/London'), 'Europe/London')).toBe('02:30:00')
  })

  it('knows the offset', () => {
    expect(zoneOffsetMs(at('2026-07-01T00:00:00Z'), 'Europe/London')).toBe(3_600_000)
  })
})
