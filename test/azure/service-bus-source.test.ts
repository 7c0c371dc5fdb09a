/**
 * The source `azure-service-bus` over Microsoft's own client, on a namespace that misbehaves: what is counted is told, what is not is a
 * gap with its reason, and never a zero.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/plugins/clocks/system.ts'
import {
  type AzureServiceBusContext,
  createAzureServiceBusSource,
} from '../../src/plugins/sources/azure-service-bus.ts'
import { metricSourceAcceptance } from '../../src/ports/metric-source.acceptance.ts'
import type { MetricAnswer, MetricQuery, MetricSource } from '../../src/ports/metric-source.ts'
import type { Fault } from './fake-azure.ts'
import { BUS_KEY, BUS_TOKEN, counts, FakeServiceBus } from './service-bus.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const WINDOW = { from: NOW - 60_000, to: NOW }
const signal = AbortSignal.timeout(120_000)
const ends: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

function optionsOf(bus: FakeServiceBus, own: Readonly<Record<string, unknown>> = {}) {
  return {
    namespace: bus.host,
    connection: null,
    authorityHost: null,
    timeoutMs: 5_000,
    queue: null,
    topic: null,
    subscription: null,
    read: 'active',
    ...own,
  }
}

function queryOf(options: Readonly<Record<string, unknown>>, fleet = 'web', name = 'waiting'): MetricQuery {
  const metric = {
    name,
    kind: 'total',
    unit: null,
    source: 'azure-service-bus',
    options,
    everyMs: 30_000,
    staleAfterMs: 90_000,
    ofFleet: null,
    grainMs: null,
    across: null,
    filter: [],
    dividePerInstance: false,
  } as const
  return { fleet, metric }
}

function contextFor(bus: FakeServiceBus, own: Partial<AzureServiceBusContext> = {}): AzureServiceBusContext {
  return {
    clock: { ...systemClock, now: () => NOW },
    credential: {
      getToken: async () => ({ token: BUS_TOKEN, expiresOnTimestamp: Date.now() + 3_600_000 }),
    },
    client: { tlsOptions: { ca: bus.cert } },
    backOffMs: 1,
    ...own,
  }
}

interface Rig {
  readonly bus: FakeServiceBus
  readonly source: MetricSource
  /** The value, or the gap. */
  read(own: Readonly<Record<string, unknown>>): Promise<number | string>
}

async function rigOf(own: Partial<AzureServiceBusContext> = {}): Promise<Rig> {
  const bus = await FakeServiceBus.start()
  const source = createAzureServiceBusSource(contextFor(bus, own))
  ends.push(async () => {
    await source.close()
    await bus.stop()
  })
  bus.queues.set('orders', counts({ active: 42, deadLetter: 3, scheduled: 5, transfer: 1 }))
  bus.topics.set(
    'events',
    new Map([
      ['mails', counts({ active: 5, deadLetter: 1 })],
      ['bills', counts({ active: 0, deadLetter: 2 })],
      ['audit', counts({ active: 7 })],
    ]),
  )
  bus.scheduled.set('events', 11)
  return {
    bus,
    source,
    async read(options) {
      const [answer] = await source.read([queryOf(optionsOf(bus, options))], WINDOW, signal)
      return told(answer)
    },
  }
}

function told(answer: MetricAnswer | undefined): number | string {
  if (answer === undefined) throw new Error('no answer')
  if ('gap' in answer) return answer.gap
  expect(answer.samples).toHaveLength(1)
  return answer.samples[0]?.value ?? Number.NaN
}

for (const way of ['signed in', 'by a key'] as const) {
  metricSourceAcceptance(`azure-service-bus source, ${way}`, async () => {
    const bus = await FakeServiceBus.start()
    const source = createAzureServiceBusSource(contextFor(bus, { clock: systemClock }))
    const secret = way === 'by a key' ? { namespace: null, connection: bus.connection() } : {}
    const query = (fleet: string, queue: string) =>
      queryOf(optionsOf(bus, { ...secret, queue }), fleet, queue)
    bus.faults.push({ method: 'GET', path: /^\/hanging/, what: 'silent', times: 1e9 })
    return {
      source,
      now: () => systemClock.now(),
      query,
      // Nothing is half a message.
      offer: (queue, active) => void bus.queues.set(queue, counts({ active: Math.floor(active) })),
      failing: query('web', 'nowhere'),
      hanging: query('web', 'hanging'),
      cleanUp: () => bus.stop(),
    }
  })
}

