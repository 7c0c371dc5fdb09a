import { describe, expect, it } from 'vitest'
import type { FleetSpec, ReactiveRule, Spec } from '../model/spec.ts'
import { FULL, FULL_ENV } from './full.fixture.ts'
import { formatProblems, parseConfig } from './load.ts'

function specOf(text: string): Spec {
  const readFile = () => ''
  const result = parseConfig(text, { file: '/srv/shop/plimsoll.yaml', env: FULL_ENV, readFile })
  if (!result.ok) throw new Error(formatProblems(result.problems, result.text, { colour: false }))
  return result.loaded.spec
}

function fleetOf(spec: Spec, name: string): FleetSpec {
  const fleet = spec.fleets[name]
  if (fleet === undefined) throw new Error(`no fleet ${name}`)
  return fleet
}

/** One fleet of process instances with these lines. */
function fleet(...lines: string[]): FleetSpec {
  const text = [
    'plimsoll: 1',
    'metrics:',
    '  cpu: { source: process, read: cpu }',
    '  busy: { source: push, kind: perInstance, unit: ratio }',
    '  delay: { source: push, kind: independent, unit: s }',
    '  orders: { source: push, kind: total }',
    'fleets:',
    '  web:',
    '    target: { type: process, command: [a] }',
    ...(lines.some(line => /capacity/.test(line)) ? [] : ['    capacity: { min: 1, max: 9 }']),
    ...lines.map(line => `    ${line}`),
  ].join('\n')
  return fleetOf(specOf(text), 'web')
}

function rule(text: string, ...more: string[]): ReactiveRule {
  const [first] = fleet(`rules: [ ${text} ]`, ...more).rules
  if (first === undefined) throw new Error('no rule')
  return first
}

describe('a tracking rule', () => {
  const target = (metric: string, value: string) =>
    rule(`{ name: T, track: { metric: "${metric}", target: ${value} } }`)

  it.each([
    ['avg(cpu, 5m)', '60%', 60],
    ['avg(cpu, 5m)', '60', 60],
    ['avg(busy, 5m)', '60%', 0.6],
    ['avg(busy, 5m)', '0.6', 0.6],
    ['avg(delay, 5m)', '300ms', 0.3],
    ['avg(delay, 5m)', '2', 2],
    ['avg(orders, 5m) / 2', '100', 100],
  ])('has its target in the unit of %s: %s is %d', (metric, written, value) => {
    expect(target(metric, written)).toMatchObject({ kind: 'track', target: value })
  })

  it.each([
    ['avg(cpu, 5m)', 'perInstance'],
    ['avg(cpu, 5m) / 2', 'perInstance'],
    ['avg(cpu, 5m) * ready', 'total'],
    ['last(orders)', 'total'],
    ['last(orders) / instances', 'perInstance'],
    ['last(delay)', 'total'],
  ])('of %s is %s', (metric, spread) => {
    expect(target(metric, '60')).toMatchObject({ spread })
  })

  it('tolerates 10 % on either side, or what is said', () => {
    expect(target('avg(cpu, 5m)', '60')).toMatchObject({ toleranceRatio: 0.1, toleranceInRatio: 0.1 })
    const one = rule('{ name: T, track: { metric: "avg(cpu, 5m)", target: 60, tolerance: 5% } }')
    expect(one).toMatchObject({ toleranceRatio: 0.05, toleranceInRatio: 0.05 })
    const two = rule(
      '{ name: T, track: { metric: "avg(cpu, 5m)", target: 60, tolerance: { out: 0%, in: 20% } } }',
    )
    expect(two).toMatchObject({ toleranceRatio: 0, toleranceInRatio: 0.2 })
  })
})

describe('a step rule', () => {
  it('has threshold and bands in the unit of what it looks at', () => {
    const steps = rule(
      '{ name: S, steps: { of: "avg(busy, 5m)", threshold: 60%, bands: [ { from: 0, to: 10%, by: 1 }, { from: 10%, by: "30%", atLeast: 2 }, { from: ~, to: -20%, count: 1 } ] } }',
    )
    expect(steps).toMatchObject({
      kind: 'steps',
      threshold: 0.6,
      rounding: 'up',
      bands: [
        { from: 0, to: 0.1, scale: { kind: 'by', instances: 1 } },
        { from: 0.1, to: null, scale: { kind: 'percent', ratio: 0.3, atLeast: 2 } },
        { from: null, to: -0.2, scale: { kind: 'to', instances: 1 } },
      ],
    })
  })
})

describe('a match rule', () => {
  it('is what its expression says', () => {
    expect(rule('{ name: M, match: "last(orders) / 100", cooldown: 1m }')).toMatchObject({
      kind: 'match',
      expressionText: 'last(orders) / 100',
      cooldownMs: 60_000,
    })
  })
})

