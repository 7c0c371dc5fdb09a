import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { USUAL_REPAIR } from '../model/health.ts'
import { USUAL_SESSIONS } from '../model/spec.ts'
import { FULL, FULL_ENV } from './full.fixture.ts'
import {
  formatProblems,
  type Loaded,
  type LoadResult,
  loadConfig,
  parseConfig,
  parseConfigObject,
  type Where,
} from './load.ts'
import { routerOptions } from './schema-routers.ts'
import { targetOptions } from './schema-targets.ts'

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const where: Where = {
  file: '/srv/shop/plimsoll.yaml',
  env: FULL_ENV,
  readFile: path => {
    throw Object.assign(new Error(path), { code: 'ENOENT' })
  },
}

function loaded(result: LoadResult): Loaded {
  if (!result.ok) throw new Error(formatProblems(result.problems, result.text, { colour: false }))
  return result.loaded
}

function refused(result: LoadResult): Extract<LoadResult, { ok: false }> {
  if (result.ok) throw new Error('it was accepted')
  return result
}

const SMALL = 'plimsoll: 1\nfleets: { web: { capacity: { min: 1, max: 2 } } }'

describe('a file with every key', () => {
  const { spec, api, state, warnings } = loaded(parseConfig(FULL, where))
  const { web, workers, advice } = spec.fleets

  it('has nothing to warn of', () => {
    expect(warnings).toEqual([])
  })

  it('gives the API its address and token', () => {
    expect(api).toEqual({ host: '127.0.0.1', port: 7071, token: 'token-of-sixteen-and-more' })
  })

  it('puts the state beside the file', () => {
    expect(state).toEqual({ path: '/srv/shop/data/state.db', samplesMs: 86_400_000, journalMs: 864_000_000 })
  })

  it('makes the capacity the first constraint, and inline schedules named ones', () => {
    expect(web?.constraints).toEqual([
      { name: 'capacity', rank: 0, enabled: true, min: 2, max: 5, default: 3, schedule: null },
      { name: 'Peak', rank: 100, enabled: true, min: 4, max: 6, default: 4, schedule: 'peak' },
      { name: 'Night', rank: 1, enabled: true, min: 1, max: 2, default: null, schedule: 'web/Night' },
    ])
    expect(spec.schedules['web/Night']).toMatchObject({
      start: { hour: 22 },
      end: { hour: 6 },
      durationMs: null,
    })
  })

  it('turns rules into proposals in code units', () => {
    expect(web?.rules.map(rule => ('when' in rule ? { ...rule, when: undefined } : rule))).toEqual([
      {
        name: 'Scale up',
        rank: 10,
        enabled: true,
        kind: 'when',
        effects: { set: {}, notify: [], run: [] },
        whenText: 'busy is red',
        scale: { kind: 'by', instances: 1 },
        forMs: 30_000,
        during: 'office',
        cooldownMs: 300_000,
      },
      {
        name: 'Scale down',
        rank: 10,
        enabled: true,
        kind: 'when',
        effects: { set: {}, notify: [], run: [] },
        whenText: 'avg(cpu, 45m) < 20%',
        scale: { kind: 'percent', ratio: -0.2, atLeast: 2 },
        forMs: 0,
        during: null,
        cooldownMs: null,
      },
      {
        name: 'Errors',
        rank: 0,
        enabled: true,
        kind: 'when',
        effects: { set: {}, notify: [], run: [] },
        whenText: 'last(errors) > 5% and last(rps) > 10',
        scale: { kind: 'to', instances: 5 },
        forMs: 0,
        during: null,
        cooldownMs: null,
      },
    ])
    expect(workers?.rules[0]).toMatchObject({ scale: { kind: 'by', instances: 2 } })
    expect(advice?.rules[0]).toMatchObject({ scale: { kind: 'percent', ratio: 0.5, atLeast: 1 } })
  })

  it('lists each aggregate once, sorted, and only the metrics they need', () => {
    expect(web?.operands.map(operand => operand.key)).toEqual(['avg(cpu, 45m)', 'last(errors)', 'last(rps)'])
    expect(Object.keys(web?.metrics ?? {}).sort()).toEqual(['cpu', 'errors', 'rps'])
  })

  it('takes the count of a target without instances from an expression', () => {
    expect(advice?.count).toMatchObject({ node: 'aggregate', metric: 'replicas', windowMs: 45_000 })
    expect(advice?.operands.map(operand => operand.key)).toContain('last(replicas)')
    expect(web?.count).toBeNull()
  })

  it('gives plugins their options in code units', () => {
    expect(targetOptions.process.parse(web?.target.options)).toEqual({
      command: ['node', 'app.mjs'],
      env: { LOG_LEVEL: 'info' },
      cwd: '/srv/shop/app',
      health: { path: '/well', everyMs: 1000, timeoutMs: 2000, failures: 5 },
      stopGraceMs: 10_000,
      portFrom: 41_000,
      zones: ['a', 'b'],
      keep: true,
    })
    expect(routerOptions.proxy.parse(web?.routers[0]?.options)).toEqual({
      listen: { host: '127.0.0.1', port: 8080 },
      cookie: { name: 'sid', ttlMs: 600_000, secret: 'secret-of-sixteen-and-more' },
      concurrency: 8,
      queue: 500,
      queueTimeoutMs: 5000,
    })
    expect(targetOptions.command.parse(workers?.target.options)).toEqual({
      list: ['./fleet.sh', 'list'],
      launch: ['./fleet.sh', 'launch'],
      terminate: ['./fleet.sh', 'terminate'],
      restart: ['./fleet.sh', 'restart'],
      zones: ['a', 'b'],
      listingLagMs: 20_000,
      timeoutMs: 10_000,
      cwd: '/srv/shop',
      exclusive: false,
    })
    const other = routerOptions.proxy.parse(workers?.routers[0]?.options)
    expect(other).toMatchObject({ listen: { host: '::1', port: 8081 }, cookie: null, concurrency: 100 })
    expect(spec.metrics.orders?.options).toEqual({
      url: 'http://127.0.0.1:9000/stats',
      pointer: '/orders',
      headers: { accept: 'application/json' },
      timeoutMs: 2000,
    })
    expect(spec.metrics.orders).toMatchObject({
      // Three times the longer of every and grain.
      staleAfterMs: 180_000,
      grainMs: 60_000,
      across: 'sum',
      filter: [
        { label: 'region', operator: 'in', values: ['eu', 'us'] },
        { label: 'zone', operator: 'not-in', values: ['z3'] },
      ],
      dividePerInstance: true,
    })
    expect(spec.metrics.files).toMatchObject({
      grainMs: null,
      across: null,
      filter: [],
      dividePerInstance: false,
    })
    expect(spec.metrics.files?.options).toEqual({
      command: ['./count.sh', 'in'],
      cwd: '/srv/shop',
      timeoutMs: 3000,
      pointer: '/n',
    })
    expect(spec.metrics.replicas?.options).toEqual({})
  })

  it('reads every kind of schedule', () => {
    expect(spec.schedules.office).toEqual({
      kind: 'recurring',
      name: 'office',
      recurrence: { kind: 'weekly', days: ['monday', 'friday'] },
      start: { hour: 9, minute: 0, second: 0 },
      durationMs: null,
      end: { hour: 17, minute: 30, second: 0 },
      timeZone: 'UTC',
      startDate: '2026-01-01',
      endDate: '2027-12-31',
      exceptDates: ['2026-12-25'],
    })
    expect(spec.schedules.payday).toMatchObject({
      recurrence: { kind: 'monthly', dayOfMonth: 25 },
      durationMs: 3_600_000,
      timeZone: '+02:00',
    })
    expect(spec.schedules.batch).toMatchObject({ recurrence: { kind: 'cron', expression: '0 3 * * *' } })
    expect(spec.schedules.launch).toEqual({
      kind: 'between',
      name: 'launch',
      from: Date.parse('2026-12-24T18:00Z'),
      to: Date.parse('2026-12-25T00:00Z'),
      timeZone: 'Europe/London',
    })
  })

  it('is frozen all the way down, and its records find only what was configured', () => {
    const thaw: string[] = []
    const visit = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return
      if (!Object.isFrozen(value)) thaw.push(path)
      for (const [key, part] of Object.entries(value)) visit(part, `${path}.${key}`)
    }
    visit(spec, 'spec')
    expect(thaw).toEqual([])
    expect(spec.fleets.constructor).toBeUndefined()
  })

  it('is data that survives a journey through JSON', () => {
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec)
  })

  it('is the same when written as JSON, or built in code', () => {
    const object: unknown = parse(FULL)
    const { digest: _one, ...asJson } = loaded(
      parseConfig(JSON.stringify(object, null, '\t'), { ...where, file: '/srv/shop/plimsoll.json' }),
    ).spec
    const { digest: _two, ...inCode } = loaded(parseConfigObject(object, {}, where)).spec
    const { digest: _three, ...asYaml } = spec
    expect(asJson).toEqual(asYaml)
    expect(inCode).toEqual(asYaml)
  })
})