describe('what waits in Service Bus', () => {
  it.each([
    ['a queue, to be received', { queue: 'orders' }, 42],
    ['a queue, in the dead-letter queue', { queue: 'orders', read: 'deadLetter' }, 3],
    ['a queue, scheduled', { queue: 'orders', read: 'scheduled' }, 5],
    ['a queue, in all', { queue: 'orders', read: 'total' }, 51],
    ['a subscription', { topic: 'events', subscription: 'mails' }, 5],
    ['a subscription, in all', { topic: 'events', subscription: 'mails', read: 'total' }, 6],
    ['a subscription that is empty', { topic: 'events', subscription: 'bills' }, 0],
    ['a topic, in all subscriptions', { topic: 'events' }, 12],
    ['a topic, in all dead-letter queues', { topic: 'events', read: 'deadLetter' }, 3],
    ['a topic, scheduled', { topic: 'events', read: 'scheduled' }, 11],
  ])('is counted for %s', async (_, options, value) => {
    const { bus, read } = await rigOf()
    expect(await read(options)).toBe(value)
    expect(await read({ ...options, namespace: null, connection: bus.connection() })).toBe(value)
  })

  it('is counted over all pages of a topic with many subscriptions, each once', async () => {
    const { bus, read } = await rigOf()
    const many = Array.from({ length: 250 }, (_, n) => [`s${n}`, counts({ active: n })] as const)
    bus.topics.set('events', new Map(many))
    expect(await read({ topic: 'events' })).toBe((249 * 250) / 2)
    expect(bus.count('GET', /Subscriptions\/?$/)).toBe(3)
  })

  it('is asked for once for all who need it', async () => {
    const { bus, source } = await rigOf()
    const options = optionsOf(bus, { queue: 'orders' })
    const queries = [queryOf(options), queryOf(options, 'shop'), queryOf(options, 'api', 'other')]
    const answers = await source.read(queries, WINDOW, signal)
    expect(answers.map(told)).toEqual([42, 42, 42])
    expect(bus.asked).toHaveLength(1)
  })

  it('has a name with slashes, as Azure allows', async () => {
    const { bus, read } = await rigOf()
    bus.queues.set('shop/orders', counts({ active: 8 }))
    expect(await read({ queue: 'shop/orders' })).toBe(8)
  })
})