describe('effects', () => {
  it('may stand alone, and names may be one or several', () => {
    const spec = specOf(FULL)
    const shed = fleetOf(spec, 'store').rules.find(({ name }) => name === 'Shed')
    expect(shed).toMatchObject({
      kind: 'when',
      scale: null,
      effects: { set: { advancedStatistics: false, quality: 'low' }, notify: ['ops', 'chat'], run: [] },
    })
  })

  it('set what the fleet declares, with its defaults', () => {
    expect(fleetOf(specOf(FULL), 'store').settings).toEqual({
      advancedStatistics: { name: 'advancedStatistics', default: true, description: '' },
      quality: { name: 'quality', default: 'high', description: 'Of the pictures' },
    })
    expect(fleetOf(specOf(FULL), 'store').settingsWebhook).toEqual({
      url: 'http://127.0.0.1:3000/settings',
      secret: 'hook-secret-of-sixteen-and-more',
    })
  })

  it('know notifiers and actions, with their options as written', () => {
    const { notifiers, actions } = specOf(FULL)
    expect(notifiers.ops).toEqual({
      name: 'ops',
      type: 'email',
      options: {
        to: ['ops@example.org'],
        from: 'plimsoll@example.org',
        smtp: 'smtp://plimsoll:secret@mail.example.org:587',
      },
      on: ['scaled', 'failed', 'approval-wanted'],
      everyMs: 1_800_000,
    })
    expect(notifiers.pager?.options).toEqual({
      command: ['./page.sh'],
      env: { TEAM: 'shop' },
      cwd: '/srv/shop/scripts',
      timeout: '10s',
    })
    expect(notifiers.chat?.on).toContain('gap-began')
    expect(actions.provision).toEqual({
      name: 'provision',
      type: 'command',
      options: {
        command: ['./provision.sh'],
        env: { QUEUE: 'orders' },
        cwd: '/srv/shop/scripts',
        timeout: '2m',
      },
    })
    expect(actions.inside).toEqual({ name: 'inside', type: 'function', options: { timeout: '10s' } })
  })
})

describe('guards and limits', () => {
  it('are in code units', () => {
    const { guards, outageGuard, quota, mode, approvalExpiresMs } = fleetOf(specOf(FULL), 'store')
    expect(guards).toMatchObject({
      rateOut: {
        limits: [
          { kind: 'instances', instances: 4, periodMs: 60_000 },
          { kind: 'percent', ratio: 1, periodMs: 60_000 },
        ],
        select: 'max',
      },
      rateIn: { limits: [{ kind: 'percent', ratio: 0.1, periodMs: 60_000 }], select: 'min' },
      billingHour: { by: 'wall-clock', outFirstMinutes: 15, inLastMinutes: 10 },
      growDuringWarmup: false,
    })
    expect(outageGuard).toMatchObject({
      operandText: 'avg(orders, 3m)',
      dropRatio: 0.8,
      withinMs: 300_000,
      holdMs: 900_000,
    })
    expect({ quota, mode, approvalExpiresMs }).toEqual({
      quota: 20,
      mode: 'notify',
      approvalExpiresMs: 600_000,
    })
  })

  it('read what the outage guard watches', () => {
    const { operands } = fleet('outageGuard: { of: "avg(orders, 1m)", drop: 80%, within: 5m, hold: 15m }')
    expect(operands.map(({ key }) => key)).toEqual(['avg(orders, 1m)'])
  })
})

