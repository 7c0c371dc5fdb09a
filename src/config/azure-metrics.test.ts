/** What the name of an Azure metric says of it, and what the keys of its sources say of each other. */
import { describe, expect, it } from 'vitest'
import {
  type AzureMetricFacts,
  azureMetricFacts,
  instanceDimensionOf,
  resourceType,
} from './azure-metrics.ts'
import { parseConfigObject } from './load.ts'

const GROUP = '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/web-rg/providers'
const SET = `${GROUP}/Microsoft.Compute/virtualMachineScaleSets/web`
const PLAN = `${GROUP}/Microsoft.Web/serverfarms/plan`
const QUEUES = `${GROUP}/Microsoft.Storage/storageAccounts/shop/queueServices/default`

type Keys = Readonly<Record<string, unknown>>

function load(keys: Keys) {
  return parseConfigObject({
    plimsoll: 1,
    metrics: { m: keys },
    fleets: {
      web: {
        target: { type: 'none', count: '2' },
        capacity: { min: 1, max: 2 },
        rules: [{ name: 'Up', when: 'avg(m, 10m) > 1', scale: { by: 1 } }],
      },
    },
  })
}

function metricOf(keys: Keys) {
  const result = load(keys)
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'))
  return result.loaded.spec.metrics.m
}

function problemsOf(keys: Keys): readonly string[] {
  const result = load(keys)
  return result.ok ? [] : result.problems.map(({ code, message }) => `${code} ${message}`)
}

describe('the name of an Azure metric', () => {
  it.each<[string, string, AzureMetricFacts]>([
    ['Percentage CPU', SET, { unit: 'percent', aggregation: 'average', kind: 'perInstance' }],
    ['network in total', SET, { unit: 'bytes', aggregation: 'total', kind: 'total' }],
    ['Available Memory Bytes', SET, { unit: 'bytes', aggregation: 'average', kind: 'perInstance' }],
    ['CpuPercentage', PLAN, { unit: 'percent', aggregation: 'average', kind: 'perInstance' }],
    ['MemoryPercentage', PLAN, { unit: 'percent', aggregation: 'average', kind: 'perInstance' }],
    ['DiskQueueLength', PLAN, { unit: 'count', aggregation: 'average', kind: 'perInstance' }],
    ['HttpQueueLength', PLAN, { unit: 'count', aggregation: 'average', kind: 'perInstance' }],
    ['BytesReceived', PLAN, { unit: 'bytes', aggregation: 'total', kind: 'total' }],
    ['BytesSent', PLAN, { unit: 'bytes', aggregation: 'total', kind: 'total' }],
    ['CpuPercentage', QUEUES, { unit: 'percent', aggregation: 'average', kind: 'independent' }],
    ['QueueMessageCount', QUEUES, { unit: 'count', aggregation: 'average', kind: 'independent' }],
    ['Something', QUEUES, { unit: null, aggregation: 'average', kind: 'independent' }],
  ])('"%s" says what it is', (metric, resource, facts) => {
    expect(azureMetricFacts({ metric, resource })).toEqual(facts)
  })

  it('says less than what is written', () => {
    const counted = { metric: 'Percentage CPU', resource: SET, aggregation: 'count' } as const
    expect(azureMetricFacts(counted)).toEqual({ unit: 'count', aggregation: 'count', kind: 'total' })
    const written = { source: 'azure-monitor', resource: SET, metric: 'Percentage CPU', region: 'westeurope' }
    expect(metricOf({ ...written, kind: 'independent', unit: 'ratio' })).toMatchObject({
      kind: 'independent',
      unit: 'ratio',
    })
  })

  it.each([
    [SET, 'Microsoft.Compute/virtualMachineScaleSets', 'VMName'],
    [PLAN.toUpperCase(), 'MICROSOFT.WEB/SERVERFARMS', 'Instance'],
    [QUEUES, 'Microsoft.Storage/storageAccounts/queueServices', null],
    ['nothing', '', null],
  ])('is of a type of resource: %s', (resource, type, dimension) => {
    expect([resourceType(resource), instanceDimensionOf(resource)]).toEqual([type, dimension])
  })
})