describe('what is left out', () => {
  const { spec, api, state } = loaded(
    parseConfig(`${SMALL}\nmetrics: { cpu: { source: process, read: cpu }, q: { source: push } }`, where),
  )

  it('has the defaults of the reference', () => {
    expect(spec.fleets.web).toEqual({
      name: 'web',
      target: { type: 'none', options: {} },
      routers: [],
      sessions: USUAL_SESSIONS,
      health: null,
      repair: USUAL_REPAIR,
      constraints: [{ name: 'capacity', rank: 0, enabled: true, min: 1, max: 2, default: 1, schedule: null }],
      kpis: [],
      rules: [],
      metrics: {},
      operands: [],
      count: null,
      guards: {
        scaleIn: 'all',
        flapping: true,
        cooldownOutMs: 180_000,
        cooldownInMs: 600_000,
        cooldownFrom: 'own',
        stabilizationOutMs: 0,
        stabilizationInMs: 300_000,
        rateOut: { limits: [], select: 'max' },
        rateIn: { limits: [], select: 'max' },
        billingHour: null,
        growDuringWarmup: true,
        withoutConstraint: 'free',
      },
      outageGuard: null,
      quota: null,
      settings: {},
      settingsWebhook: null,
      mode: 'scale',
      approvalExpiresMs: 1_800_000,
      everyMs: 15_000,
      quorumRatio: 0.5,
      warmupMs: 0,
      bootTimeoutMs: 300_000,
      launchBatch: 10,
    })
    expect(api).toEqual({ host: '127.0.0.1', port: 7070, token: null })
    expect(state).toEqual({
      path: '/srv/shop/.plimsoll/state.db',
      samplesMs: 604_800_000,
      journalMs: 2_592_000_000,
    })
  })

  it('takes a metric default from its source', () => {
    expect(spec.metrics.cpu).toMatchObject({
      kind: 'perInstance',
      unit: 'percent',
      everyMs: 1000,
      staleAfterMs: 30_000,
    })
    expect(spec.metrics.q).toMatchObject({
      kind: 'independent',
      unit: null,
      everyMs: 15_000,
      staleAfterMs: 45_000,
    })
  })

  it('runs processes in the folder of the file', () => {
    const text = SMALL.replace('capacity', 'target: { type: process, command: [a] }, capacity')
    expect(loaded(parseConfig(text, where)).spec.fleets.web?.target.options.cwd).toBe('/srv/shop')
  })
})

