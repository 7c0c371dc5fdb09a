import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Sample } from '../../model/sample.ts'
import type { MetricSpec } from '../../model/spec.ts'
import { metricSourceAcceptance } from '../../ports/metric-source.acceptance.ts'
import type { PushedSample, PushSource } from '../../ports/push.ts'
import { createPushSource } from './push.ts'

const NOON = Date.UTC(2026, 10, 21, 12)
const MINUTE = 60_000
const KNOWN = new Set(['orders', 'cpu', 'first', 'second'])
const signal = AbortSignal.timeout(60_000)

let now = NOON
const clock = { now: () => now, after: () => () => {} }

function metric(name: string): MetricSpec {
  return {
    name,
    kind: 'total',
    unit: null,
    source: 'push',
    options: {},
    everyMs: 15_000,
    staleAfterMs: 45_000,
    ofFleet: null,
    grainMs: null,
    across: null,
    filter: [],
    dividePerInstance: false,
  }
}

metricSourceAcceptance('the push source', async () => {
  const source = createPushSource(clock)
  return {
    source,
    now: () => now,
    query: (fleet, name) => ({ fleet, metric: metric(name) }),
    offer: (name, value) => {
      source.push([{ metric: name, at: now, value }], KNOWN)
    },
    cleanUp: async () => {},
  }
})