describe('a rule that scales another fleet', () => {
  const spec = specOf(`
plimsoll: 1
metrics:
  cpu: { source: process, read: cpu }
  orders: { source: push, kind: total }
fleets:
  web:
    target: { type: process, command: [a] }
    capacity: { min: 1, max: 9 }
    kpis: { busy: { goal: "avg(cpu, 5m) < 80%" }, other: { goal: "last(orders) < 3" } }
    rules:
      - { name: Scale db, rank: 7, when: "busy is red and ready > 2 and fleet(db).ready < 5 and not at_max", scale: { fleet: db, by: "20%" }, cooldown: 2m, run: [ping] }
      - { name: Silent, when: "last(orders) > 5", scale: { fleet: db, to: 3 } }
      - { name: Own, when: "ready > 1", scale: { fleet: web, by: 1 } }
  db: { target: { type: process, command: [a] }, capacity: { min: 1, max: 9 } }
actions: { ping: { type: function } }
`)
  const [web, db] = [fleetOf(spec, 'web'), fleetOf(spec, 'db')]

  it('joins that fleet’s rules under its own name', () => {
    expect(db.rules.map(({ name }) => name)).toEqual(['web/Scale db', 'web/Silent'])
    expect(db.rules[0]).toMatchObject({
      rank: 7,
      cooldownMs: 120_000,
      scale: { kind: 'percent', ratio: 0.2, atLeast: 1 },
      effects: { run: [] },
    })
  })

  it('leaves its effects where it was written, and nothing where it has none', () => {
    expect(web.rules.map(({ name }) => name)).toEqual(['Scale db', 'Own'])
    expect(web.rules[0]).toMatchObject({ scale: null, effects: { run: ['ping'] } })
  })

  it('reads what the fleet that wrote it would read', () => {
    expect(db.operands.map(({ key, metric }) => [key, metric])).toEqual([
      ['avg(web/cpu, 5m)', 'web/cpu'],
      ['last(web/orders)', 'web/orders'],
    ])
    expect(db.metrics['web/cpu']).toMatchObject({
      name: 'web/cpu',
      ofFleet: 'web',
      source: 'process',
      options: { read: 'cpu' },
    })
    expect(db.kpis.map(({ name }) => name)).toEqual(['web/busy'])
    const written = JSON.stringify(db.rules[0])
    expect(written).toContain('{"node":"kpi","kpi":"web/busy","state":"red"}')
    expect(written).toContain('{"node":"quantity","quantity":"ready","fleet":"web"}')
    expect(written).toContain('{"node":"quantity","quantity":"ready","fleet":null}')
    expect(written).toContain('{"node":"quantity","quantity":"highest","fleet":"web"}')
    expect(written).not.toContain('at_max"}')
  })
})

describe('a scale group', () => {
  const spec = specOf(`
plimsoll: 1
metrics: { orders: { source: push, kind: total } }
fleets:
  web: { target: { type: process, command: [a] }, capacity: { min: 1, max: 90 } }
  db: { target: { type: process, command: [a] }, capacity: { min: 1, max: 30 } }
groups:
  shop:
    fleets: { web: 3, db: 1 }
    constraints: [ { name: Night, rank: 5, min: 1, max: 2, default: 1, schedule: { daily: true, start: "22:00", duration: 8h } } ]
    rules:
      - { name: By, when: "last(orders) > 5", scale: { by: 2 } }
      - { name: To, when: "last(orders) > 50", scale: { to: 4 } }
      - { name: Share, when: "last(orders) < 2", scale: { by: "-40%", atLeast: 2 } }
      - { name: Match, match: "last(orders) / 100" }
      - { name: Steps, steps: { of: last(orders), threshold: 10, bands: [ { from: 0, count: 5 } ] } }
`)
  const [web, db] = [fleetOf(spec, 'web'), fleetOf(spec, 'db')]
  const scaleOf = ({ rules }: FleetSpec, name: string) => {
    const found = rules.find(each => each.name === `shop/${name}`)
    return found?.kind === 'when' ? found.scale : found
  }

  it('multiplies ranges by the ratio', () => {
    expect(web.constraints[1]).toMatchObject({ name: 'shop/Night', rank: 5, min: 3, max: 6, default: 3 })
    expect(db.constraints[1]).toMatchObject({ name: 'shop/Night', rank: 5, min: 1, max: 2, default: 1 })
    expect(web.constraints[1]?.schedule).toBe('shop/Night')
    expect(Object.keys(spec.schedules)).toEqual(['shop/Night'])
  })

  it('multiplies counts, and not percentages', () => {
    expect(scaleOf(web, 'By')).toEqual({ kind: 'by', instances: 6 })
    expect(scaleOf(db, 'By')).toEqual({ kind: 'by', instances: 2 })
    expect(scaleOf(web, 'To')).toEqual({ kind: 'to', instances: 12 })
    expect(scaleOf(web, 'Share')).toEqual({ kind: 'percent', ratio: -0.4, atLeast: 2 })
    expect(scaleOf(web, 'Match')).toMatchObject({ expressionText: '3 * (last(orders) / 100)' })
    expect(scaleOf(db, 'Match')).toMatchObject({ expressionText: 'last(orders) / 100' })
    expect(scaleOf(web, 'Steps')).toMatchObject({ bands: [{ scale: { kind: 'to', instances: 15 } }] })
  })
})

