/** Which imported metrics are read from Azure Monitor, and how; which wait to be posted. */
import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../config/load.ts'
import { profile, QUEUE, rule, SCALE_SET, setting } from './azure.fixture.ts'
import { importAzure } from './import-azure.ts'

type Keys = Readonly<Record<string, unknown>>

const BUS = SCALE_SET.replace(/providers\/.*/, 'providers/Microsoft.ServiceBus/namespaces/shop')
const PLAN = SCALE_SET.replace(/providers\/.*/, 'providers/Microsoft.Web/serverfarms/plan')

/** The line of its one metric, and what the configuration makes of it. */
function metricOf(triggers: Keys, change: Keys = {}) {
  const written = { ...setting({ profiles: [profile({ rules: [rule(triggers)] })] }), ...change }
  const imported = importAzure([{ file: 'web.json', text: JSON.stringify(written) }])
  const line = /^ {2}\w+: \{ (source: .*) \}$/m.exec(imported.text)?.[1] ?? ''
  const parsed = parseConfig(imported.text, { file: 'plimsoll.yaml', env: {}, readFile: () => '' })
  return { line, problems: parsed.ok ? [] : parsed.problems }
}

describe('an imported metric', () => {
  it.each<[string, Keys, Keys, string]>([
    [
      'of a scale set, by instance',
      {},
      {},
      `source: azure-monitor, resource: "${SCALE_SET}", metric: Percentage CPU, aggregation: average, region: westeurope, instance: VMName, kind: perInstance`,
    ],
    [
      'of a plan, by instance',
      { metricName: 'CpuPercentage', metricResourceUri: PLAN },
      {},
      `source: azure-monitor, resource: "${PLAN}", metric: CpuPercentage, aggregation: average, region: westeurope, instance: Instance`,
    ],
    [
      'in the region of its own resource, as people write it',
      { metricResourceLocation: 'North Europe' },
      {},
      'region: northeurope',
    ],
    [
      'with a namespace of its own',
      { metricNamespace: 'Azure.VM.Linux.GuestMetrics' },
      {},
      'namespace: Azure.VM.Linux.GuestMetrics, aggregation: average, region: westeurope, kind',
    ],
    [
      'with what its dimensions choose',
      {
        metricName: 'BytesReceived',
        metricResourceUri: PLAN,
        dimensions: [{ DimensionName: 'Direction', Operator: 'Equals', Values: ['In'] }],
      },
      {},
      'dimensions: { "Direction": ["In"] }, region: westeurope, instance: Instance, kind: total',
    ],
    [
      'of chosen instances, of which there is no quorum',
      { dimensions: [{ DimensionName: 'VMName', Operator: 'Equals', Values: ['web_0'] }] },
      {},
      'dimensions: { "VMName": ["web_0"] }, region: westeurope, kind',
    ],
  ])('is read from Azure Monitor %s', (_, triggers, change, text) => {
    const { line, problems } = metricOf(triggers, change)
    expect(line).toContain(text)
    expect(problems).toEqual([])
  })

  it.each<[string, Keys, string]>([
    [
      'of a queue from the queue',
      { metricName: 'ApproximateMessageCount', metricResourceUri: QUEUE },
      'source: azure-queue, account: orders, queue: jobs, read: messages, kind: total, unit: count',
    ],
    [
      'of a queue of Service Bus from there',
      { metricName: 'ActiveMessageCount', metricResourceUri: `${BUS}/queues/Jobs.all` },
      'source: azure-service-bus, namespace: shop.servicebus.windows.net, queue: Jobs.all, read: active, kind: total',
    ],
    [
      'of a subscription of a topic from there',
      { metricName: 'DeadletteredMessages', metricResourceUri: `${BUS}/topics/events/subscriptions/mails` },
      'namespace: shop.servicebus.windows.net, topic: events, subscription: mails, read: deadLetter, kind: total',
    ],
    [
      'of a whole namespace from Azure Monitor',
      { metricName: 'ActiveMessages', metricResourceUri: BUS, statistic: 'Sum' },
      'metric: ActiveMessages, aggregation: total, region: westeurope, kind: total',
    ],
  ])('is read where it is measured: messages %s', (_, triggers, text) => {
    const { line, problems } = metricOf(triggers)
    expect(line).toContain(text)
    expect(problems).toEqual([])
  })

  it.each<[string, string, string]>([
    ['Average', 'average', 'avg'],
    ['Min', 'minimum', 'min'],
    ['Max', 'maximum', 'max'],
    ['Sum', 'total', 'sum'],
    ['Count', 'count', 'sum'],
  ])(
    'with the statistic %s is what Azure makes of a grain, and of all instances in it',
    (statistic, aggregation, across) => {
      const { line } = metricOf({ statistic })
      expect(line).toContain(`aggregation: ${aggregation},`)
      expect(line).toMatch(new RegExp(`across: ${across}$`))
    },
  )

  it.each<[string, Keys, Keys]>([
    [
      'the name of a queue is none',
      { metricName: 'ApproximateMessageCount', metricResourceUri: `${QUEUE}_` },
      {},
    ],
    ['nobody says in which region', {}, { location: undefined }],
    [
      'only a deployment knows the resource',
      { metricResourceUri: SCALE_SET.replace(/[0-9a-f-]{36}/, '{subscriptionId}') },
      {},
    ],
    ['its name is of several', { metricName: 'one,two' }, {}],
  ])('waits to be posted where %s', (_, triggers, change) => {
    const { line, problems } = metricOf(triggers, change)
    expect(line).toMatch(/^source: push, kind/)
    expect(problems).toEqual([])
  })
})