describe('pushed samples', () => {
  let source: PushSource
  beforeEach(() => {
    now = NOON
    source = createPushSource(clock)
  })

  const orders = (at: number, value: number, parts: Partial<PushedSample> = {}): PushedSample => ({
    metric: 'orders',
    at,
    value,
    ...parts,
  })

  async function read(fleet = 'web', lookBackMs = 10 * MINUTE): Promise<readonly Sample[]> {
    const query = { fleet, metric: metric('orders') }
    const [answer] = await source.read([query], { from: now - lookBackMs, to: now }, signal)
    if (answer === undefined || 'gap' in answer) throw new Error('a gap')
    return answer.samples
  }

  it('are delivered once to every fleet that reads their metric', async () => {
    source.push([orders(NOON, 1)], KNOWN)
    expect(await read('web')).toEqual([{ at: NOON, value: 1 }])
    expect(await read('web')).toEqual([])
    source.push([orders(NOON, 2)], KNOWN)
    expect(await read('web')).toEqual([{ at: NOON, value: 2 }])
    expect(await read('shop')).toEqual([
      { at: NOON, value: 1 },
      { at: NOON, value: 2 },
    ])
  })

  it('go only to the fleet they name', async () => {
    source.push([orders(NOON, 1, { fleet: 'web' }), orders(NOON, 2)], KNOWN)
    expect((await read('web')).map(sample => sample.value)).toEqual([1, 2])
    expect((await read('shop')).map(sample => sample.value)).toEqual([2])
  })

  it('are taken late and out of order, within the window that is read', async () => {
    source.push([orders(NOON, 3), orders(NOON - 9 * MINUTE, 1, { instance: 'web-1' })], KNOWN)
    expect(await read()).toEqual([
      { at: NOON - 9 * MINUTE, value: 1, instance: 'web-1' },
      { at: NOON, value: 3 },
    ])
    source.push([orders(NOON - 5 * MINUTE, 2), orders(NOON - 10 * MINUTE, 0)], KNOWN)
    expect((await read()).map(sample => sample.value)).toEqual([2])
  })

  it('wait for their time when they come a little early, and are not lost meanwhile', async () => {
    source.push([orders(NOON + 30_000, 2), orders(NOON, 1)], KNOWN)
    expect((await read()).map(sample => sample.value)).toEqual([1])
    expect(await read()).toEqual([])
    now = NOON + 30_000
    expect((await read()).map(sample => sample.value)).toEqual([2])
    expect(await read()).toEqual([])
  })

  it.each<[string, PushedSample, RegExp]>([
    ['NaN', orders(NOON, Number.NaN), /^its value is NaN; a sample needs a finite number$/],
    ['an infinity', orders(NOON, Number.NEGATIVE_INFINITY), /^its value is -Infinity/],
    ['a time that is none', orders(Number.NaN, 1), /^its time is NaN; it must be milliseconds since 1970$/],
    [
      'a time ahead of ours',
      orders(NOON + 60_001, 1),
      /^its time is 61 s ahead of ours; at most 60 s are taken$/,
    ],
    ['a time far ahead', orders(NOON + 3_600_000, 1), /^its time is 60 min ahead/],
    ['seconds for milliseconds', orders(NOON / 1000, 1), /before the year 2000; it looks like seconds/],
    ['an absurd time', orders(-5, 1), /^its time -5 is before the year 2000$/],
    [
      'an unknown metric',
      { metric: 'odrers', at: NOON, value: 1 },
      /^there is no pushed metric "odrers"; pushed metrics are cpu, first, orders, second$/,
    ],
    [
      'a metric that is long',
      { metric: 'x'.repeat(5000), at: NOON, value: 1 },
      /^there is no pushed metric "x{200}\.\.\."/,
    ],
    ['an instance without a name', orders(NOON, 1, { instance: '' }), /^its instance has no name/],
    [
      'an instance of a long name',
      orders(NOON, 1, { instance: 'x'.repeat(201) }),
      /201 characters; at most 200/,
    ],
    ['a fleet of a long name', orders(NOON, 1, { fleet: 'x'.repeat(201) }), /^the name of its fleet has 201/],
  ])('with %s are refused, one by one, and say why', async (_what, odd, because) => {
    const result = source.push([orders(NOON, 1), odd, orders(NOON, 2)], KNOWN)
    expect(result.accepted).toBe(2)
    expect(result.refused).toEqual([{ index: 1, because: expect.stringMatching(because) }])
    expect((await read()).map(sample => sample.value)).toEqual([1, 2])
  })

  it('posted again, as after a lost answer, are accepted and not delivered twice', async () => {
    const twice = [orders(NOON, 1), orders(NOON, 1)]
    expect(source.push(twice, KNOWN)).toEqual({ accepted: 2, refused: [] })
    expect(await read()).toHaveLength(1)
    expect(source.push(twice, KNOWN).accepted).toBe(2)
    expect(await read()).toEqual([])
  })

  it('that differ in anything are different samples', async () => {
    source.push(
      [
        orders(NOON, 1),
        orders(NOON, 2),
        orders(NOON - 1, 1),
        orders(NOON, 1, { instance: 'a' }),
        orders(NOON, 1, { fleet: 'web' }),
      ],
      KNOWN,
    )
    expect(await read()).toHaveLength(5)
  })

  it('wake those who subscribed: the fleet they name, or every fleet', () => {
    const woken: (string | null)[] = []
    const unsubscribe = source.subscribe?.(fleet => woken.push(fleet))
    source.push([orders(NOON, 1, { fleet: 'web' }), orders(NOON, 2, { fleet: 'web' })], KNOWN)
    expect(woken.splice(0)).toEqual(['web'])
    source.push([orders(NOON, 3, { fleet: 'web' }), orders(NOON, 4)], KNOWN)
    expect(woken.splice(0)).toEqual([null])
    source.push([orders(NOON, 4), orders(NOON, Number.NaN)], KNOWN)
    expect(woken).toEqual([])
    unsubscribe?.()
    source.push([orders(NOON, 5)], KNOWN)
    expect(woken).toEqual([])
  })

  it('are bounded: the oldest posted make room, and the check says how many went unread', async () => {
    const many = Array.from({ length: 50_000 }, (_, n) => orders(NOON - 50_000 + n, n))
    expect(source.push(many, KNOWN).accepted).toBe(50_000)
    const { detail } = await source.check(signal)
    const found = await read()
    expect(found.length).toBeGreaterThanOrEqual(10_000)
    expect(found.length).toBeLessThan(20_000)
    expect(found.at(-1)?.value).toBe(49_999)
    expect(detail).toContain(`the oldest dropped: ${50_000 - found.length} of orders`)
    source.push(
      many.map(sample => ({ ...sample, value: -1 })),
      KNOWN,
    )
    expect((await read()).length).toBeLessThan(20_000)
  })

  it('that were read are not counted as dropped', async () => {
    for (let batch = 0; batch < 10; batch++) {
      source.push(
        Array.from({ length: 5_000 }, (_, n) => orders(NOON - n, batch)),
        KNOWN,
      )
      expect(await read()).toHaveLength(5_000)
    }
    expect((await source.check(signal)).detail).not.toContain('dropped')
  })

  it('are no longer taken once the source is closed', async () => {
    await source.close()
    expect(() => source.push([orders(NOON, 1)], KNOWN)).toThrow('PLM-370')
    expect(await source.check(signal)).toMatchObject({ ok: false })
    await expect(source.read([], { from: 0, to: NOON }, AbortSignal.abort())).rejects.toThrow('PLM-371')
  })

  it('reach every reader exactly once, however posts, reads and time interleave', async () => {
    const step = fc.oneof(
      fc.record({
        what: fc.constant('push' as const),
        offsetMs: fc.integer({ min: -60_000, max: 60_000 }),
        fleet: fc.constantFrom('web', 'shop', undefined),
      }),
      fc.record({ what: fc.constant('read' as const), fleet: fc.constantFrom('web', 'shop') }),
      fc.record({ what: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 30_000 }) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
        now = NOON
        source = createPushSource(clock)
        const due: { at: number; value: number; fleet: string | undefined }[] = []
        const got = { web: [] as number[], shop: [] as number[] }
        let value = 0
        for (const step of steps) {
          if (step.what === 'wait') now += step.ms
          else if (step.what === 'push') {
            value += 1
            const sample = { at: now + step.offsetMs, value, fleet: step.fleet }
            due.push(sample)
            source.push(
              [orders(sample.at, value, step.fleet === undefined ? {} : { fleet: step.fleet })],
              KNOWN,
            )
          } else {
            const fleet = step.fleet === 'web' ? 'web' : 'shop'
            got[fleet].push(...(await read(fleet, 60 * MINUTE)).map(sample => sample.value))
          }
        }
        now += MINUTE
        for (const fleet of ['web', 'shop'] as const) {
          got[fleet].push(...(await read(fleet, 60 * MINUTE)).map(sample => sample.value))
          const expected = due.filter(sample => sample.fleet === undefined || sample.fleet === fleet)
          expect(got[fleet].toSorted((a, b) => a - b)).toEqual(expected.map(sample => sample.value))
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('a metric that another fleet reads', () => {
  it('is handed to both, each once, and only what is of that fleet', async () => {
    const source = createPushSource(clock)
    source.push(
      [
        { metric: 'orders', at: now, value: 1, fleet: 'web' },
        { metric: 'orders', at: now, value: 2, fleet: 'db' },
      ],
      KNOWN,
    )
    const window = { from: now - MINUTE, to: now }
    const own = { fleet: 'web', metric: metric('orders') }
    const foreign = { ...own, reader: 'db' }
    const first = await source.read([own, foreign], window, signal)
    expect(first).toEqual([{ samples: [{ at: now, value: 1 }] }, { samples: [{ at: now, value: 1 }] }])
    expect(await source.read([own, foreign], window, signal)).toEqual([{ samples: [] }, { samples: [] }])
  })
})

describe('labels of pushed samples', () => {
  it('are handed on, and tell samples of one time and value apart', async () => {
    const source = createPushSource(clock)
    const sample = { metric: 'orders', at: now, value: 1 }
    const posted = [
      { ...sample, labels: { region: 'eu' } },
      { ...sample, labels: { region: 'us' } },
      { ...sample, labels: { region: 'us' } },
      { ...sample, labels: {} },
    ]
    expect(source.push(posted, KNOWN)).toEqual({ accepted: 4, refused: [] })
    const query = { fleet: 'web', metric: metric('orders') }
    expect(await source.read([query], { from: now - MINUTE, to: now }, signal)).toEqual([
      {
        samples: [
          { at: now, value: 1, labels: { region: 'eu' } },
          { at: now, value: 1, labels: { region: 'us' } },
          { at: now, value: 1 },
        ],
      },
    ])
  })

  it.each([
    [
      Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`label-${n}`, 'x'])),
      'it has 17 labels; at most 16 are taken',
    ],
    [{ region: 'x'.repeat(201) }, 'its label "region" has 201 characters; at most 200 are taken'],
    [{ '': 'x' }, 'one of its labels has no name'],
  ])('are bounded', (labels, because) => {
    const source = createPushSource(clock)
    expect(source.push([{ metric: 'orders', at: now, value: 1, labels }], KNOWN)).toEqual({
      accepted: 0,
      refused: [{ index: 0, because }],
    })
  })
})