describe('the digest', () => {
  it('is that of the text, whatever its line marks', () => {
    const one = loaded(parseConfig(SMALL, where)).spec.digest
    expect(one).toMatch(/^[0-9a-f]{16}$/)
    expect(loaded(parseConfig(`\uFEFF${SMALL}`, where)).spec.digest).toBe(one)
    expect(loaded(parseConfig(`${SMALL}\n`, where)).spec.digest).not.toBe(one)
  })
})

describe('a name a host program has registered', () => {
  const extensions = { sources: ['prometheus'], targets: ['acme-vmss'], routers: ['matchmaker'] }
  const text = `plimsoll: 1
metrics: { cpu: { source: prometheus, query: 'avg(up)', every: 15s, kind: perInstance } }
fleets:
  web:
    target: { type: acme-vmss, resourceGroup: shop, tags: [a, { b: 1 }] }
    router: { type: matchmaker, url: "amqp://x" }
    capacity: { min: 2, max: 5 }
    rules: [ { name: Up, when: "avg(cpu, 5m) > 80%", scale: { by: 1 } } ]
`
  it('takes options of any form', () => {
    const { spec } = loaded(parseConfig(text, { ...where, extensions }))
    expect(spec.metrics.cpu).toMatchObject({
      source: 'prometheus',
      everyMs: 15_000,
      options: { query: 'avg(up)' },
    })
    expect(spec.fleets.web?.target).toEqual({
      type: 'acme-vmss',
      options: { resourceGroup: 'shop', tags: ['a', { b: 1 }] },
    })
    expect(spec.fleets.web?.routers).toEqual([{ type: 'matchmaker', options: { url: 'amqp://x' } }])
  })

  it('is unknown without that program', () => {
    expect(refused(parseConfig(text, where)).problems.map(problem => problem.code)).toEqual([
      'PLM-118',
      'PLM-118',
      'PLM-118',
    ])
  })

  it('still checks the keys every metric has', () => {
    const wrong = text.replace('15s', '15')
    expect(refused(parseConfig(wrong, { ...where, extensions })).problems).toMatchObject([
      { code: 'PLM-116', line: 2 },
    ])
  })
})

