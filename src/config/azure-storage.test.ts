import { describe, expect, it } from 'vitest'
import { parseConfig } from './load.ts'

function load(metric: string, env: Record<string, string> = {}) {
  const text = [
    'plimsoll: 1',
    'metrics:',
    `  m: { ${metric} }`,
    'fleets:',
    '  web: { capacity: { min: 1, max: 2 }, target: { type: none, count: "last(m)" } }',
  ].join('\n')
  return parseConfig(text, { file: 'plimsoll.yaml', env, readFile: () => '' })
}

function problems(metric: string, env: Record<string, string> = {}): string[] {
  const result = load(metric, env)
  return result.ok ? [] : result.problems.map(({ code, message }) => `${code} ${message}`)
}

function metric(text: string, env: Record<string, string> = {}) {
  const result = load(text, env)
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  const { m } = result.loaded.spec.metrics
  if (m === undefined) throw new Error('no metric')
  return m
}

const QUEUE = 'source: azure-queue, account: shop, queue: orders, read: messages'
const WAD = 'source: azure-table, account: shop, table: WADPerformanceCountersTable'
const OWN = 'source: azure-table, account: shop, table: Load, value: Orders'

describe('a metric in a storage account', () => {
  it.each<[string, string, string]>([
    ['messages', QUEUE, 'total count'],
    ['age', QUEUE.replace('messages', 'age'), 'independent s'],
    ['counters', `${WAD}, counter: a`, 'perInstance null'],
    ['counters by the minute', wadMetrics(), 'perInstance null'],
    [
      'storage analytics',
      'source: azure-table, account: shop, table: $MetricsCapacityBlob, value: Capacity',
      'independent null',
    ],
    ['what is said', `${QUEUE}, kind: perInstance, unit: bytes`, 'perInstance bytes'],
  ])('answers to the instances as %s does', (_, text, expected) => {
    const { kind, unit } = metric(text)
    expect(`${kind} ${unit}`).toBe(expected)
  })

  it.each([
    ['public', 'core.windows.net', null],
    ['china', 'core.chinacloudapi.cn', 'https://login.chinacloudapi.cn'],
    ['usGovernment', 'core.usgovcloudapi.net', 'https://login.microsoftonline.us'],
  ])('is in the cloud %s', (cloud, suffix, authorityHost) => {
    expect(metric(`${QUEUE}, cloud: ${cloud}`).options).toMatchObject({ suffix, authorityHost })
  })

  it('has a secret by reference, which no problem repeats', () => {
    const text = 'source: azure-queue, queue: orders, read: messages, connection: "${env:SHOP}"'
    expect(metric(text, { SHOP: 'AccountName=a;AccountKey=hush' }).options).toMatchObject({
      connection: 'AccountName=a;AccountKey=hush',
    })
    expect(problems(text, { SHOP: 'hush' }).join()).toMatch(/^PLM-115 /)
    expect(problems(text, { SHOP: 'hush' }).join()).not.toContain('hush')
  })

  it.each<[string, string, RegExp]>([
    [
      'no account',
      QUEUE.replace('account: shop, ', ''),
      /^PLM-117 .*neither "account", "endpoint" nor "connection"/,
    ],
    ['two ways', `${QUEUE}, connection: "\${env:SHOP}"`, /^PLM-117 .*either "account" or "connection"/],
    ['an account that cannot be', QUEUE.replace('shop', 'Shop-Data'), /^PLM-115 .*storage account/],
    ['a queue that cannot be', QUEUE.replace('orders', 'my--orders'), /^PLM-115 .*name of a queue/],
    [
      'an address with a signature, which is a secret',
      QUEUE.replace('account: shop', 'endpoint: "https://a.queue.core.windows.net/?sig=1"'),
      /^PLM-115 .*storage service/,
    ],
    ['an address without TLS', QUEUE.replace('account: shop', 'endpoint: "http://a/"'), /^PLM-115 /],
    ['a table that cannot be', WAD.replace('WADP', '1P'), /^PLM-115 .*name of a table/],
    ['no counter', WAD, /^PLM-111 "counter" is missing for the table WADPerf/],
    [
      'no resource',
      `${WAD.replace('WADPerformanceCountersTable', 'WADMetricsPT1HP10DV2S20261119')}, counter: a`,
      /^PLM-111 "resource"/,
    ],
    ['no value', OWN.replace(', value: Orders', ', partition: shop'), /^PLM-111 "value"/],
    ['a key of another table', `${WAD}, counter: a, partition: shop`, /^PLM-117 .*no use for "partition"/],
    ['no partition', OWN, /^PLM-111 nothing says in which partition/],
    ['a key that says no time', `${OWN}, partition: a, time: RowKey`, /^PLM-111 keys are texts/],
    ['an open text', `${OWN}, where: "PartitionKey eq 'a"`, /^PLM-115 .*quote or parenthesis/],
    ['a condition that ends ours', `${OWN}, where: "PartitionKey eq 'a') or (a eq 'b'"`, /^PLM-115 /],
    ['a column that cannot be', `${OWN.replace('Orders', 'Orders eq 1')}, partition: a`, /^PLM-115 .*column/],
  ])('is refused with %s', (_, text, problem) => {
    const found = problems(text, { SHOP: 'AccountName=a;AccountKey=hush' })
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(problem)
  })

  it.each([
    [`${OWN}, partition: shop`],
    [`${OWN}, time: PartitionKey, timeAs: ticks`],
    [`${OWN}, where: "PartitionKey eq 'it''s (' and (a gt 1)"`],
  ])('is accepted where it says in which partitions to look: %s', text => {
    expect(problems(text)).toEqual([])
  })

  it.each([
    [wadMetrics(), { layout: 'wad-metrics', value: 'Average', periodMs: 60_000, lookBackMs: 3_600_000 }],
    [wadMetrics('H'), { layout: 'wad-metrics', periodMs: 3_600_000, lookBackMs: 21_600_000 }],
    [
      'source: azure-table, account: shop, table: $MetricsCapacityBlob, value: Capacity',
      { layout: 'storage-analytics', row: 'data', periodMs: 0, lookBackMs: 259_200_000 },
    ],
    [
      'source: azure-table, account: shop, table: $MetricsTransactionsQueue, value: TotalRequests',
      { layout: 'storage-analytics', row: 'user;All', periodMs: 3_600_000 },
    ],
    [`${OWN}, partition: shop`, { layout: 'any', time: 'Timestamp', timeAs: 'date', instance: null }],
  ])('is known by the name of its table: %s', (text, options) => {
    expect(metric(text).options).toMatchObject(options)
  })
})

function wadMetrics(period = 'M'): string {
  return `source: azure-table, account: shop, table: WADMetricsPT1${period}P10DV2S, counter: a, resource: /subscriptions/s`
}
