import { describe, expect, it } from 'vitest'
import { parseConfig } from './load.ts'

function load(metric: string, env: Record<string, string> = {}) {
  const text = [
    'plimsoll: 1',
    'metrics:',
    `  m: { source: azure-service-bus, ${metric} }`,
    'fleets:',
    '  web: { capacity: { min: 1, max: 2 }, target: { type: none, count: "last(m)" } }',
  ].join('\n')
  return parseConfig(text, { file: 'plimsoll.yaml', env, readFile: () => '' })
}

function problems(metric: string, env: Record<string, string> = {}): string[] {
  const result = load(metric, env)
  return result.ok ? [] : result.problems.map(({ code, message, hint }) => `${code} ${message}; ${hint}`)
}

function metric(text: string, env: Record<string, string> = {}) {
  const result = load(text, env)
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  const { m } = result.loaded.spec.metrics
  if (m === undefined) throw new Error('no metric')
  return m
}

const BUS = 'namespace: shop.servicebus.windows.net'
const QUEUE = `${BUS}, queue: orders`

describe('a metric of Service Bus', () => {
  it('counts what can be received, twice a minute, as a total, unless told otherwise', () => {
    expect(metric(QUEUE)).toMatchObject({
      kind: 'total',
      unit: 'count',
      everyMs: 30_000,
      options: {
        namespace: 'shop.servicebus.windows.net',
        connection: null,
        queue: 'orders',
        topic: null,
        subscription: null,
        read: 'active',
        authorityHost: null,
        timeoutMs: 5_000,
      },
    })
    expect(metric(`${QUEUE}, kind: independent, every: 1m`)).toMatchObject({
      kind: 'independent',
      everyMs: 60_000,
    })
  })

  it('is signed in to in its cloud', () => {
    const text = 'namespace: shop.servicebus.chinacloudapi.cn, topic: events, cloud: china'
    expect(metric(text).options).toMatchObject({ authorityHost: 'https://login.chinacloudapi.cn' })
  })

  it('has a secret by reference, which no problem repeats', () => {
    const text = 'connection: "${env:SHOP}", queue: orders'
    expect(metric(text, { SHOP: 'Endpoint=sb://a/;SharedAccessKey=hush' }).options).toMatchObject({
      connection: 'Endpoint=sb://a/;SharedAccessKey=hush',
    })
    expect(problems(text, { SHOP: 'hush' }).join()).toMatch(/^PLM-115 /)
    expect(problems(text, { SHOP: 'hush' }).join()).not.toContain('hush')
  })

  it.each<[string, string, RegExp]>([
    ['no namespace', 'queue: orders', /^PLM-117 .*neither "namespace" nor "connection"/],
    ['two ways', `${QUEUE}, connection: "\${env:SHOP}"`, /^PLM-117 .*either "namespace" or "connection"/],
    ['neither queue nor topic', BUS, /^PLM-117 .*neither "queue" nor "topic"/],
    ['both', `${QUEUE}, topic: events`, /^PLM-117 .*either "queue" or "topic"/],
    ['half a namespace', 'namespace: shop, queue: orders', /^PLM-115 .*whole name of a namespace/],
    ['an address', 'namespace: "sb://shop.servicebus.windows.net", queue: orders', /^PLM-115 /],
    ['a subscription of a queue', `${QUEUE}, subscription: mails`, /^PLM-117 a queue has no subscriptions/],
    [
      'what is scheduled in a subscription',
      `${BUS}, topic: events, subscription: mails, read: scheduled`,
      /^PLM-117 .*they wait at its topic/,
    ],
    ['a queue that cannot be', `${BUS}, queue: "orders?x"`, /^PLM-115 .*name of a queue/],
    ['a queue that climbs', `${BUS}, queue: "a/../b"`, /^PLM-115 .*name of a queue/],
    ['a topic that cannot be', `${BUS}, topic: "#events"`, /^PLM-115 .*name of a topic/],
    ['a subscription that cannot be', `${BUS}, topic: a, subscription: "a/b"`, /^PLM-115 .*subscription/],
    ['the age, which nobody tells', `${QUEUE}, read: age`, /^PLM-113 .*how long.*active, deadLetter/],
    ['a reading there is not', `${QUEUE}, read: activ`, /^PLM-113 .*did you mean active/],
  ])('is refused with %s', (_, text, expected) => {
    expect(problems(text, { SHOP: 'Endpoint=sb://a/;SharedAccessKey=hush' })).toEqual([
      expect.stringMatching(expected),
    ])
  })
})
