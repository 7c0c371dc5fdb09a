import { describe, expect, it } from 'vitest'
import { NOON } from '../../test/builders/observation.ts'
import { fleetSpec } from '../../test/builders/spec.ts'
import { EMPTY_MEMORY } from '../model/memory.ts'
import type { Sample } from '../model/sample.ts'
import type { FleetSpec, MetricSpec } from '../model/spec.ts'
import { createMemoryStore } from '../plugins/stores/memory.ts'
import { FleetWindows, longestWindowMs } from './fleet-windows.ts'

function withOrders(change: Partial<MetricSpec>): FleetSpec {
  const spec = fleetSpec({
    metrics: { orders: { kind: 'total', unit: 'count' } },
    rules: [{ when: 'sum(orders, 5m) > 1', by: 1 }],
  })
  return { ...spec, metrics: { orders: { ...spec.metrics.orders, ...change } as MetricSpec } }
}

const SAMPLES: readonly Sample[] = [
  { at: NOON - 90_000, value: 5, labels: { region: 'eu' } },
  { at: NOON - 90_000, value: 5, labels: { region: 'us' } },
  { at: NOON - 90_000, value: 100, labels: { region: 'asia' } },
  { at: NOON - 80_000, value: 1_000 },
]
const EU_AND_US = withOrders({ filter: [{ label: 'region', operator: 'in', values: ['eu', 'us'] }] })

describe('the windows of a fleet', () => {
  it('take only what the filter of a metric lets through, and keep only that', () => {
    const windows = new FleetWindows(EU_AND_US)
    windows.add('orders', SAMPLES)
    expect(windows.fresh()).toEqual([{ metric: 'orders', samples: SAMPLES.slice(0, 2) }])
    expect(windows.read(NOON)['sum(orders, 5m)']).toMatchObject({ value: 10, samples: 2 })
  })

  it('are after a restart what they were, and follow a filter that changed', async () => {
    const windows = new FleetWindows(EU_AND_US)
    windows.add('orders', SAMPLES)
    const store = createMemoryStore()
    const lease = await store.acquireLease('web', 'test', NOON, 60_000)
    await store.commit({
      fleet: 'web',
      epoch: lease?.epoch ?? 0,
      parentRevision: 0,
      memory: { ...EMPTY_MEMORY, revision: 1 },
      entry: null,
      outcomes: null,
      samples: windows.fresh(),
    })
    const again = new FleetWindows(EU_AND_US)
    await again.refill(store, NOON)
    expect(again.read(NOON)).toEqual(windows.read(NOON))
    const narrower = new FleetWindows(
      withOrders({ filter: [{ label: 'region', operator: 'not-in', values: ['us'] }] }),
    )
    await narrower.refill(store, NOON)
    expect(narrower.read(NOON)['sum(orders, 5m)']).toMatchObject({ value: 5, samples: 1 })
  })

  it('reach back a grain further than their length', () => {
    expect(longestWindowMs(withOrders({}), 'orders')).toBe(300_000)
    expect(longestWindowMs(withOrders({ grainMs: 60_000, across: 'sum' }), 'orders')).toBe(360_000)
  })

  it('read over grains where the metric has them', () => {
    const windows = new FleetWindows(withOrders({ grainMs: 60_000, across: 'max' }))
    windows.add('orders', SAMPLES)
    windows.add('orders', [{ at: NOON - 30_000, value: 7 }])
    expect(windows.read(NOON)['sum(orders, 5m)']).toMatchObject({ value: 1_007, samples: 2 })
  })
})