describe('what is not counted is a gap', () => {
  const SOON = { 'retry-after': '0' }
  const at = (path: RegExp, what: Fault['what'], times = 9): Fault => ({ method: 'GET', path, what, times })

  it.each<[string, Readonly<Record<string, unknown>>, (bus: FakeServiceBus) => void, RegExp]>([
    [
      'of a queue that is not there',
      { queue: 'ordres' },
      () => {},
      /^PLM-764 .*the queue ordres .*queue, topic/,
    ],
    [
      'of a queue that is answered 404',
      { queue: 'ordres' },
      bus => Object.assign(bus, { saysNotFound: true }),
      /^PLM-764 .*the queue ordres/,
    ],
    ['of a subscription that is not there', { topic: 'events', subscription: 'x' }, () => {}, /^PLM-764 /],
    [
      'of a topic that is not there',
      { topic: 'evnets' },
      () => {},
      /^PLM-786 .*no subscriptions, or is none/,
    ],
    [
      'of a topic without subscriptions',
      { topic: 'events' },
      bus => void bus.topics.set('events', new Map()),
      /^PLM-786 .*no subscriptions/,
    ],
    [
      'of a topic whose pages go in circles',
      { topic: 'events' },
      bus => Object.assign(bus, { goesInCircles: true }),
      /^PLM-786 .*more than 2000 subscriptions/,
    ],
    [
      'of a queue that is answered for without a count',
      { queue: 'orders' },
      bus => Object.assign(bus, { garble: without('ActiveMessageCount') }),
      /^PLM-786 .*without "ActiveMessageCount".*not taken for zero/,
    ],
    [
      'of one subscription of many that is answered for without a count',
      { topic: 'events' },
      bus =>
        Object.assign(bus, {
          garble: (xml: string) => xml.replace('<d2p1:ActiveMessageCount>5<', '<d2p1:Other>5<'),
        }),
      /^PLM-786 /,
    ],
    [
      'of a count that is no number',
      { queue: 'orders' },
      bus => Object.assign(bus, { garble: (xml: string) => xml.replace('>42<', '>many<') }),
      /^PLM-786 .*without "ActiveMessageCount"/,
    ],
    [
      'in all, where no total is told',
      { queue: 'orders', read: 'total' },
      bus => Object.assign(bus, { garble: without('MessageCount') }),
      /^PLM-786 .*without "MessageCount"/,
    ],
    [
      'of what is scheduled, where that is not told',
      { topic: 'events', read: 'scheduled' },
      bus => Object.assign(bus, { garble: without('ScheduledMessageCount') }),
      /^PLM-786 .*"ScheduledMessageCount"/,
    ],
    [
      'where the counts are missing altogether',
      { queue: 'orders' },
      bus =>
        Object.assign(bus, { garble: (xml: string) => xml.replace(/<CountDetails.*<\/CountDetails>/, '') }),
      /^PLM-786 .*cannot be read/,
    ],
    [
      'where the answer is cut off',
      { queue: 'orders' },
      bus => Object.assign(bus, { garble: (xml: string) => xml.slice(0, xml.length / 2) }),
      /^PLM-786 .*cannot be read/,
    ],
    [
      'where the answer is a page of somebody else',
      { queue: 'orders' },
      bus => Object.assign(bus, { garble: () => '<html><body>Sign in to the guest network</body></html>' }),
      /^PLM-786 .*cannot be read/,
    ],
    [
      'where the answer is empty',
      { queue: 'orders' },
      bus => Object.assign(bus, { garble: () => '' }),
      /^PLM-7/,
    ],
    [
      'to one whose token is not accepted',
      { queue: 'orders' },
      bus => void bus.faults.push(at(/./, { status: 401 })),
      /^PLM-763 .*401.*Azure Service Bus Data Owner/,
    ],
    [
      'to one who may not',
      { queue: 'orders' },
      bus => void bus.faults.push(at(/./, { status: 403 })),
      /^PLM-763 .*403/,
    ],
    [
      'while Azure is busy',
      { queue: 'orders' },
      bus => void bus.faults.push(at(/./, { status: 503, headers: { 'retry-after': '20' } })),
      /^PLM-762 /,
    ],
    [
      'while too much is asked',
      { queue: 'orders' },
      bus => void bus.faults.push(at(/./, { status: 429, headers: { 'retry-after': '20' } })),
      /^PLM-762 /,
    ],
    [
      'while Azure fails',
      { queue: 'orders' },
      bus => void bus.faults.push(at(/./, { status: 500 })),
      /^PLM-761 /,
    ],
    [
      'while nobody answers',
      { queue: 'orders' },
      bus => void bus.faults.push(at(/./, 'dropped')),
      /^PLM-761 /,
    ],
    [
      'while the answer does not come',
      { queue: 'orders', timeoutMs: 100 },
      bus => void bus.faults.push(at(/./, 'silent')),
      /^PLM-761 .*no answer in time/,
    ],
    [
      'of a queue and a topic at once',
      { queue: 'orders', topic: 'events' },
      () => {},
      /^PLM-786 .*or both are/,
    ],
    ['of nothing', {}, () => {}, /^PLM-786 .*neither a queue nor a topic/],
    [
      'of what is scheduled in a subscription',
      { topic: 'events', subscription: 'mails', read: 'scheduled' },
      () => {},
      /^PLM-786 .*wait at its topic/,
    ],
    ['in no namespace', { queue: 'orders', namespace: null }, () => {}, /^PLM-786 neither a namespace/],
    ['of how old it is', { queue: 'orders', read: 'age' }, () => {}, /^PLM-366 /],
  ])('%s', async (_, options, misbehave, gap) => {
    const { bus, source } = await rigOf()
    misbehave(bus)
    const queries = [queryOf(optionsOf(bus, options))]
    const [answer] = await source.read(queries, WINDOW, signal)
    expect(answer).toEqual({ gap: expect.stringMatching(gap) })
  })

  it.each([
    ['503', { status: 503, headers: SOON }],
    ['500', { status: 500 }],
    ['a broken connection', 'dropped'],
    ['a lost answer', 'lost'],
  ] as const)('not after %s that passes', async (_, what) => {
    const { bus, read } = await rigOf()
    bus.faults.push(at(/./, what, 1))
    expect(await read({ queue: 'orders' })).toBe(42)
  })

  it('not after an answer that was cut off once', async () => {
    const { bus, read } = await rigOf()
    bus.garble = xml => {
      bus.garble = whole => whole
      return xml.slice(0, 100)
    }
    expect(await read({ queue: 'orders' })).toBe(42)
  })

  it('for its own metrics, and for no other', async () => {
    const { bus, source } = await rigOf()
    bus.faults.push(at(/^\/orders/, { status: 503, headers: { 'retry-after': '60' } }))
    const queries = [
      { queue: 'orders' },
      { topic: 'events' },
      { queue: 'nowhere' },
      { topic: 'events', subscription: 'mails' },
    ]
    const asked = queries.map(own => queryOf(optionsOf(bus, own)))
    for (let n = 0; n < 2; n += 1) {
      const answers = await source.read(asked, WINDOW, signal)
      expect(answers.map(told)).toEqual([
        expect.stringMatching(/^PLM-762/),
        12,
        expect.stringMatching(/^PLM-764/),
        5,
      ])
    }
  })
})

