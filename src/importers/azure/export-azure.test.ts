/** What Azure can express of a configuration, judged by Microsoft's own JSON Schema where it lies beside the project. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Loaded, parseConfig } from '../../config/load.ts'
import { capacity, profile, QUEUE, rule, SCALE_SET, setting, weekly } from './azure.fixture.ts'
import { exportAzure } from './export-azure.ts'
import { importAzure } from './import-azure.ts'
import { isoSpan, spanMs } from './span.ts'
import { ianaZone, WINDOWS_ZONES, windowsZone } from './zones.ts'

const PLAN = SCALE_SET.replace(/providers\/.*/, 'providers/Microsoft.Web/serverfarms/plan')
const BUS = SCALE_SET.replace(/providers\/.*/, 'providers/Microsoft.ServiceBus/namespaces/shop/queues/jobs')

const SCHEMAS = resolve(import.meta.dirname, '../../../../shared/azure/schemas')

const exportedTemplate = z.object({
  parameters: z.record(z.string(), z.unknown()),
  resources: z.array(
    z.object({
      name: z.string(),
      location: z.string(),
      properties: z.looseObject({
        enabled: z.boolean(),
        targetResourceUri: z.string(),
        profiles: z.array(z.looseObject({ name: z.string(), rules: z.array(z.unknown()) })),
      }),
    }),
  ),
})

describe('an import that is exported and imported again', () => {
  it('is the same configuration, whatever the profiles', () => {
    fc.assert(
      fc.property(settings(), document => {
        const first = importOf(document)
        const { text } = exportAzure(loaded(first))
        expect(importOf(JSON.parse(text))).toBe(first)
      }),
      { numRuns: 80 },
    )
  }, 60_000)
})

describe.skipIf(!existsSync(SCHEMAS))(
  "Microsoft's JSON Schema (skipped where ../shared/azure/schemas is absent)",
  () => {
    it('takes what is exported, whatever was imported', () => {
      const judge = judgeOf()
      fc.assert(
        fc.property(settings(), document => {
          const template = JSON.parse(exportAzure(loaded(importOf(document))).text)
          for (const resource of template.resources)
            expect([judge(resource), judge.errors]).toEqual([true, null])
        }),
        { numRuns: 40 },
      )
    }, 60_000)

    it('would refuse a setting that is wrong', () => {
      const judge = judgeOf()
      expect(
        judge({ ...setting(), type: 'Microsoft.Insights/autoscalesettings', apiVersion: '2022-10-01' }),
      ).toBe(true)
      const wrong = setting({ profiles: [profile({ capacity: { minimum: 2, maximum: 3, default: 2 } })] })
      expect(
        judge({ ...wrong, type: 'Microsoft.Insights/autoscalesettings', apiVersion: '2022-10-01' }),
      ).toBe(false)
    })
  },
)

const WEB = `plimsoll: 1
schedules:
  office: { weekly: { days: [monday, tuesday] }, start: "08:00", end: "18:00", timeZone: Europe/London }
  month end: { monthly: { dayOfMonth: 28 }, duration: 2h }
  seconds: { daily: true, start: "08:00:30", duration: 2h }
metrics:
  # azure: {"metricName":"Percentage CPU"}
  cpu: { source: push, kind: perInstance, unit: percent, grain: 1m }
  queue: { source: push, kind: total, unit: count }
fleets:
  web:
    preset: azure
    mode: scale
    capacity: { min: 2, max: 5 }
    RULES
`

describe('two settings in one file', () => {
  it('keep whom each tells, though their resources are called alike', () => {
    const told = (address: string) => ({
      notifications: [
        {
          operation: 'Scale',
          email: { customEmails: [address] },
          webhooks: [{ serviceUri: `https://example.org/${address}` }],
        },
      ],
    })
    const [test, production] = ['test@example.org', 'production@example.org']
    const both = [
      setting(told(test)),
      setting({ ...told(production), targetResourceUri: SCALE_SET.replace('/shop/', '/live/') }),
    ]
    const config = importOf(both)
    const found = exported(config).template.resources.map(({ properties }) => JSON.stringify(properties))
    expect(found.map(text => [text.includes(test), text.includes(production)])).toEqual([
      [true, false],
      [false, true],
    ])
    expect(importOf(JSON.parse(exported(config).text))).toBe(config)
  })
})

