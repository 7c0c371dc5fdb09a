/** Every element and attribute of an autoscale setting: what becomes of it, or what is said of it. */
import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../config/load.ts'
import type { ImportFinding } from '../finding.ts'
import { ImportError } from '../import-error.ts'
import {
  action,
  capacity,
  profile,
  properties,
  QUEUE,
  rule,
  SCALE_SET,
  SUBSCRIPTION,
  setting,
  trigger,
  weekly,
} from './azure.fixture.ts'
import { importAzure } from './import-azure.ts'

describe('an autoscale setting', () => {
  it('becomes a fleet that is valid, recommends, and keeps to the preset', () => {
    const { spec, text } = imported(setting())
    const web = spec.fleets.web
    expect(web).toMatchObject({
      mode: 'recommend',
      everyMs: 60_000,
      guards: { scaleIn: 'all', flapping: true },
    })
    expect(web?.target).toEqual({
      type: 'azure-vmss',
      options: { subscription: SUBSCRIPTION, resourceGroup: 'shop', scaleSet: 'web' },
    })
    expect(web?.constraints).toEqual([
      { name: 'capacity', rank: 0, enabled: true, min: 2, max: 10, default: 3, schedule: null },
    ])
    expect(text).toContain(
      '- { name: Percentage CPU out, when: "avg(percentage_cpu, 10m) > 70%", scale: { by: 1 }, cooldown: 5m }',
    )
  })

  it.each([
    ['the REST API', setting()],
    ['a list of the REST API', { value: [setting()] }],
    ['`az monitor autoscale list`', [setting()]],
    [
      '`az monitor autoscale show`',
      {
        autoscaleSettingResourceName: 'web-scale',
        namePropertiesName: 'web-scale',
        name: 'web-scale',
        id: 'x',
        resourceGroup: 'shop',
        systemData: null,
        location: 'westeurope',
        predictiveAutoscalePolicy: { scaleLookAheadTime: null, scaleMode: 'Disabled' },
        ...properties({
          profiles: [
            profile({
              rules: [rule({ timeGrain: '0:01:00', timeWindow: '0:10:00' }, { cooldown: '0:05:00' })],
            }),
          ],
        }),
      },
    ],
  ])('is the same as %s says it', (_, document) => {
    expect(configOf(document)).toBe(configOf(setting()))
  })

  it('counts by a metric where what it scales cannot be asked', () => {
    const plan = '/subscriptions/1/resourceGroups/shop/providers/Microsoft.Web/serverfarms/front'
    const { spec } = imported(setting({ targetResourceUri: plan }))
    expect(spec.fleets.front?.target.type).toBe('none')
    expect(spec.fleets.front?.count).toMatchObject({ node: 'aggregate', metric: 'front_instances' })
  })

  it.each<readonly [string, Readonly<Record<string, unknown>>, string, string]>([
    ['no "enabled"', { enabled: undefined }, 'ambiguous', '"enabled" is not said'],
    ['"enabled": false', { enabled: false }, 'advice', 'switched off'],
    ['no target', { targetResourceUri: undefined }, 'ambiguous', '"targetResourceUri" is not said'],
    ['an unknown key', { zoneAware: true }, 'lost', '"zoneAware" is not something'],
    [
      '21 profiles',
      { profiles: [profile(), ...Array.from({ length: 20 }, () => profile())] },
      'advice',
      'Azure takes 20',
    ],
    [
      '11 rules',
      { profiles: [profile({ rules: Array.from({ length: 11 }, () => rule()) })] },
      'advice',
      'Azure takes 10',
    ],
    ['an unknown key of a profile', { profiles: [profile({ zone: 1 })] }, 'lost', '"zone" is not something'],
    [
      'an unknown key of a rule',
      { profiles: [profile({ rules: [{ ...rule(), note: 'x' }] })] },
      'lost',
      '"note" is not something',
    ],
    [
      'an unknown key of a trigger',
      { profiles: [profile({ rules: [rule({ note: 'x' })] })] },
      'lost',
      '"note" is not something',
    ],
    [
      'an unknown key of an action',
      { profiles: [profile({ rules: [rule({}, { note: 'x' })] })] },
      'lost',
      '"note" is not something',
    ],
    [
      'a metric of no resource that is said',
      { profiles: [profile({ rules: [rule({ metricResourceUri: undefined })] })] },
      'ambiguous',
      '"metricResourceUri" is not said',
    ],
    [
      'a grain of days',
      { profiles: [profile({ rules: [rule({ timeGrain: 'P1D', timeWindow: 'P3D' })] })] },
      'advice',
      'outside of what Azure takes',
    ],
    [
      'a second profile without a schedule',
      { profiles: [profile(), profile({ name: 'other' })] },
      'lost',
      'has no schedule, like the default before it',
    ],
    [
      'a profile with a fixed date and a recurrence',
      {
        profiles: [
          profile(),
          profile({
            name: 'both',
            fixedDate: { timeZone: 'UTC', start: '2026-12-01', end: '2026-12-02' },
            recurrence: weekly(['Monday'], 1),
          }),
        ],
      },
      'ambiguous',
      'only the fixed date is taken',
    ],
    [
      'fixed dates that overlap',
      {
        profiles: [
          profile(),
          profile({ name: 'a', fixedDate: { timeZone: 'UTC', start: '2026-12-01', end: '2026-12-03' } }),
          profile({ name: 'b', fixedDate: { timeZone: 'UTC', start: '2026-12-02', end: '2026-12-04' } }),
        ],
      },
      'ambiguous',
      '"b" overlaps with a fixed date before it',
    ],
    [
      'a fixed date without a time zone',
      {
        profiles: [profile(), profile({ name: 'a', fixedDate: { start: '2026-12-01', end: '2026-12-03' } })],
      },
      'ambiguous',
      'taken for UTC',
    ],
    [
      'a fixed date with an offset',
      {
        profiles: [
          profile(),
          profile({
            name: 'a',
            fixedDate: {
              timeZone: 'Pacific Standard Time',
              start: '2026-12-01T00:00:00+00:00',
              end: '2026-12-03T00:00:00Z',
            },
          }),
        ],
      },
      'ambiguous',
      'says an offset, and the profile a time zone',
    ],
    [
      'a co-administrator told',
      { notifications: [{ operation: 'Scale', email: { sendToSubscriptionCoAdministrators: true } }] },
      'lost',
      '"sendToSubscriptionCoAdministrators" is retired',
    ],
    [
      'a look ahead of two hours',
      { predictiveAutoscalePolicy: { scaleMode: 'Enabled', scaleLookAheadTime: 'PT2H' } },
      'advice',
      'a look ahead of "PT2H" is outside',
    ],
    [
      'a metric that is not of what is scaled',
      { profiles: [profile({ rules: [rule({ metricResourceUri: '/x/y' })] })] },
      'changed',
      'is not of what is scaled',
    ],
    ['no rules', { profiles: [profile({ rules: undefined })] }, 'ambiguous', 'says no "rules"'],
    ['a default below', { profiles: [profile({ capacity: capacity(2, 10, 1) })] }, 'changed', 'taken for 2'],
    ['a rule', {}, 'ambiguous', 'describes the cooldown in two ways'],
    [
      'equal thresholds',
      { profiles: [profile({ rules: [rule(), rule({ operator: 'LessThan' }, { direction: 'Decrease' })] })] },
      'ambiguous',
      'removes at the threshold',
    ],
    [
      'an administrator told',
      {
        notifications: [
          { operation: 'Scale', email: { sendToSubscriptionAdministrator: true, customEmails: [] } },
        ],
      },
      'lost',
      'is retired',
    ],
    [
      'a webhook without address',
      { notifications: [{ operation: 'Scale', webhooks: [{}] }] },
      'lost',
      'without an address',
    ],
    [
      'an odd e-mail address',
      { notifications: [{ operation: 'scale', email: { customEmails: [''] } }] },
      'lost',
      'not an e-mail address',
    ],
    [
      'another operation',
      { notifications: [{ operation: 'Other', webhooks: [] }] },
      'ambiguous',
      'not "Scale"',
    ],
    [
      'predictions without a rule for them',
      { profiles: [profile({ rules: [] })], predictiveAutoscalePolicy: { scaleMode: 'Enabled' } },
      'lost',
      'nothing can be predicted',
    ],
  ])('with %s is told of', (_, change, kind, message) => {
    expect(imported(setting(change)).findings).toContainEqual(
      expect.objectContaining({ kind, message: expect.stringContaining(message), line: expect.any(Number) }),
    )
  })

  it('says the line, the column and the path', () => {
    const { findings } = importAzure([
      file(
        '{\n "profiles": [{ "name": "d", "capacity":\n  { "minimum": "1", "maximum": "2", "default": "1" },\n  "rules": [], "zzz": 1 }] }',
      ),
    ])
    expect(findings).toContainEqual(
      expect.objectContaining({ file: 'a.json', line: 4, column: 16, path: 'profiles[0].zzz', kind: 'lost' }),
    )
  })
})