describe('a fleet in a cloud, through plugins of a host program', () => {
  const text = `# yaml-language-server: $schema=./node_modules/plimsoll/schema/plimsoll.schema.json
plimsoll: 1

schedules:
  peak: { daily: true, start: "08:00", duration: 2h, timeZone: Europe/London }

metrics:
  cpu:    { source: prometheus, query: 'avg by (instance) (rate(cpu[1m]))', every: 15s, kind: perInstance }
  orders: { source: acme-queue, queue: orders, every: 30s, kind: total }

fleets:
  web:
    target: { type: acme-vmss, resourceGroup: shop, name: web, subscription: "\${env:AZURE_SUBSCRIPTION}" }
    capacity: { min: 2, max: 5, default: 2 }
    constraints:
      - { name: Peak, rank: 100, min: 4, max: 6, schedule: peak }
    kpis:
      busy: { goal: "avg(cpu, 45m) < 80%" }
    rules:
      - { name: Scale up,   rank: 10, when: busy is red,          scale: { by: 1 } }
      - { name: Scale down, rank: 10, when: "avg(cpu, 45m) < 20% and last(orders) < 5", scale: { by: -1 } }
    cooldown: { out: 5m, in: 10m }
    mode: scale
`
  it('is read whole', () => {
    const extensions = { sources: ['prometheus', 'acme-queue'], targets: ['acme-vmss'] }
    const env = { AZURE_SUBSCRIPTION: 'abc' }
    const { spec, warnings } = loaded(parseConfig(text, { ...where, env, extensions }))
    expect(warnings).toEqual([])
    expect(spec.fleets.web?.target.options).toEqual({
      resourceGroup: 'shop',
      name: 'web',
      subscription: 'abc',
    })
    expect(spec.metrics.orders).toMatchObject({
      kind: 'total',
      everyMs: 30_000,
      options: { queue: 'orders' },
    })
    expect(spec.fleets.web?.constraints.map(constraint => constraint.name)).toEqual(['capacity', 'Peak'])
    expect(spec.fleets.web?.rules.map(rule => rule.name)).toEqual(['Scale up', 'Scale down'])
  })
})

describe('references', () => {
  const text = (value: string) =>
    `${SMALL}\nmetrics: { q: { source: http-json, url: ${value}, pointer: /a } }`
  const url = (result: LoadResult) => loaded(result).spec.metrics.q?.options.url

  it('are replaced inside a text', () => {
    expect(
      url(
        parseConfig(text('"http://${env:HOST}:${env:PORT}/"'), { ...where, env: { HOST: 'h', PORT: '9' } }),
      ),
    ).toBe('http://h:9/')
  })

  it('read files from the folder of the configuration, without their last line break', () => {
    const readFile = (path: string) => (path === '/srv/shop/secrets/host' ? 'h\n' : '')
    expect(url(parseConfig(text('"http://${file:secrets/host}/"'), { ...where, readFile }))).toBe('http://h/')
  })

  it('stay as they are after another dollar sign', () => {
    expect(url(parseConfig(text('"http://h/$${env:X}"'), where))).toBe('http://h/${env:X}')
  })

  it('are not looked for in what a reference gave', () => {
    expect(url(parseConfig(text('"http://h/${env:A}"'), { ...where, env: { A: '${env:B}', B: 'no' } }))).toBe(
      'http://h/${env:B}',
    )
  })

  it('do not find what every object inherits', () => {
    expect(refused(parseConfig(text('"${env:constructor}"'), where)).problems).toMatchObject([
      { code: 'PLM-126' },
    ])
  })

  const SECRET = 'hunter2hunter2'
  const leaks: readonly (readonly [string, string])[] = [
    ['a url', text('"${env:S}"')],
    ['a duration', SMALL.replace('capacity', 'every: "${env:S}", capacity')],
    ['an allowed word', SMALL.replace('capacity', 'mode: "${env:S}", capacity')],
    ['a time zone', `${SMALL}\nschedules: { a: { daily: true, duration: 1h, timeZone: "\${env:S}" } }`],
    ['an address', `${SMALL}\napi: { listen: "\${env:S}" }`],
    ['an address to listen on', `${SMALL}\napi: { listen: "\${env:S}" }`],
    ['a kind of target', SMALL.replace('capacity', 'target: { type: "${env:S}" }, capacity')],
    ['a share', SMALL.replace('capacity', 'quorum: "${env:S}", capacity')],
    [
      'a condition',
      SMALL.replace(
        'capacity',
        'rules: [ { name: a, scale: { by: 1 }, when: "avg(${env:S}, 5m) > 3" } ], capacity',
      ),
    ],
    [
      'a name',
      SMALL.replace(
        'capacity',
        'constraints: [ { name: "${env:S}", min: 1, max: 1 }, { name: "${env:S}", min: 1, max: 1 } ], capacity',
      ),
    ],
    [
      'a schedule',
      SMALL.replace(
        'capacity',
        'constraints: [ { name: a, min: 1, max: 1, schedule: "${env:S}" } ], capacity',
      ),
    ],
    [
      'a percentage',
      SMALL.replace(
        'capacity',
        'rules: [ { name: a, scale: { by: "${env:S}" }, when: "instances > 3" } ], capacity',
      ),
    ],
  ]

  it.each(leaks)('never show what they gave: %s', (_place, wrong) => {
    const { problems, text: shown } = refused(parseConfig(wrong, { ...where, env: { S: SECRET } }))
    expect(problems.length).toBeGreaterThan(0)
    expect(JSON.stringify(problems) + formatProblems(problems, shown, { colour: false })).not.toContain(
      'hunter2',
    )
  })

  it('say of a wrong expression only what is wrong, and where to look', () => {
    const wrong = SMALL.replace(
      'capacity',
      'rules: [ { name: a, scale: { by: 1 }, when: "${env:S}" } ], capacity',
    )
    const { problems } = refused(parseConfig(wrong, { ...where, env: { S: 'avg(x, 5m) > 3' } }))
    expect(problems).toMatchObject([
      { code: 'PLM-143', message: 'the expression that ${env:S} gives is wrong (PLM-220)' },
    ])
  })
})

