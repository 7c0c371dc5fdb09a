/**
 * No row whose sample lies in the window is left out by the range of keys that is asked for: the ranges are held against keys put together
 * anew, as texts sort.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyTable, TIMES_AS, type TimeAs } from './any-table.ts'
import type { Asked, Layout, Row } from './layout.ts'
import { descendingKey, encodedKey, minuteKey, ticksKey, ticksOf } from './stamps.ts'
import { storageAnalytics } from './storage-analytics.ts'
import { wadCounters } from './wad-counters.ts'
import { wadMetrics } from './wad-metrics.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Instants of 2001 to 2100; windows of up to two hours, with a time in or near each. */
const moments = fc
  .record({
    to: fc.integer({ min: 978_307_200_000, max: 4_102_444_800_000 }),
    length: fc.integer({ min: 1, max: 2 * HOUR_MS }),
    before: fc.integer({ min: -5 * MINUTE_MS, max: 2 * HOUR_MS + 5 * MINUTE_MS }),
  })
  .map(({ to, length, before }) => ({ window: { from: to - length, to }, at: to - before }))

/** Whether the range of a key in a filter lets this key through. */
function passes({ filter }: Asked, column: string, key: string): boolean {
  const bounds = [...filter.matchAll(new RegExp(`${column} (ge|gt|le|lt|eq) '([^']*)'`, 'g'))]
  expect(bounds.length).toBeGreaterThan(0)
  return bounds.every(([, operator, bound = '']) => {
    switch (operator) {
      case 'ge':
        return key >= bound
      case 'gt':
        return key > bound
      case 'le':
        return key <= bound
      case 'lt':
        return key < bound
      default:
        return key === bound
    }
  })
}

function expectComplete(
  layout: Layout,
  column: string,
  rowAt: (at: number) => { key: string; row: Row },
): void {
  fc.assert(
    fc.property(moments, ({ window, at }) => {
      const asked = layout.ask(window)
      const { key, row } = rowAt(at)
      const sample = asked.sampleOf(row)
      if (typeof sample === 'string') throw new Error(sample)
      if (window.from < sample.at && sample.at <= window.to) expect(passes(asked, column, key)).toBe(true)
      // And not much more: what is read beyond the window is bounded.
      const reach = 2 * HOUR_MS
      if (sample.at < window.from - reach || sample.at > window.to + reach) {
        expect(passes(asked, column, key)).toBe(false)
      }
    }),
    { numRuns: 500 },
  )
}

describe('the range of keys holds every row of the window', () => {
  it('of performance counters', () => {
    const layout = wadCounters({
      layout: 'wad-counters',
      table: 'T',
      counter: 'c',
      role: null,
      deployment: null,
      where: null,
    })
    expectComplete(layout, 'PartitionKey', at => ({
      key: ticksKey(at - (at % MINUTE_MS)),
      row: { EventTickCount: ticksOf(at), CounterValue: 1 },
    }))
  })

  it.each([MINUTE_MS, HOUR_MS])('of metrics of diagnostics, of %i ms', periodMs => {
    const layout = wadMetrics({
      layout: 'wad-metrics',
      table: 'WADMetricsPT1MP10DV2S',
      periodMs,
      counter: 'c',
      resource: '/r',
      value: 'Average',
      where: null,
    })
    expectComplete(layout, 'RowKey', at => {
      const rowKey = `${descendingKey(at - (at % periodMs))}__${encodedKey('\\c')}`
      return { key: rowKey, row: { rowKey, Average: 1 } }
    })
  })

  it.each([0, MINUTE_MS, HOUR_MS])('of storage analytics, of %i ms', periodMs => {
    const layout = storageAnalytics({
      layout: 'storage-analytics',
      table: '$MetricsX',
      periodMs,
      row: 'user;All',
      value: 'V',
      where: null,
    })
    expectComplete(layout, 'PartitionKey', at => {
      const partitionKey = minuteKey(at - (at % (periodMs || MINUTE_MS)))
      return { key: partitionKey, row: { partitionKey, V: 1n } }
    })
  })

  const KEYS: Readonly<Record<Exclude<TimeAs, 'date'>, (at: number) => string>> = {
    iso: at => new Date(at).toISOString(),
    ticks: at => `${ticksKey(at)}_more`,
    'descending-ticks': at => `${descendingKey(at)}_more`,
    minute: at => `${minuteKey(at)}-more`,
    seconds: at => `${Math.floor(at / 1000)}`,
    milliseconds: at => `${at}_more`,
  }
  it.each(TIMES_AS.filter(each => each !== 'date'))('of any table, its time in the key as %s', timeAs => {
    const layout = anyTable({
      layout: 'any',
      table: 'T',
      partition: 'p',
      time: 'RowKey',
      timeAs,
      value: 'V',
      instance: null,
      where: null,
    })
    expectComplete(layout, 'RowKey', at => {
      const rowKey = KEYS[timeAs](at)
      return { key: rowKey, row: { rowKey, V: 1 } }
    })
  })
})