describe('an export of a configuration of one’s own', () => {
  it('asks for the resource, and names what it is told', () => {
    const { template, findings } = exported(
      WEB.replace('RULES', 'rules: [{ name: Up, when: "70% < avg(cpu, 10m)", scale: { by: 1 } }]'),
    )
    expect(template.parameters).toHaveProperty('webResourceId')
    expect(template.resources[0]).toMatchObject({
      name: 'web',
      location: '[resourceGroup().location]',
      properties: {
        enabled: true,
        targetResourceUri: "[parameters('webResourceId')]",
        profiles: [
          {
            name: 'default',
            capacity: { minimum: '2', maximum: '5', default: '2' },
            rules: [
              {
                metricTrigger: {
                  metricName: 'Percentage CPU',
                  metricResourceUri: "[parameters('webResourceId')]",
                  timeGrain: 'PT1M',
                  statistic: 'Average',
                  timeWindow: 'PT10M',
                  timeAggregation: 'Average',
                  operator: 'GreaterThan',
                  threshold: 70,
                },
                scaleAction: { direction: 'Increase', type: 'ChangeCount', value: '1', cooldown: 'PT5M' },
              },
            ],
          },
        ],
      },
    })
    expect(findings).toContainEqual(expect.objectContaining({ kind: 'ambiguous', line: 12 }))
  })

  it('knows the resource of a scale set', () => {
    const target = `target: { type: azure-vmss, subscription: 0b1c2d3e-0000-4000-8000-000000000001, resourceGroup: shop, scaleSet: web }`
    const { template } = exported(WEB.replace('RULES', target))
    expect(template.resources[0]?.properties.targetResourceUri).toBe(SCALE_SET)
  })

  it('gives a constraint the recurrence, with the copy of the default that ends it', () => {
    const { template } = exported(
      WEB.replace('RULES', 'constraints: [{ name: Office, min: 4, max: 9, schedule: office }]'),
    )
    expect(template.resources[0]?.properties.profiles).toMatchObject([
      {
        name: 'Office',
        recurrence: {
          frequency: 'Week',
          schedule: { timeZone: 'GMT Standard Time', days: ['Monday', 'Tuesday'], hours: [8], minutes: [0] },
        },
      },
      {
        name: '{"name":"default","for":"Office"}',
        capacity: { minimum: '2' },
        recurrence: { schedule: { days: ['Monday', 'Tuesday'], hours: [18], minutes: [0] } },
      },
      { name: 'default' },
    ])
  })

  it.each([
    ['rules: [{ name: A, track: { metric: "avg(cpu, 5m)", target: 60% } }]', '"A" is a "track" rule'],
    [
      'rules: [{ name: A, when: "avg(cpu, 5m) > 1 and ready > 1", scale: { by: 1 } }]',
      'does not compare one aggregate',
    ],
    [
      'rules: [{ name: A, when: "p95(cpu, 5m) > 1", scale: { by: 1 } }]',
      'p95(cpu, 5m), which Azure does not work out',
    ],
    ['rules: [{ name: A, when: "avg(cpu, 5m) > 1", scale: { by: 1 }, enabled: false }]', 'is switched off'],
    ['rules: [{ name: A, when: "avg(cpu, 5m) > 1", scale: { by: 1 }, for: 5m }]', 'no "for"'],
    ['rules: [{ name: A, when: "avg(cpu, 5m) > 1", scale: { by: 1 }, rank: 3 }]', 'have no rank'],
    ['rules: [{ name: A, when: "avg(cpu, 5m) > 1", scale: { by: "10%", atLeast: 2 } }]', 'no "atLeast"'],
    ['rules: [{ name: A, when: "avg(cpu, 5m) > 1", scale: { by: 1 }, cooldown: 5s }]', 'least cooldown'],
    [
      'rules: [{ name: A, when: "avg(queue, 5m) > 1", scale: { by: 1 } }]',
      'which metric of Azure "queue" is',
    ],
    ['constraints: [{ name: A, min: 3, max: 4, schedule: month end }]', 'does not come every week'],
    ['constraints: [{ name: A, min: 3, max: 4, schedule: seconds }]', 'whole minutes'],
    [
      'constraints: [{ name: A, min: 3, max: 4, schedule: { between: { from: "2026-01-01", to: "2028-01-01" } } }]',
      'longer than 365 days',
    ],
    ['scaleIn: any', '"scaleIn: any"'],
    ['flapping: false', 'always holds a cut'],
    ['cooldownFrom: last', 'waits its own time'],
    ['stabilization: { in: 5m }', 'no stabilization'],
    ['rateLimits: { out: [{ instances: 4, per: 1m }] }', 'no rate limits'],
    ['billingHour: { inLast: 10m }', 'paid hour'],
    ['quota: 4', 'no quota'],
    ['kpis: { a: { goal: "avg(cpu, 5m) < 80%" } }', 'no KPIs'],
    ['settings: { a: true }', 'no settings of applications'.replace('no ', 'changes no ')],
    ['outageGuard: { of: "avg(cpu, 5m)", drop: 80%, within: 5m, hold: 5m }', 'no outage guard'],
    ['sessions: { slotsPerInstance: 4 }', 'nothing of sessions'],
  ])('says of %s what is lost', (keys, message) => {
    const { findings } = exported(WEB.replace('RULES', keys))
    expect(findings).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining(message), line: expect.any(Number) }),
    )
  })

  it('keeps the address of a webhook that came by reference out of the template', () => {
    const config = `${WEB.replace('RULES', '')}notifiers:\n  hook: { type: webhook, format: azure, url: "\${env:HOOK}" }\n`
    const { text, template } = exported(config, { HOOK: 'https://example.org/very-secret' })
    expect(text).not.toContain('very-secret')
    expect(template.parameters.hookAddress).toMatchObject({ type: 'securestring' })
  })
})