describe('the trigger of a rule', () => {
  it.each([
    ['Equals', '=='],
    ['NotEquals', '!='],
    ['GreaterThan', '>'],
    ['GreaterThanOrEqual', '>='],
    ['LessThan', '<'],
    ['LessThanOrEqual', '<='],
  ])('compares with %s by %s', (operator, sign) => {
    expect(ruleText({ operator })).toContain(`"avg(percentage_cpu, 10m) ${sign} 70%"`)
  })

  it.each([
    ['Average', 'avg'],
    ['Minimum', 'min'],
    ['Maximum', 'max'],
    ['Total', 'sum'],
    ['Count', 'count'],
    ['Last', 'last'],
  ])('takes the %s of the window by %s', (timeAggregation, aggregate) => {
    expect(ruleText({ timeAggregation })).toContain(`${aggregate}(percentage_cpu, 10m)`)
  })

  it.each([
    ['Average', 'avg'],
    ['Min', 'min'],
    ['Max', 'max'],
    ['Sum', 'sum'],
    ['Count', 'sum'],
  ])('takes the %s of a grain across instances by %s', (statistic, across) => {
    const { spec } = imported(withRule(rule({ statistic })))
    expect(spec.metrics.percentage_cpu).toMatchObject({ across, grainMs: 60_000 })
  })

  it.each([
    ['PT1M', 'PT1M', 'last(percentage_cpu, 2m)'],
    ['PT5M', 'PT5M', 'last(percentage_cpu, 10m)'],
    ['PT1M', 'PT2M', 'avg(percentage_cpu, 3m)'],
    ['PT1M', 'PT3M', 'avg(percentage_cpu, 3m)'],
    ['PT5M', 'PT1M', 'last(percentage_cpu, 10m)'],
    ['PT1H', 'PT12H', 'avg(percentage_cpu, 12h)'],
  ])('reads grains of %s over %s as %s', (timeGrain, timeWindow, aggregate) => {
    expect(ruleText({ timeGrain, timeWindow })).toContain(aggregate)
  })

  it('filters by dimensions, under either spelling of the key', () => {
    const list = [
      { DimensionName: 'Region', Operator: 'Equals', Values: ['eu', 'us'] },
      { DimensionName: 'VMName', Operator: 'NotEquals', Values: ['${x}'] },
    ]
    for (const key of ['dimensions', 'Dimensions']) {
      const { percentage_cpu: read } = imported(withRule(rule({ [key]: list }))).spec.metrics
      expect(read?.options.dimensions).toEqual([
        { name: 'Region', isIn: true, values: ['eu', 'us'] },
        { name: 'VMName', isIn: false, values: ['${x}'] },
      ])
      const posted = rule({ [key]: list, metricResourceUri: '/x/y' })
      expect(imported(withRule(posted)).spec.metrics.percentage_cpu?.filter).toEqual([
        { label: 'Region', operator: 'in', values: ['eu', 'us'] },
        { label: 'VMName', operator: 'not-in', values: ['${x}'] },
      ])
    }
  })

  it('takes names in any case, as the command line writes them', () => {
    const written = [{ dimensionName: 'Region', operator: 'equals', values: ['eu'] }]
    const { percentage_cpu: read } = imported(
      withRule(rule({ dimensions: written, statistic: 'average', timeAggregation: 'AVERAGE' })),
    ).spec.metrics
    expect(read?.options.dimensions).toEqual([{ name: 'Region', isIn: true, values: ['eu'] }])
  })

  it.each([
    ['no values', { Values: [] }, 'expected a list of values'],
    ['no name', { DimensionName: undefined }, '"DimensionName" is missing'],
    ['an operator that is none', { Operator: 'Like' }, 'expected one of Equals, NotEquals'],
  ])('refuses a dimension with %s', (_, change, message) => {
    const dimension = { DimensionName: 'Region', Operator: 'Equals', Values: ['eu'], ...change }
    expect(refusalOf(withRule(rule({ dimensions: [dimension] })))?.message).toContain(message)
  })

  it.each([
    ['of what is scaled', {}, 'perInstance', false, 'percent'],
    ['divided', { metricName: 'Requests', dividePerInstance: true }, 'total', true, 'count'],
    [
      'of a queue, which Azure divides',
      { metricName: 'ApproximateMessageCount', metricResourceUri: QUEUE },
      'total',
      true,
      'count',
    ],
    ['of something else', { metricName: 'Latency', metricResourceUri: '/x/y' }, 'total', false, null],
  ] as const)('knows a metric %s', (_, change, kind, dividePerInstance, unit) => {
    const [metric] = Object.values(imported(withRule(rule(change))).spec.metrics)
    expect(metric).toMatchObject({ kind, dividePerInstance, unit })
  })

  it('keeps what only Azure needs to know, and no key says, in a comment', () => {
    const own = { metricNamespace: 'my/space', metricResourceLocation: 'West Europe' }
    const counted = { ...own, metricName: 'ApproximateMessageCount', metricResourceUri: QUEUE }
    expect(imported(withRule(rule(own))).text).toContain(
      '# azure: {"metricResourceLocation":"West Europe"}\n  percentage_cpu: {',
    )
    expect(imported(withRule(rule(counted))).text).toContain(
      `# azure: {"metricName":"ApproximateMessageCount","metricNamespace":"my/space","metricResourceUri":"${QUEUE}","metricResourceLocation":"West Europe","dividePerInstance":false}`,
    )
    expect(imported(withRule(rule())).text).toContain('What the rules read.\nmetrics:\n  percentage_cpu: {')
  })

  it('says so where nobody can be asked', () => {
    const { findings } = imported(withRule(rule({ metricResourceUri: '/x/y' })))
    expect(findings.map(({ kind, message }) => `${kind}: ${message}`)).toContain(
      'lost: where "Percentage CPU" is measured is not known: what exactly is measured, the setting does not say; it waits to be posted, or for you to write its source',
    )
  })

  it('reads numbers that are texts, and negative ones', () => {
    expect(ruleText({ threshold: '-2.5', metricName: 'Latency' })).toContain('> -2.5"')
  })
})