describe('a metric of azure-monitor', () => {
  const keys = { source: 'azure-monitor', resource: SET, metric: 'Percentage CPU', region: 'westeurope' }

  it('is read by the minute, three minutes late, and stale after three bins', () => {
    expect(metricOf(keys)).toMatchObject({
      everyMs: 60_000,
      delayMs: 180_000,
      staleAfterMs: 180_000,
      options: {
        namespace: 'Microsoft.Compute/virtualMachineScaleSets',
        endpoint: 'https://westeurope.metrics.monitor.azure.com',
        audience: 'https://management.azure.com',
        authorityHost: null,
        intervalMs: null,
      },
    })
    expect(metricOf({ ...keys, interval: '15m', delay: '0s' })).toMatchObject({ staleAfterMs: 45 * 60_000 })
    expect(metricOf({ ...keys, delay: '0s' })).not.toHaveProperty('delayMs')
  })

  it.each([
    ['china', 'https://westeurope.metrics.monitor.azure.cn', 'https://login.chinacloudapi.cn'],
    ['usGovernment', 'https://westeurope.metrics.monitor.azure.us', 'https://login.microsoftonline.us'],
  ])('is asked for in its cloud: %s', (cloud, endpoint, authorityHost) => {
    expect(metricOf({ ...keys, cloud })?.options).toMatchObject({ endpoint, authorityHost })
  })

  it.each<[Keys, RegExp]>([
    [{ region: undefined }, /^PLM-117 a metric of azure-monitor has neither "region" nor "endpoint"$/],
    [
      { endpoint: 'https://a.example' },
      /^PLM-117 a metric of azure-monitor has either "region" or "endpoint"$/,
    ],
    [{ region: 'West Europe' }, /^PLM-\d+ "West Europe" is not a region$/],
    [{ resource: 'web' }, /^PLM-\d+ "web" is not the id of a resource$/],
    [{ interval: '2m' }, /^PLM-\d+ Azure has no bins of "2m"$/],
    [
      { dimensions: { VMName: 'web_0' } },
      /^PLM-\d+ expected a list of values or \{ not: \[\.\.\.\] \}, found "web_0"$/,
    ],
    [{ metric: 'a,b' }, /^PLM-\d+ "a,b" is not the name of a metric$/],
    [{ aggregation: 'median' }, /^PLM-\d+ .*median/],
  ])('is refused with %o', (change, message) => {
    expect(problemsOf({ ...keys, ...change })).toEqual([expect.stringMatching(message)])
  })
})

describe('a window over bins', () => {
  const keys = { source: 'azure-monitor', resource: SET, metric: 'Requests', region: 'westeurope' }
  const warnings = (change: Keys) => {
    const result = load({ ...keys, ...change })
    return result.ok ? result.loaded.warnings.map(({ message, hint }) => `${message}; ${hint}`) : ['refused']
  }

  it('must hold two of them, however often they are asked for', () => {
    expect(warnings({ interval: '5m', every: '10m' })).toEqual([])
    expect(warnings({ interval: '15m' })).toEqual([
      'avg(m, 10m) will often be unknown: "m" has bins of 15m, and the window must hold two samples; make the window at least 30m, or `interval` shorter',
    ])
  })
})

describe('a metric of azure-log-analytics', () => {
  const keys = { source: 'azure-log-analytics', query: 'requests' }
  const workspace = '5f1c0000-0000-4000-8000-00000000000a'

  it('is asked for in its cloud', () => {
    expect(metricOf({ ...keys, workspace, cloud: 'china' })).toMatchObject({
      delayMs: 180_000,
      options: {
        endpoint: 'https://api.loganalytics.azure.cn',
        audience: 'https://api.loganalytics.azure.cn',
        authorityHost: 'https://login.chinacloudapi.cn',
      },
    })
  })

  it.each<[Keys, RegExp]>([
    [{}, /^PLM-117 a metric of azure-log-analytics has neither "workspace" nor "resource"$/],
    [{ workspace, resource: SET }, /^PLM-117 .* has either "workspace" or "resource"$/],
    [{ workspace: 'mine' }, /^PLM-\d+ "mine" is not the id of a workspace$/],
    [{ workspace, query: '' }, /^PLM-\d+ /],
  ])('is refused with %o', (change, message) => {
    expect(problemsOf({ ...keys, ...change })).toEqual([expect.stringMatching(message)])
  })
})