describe('lengths of time and time zones', () => {
  it('are written as they are read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 * 24 * 400 }), minutes => {
        expect(spanMs(isoSpan(minutes * 60_000))).toBe(minutes * 60_000)
      }),
    )
    expect(['PT0.5S', '1 day, 2:00:00', '7.00:00:00', 'P', 'PT', '5m', 'P1Y'].map(spanMs)).toEqual([
      500,
      93_600_000,
      604_800_000,
      null,
      null,
      null,
      null,
    ])
  })

  it('have an IANA name that this Node knows, for every Windows one', () => {
    expect(Object.keys(WINDOWS_ZONES).length).toBeGreaterThan(130)
    for (const [name, zone] of Object.entries(WINDOWS_ZONES)) {
      expect(ianaZone(name.toUpperCase())).toBe(zone)
      expect(WINDOWS_ZONES[windowsZone(zone) ?? '']).toBe(zone)
    }
    expect([ianaZone('Europe/Paris'), ianaZone('Mars'), windowsZone('Europe/Paris') !== null]).toEqual([
      'Europe/Paris',
      null,
      true,
    ])
  })
})

describe('a metric that is read from Azure Monitor', () => {
  const KEYS = `source: azure-monitor, resource: "${SCALE_SET}", metric: Percentage CPU, region: westeurope`
  const CONFIG = `plimsoll: 1
metrics:
  cpu: { ${KEYS} }
fleets:
  web:
    preset: azure
    target: { type: azure-vmss, subscription: 0b1c2d3e-0000-4000-8000-000000000001, resourceGroup: shop, scaleSet: web }
    capacity: { min: 2, max: 5 }
    rules: [{ name: Up, when: "avg(cpu, 10m) > 70%", scale: { by: 1 } }]
`
  const triggerIn = (config: string) =>
    exported(config).template.resources[0]?.properties.profiles[0]?.rules[0]

  it('needs no comment: its keys say what Azure needs to know', () => {
    expect(exported(CONFIG).findings).toEqual([])
    expect(triggerIn(CONFIG)).toMatchObject({
      metricTrigger: {
        metricName: 'Percentage CPU',
        metricResourceUri: SCALE_SET,
        metricResourceLocation: 'westeurope',
        timeGrain: 'PT1M',
        statistic: 'Average',
        timeWindow: 'PT10M',
      },
    })
    expect(importOf(JSON.parse(exported(CONFIG).text))).toContain(
      KEYS.replace(', region', ', aggregation: average, region'),
    )
  })

  it('is exported as it is now, whatever a comment said before', () => {
    const changed = CONFIG.replace(
      '  cpu:',
      '  # azure: {"metricName":"Old","metricNamespace":"old"}\n  cpu:',
    )
      .replace('Percentage CPU', 'Network In Total')
      .replace('70%', '70MB')
      .replace(
        'region: westeurope',
        'region: westeurope, namespace: my/space, dimensions: { VMName: { not: [web_0] } }',
      )
    expect(triggerIn(changed)).toMatchObject({
      metricTrigger: {
        metricName: 'Network In Total',
        metricNamespace: 'my/space',
        statistic: 'Sum',
        dimensions: [{ DimensionName: 'VMName', Operator: 'NotEquals', Values: ['web_0'] }],
      },
    })
  })

  it('is of a plan, which is the target', () => {
    const of = CONFIG.replace(SCALE_SET, PLAN)
      .replace('Percentage CPU', 'CpuPercentage')
      .replace('type: azure-vmss', 'type: azure-app-service-plan')
      .replace('scaleSet: web', 'plan: plan')
    expect(exported(of).template.resources[0]?.properties.targetResourceUri).toBe(PLAN)
    expect(importOf(JSON.parse(exported(of).text))).toContain(
      'target: { type: azure-app-service-plan, subscription: "0b1c2d3e-0000-4000-8000-000000000001", resourceGroup: "shop", plan: "plan" }',
    )
  })
})