describe('the action of a rule', () => {
  it.each([
    [{ value: '2' }, 'scale: { by: 2 }'],
    [{ direction: 'Decrease' }, 'scale: { by: -1 }'],
    [{ value: undefined }, 'scale: { by: 1 }'],
    [{ type: 'PercentChangeCount', value: '20' }, 'scale: { by: "20%" }'],
    [{ type: 'PercentChangeCount', value: '20', direction: 'Decrease' }, 'scale: { by: "-20%" }'],
    [{ type: 'ExactCount', value: '5' }, 'scale: { to: 5 }'],
    [{ type: 'ServiceAllowedNextValue' }, 'scale: { by: 1 }'],
    [{ cooldown: 'PT1M' }, 'cooldown: 1m'],
    [{ cooldown: 'P7D' }, 'cooldown: 1w'],
  ])('%j is %s', (change, written) => {
    expect(importOf(withRule(rule({}, change))).text).toContain(written)
  })

  it.each([
    [{ direction: 'None' }, 'lost', 'direction "None"'],
    [{ value: '0' }, 'lost', 'scales by 0'],
    [{ type: 'ServiceAllowedNextValue' }, 'changed', 'next size the service allows'],
    [{ type: 'PercentChangeCount', value: '150', direction: 'Decrease' }, 'changed', '150 %'],
    [{ type: 'PercentChangeCount', value: '10' }, 'advice', 'rounds a percentage'],
    [{ cooldown: 'P8D' }, 'advice', 'outside of what Azure takes'],
  ])('%j is told of as %s', (change, kind, message) => {
    expect(imported(withRule(rule({}, change))).findings).toContainEqual(
      expect.objectContaining({ kind, message: expect.stringContaining(message) }),
    )
  })
})

