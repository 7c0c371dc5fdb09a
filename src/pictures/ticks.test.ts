import { describe, expect, it } from 'vitest'
import { countTicks, timeTicks } from './ticks.ts'

const at = (iso: string) => Date.parse(iso)

describe('ticks', () => {
  it.each([
    [0, [0, 1]],
    [3, [0, 1, 2, 3]],
    [8, [0, 1, 2, 3, 4, 5, 6, 7, 8]],
    [10, [0, 2, 4, 6, 8, 10]],
    [96, [0, 20, 40, 60, 80, 100]],
  ])('counts up to %d', (highest, expected) => {
    expect(countTicks(highest, 8)).toEqual(expected)
  })

  it('marks round times of the zone, with the date where a day begins', () => {
    const window = { from: at('2026-11-20T21:10:00Z'), to: at('2026-11-21T03:10:00Z') }
    const ticks = timeTicks(window, 6, 'UTC')
    expect(ticks.map(tick => tick.label)).toEqual(['22:00', '23:00', '00:00', '01:00', '02:00', '03:00'])
    expect(ticks.map(tick => tick.day)).toEqual(['20 Nov', null, '21 Nov', null, null, null])
  })

  it('keeps to round local times across a change of the clock', () => {
    const window = { from: at('2026-10-24T23:00:00Z'), to: at('2026-10-26T00:00:00Z') }
    const ticks = timeTicks(window, 5, 'Europe/London')
    expect(ticks.map(tick => tick.label)).toEqual(['00:00', '06:00', '12:00', '18:00'])
  })

  it('has days, then months, then years for longer stretches', () => {
    const days = { from: at('2026-11-01T00:00:00Z'), to: at('2026-11-08T00:00:00Z') }
    expect(timeTicks(days, 8, 'UTC').map(tick => tick.label)).toEqual([
      '1 Nov',
      '2 Nov',
      '3 Nov',
      '4 Nov',
      '5 Nov',
      '6 Nov',
      '7 Nov',
    ])
  })

  it.each([
    ['2026-01-10', '2026-06-20', 8, ['Feb 2026', 'Mar 2026', 'Apr 2026', 'May 2026', 'Jun 2026']],
    ['2025-11-10', '2027-02-01', 6, ['Jan 2026', 'Apr 2026', 'Jul 2026', 'Oct 2026', 'Jan 2027']],
    [
      '2016-01-01',
      '2025-12-29',
      10,
      ['2016', '2017', '2018', '2019', '2020', '2021', '2022', '2023', '2024', '2025'],
    ],
    ['2001-03-01', '2058-01-01', 6, ['2010', '2020', '2030', '2040', '2050']],
  ])('marks firsts of months, or years, from %s to %s', (from, to, wanted, labels) => {
    for (const zone of ['UTC', 'Europe/London']) {
      const ticks = timeTicks({ from: at(`${from}T00:00:00Z`), to: at(`${to}T00:00:00Z`) }, wanted, zone)
      expect(ticks.map(({ label }) => label)).toEqual(labels)
      expect(ticks.every(({ day }) => day === null)).toBe(true)
    }
    const [first] = timeTicks({ from: at('2026-06-20'), to: at('2026-12-20') }, 8, 'Asia/Tokyo')
    expect(first).toEqual({ at: at('2026-06-30T15:00:00Z'), label: 'Jul 2026', day: null })
  })

  it('has none for an empty stretch and never more than it was asked for', () => {
    expect(timeTicks({ from: 5, to: 5 }, 10, 'UTC')).toEqual([])
    for (const span of [1, 999, 60_000, 3_599_999, 86_400_000, 31_536_000_000, 3e12]) {
      expect(timeTicks({ from: 0, to: span }, 10, 'Europe/London').length).toBeLessThanOrEqual(11)
    }
  })
})