// ---- What the above is made of ------------------------------------------------------------------------------

function settings() {
  const days = fc.subarray(['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'], {
    minLength: 1,
  })
  const rules = fc
    .array(
      fc.record({
        trigger: fc.record({
          metricName: fc.constantFrom(
            'Percentage CPU',
            'ApproximateMessageCount',
            'Http Queue',
            '[odd] "näme"',
            'ActiveMessages',
            'one, two',
          ),
          metricResourceUri: fc.constantFrom(SCALE_SET, QUEUE, PLAN, BUS),
          metricNamespace: fc.constantFrom(undefined, 'Microsoft.Web/serverfarms', 'my space'),
          metricResourceLocation: fc.constantFrom(undefined, 'North Europe'),
          timeGrain: fc.constantFrom('PT1M', 'PT5M'),
          timeWindow: fc.constantFrom('PT5M', 'PT10M', 'PT1H'),
          statistic: fc.constantFrom('Average', 'Min', 'Max', 'Sum', 'Count'),
          timeAggregation: fc.constantFrom('Average', 'Minimum', 'Maximum', 'Total', 'Count', 'Last'),
          operator: fc.constantFrom(
            'Equals',
            'NotEquals',
            'GreaterThan',
            'GreaterThanOrEqual',
            'LessThan',
            'LessThanOrEqual',
          ),
          threshold: fc.constantFrom(0, 5, 70, 0.25, -3),
          dividePerInstance: fc.boolean(),
          dimensions: fc.constantFrom(
            [],
            [{ DimensionName: 'A b', Operator: 'NotEquals', Values: ['[x]', 'y'] }],
            [{ DimensionName: 'VMName', Operator: 'Equals', Values: ['${x}'] }],
          ),
        }),
        action: fc.record({
          direction: fc.constantFrom('Increase', 'Decrease'),
          type: fc.constantFrom('ChangeCount', 'PercentChangeCount', 'ExactCount'),
          value: fc.integer({ min: 1, max: 100 }).map(String),
          cooldown: fc.constantFrom('PT1M', 'PT5M', 'P7D'),
        }),
      }),
      { maxLength: 3 },
    )
    .map(list => list.map(({ trigger, action }) => rule(trigger, action)))
  const bounds = fc
    .tuple(fc.nat(5), fc.nat(5), fc.nat(5))
    .map(([min, more, further]) => capacity(min, min + more + further, min + more))
  const base = fc.record({ capacity: bounds, rules })
  const recurring = fc.record({
    capacity: bounds,
    rules,
    days,
    start: fc.integer({ min: 0, max: 287 }),
    end: fc.option(fc.integer({ min: 0, max: 287 })),
  })
  const fixed = fc.record({
    capacity: bounds,
    rules,
    day: fc.nat(20),
    hour: fc.nat(23),
    hours: fc.integer({ min: 1, max: 60 }),
  })
  return fc
    .record({
      base,
      recurring: fc.array(recurring, { maxLength: 3 }),
      fixed: fc.array(fixed, { maxLength: 2 }),
      zone: fc.constantFrom('GMT Standard Time', 'Pacific Standard Time', 'UTC', 'India Standard Time'),
      predictive: fc.constantFrom(null, 'Enabled', 'ForecastOnly', 'Disabled'),
      isOn: fc.boolean(),
      target: fc.constantFrom(SCALE_SET, PLAN, '/subscriptions/{id}/x'),
      location: fc.constantFrom('westeurope', 'West Europe', 'far/away'),
      notifications: fc.constantFrom(
        [],
        [
          {
            operation: 'Scale',
            email: { customEmails: ['a@example.org'] },
            webhooks: [{ serviceUri: 'https://example.org/${x}', properties: { a: '[b]' } }],
          },
        ],
      ),
    })
    .map(({ base: usual, recurring: weeks, fixed: dates, zone, predictive, isOn, ...others }) => {
      const hours = (at: number): readonly [number, number] => [Math.floor(at / 12), (at % 12) * 5]
      const profiles = [
        ...dates.map(({ day, hour, hours: length, ...content }, index) => {
          const from = Date.parse('2026-03-20T00:00Z') + (day * 24 + hour) * 3_600_000
          const local = (at: number): string => new Date(at).toISOString().slice(0, 19)
          return {
            name: `Date ${index}`,
            ...content,
            fixedDate: { timeZone: zone, start: local(from), end: local(from + length * 3_600_000) },
          }
        }),
        ...weeks.flatMap(({ days: on, start, end, ...content }, index) => [
          { name: `Week ${index}`, ...content, recurrence: weekly(on, ...hours(start), { timeZone: zone }) },
          ...(end === null
            ? []
            : [
                {
                  ...usual,
                  name: `{"name":"default","for":"Week ${index}"}`,
                  recurrence: weekly(on, ...hours(end), { timeZone: zone }),
                },
              ]),
        ]),
        { name: 'default', ...usual },
      ]
      const { notifications, target, location } = others
      const placed = setting({
        enabled: isOn,
        targetResourceUri: target,
        profiles,
        notifications,
        ...(predictive === null
          ? {}
          : { predictiveAutoscalePolicy: { scaleMode: predictive, scaleLookAheadTime: 'PT10M' } }),
      })
      return { ...placed, location }
    })
}