describe('profiles', () => {
  it('with a fixed date go before the others, and shut off the rules of the default meanwhile', () => {
    const fixedDate = {
      timeZone: 'GMT Standard Time',
      start: '2026-12-01T08:00:00',
      end: '2026-12-02T20:00:00',
    }
    const { spec } = imported(
      setting({
        profiles: [profile({ name: 'Launch', capacity: capacity(8, 30, 10), fixedDate }), profile()],
      }),
    )
    expect(spec.fleets.web?.constraints[1]).toMatchObject({
      name: 'Launch',
      rank: 20,
      min: 8,
      max: 30,
      default: 10,
    })
    expect(spec.schedules.Launch).toMatchObject({
      from: Date.parse('2026-12-01T08:00Z'),
      to: Date.parse('2026-12-02T20:00Z'),
    })
    expect(spec.schedules['default hours']).toMatchObject({
      recurrence: { kind: 'daily' },
      exceptDates: ['2026-12-01', '2026-12-02'],
    })
    expect(spec.schedules['default hours part 2']).toMatchObject({ to: Date.parse('2026-12-01T08:00Z') })
    expect(spec.schedules['default hours part 3']).toMatchObject({
      from: Date.parse('2026-12-02T20:00Z'),
      to: Date.parse('2026-12-03T00:00Z'),
    })
    const during = spec.fleets.web?.rules.map(each => each.during)
    expect(during).toEqual(['default hours', 'default hours part 2', 'default hours part 3', 'Launch'])
  })

  it('with a fixed date that ends in the hour that comes twice leave the next one the rest, to the minute', () => {
    const first = { timeZone: 'UTC', start: '2026-10-24T08:00:00', end: '2026-10-25T01:00:00' }
    const second = {
      timeZone: 'GMT Standard Time',
      start: '2026-10-24T10:00:00',
      end: '2026-10-26T08:00:00',
    }
    const { spec } = imported(
      setting({
        profiles: [
          profile({ name: 'First', fixedDate: first }),
          profile({ name: 'Second', fixedDate: second }),
          profile(),
        ],
      }),
    )
    // 01:00 UTC is the second 01:00 of that night in London.
    expect(spec.schedules.Second).toMatchObject({ from: Date.parse('2026-10-25T01:00Z') })
    expect(spec.schedules.First).toMatchObject({ to: Date.parse('2026-10-25T01:00Z') })
  })

  it.each([
    ['the portal', '{"name":"Auto created default scale condition","for":"Office"}', []],
    ['the command line', '{"name": "default", "for": "office"}', [profile()]],
  ])('that %s pairs to give a recurrence an end are folded back', (_, name, also) => {
    const days = ['Monday', 'Friday']
    const { spec, findings } = imported(
      setting({
        profiles: [
          ...also,
          profile({
            name: 'Office',
            capacity: capacity(4, 20, 4),
            rules: [],
            recurrence: weekly(days, 8, 30),
          }),
          profile({ name, recurrence: weekly(days, 18) }),
        ],
      }),
    )
    expect(spec.fleets.web?.constraints.map(each => [each.name, each.rank, each.min])).toEqual([
      ['capacity', 0, 2],
      ['Office', 10, 4],
    ])
    expect(spec.schedules.Office).toMatchObject({
      recurrence: { kind: 'weekly', days: ['monday', 'friday'] },
      start: { hour: 8, minute: 30 },
      end: { hour: 18, minute: 0 },
      timeZone: 'Europe/London',
    })
    expect(findings.filter(({ message }) => message.includes('no end'))).toEqual([])
  })

  it('that differ as copies of the default are told of', () => {
    const copies = ['A', 'B'].flatMap((name, index) => [
      profile({ name, recurrence: weekly(['Monday'], 2 + 4 * index) }),
      profile({
        name: `{"name":"default","for":"${name}"}`,
        capacity: capacity(1 + index),
        recurrence: weekly(['Monday'], 4 + 4 * index),
      }),
    ])
    const { spec, findings } = imported(setting({ profiles: copies }))
    expect(findings).toContainEqual(
      expect.objectContaining({
        kind: 'ambiguous',
        message: expect.stringContaining('copy of the default differs'),
      }),
    )
    expect(spec.fleets.web?.constraints.map(({ name }) => name)).toContain('default after B')
  })

  it('without an end last until the next begins, as there', () => {
    const { spec, findings } = imported(
      setting({
        profiles: [
          profile({ name: 'Day', recurrence: weekly(['Monday', 'Tuesday'], 8) }),
          profile({ name: 'Night', rules: [], recurrence: weekly(['Monday', 'Tuesday'], 20) }),
          profile(),
        ],
      }),
    )
    expect(findings.filter(({ message }) => message.includes('until the next recurrence'))).toHaveLength(2)
    expect(findings).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('"default" is never in force') }),
    )
    expect(spec.schedules.Day).toMatchObject({ start: { hour: 8 }, end: { hour: 20 } })
    // From Tuesday 20:00 to Monday 08:00: five whole days and a night.
    expect(spec.schedules['Night part 2']).toMatchObject({
      recurrence: { days: ['tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] },
      start: { hour: 20 },
      end: { hour: 20 },
    })
  })

  it.each<readonly [string, object, string]>([
    ['several hours', weekly(['Monday'], 8, 0, { hours: [8, 9] }), 'Azure takes one'],
    ['a day by number', weekly(['1'], 8), 'read as monday'],
    ['no time zone', weekly(['Monday'], 8, 0, { timeZone: undefined }), 'taken for UTC'],
  ])('whose recurrence has %s are told of', (_, recurrence, message) => {
    const { findings } = imported(setting({ profiles: [profile({ name: 'A', recurrence }), profile()] }))
    expect(findings).toContainEqual(expect.objectContaining({ message: expect.stringContaining(message) }))
  })

  it('alone, with a fixed date, leave the fleet as it is at other times', () => {
    const fixedDate = { start: '2026-12-01', end: '2026-12-02' }
    const { spec, findings } = imported(setting({ profiles: [profile({ name: 'Once', fixedDate })] }))
    expect(spec.fleets.web?.constraints.map(({ name }) => name)).toEqual(['capacity', 'Once'])
    expect(findings).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('no default profile') }),
    )
  })
})

