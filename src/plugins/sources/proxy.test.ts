import { describe, expect, it } from 'vitest'
import type { MetricSpec } from '../../model/spec.ts'
import type { ProxyReadings } from '../routers/proxy/meter.ts'
import { createProxySource } from './proxy.ts'

const NOW = 1_795_262_400_000
const WINDOW = { from: NOW - 1_000, to: NOW }

const busy: ProxyReadings = {
  requestsPerSecond: 60,
  inFlight: 4,
  queueLength: 2,
  latencyP50Ms: 12,
  latencyP95Ms: 40,
  latencyP99Ms: 80,
  errorsPerSecond: 3,
  errorRatio: 0.05,
  settled: true,
}
const quiet: ProxyReadings = {
  ...busy,
  ...{ requestsPerSecond: 0, inFlight: 0, queueLength: 0, errorsPerSecond: 0 },
  ...{ latencyP50Ms: null, latencyP95Ms: null, latencyP99Ms: null, errorRatio: null },
}
const unborn: ProxyReadings = { ...quiet, settled: false }

function metric(read: unknown, kind: MetricSpec['kind'] = 'total'): MetricSpec {
  return {
    name: 'm',
    kind,
    unit: null,
    source: 'proxy',
    options: { read },
    everyMs: 1_000,
    staleAfterMs: 30_000,
    ofFleet: null,
    grainMs: null,
    across: null,
    filter: [],
    dividePerInstance: false,
  }
}

function source(fleet: ProxyReadings, instances: Record<string, ProxyReadings> = {}, now = NOW) {
  const proxy = { readings: () => ({ fleet, instances: new Map(Object.entries(instances)) }) }
  const clock = { now: () => now, after: () => () => {} }
  return createProxySource(name => (name === 'web' ? proxy : null), clock)
}

async function read(from: ReturnType<typeof source>, spec: MetricSpec, fleet = 'web', window = WINDOW) {
  return (await from.read([{ fleet, metric: spec }], window, AbortSignal.timeout(1_000)))[0]
}

describe('the proxy source', () => {
  it.each([
    ['requestsPerSecond', 60],
    ['inFlight', 4],
    ['queueLength', 2],
    ['latencyP50', 12],
    ['latencyP95', 40],
    ['latencyP99', 80],
    ['errorsPerSecond', 3],
    ['errorRatio', 0.05],
  ])('reads %s of the fleet', async (name, value) => {
    expect(await read(source(busy), metric(name))).toEqual({ samples: [{ at: NOW, value }] })
  })

  it('reads one sample per instance where the metric is per instance', async () => {
    const answer = await read(
      source(busy, { 'web-1': busy, 'web-2': quiet }),
      metric('inFlight', 'perInstance'),
    )
    expect(answer).toEqual({
      samples: [
        { at: NOW, value: 4, instance: 'web-1' },
        { at: NOW, value: 0, instance: 'web-2' },
      ],
    })
  })

  it.each(['latencyP50', 'latencyP95', 'latencyP99', 'errorRatio'])(
    'has no %s where no request finished: no zero',
    async name => {
      expect(await read(source(quiet), metric(name))).toEqual({ samples: [] })
      const perInstance = await read(
        source(quiet, { 'web-1': quiet, 'web-2': busy }),
        metric(name, 'perInstance'),
      )
      expect(perInstance).toMatchObject({ samples: [{ instance: 'web-2' }] })
    },
  )

  it('has no rates of what has not been measured for long enough', async () => {
    for (const name of ['requestsPerSecond', 'errorsPerSecond']) {
      expect(await read(source(unborn), metric(name))).toEqual({ samples: [] })
    }
    expect(await read(source(quiet), metric('requestsPerSecond'))).toEqual({
      samples: [{ at: NOW, value: 0 }],
    })
  })

  it('is a gap that says what to do for a fleet without a proxy', async () => {
    expect(await read(source(busy), metric('inFlight'), 'shop')).toEqual({
      gap: 'PLM-341 metric "m" reads the proxy of fleet "shop", which has none: give the fleet `router: { type: proxy, ... }`',
    })
  })

  it.each(['speed', 7, undefined, 'toString'])(
    'is a gap that says what there is for a reading that there is not: %s',
    async name => {
      expect(await read(source(busy), metric(name))).toEqual({
        gap: expect.stringMatching(
          /^PLM-342 metric "m" reads .* of the proxy, which has requestsPerSecond, inFlight, /,
        ),
      })
    },
  )

  it('answers each query of a batch in its place, whatever becomes of the others', async () => {
    const queries = [
      { fleet: 'shop', metric: metric('inFlight') },
      { fleet: 'web', metric: metric('inFlight') },
    ]
    const answers = await source(busy).read(queries, WINDOW, AbortSignal.timeout(1_000))
    expect(answers).toEqual([{ gap: expect.any(String) }, { samples: [{ at: NOW, value: 4 }] }])
  })

  it('keeps its samples inside the window asked for', async () => {
    const later = source(busy, {}, NOW + 5)
    expect(await read(later, metric('inFlight'))).toEqual({ samples: [{ at: NOW, value: 4 }] })
    const before = source(busy, {}, NOW - 1_000)
    expect(await read(before, metric('inFlight'))).toEqual({ samples: [] })
  })

  it('is always well', async () => {
    expect(await source(busy).check(AbortSignal.timeout(1_000))).toMatchObject({ ok: true })
    await source(busy).close()
  })
})