/** Without what the report says, which has lines of the source. */
function importOf(document: unknown): string {
  const { text } = importAzure([{ file: 'a.json', text: JSON.stringify(document) }])
  return text.split('\n# What the import')[0] ?? ''
}

function loaded(text: string, env: Readonly<Record<string, string>> = {}): Loaded {
  const result = parseConfig(text, { file: 'plimsoll.yaml', env, readFile: () => '' })
  if (!result.ok) throw new Error(`${JSON.stringify(result.problems)}\n${text}`)
  return result.loaded
}

function exported(config: string, env?: Readonly<Record<string, string>>) {
  const { text, findings } = exportAzure(loaded(config, env))
  return { text, findings, template: exportedTemplate.parse(JSON.parse(text)) }
}

const schemaFile = z.looseObject({
  id: z.string(),
  resourceDefinitions: z.record(z.string(), z.unknown()).optional(),
})

/** The schemas refer to each other by their addresses; here they come from the folder. */
function judgeOf() {
  const read = (path: string) => schemaFile.parse(JSON.parse(readFileSync(resolve(SCHEMAS, path), 'utf8')))
  const ajv = new Ajv({ strict: false, allErrors: false, logger: false })
  for (const path of ['2022-10-01/Microsoft.Insights.json', 'common/definitions.json']) {
    const { id, $schema: _draft, ...schema } = read(path)
    ajv.addSchema({ ...schema, $id: id.replace(/#$/, '') })
  }
  const { id } = read('2022-10-01/Microsoft.Insights.json')
  return ajv.compile({ $ref: `${id.replace(/#$/, '')}#/resourceDefinitions/autoscalesettings` })
}
