import { describe, expect, it } from 'vitest'
import { instantOf, isEverSet, isTimeZone, nearestTimeZone } from './zone.ts'

describe('time zones', () => {
  it.each([
    'UTC',
    'Europe/London',
    'America/Argentina/Buenos_Aires',
    'US/Pacific',
    'Etc/GMT+5',
    '+02:00',
    '-09:30',
  ])('knows %s', zone => {
    expect(isTimeZone(zone)).toBe(true)
  })

  it.each(['', 'Mars/Olympus', 'Europe/Lundon', '+25:00', '+2', '+02:60', 'GMT+2x', ' UTC', '../etc/passwd'])(
    'does not know %s',
    zone => {
      expect(isTimeZone(zone)).toBe(false)
    },
  )

  it('finds the nearest by name or by city', () => {
    expect(nearestTimeZone('Europe/Berlim')).toBe('Europe/Berlin')
    expect(nearestTimeZone('Tokyo')).toBe('Asia/Tokyo')
    expect(nearestTimeZone('New York')).toBe('America/New_York')
    expect(nearestTimeZone('Mars/Olympus')).toBeNull()
  })
})

describe('a clock', () => {
  it.each([
    ['Europe/London', true],
    ['America/New_York', true],
    ['Australia/Lord_Howe', true],
    // For Ramadan, and back a month later.
    ['Africa/Casablanca', true],
    ['UTC', false],
    ['Asia/Tokyo', false],
    ['America/Phoenix', false],
    ['+02:00', false],
  ])('of %s is set twice a year: %s', (zone, expected) => {
    expect(isEverSet(zone)).toBe(expected)
  })
})

describe('a local time', () => {
  it.each([
    ['UTC', '2026-07-01T08:00', '2026-07-01T08:00Z'],
    ['Europe/London', '2026-07-01T08:00', '2026-07-01T07:00Z'],
    ['Europe/London', '2026-12-24', '2026-12-24T00:00Z'],
    ['Europe/London', '2026-12-24 18:00:30', '2026-12-24T18:00:30Z'],
    ['America/New_York', '2026-01-15T12:00', '2026-01-15T17:00Z'],
    ['+05:30', '2026-01-15T12:00', '2026-01-15T06:30Z'],
    ['-03:30', '2026-01-15T12:00', '2026-01-15T15:30Z'],
    // The clocks go forward at 01:00 and back at 02:00.
    ['Europe/London', '2026-03-29T01:30', '2026-03-29T01:00Z'],
    ['Europe/London', '2026-03-29T02:30', '2026-03-29T01:30Z'],
    ['Europe/London', '2026-10-25T01:30', '2026-10-25T00:30Z'],
    ['Australia/Lord_Howe', '2026-10-04T02:15', '2026-10-03T15:30Z'],
    // Samoa skipped this whole day.
    ['Pacific/Apia', '2011-12-30T12:00', '2011-12-30T10:00Z'],
    // An offset of its own counts.
    ['Europe/London', '2026-07-01T08:00Z', '2026-07-01T08:00Z'],
    ['Europe/London', '2026-07-01T08:00+02:00', '2026-07-01T06:00Z'],
  ])('in %s, %s is %s', (zone, local, instant) => {
    expect(new Date(instantOf(zone, local)).toISOString()).toBe(new Date(instant).toISOString())
  })
})