describe('a shared access policy', () => {
  const WRONG = 'd3Jvbmcta2V5LW9mLXRoZS1wb2xpY3k='

  it('whose key is not accepted is told as that, without the key', async () => {
    const { bus, read } = await rigOf()
    const gap = await read({ queue: 'orders', namespace: null, connection: bus.connection(WRONG) })
    expect(gap).toMatch(/^PLM-763 .*401.*the claim Manage/)
    expect(gap).toContain(bus.host)
    expect(gap).not.toContain(WRONG)
  })

  it.each([
    ['no connection string', 'nonsense-of-eight'],
    ['without an address', `SharedAccessKeyName=a;SharedAccessKey=${WRONG}`],
    ['with half an address', `Endpoint=nowhere;SharedAccessKeyName=a;SharedAccessKey=${WRONG}`],
  ])('%s is told as that, without the secret', async (_, connection) => {
    const { read } = await rigOf()
    const gap = await read({ queue: 'orders', namespace: null, connection })
    expect(gap).toMatch(/^PLM-7\d\d /)
    expect(gap).not.toContain(WRONG)
    expect(gap).not.toContain('nonsense')
  })

  it('is not told of anywhere else either', async () => {
    const { bus, source } = await rigOf()
    bus.faults.push({ method: 'GET', path: /./, what: 'dropped', times: 9 })
    const options = optionsOf(bus, { queue: 'orders', namespace: null, connection: bus.connection() })
    const answers = await source.read([queryOf(options)], WINDOW, signal)
    expect(JSON.stringify(answers)).not.toContain(BUS_KEY)
  })
})

describe('a check of the source', () => {
  it('counts what the metrics count, and says which cannot be', async () => {
    const bus = await FakeServiceBus.start()
    ends.push(() => bus.stop())
    bus.queues.set('orders', counts({ active: 42 }))
    const metricOf = (name: string, queue: string) => queryOf(optionsOf(bus, { queue }), 'web', name).metric
    const metrics = [metricOf('waiting', 'orders')]
    const source = createAzureServiceBusSource(contextFor(bus, { metrics: () => metrics }))
    expect(await source.check(signal)).toEqual({ ok: true, detail: 'waiting: 42' })
    metrics.push(metricOf('gone', 'nowhere'))
    const { ok, detail } = await source.check(signal)
    expect([ok, detail]).toEqual([false, expect.stringMatching(/^waiting: 42; gone: PLM-764 /)])
    await source.close()
    expect(await source.check(signal)).toEqual({ ok: false, detail: 'closed' })
  })

  it('tells how to install the client where it is not', async () => {
    const loadSdk = async () => {
      throw new Error("Cannot find package '@azure/service-bus'")
    }
    const { read } = await rigOf({ loadSdk })
    expect(await read({ queue: 'orders' })).toMatch(
      /^PLM-760 .*npm install @azure\/service-bus @azure\/identity/,
    )
  })
})

/** Each element of that name taken out, in whatever name space. */
function without(name: string): (xml: string) => string {
  return xml => xml.replaceAll(new RegExp(`<(?:[\\w.-]+:)?${name}>[^<]*</(?:[\\w.-]+:)?${name}>`, 'g'), '')
}