describe('the rest of a setting', () => {
  it('tells by e-mail and by webhook', () => {
    const { spec } = imported(
      setting({
        notifications: [
          {
            operation: 'Scale',
            email: {
              sendToSubscriptionAdministrator: false,
              sendToSubscriptionCoAdministrators: false,
              customEmails: ['a@example.org'],
            },
            webhooks: [{ serviceUri: 'https://example.org/h?t=${1}', properties: { team: 'shop', n: 1 } }],
          },
        ],
      }),
    )
    expect(spec.notifiers.email).toMatchObject({ type: 'email', options: { to: ['a@example.org'] } })
    expect(spec.notifiers.webhook).toMatchObject({
      on: ['scaled', 'failed', 'gap-began', 'gap-ended'],
      options: {
        url: 'https://example.org/h?t=${1}',
        format: 'azure',
        properties: { team: 'shop', n: '1' },
        resource: { id: SCALE_SET, resourceGroup: 'shop', region: 'westeurope' },
      },
    })
  })

  it.each([
    ['Enabled', true],
    ['ForecastOnly', false],
  ])('predicts with %s', (scaleMode, enabled) => {
    const { spec } = imported(
      setting({ predictiveAutoscalePolicy: { scaleMode, scaleLookAheadTime: 'PT14M' } }),
    )
    expect(spec.fleets.web?.rules.at(-1)).toMatchObject({
      kind: 'forecast',
      enabled,
      perInstance: 70,
      horizonMs: 840_000,
    })
  })

  it('predicts nothing with Disabled', () => {
    const { spec } = imported(
      setting({ predictiveAutoscalePolicy: { scaleMode: 'Disabled', scaleLookAheadTime: null } }),
    )
    expect(spec.fleets.web?.rules.map(({ kind }) => kind)).toEqual(['when'])
  })

  it('puts several settings into one file', () => {
    const { spec } = imported([setting(), setting({ targetResourceUri: `${SCALE_SET}2` })])
    expect(Object.keys(spec.fleets)).toEqual(['web', 'web2'])
  })

  it('tells of two settings for one resource, however it is written', () => {
    const twice = [setting(), setting({ targetResourceUri: SCALE_SET.replace('/shop/', '/SHOP/') })]
    const { findings } = imported(twice)
    expect(findings.filter(({ message }) => message.includes('is also scaled by'))).toEqual([
      expect.objectContaining({
        kind: 'ambiguous',
        path: '[1]',
        message: expect.stringContaining('a.json, line 2'),
      }),
    ])
    expect(
      JSON.stringify(imported([setting(), setting({ targetResourceUri: `${SCALE_SET}2` })]).findings),
    ).not.toContain('is also scaled by')
  })
})