describe('a rule that serves', () => {
  const served = (keys: string, more = '') => rule(`{ name: S, serve: { ${keys} }${more} }`)

  it.each([
    [
      'metric: "last(orders)", perInstance: 100, slo: 99.5%',
      { spread: 'total', perInstance: 100, sloRatio: 0.995 },
    ],
    [
      'metric: "avg(cpu, 5m)", perInstance: 60%, slo: 0.9',
      { spread: 'perInstance', perInstance: 60, sloRatio: 0.9 },
    ],
    ['metric: "avg(busy, 5m)", perInstance: 60%, slo: 99%', { spread: 'perInstance', perInstance: 0.6 }],
    ['metric: "last(delay)", perInstance: 300ms, slo: 99%', { spread: 'total', perInstance: 0.3 }],
    ['metric: "last(orders)", perInstance: 1, slo: 99%', { bootMs: null, cooldownMs: 0 }],
    ['metric: "last(orders)", perInstance: 1, slo: 99%, boot: 90s', { bootMs: 90_000 }],
  ])('reads { %s }', (keys, expected) => {
    expect(served(keys)).toMatchObject({ kind: 'serve', ...expected })
  })

  it('has the cooldown it says', () => {
    const keys = 'metric: "last(orders)", perInstance: 1, slo: 99%'
    expect(served(keys, ', cooldown: 2m')).toMatchObject({ cooldownMs: 120_000 })
  })

  const one = '{ name: S, serve: { metric: "last(orders)", perInstance: 1, slo: 99% } }'
  const ahead = '{ name: F, forecast: { metric: "last(orders)", perInstance: 1 } }'
  const shed = '{ name: Shed, when: at_max, set: { light: true } }'
  const up = '{ name: Up, when: "last(orders) > 1", scale: { by: 1 } }'

  it.each<[string, readonly string[], number]>([
    ['alone', [`rules: [ ${one} ]`], 0],
    ['beside a forecast', [`rules: [ ${one}, ${ahead} ]`], 0],
    ['beside one that only sets', [`rules: [ ${one}, ${shed} ]`, 'settings: { light: false }'], 0],
    ['beside one that scales', [`rules: [ ${one}, ${up} ]`], 300_000],
    ['with a window of its own', [`rules: [ ${one} ]`, 'stabilization: { in: 1m }'], 60_000],
    ['with one for growing only', [`rules: [ ${one} ]`, 'stabilization: { out: 1m }'], 0],
    ['with a preset', [`rules: [ ${one} ]`, 'preset: hpa'], 300_000],
    ['without any', [`rules: [ ${up} ]`], 300_000],
  ])('%s: the stabilization window on the way in', (_, lines, windowMs) => {
    expect(fleet(...lines).guards.stabilizationInMs).toBe(windowMs)
  })

  it.each([
    [
      'groups',
      'groups: { g: { fleets: { web: 1 }, rules: [ { name: G, when: "last(orders) > 1", scale: { by: 1 } } ] } }',
    ],
    [
      'other fleets',
      'x: { capacity: { min: 1, max: 2 }, rules: [ { name: O, when: "last(orders) > 1", scale: { by: 1, fleet: web } } ] }',
    ],
  ])('is not alone where %s have rules for it', (_, more) => {
    const text = [
      'plimsoll: 1',
      'metrics: { orders: { source: push, kind: total } }',
      ...(more.startsWith('groups') ? [more] : []),
      'fleets:',
      `  web: { capacity: { min: 1, max: 9 }, rules: [ ${one} ] }`,
      ...(more.startsWith('groups') ? [] : [`  ${more}`]),
    ].join('\n')
    expect(fleetOf(specOf(text), 'web').guards.stabilizationInMs).toBe(300_000)
  })
})

describe('a rule that serves by a clock', () => {
  it('names its time zone, and none where the file names none', () => {
    const serve = 'serve: { metric: "last(orders)", perInstance: 100, slo: 99%'
    expect(rule(`{ name: S, ${serve}, timeZone: Europe/London } }`)).toMatchObject({
      timeZone: 'Europe/London',
    })
    expect(rule(`{ name: S, ${serve} } }`)).not.toHaveProperty('timeZone')
  })
})

describe('a forecast', () => {
  it.each([
    [
      'metric: "last(orders)", perInstance: 100',
      { spread: 'total', perInstance: 100, horizonMs: null, quantileRatio: 0.95, cooldownMs: null },
    ],
    [
      'metric: "avg(cpu, 5m)", perInstance: 60%, horizon: 15m, quantile: 90%',
      { spread: 'perInstance', perInstance: 60, horizonMs: 900_000, quantileRatio: 0.9 },
    ],
    [
      'metric: "last(orders)", perInstance: 100, timeZone: America/New_York',
      { timeZone: 'America/New_York' },
    ],
  ])('reads { %s }', (keys, expected) => {
    expect(rule(`{ name: F, forecast: { ${keys} } }`)).toMatchObject({ kind: 'forecast', ...expected })
  })

  it('names no time zone where the file names none', () => {
    expect(rule('{ name: F, forecast: { metric: "last(orders)", perInstance: 100 } }')).not.toHaveProperty(
      'timeZone',
    )
  })
})