describe('a configuration built in code', () => {
  it('says where it is wrong by path, without a line', () => {
    const { problems } = refused(
      parseConfigObject({ plimsoll: 1, fleets: { web: { capacity: { min: 3, max: 2 }, evry: '5s' } } }),
    )
    const found = problems.map(({ code, path, line, column }) => `${code} ${path} ${line}:${column}`)
    expect(found.sort()).toEqual(['PLM-110 fleets.web.evry 0:0', 'PLM-134 fleets.web.capacity.min 0:0'])
  })

  it('refuses what is not data', () => {
    const circle: Record<string, unknown> = {}
    circle.self = circle
    expect(refused(parseConfigObject(circle)).problems).toMatchObject([{ code: 'PLM-108' }])
    expect(refused(parseConfigObject(undefined)).problems).toMatchObject([{ code: 'PLM-108' }])
    expect(refused(parseConfigObject(3n)).problems).toMatchObject([{ code: 'PLM-108' }])
  })

  it('leaves the folder of processes to the program', () => {
    const config = {
      plimsoll: 1,
      fleets: { web: { capacity: { min: 1, max: 1 }, target: { type: 'process', command: ['a'] } } },
    }
    expect(loaded(parseConfigObject(config)).spec.fleets.web?.target.options.cwd).toBeUndefined()
  })
})

describe('a file on disk', () => {
  it('is loaded with the environment and the files beside it', async () => {
    const file = join(folder, 'good.yaml')
    writeFileSync(join(folder, 'token'), 'a-token-of-some-length\n')
    writeFileSync(file, `${SMALL}\napi: { token: "\${file:token}" }`)
    const result = loaded(await loadConfig(file))
    expect(result.api.token).toBe('a-token-of-some-length')
    expect(result.state.path).toBe(join(folder, '.plimsoll/state.db'))
    expect(result.file).toBe(file)
  })

  it('that is missing, a folder or no text is a problem, not an exception', async () => {
    const binary = join(folder, 'binary.yaml')
    writeFileSync(binary, Buffer.from([0xff, 0xfe, 0x00]))
    const found = await Promise.all([join(folder, 'none.yaml'), folder, binary].map(path => loadConfig(path)))
    expect(found.map(result => refused(result).problems)).toMatchObject([
      [{ code: 'PLM-100', message: 'the file cannot be read: it does not exist' }],
      [{ code: 'PLM-100', message: 'the file cannot be read: it is a folder' }],
      [{ code: 'PLM-100', message: 'the file cannot be read: it is not UTF-8 text' }],
    ])
  })

  it('that is far too large is refused without being decoded', async () => {
    const file = join(folder, 'large.yaml')
    writeFileSync(file, '#'.repeat(3 * 1024 * 1024))
    expect(refused(await loadConfig(file)).problems).toMatchObject([{ code: 'PLM-101' }])
  })
})