describe('what cannot be imported', () => {
  it.each<readonly [string, unknown, string, string]>([
    ['something else', { hello: 1 }, 'PLM-751', 'no autoscale setting'],
    ['a text', 'hello', 'PLM-751', 'no autoscale setting'],
    ['no profile', setting({ profiles: [] }), 'PLM-752', 'at least one profile'],
    [
      'no capacity',
      setting({ profiles: [profile({ capacity: undefined })] }),
      'PLM-752',
      '"capacity" is missing',
    ],
    [
      'bounds upside down',
      setting({ profiles: [profile({ capacity: capacity(5, 2) })] }),
      'PLM-752',
      'above the maximum',
    ],
    [
      'a count that is none',
      setting({ profiles: [profile({ capacity: { ...capacity(), minimum: 'two' } })] }),
      'PLM-752',
      'expected a number',
    ],
    [
      'an expression for a count',
      setting({ profiles: [profile({ capacity: { ...capacity(), minimum: "[parameters('min')]" } })] }),
      'PLM-753',
      'cannot be worked out',
    ],
    ['an unknown operator', withRule(rule({ operator: 'Above' })), 'PLM-752', 'expected one of Equals'],
    [
      'a rule without a trigger',
      withRule({ scaleAction: action() }),
      'PLM-752',
      '"metricTrigger" is missing',
    ],
    ['a rule that is none', withRule(3), 'PLM-752', 'expected an object'],
    [
      'a length that is none',
      withRule(rule({ timeWindow: '10 minutes' })),
      'PLM-752',
      'not a length of time',
    ],
    [
      'a trigger that is a list',
      withRule({ metricTrigger: [trigger()], scaleAction: action() }),
      'PLM-752',
      'expected an object',
    ],
    [
      'an unknown zone',
      setting({ profiles: [profile({ recurrence: weekly(['Monday'], 1, 0, { timeZone: 'Mars' }) })] }),
      'PLM-752',
      'not a time zone',
    ],
    [
      'another frequency',
      setting({ profiles: [profile({ recurrence: { ...weekly(['Monday'], 1), frequency: 'Day' } })] }),
      'PLM-752',
      'not one that Azure runs',
    ],
    [
      'an hour that is none',
      setting({ profiles: [profile({ recurrence: weekly(['Monday'], 24) })] }),
      'PLM-752',
      'from 0 to 23',
    ],
    [
      'a day that is none',
      setting({ profiles: [profile({ recurrence: weekly(['Someday'], 1) })] }),
      'PLM-752',
      'not a day',
    ],
    [
      'a date that is none',
      setting({ profiles: [profile({ fixedDate: { start: '2026-02-30', end: '2026-03-01' } })] }),
      'PLM-752',
      'not a date',
    ],
    [
      'dates upside down',
      setting({ profiles: [profile({ fixedDate: { start: '2026-03-02', end: '2026-03-01' } })] }),
      'PLM-752',
      'not after',
    ],
    [
      'a date without end',
      setting({ profiles: [profile({ fixedDate: { start: '0001-01-01', end: '9999-01-01' } })] }),
      'PLM-752',
      'more than 365 days',
    ],
    [
      '101 profiles',
      setting({ profiles: Array.from({ length: 101 }, () => profile()) }),
      'PLM-752',
      '101 profiles',
    ],
    [
      '101 rules',
      setting({ profiles: [profile({ rules: Array.from({ length: 101 }, () => rule()) })] }),
      'PLM-752',
      '101 rules',
    ],
  ])('%s is refused with a place', (_, document, code, message) => {
    const problem = refusalOf(document)
    expect(problem).toMatchObject({
      code,
      file: 'a.json',
      line: expect.any(Number),
      column: expect.any(Number),
    })
    expect(problem?.message).toContain(message)
  })
})

function withRule(written: unknown): object {
  return setting({ profiles: [profile({ rules: [written] })] })
}

function file(text: string) {
  return { file: 'a.json', text }
}

function importOf(document: unknown): { readonly text: string; readonly findings: readonly ImportFinding[] } {
  return importAzure([file(JSON.stringify(document, null, 1))])
}

/** With the specification our own loader makes of it. */
function imported(document: unknown) {
  const { text, findings } = importOf(document)
  const result = parseConfig(text, { file: 'plimsoll.yaml', env: {}, readFile: () => '' })
  if (!result.ok) throw new Error(`${JSON.stringify(result.problems)}\n${text}`)
  return { text, findings, spec: result.loaded.spec }
}

function configOf(document: unknown): string {
  return (importOf(document).text.split('\n# What the import')[0] ?? '').trim()
}

function ruleText(change: object): string {
  return (
    importOf(withRule(rule({ ...change })))
      .text.split('\n')
      .find(line => line.includes('when:')) ?? ''
  )
}

function refusalOf(document: unknown) {
  try {
    importOf(document)
    return null
  } catch (error) {
    if (!(error instanceof ImportError)) throw error
    return error.problems[0]
  }
}
