import { expect, it } from 'vitest'
import { NOON, observation } from '../../test/builders/observation.ts'
import { formatSpan } from '../engine/explain.ts'
import { newestValues, tellLateness } from './newest-values.ts'

const MINUTE = 60_000

const reading = (agoMs: number) => ({
  value: 1,
  samples: 2,
  firstAt: NOON - 9 * MINUTE,
  lastAt: NOON - agoMs,
  reporting: null,
})

it('tells of each metric how old its newest value is, where it is a minute or more', () => {
  const seen = observation({
    readings: {
      'avg(cpu, 10m)': reading(4 * MINUTE),
      'last(cpu)': reading(3.5 * MINUTE),
      'p99.9(web/orders, 5m)': reading(MINUTE),
      'last(queue)': reading(59_999),
      'last(gone)': { gap: 'no samples' },
    },
  })
  expect([...newestValues(seen)]).toEqual([
    ['cpu', NOON - 3.5 * MINUTE],
    ['web/orders', NOON - MINUTE],
    ['queue', NOON - 59_999],
  ])
  expect(tellLateness(seen, formatSpan)).toBe('newest values then: cpu 3m 30s old, web/orders 1m old')
})

it('says nothing where all are fresh', () => {
  expect(tellLateness(observation({ readings: { 'last(queue)': reading(1_000) } }), formatSpan)).toBeNull()
})
