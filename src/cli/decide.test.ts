import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openScene, type Scene } from '../../test/builders/cli.ts'

let scene: Scene
beforeAll(() => {
  scene = openScene()
})
afterAll(() => scene.end())

const CONFIG = `
plimsoll: 1
schedules:
  peak: { daily: true, start: "08:00", duration: 2h, timeZone: Europe/London }
metrics:
  cpu: { source: push, kind: perInstance, unit: percent }
  orders: { source: push, kind: total }
fleets:
  web:
    capacity: { min: 2, max: 5 }
    constraints:
      - { name: Peak, rank: 100, min: 4, max: 6, schedule: peak }
    kpis:
      busy: { goal: "avg(cpu, 45m) < 80%" }
    rules:
      - { name: Scale up, rank: 10, when: busy is red, scale: { by: 1 } }
      - { name: Scale down, rank: 10, when: "avg(cpu, 45m) < 20%", scale: { by: -1 } }
      - { name: Orders, when: "last(orders) > 100", scale: { by: 1 } }
  other:
    capacity: { min: 1, max: 1 }
`

const Action = z.object({ kind: z.string(), instance: z.string().optional(), because: z.string() })
const Answer = z.strictObject({
  at: z.string(),
  fleets: z.record(
    z.string(),
    z.strictObject({
      current: z.number().nullable(),
      desired: z.number().nullable(),
      direction: z.enum(['out', 'in', 'none']),
      because: z.string(),
      rule: z.string().nullable(),
      bounds: z.object({
        lowest: z.number(),
        highest: z.number(),
        default: z.number(),
        constraint: z.string(),
        until: z.string().nullable(),
      }),
      kpis: z.record(z.string(), z.string()),
      steps: z.array(z.looseObject({ stage: z.string(), outcome: z.string(), because: z.string() })),
      settings: z.record(z.string(), z.unknown()),
      plan: z.strictObject({
        actions: z.array(Action),
        waiting: z.array(z.looseObject({ because: z.string() })),
      }),
    }),
  ),
})

async function decide(fleet: unknown, config = CONFIG, at: unknown = '2026-11-21T12:00:00Z') {
  scene.file('plimsoll.yaml', config)
  const readInput = async () => JSON.stringify({ at, fleets: { web: fleet } })
  return scene.run(['decide', 'plimsoll.yaml', '--observation', '-', '--json'], { readInput })
}

async function decideWeb(fleet: unknown, config = CONFIG, at: unknown = '2026-11-21T12:00:00Z') {
  const { code, out, err } = await decide(fleet, config, at)
  expect(err).toBe('')
  expect(code).toBe(0)
  const web = Answer.parse(JSON.parse(out)).fleets.web
  if (web === undefined) throw new Error('no answer for web')
  return web
}

describe('plimsoll decide', () => {
  it('answers decision, sentences and plan of a stated value', async () => {
    const web = await decideWeb({ open: 4, values: { 'avg(cpu, 45m)': 83.2, 'last(orders)': null } })
    expect(web).toMatchObject({
      current: 4,
      desired: 5,
      direction: 'out',
      rule: 'Scale up',
      bounds: { lowest: 2, highest: 5, default: 2, constraint: 'capacity', until: null },
      kpis: { busy: 'red' },
      settings: {},
      plan: { actions: [{ kind: 'launch' }], waiting: [] },
    })
    expect(web.because).toContain('83.2')
    expect(web.steps.map(step => step.stage)).toContain('reconciliation')
  })

  it('takes the observation of the issue as it stands, and leaves out fleets it does not name', async () => {
    scene.file('plimsoll.yaml', CONFIG)
    scene.file(
      'observation.json',
      `{ "at": "2026-11-21T12:00:00Z",
         "fleets": { "web": {
           "open": 4, "pending": 0, "draining": 0,
           "values":  { "avg(cpu, 45m)": 83.2, "last(orders)": null },
           "samples": { "cpu": [["2026-11-21T11:59:00Z", 83.2, "web-1"]] },
           "lastChange": { "at": "2026-11-21T11:40:00Z", "direction": "out", "rule": "Scale up" } } } }`,
    )
    const { code, out } = await scene.run([
      'decide',
      'plimsoll.yaml',
      '--observation',
      'observation.json',
      '--json',
    ])
    expect(code).toBe(0)
    const answer = Answer.parse(JSON.parse(out))
    expect(answer.at).toBe('2026-11-21T12:00:00.000Z')
    expect(Object.keys(answer.fleets)).toEqual(['web'])
    expect(answer.fleets.web).toMatchObject({ current: 4, desired: 5 })
  })

  it('knows an aggregate however it is written', async () => {
    const web = await decideWeb({ open: 4, values: { ' avg( cpu,45m )': 83.2 } })
    expect(web.kpis).toEqual({ busy: 'red' })
  })

  it('computes from samples what is not stated, and leaves the rest a gap', async () => {
    const samples = Array.from({ length: 46 }, (_, minute) => [
      Date.parse('2026-11-21T11:15:00Z') + minute * 60_000,
      90,
    ])
    const web = await decideWeb({ open: 4, samples: { cpu: samples } })
    expect(web.steps).toContainEqual(
      expect.objectContaining({ operand: 'avg(cpu, 45m)', value: 90, samples: 45 }),
    )
    expect(web.steps).toContainEqual(
      expect.objectContaining({ operand: 'last(orders)', gap: 'no value given' }),
    )
    expect(web.desired).toBe(5)
  })

  it('leaves out samples that are still to come', async () => {
    const samples = [
      ['2026-11-21T11:59:30Z', 50],
      ['2026-11-21T12:00:01Z', 900],
    ]
    const web = await decideWeb({ open: 4, samples: { orders: samples } })
    expect(web.steps).toContainEqual(expect.objectContaining({ operand: 'last(orders)', value: 50 }))
  })

  it('holds during the cooldown of the last change', async () => {
    const lastChange = { at: '2026-11-21T11:58:00Z', direction: 'out', rule: 'Scale up' }
    const web = await decideWeb({ open: 4, values: { 'avg(cpu, 45m)': 83.2 }, lastChange })
    expect(web).toMatchObject({ desired: 4, direction: 'none', plan: { actions: [] } })
    expect(web.steps).toContainEqual(expect.objectContaining({ guard: 'cooldown', outcome: 'held' }))
  })

  it('has the bounds of the time it is asked for', async () => {
    const web = await decideWeb({ open: 2, values: {} }, CONFIG, '2026-11-21T09:00:00Z')
    expect(web).toMatchObject({
      desired: 4,
      rule: 'Peak',
      bounds: { constraint: 'Peak', until: '2026-11-21T10:00:00.000Z' },
    })
  })

  it('changes nothing when the count is unknown', async () => {
    const web = await decideWeb({ open: null, values: { 'avg(cpu, 45m)': 99 } })
    expect(web).toMatchObject({ current: null, desired: null, direction: 'none', plan: { actions: [] } })
  })

  it('plans with the instances it is given: reopens the one with sessions instead of launching', async () => {
    const web = await decideWeb({
      instances: [
        { id: 'a', launchedAt: '2026-11-21T08:00:00Z' },
        { id: 'b' },
        { id: 'c', admission: 'closed', load: 2 },
        { id: 'd', admission: 'closed', load: null },
      ],
      values: { 'avg(cpu, 45m)': 83.2 },
    })
    expect(web).toMatchObject({ current: 2, desired: 3 })
    expect(web.plan.actions).toMatchObject([{ kind: 'reopen', instance: 'c' }])
  })

  it('never terminates a closed instance whose load is unknown, and does when it is seen empty', async () => {
    const closed = { open: 2, draining: 1, values: {} }
    const unknown = await decideWeb(closed)
    expect(unknown.plan.actions).toEqual([])
    expect(unknown.plan.waiting).toMatchObject([{ what: 'terminate', instance: 'web-3' }])
    const empty = await decideWeb({
      instances: [{ id: 'a' }, { id: 'b' }, { id: 'c', admission: 'closed', load: 0 }],
      values: {},
    })
    expect(empty.plan.actions).toMatchObject([
      { kind: 'seal', instance: 'c' },
      { kind: 'terminate', instance: 'c' },
    ])
  })

  it('counts from the metric where the target has nothing to count', async () => {
    const config = CONFIG.replace(
      '    capacity: { min: 2, max: 5 }',
      '    target: { type: none, count: "last(orders)" }\n    capacity: { min: 2, max: 5 }',
    )
    const web = await decideWeb({ values: { 'last(orders)': 3, 'avg(cpu, 45m)': 50 } }, config)
    expect(web).toMatchObject({ current: 3, desired: 3 })
  })

  it('tells a person the same in words', async () => {
    scene.file('plimsoll.yaml', CONFIG)
    const readInput = async () =>
      '{"at":"2026-11-21T12:00:00Z","fleets":{"web":{"open":4,"values":{"avg(cpu, 45m)":83.2}}}}'
    const { out } = await scene.run(['decide', 'plimsoll.yaml', '--observation', '-'], { readInput })
    const lines = out.trimEnd().split('\n')
    expect(lines[0]).toMatch(
      /^web {2}12:00:00 {2}4 -> 5 {2}because "Scale up" fired: avg\(cpu, 45m\) = 83\.2/,
    )
    expect(lines.at(-1)).toBe(`${' '.repeat(23)}plan: launch 1 instance: 5 wanted`)
  })

  it('warns of a value that nothing uses, and goes on', async () => {
    const { code, err } = await decide({ open: 4, values: { 'max(cpu, 5m)': 1 } })
    expect(code).toBe(0)
    expect(err).toContain('fleets.web.values["max(cpu, 5m)"] is left aside')
  })
})

describe('plimsoll decide refuses, with exit code 2 and the place', () => {
  it.each([
    [
      'a malformed aggregate',
      { open: 1, values: { 'avg(cpu 45m)': 1 } },
      'fleets.web.values["avg(cpu 45m)"]',
    ],
    ['an unknown metric in values', { open: 1, values: { 'avg(cpuu, 45m)': 1 } }, 'Did you mean "cpu"?'],
    ['an unknown metric in samples', { open: 1, samples: { ordes: [] } }, 'fleets.web.samples.ordes'],
    ['something that is no aggregate', { open: 1, values: { instances: 1 } }, 'expected an aggregate'],
    [
      'one aggregate stated twice',
      { open: 1, values: { 'avg(cpu,45m)': 1, 'avg(cpu, 45m)': 2 } },
      'stated twice',
    ],
    ['a negative count', { open: -1 }, 'fleets.web.open'],
    ['a count that is not whole', { open: 1.5 }, 'fleets.web.open'],
    [
      'a text for a number',
      { open: 1, values: { 'avg(cpu, 45m)': '83' } },
      'fleets.web.values["avg(cpu, 45m)"]',
    ],
    ['no count at all', { values: {} }, 'how many are there?'],
    ['counts beside instances', { open: 1, instances: [{ id: 'a' }] }, 'not both'],
    ['an instance listed twice', { instances: [{ id: 'a' }, { id: 'a' }] }, 'fleets.web.instances[1].id'],
    ['an unknown key', { open: 1, opne: 1 }, 'fleets.web.opne: unknown key'],
    [
      'an impossible time',
      { open: 1, samples: { cpu: [['2026-02-30T00:00:00Z', 1]] } },
      'fleets.web.samples.cpu[0]',
    ],
    [
      'a change in the future',
      { open: 1, lastChange: { at: '2027-01-01T00:00:00Z', direction: 'in' } },
      'lastChange.at',
    ],
  ])('%s', async (_what, fleet, said) => {
    const { code, out, err } = await decide(fleet)
    expect(err).toContain('PLM-508')
    expect(err).toContain(said)
    expect(err).not.toMatch(/^ {4}at /m)
    expect(out).toBe('')
    expect(code).toBe(2)
  })

  it('a fleet that the file does not have, with the nearest', async () => {
    scene.file('plimsoll.yaml', CONFIG)
    const readInput = async () => '{"at":"2026-11-21T12:00:00Z","fleets":{"wbe":{"open":1}}}'
    const { code, err } = await scene.run(['decide', 'plimsoll.yaml', '--observation', '-'], { readInput })
    expect(err).toContain('fleets.wbe')
    expect(err).toContain('Did you mean "web"?')
    expect(code).toBe(2)
  })

  it.each([
    ['text that is not JSON', '{', 'is not JSON'],
    ['an empty text', '', 'is not JSON'],
    ['a list', '[]', 'expected object'],
    ['a time without sense', '{"at":"noon","fleets":{}}', 'at: expected a time'],
  ])('%s', async (_what, text, said) => {
    scene.file('plimsoll.yaml', CONFIG)
    const { code, err } = await scene.run(['decide', 'plimsoll.yaml', '--observation', '-'], {
      readInput: async () => text,
    })
    expect(err).toContain(said)
    expect(code).toBe(2)
  })

  it('a file that is not there', async () => {
    scene.file('plimsoll.yaml', CONFIG)
    const { code, err } = await scene.run(['decide', 'plimsoll.yaml', '--observation', 'nowhere.json'])
    expect(err).toContain('PLM-503: Could not read nowhere.json: there is no such file')
    expect(code).toBe(2)
  })
})

// The golden cases of reconciliation and flapping, through the front door.
const Golden = z.object({
  reconciliation: z.array(
    z.object({
      name: z.string(),
      current: z.number(),
      min: z.number(),
      max: z.number(),
      fired: z.array(z.tuple([z.string(), z.number()])),
      expected: z.number(),
    }),
  ),
  flapping: z.array(
    z.object({
      current: z.number(),
      wanted: z.number(),
      observed: z.number(),
      kind: z.string(),
      growWhen: z.string(),
      expected: z.number(),
      projected: z.array(z.number()).optional(),
    }),
  ),
})
const golden = Golden.parse(
  JSON.parse(readFileSync(new URL('../../test/conformance/decide.json', import.meta.url), 'utf8')),
)

describe('the golden cases of reconciliation', () => {
  it.each(golden.reconciliation)('$name', async ({ current, min, max, fired, expected }) => {
    const scaleOf = (by: string) => (by.endsWith('%') ? JSON.stringify(by) : String(Number(by)))
    const rules = fired.map(
      ([by, rank], index) =>
        `      - { name: R${index}, rank: ${rank}, when: "last(m${index}) > 0", scale: { by: ${scaleOf(by)} } }`,
    )
    const metrics = fired.map((_, index) => `  m${index}: { source: push, kind: independent }`)
    const config = [
      'plimsoll: 1',
      ...(metrics.length === 0 ? [] : ['metrics:', ...metrics]),
      'fleets:',
      '  web:',
      `    capacity: { min: ${min}, max: ${max} }`,
      '    stabilization: { out: 0s, in: 0s }',
      ...(rules.length === 0 ? [] : ['    rules:', ...rules]),
    ].join('\n')
    const values = Object.fromEntries(fired.map((_, index) => [`last(m${index})`, 1]))
    expect(await decideWeb({ open: current, values }, config)).toMatchObject({ current, desired: expected })
  })
})

describe('the golden cases of flapping', () => {
  it.each(golden.flapping)(
    'at $current, $wanted wanted, $observed observed, grow $growWhen',
    async ({ current, wanted, observed, kind, growWhen, expected, projected }) => {
      const config = `
plimsoll: 1
metrics:
  m: { source: push, kind: ${kind} }
  shrink: { source: push, kind: independent }
fleets:
  web:
    capacity: { min: 0, max: 100 }
    scaleIn: any
    stabilization: { out: 0s, in: 0s }
    rules:
      - { name: Grow, when: "avg(m, 5m) ${growWhen}", scale: { by: 1 } }
      - { name: Shrink, when: "last(shrink) > 0", scale: { to: ${wanted} } }
`
      const values = { 'avg(m, 5m)': observed, 'last(shrink)': 1 }
      const web = await decideWeb({ open: current, values }, config)
      expect(web).toMatchObject({ current, desired: expected })
      if (projected === undefined) return
      const guard = web.steps.find(step => step.guard === 'flapping')
      expect(guard?.projections).toMatchObject(projected.map(value => ({ value: expect.closeTo(value, 6) })))
    },
  )
})

describe('operands of samples and of other fleets', () => {
  const RICH = `
plimsoll: 1
metrics:
  orders:
    source: push
    kind: total
    unit: count
    grain: 1m
    across: sum
    filter: { region: [eu, us], zone: { not: [z3] } }
    dividePerInstance: true
  hits: { source: push, kind: total, unit: count }
fleets:
  web:
    capacity: { min: 1, max: 9 }
    rules:
      - { name: Orders, when: "avg(orders, 5m) > 20", scale: { by: 1 } }
      - { name: Hits, when: "rate(hits, 5m) > 1 and trend(hits, 5m) > +50%", scale: { by: 2 } }
      - { name: Database, when: "fleet(db).ready < 2 and fleet(db).lowest == 1", scale: { by: 3 } }
  db:
    capacity: { min: 1, max: 9 }
`
  /** Two grains: eu 30 and us 12, then us 20; the rest is passed by. Their mean is 31, on two instances 15.5. */
  const orders = [
    ['2026-11-21T11:57:10Z', 30, null, { region: 'eu' }],
    ['2026-11-21T11:57:10Z', 12, null, { region: 'us' }],
    ['2026-11-21T11:57:20Z', 99, null, { region: 'eu', zone: 'z3' }],
    ['2026-11-21T11:58:10Z', 50, null, { region: 'asia' }],
    ['2026-11-21T11:58:40Z', 20, 'web-1', { region: 'us' }],
    ['2026-11-21T11:58:50Z', 99],
  ]
  const hits = [
    ['2026-11-21T11:56:00Z', 1_000],
    ['2026-11-21T11:57:00Z', 1_300],
    ['2026-11-21T11:58:00Z', 300],
  ]

  async function becauseOf(fleets: Record<string, unknown>): Promise<readonly string[]> {
    scene.file('plimsoll.yaml', RICH)
    const readInput = async () => JSON.stringify({ at: '2026-11-21T12:00:00Z', fleets })
    const { code, out, err } = await scene.run(['decide', 'plimsoll.yaml', '--observation', '-', '--json'], {
      readInput,
    })
    expect(err).toBe('')
    expect(code).toBe(0)
    return Answer.parse(JSON.parse(out)).fleets.web?.steps.map(({ because }) => because) ?? []
  }

  it('are filtered, grained and divided, and tell growth over a reset', async () => {
    expect(await becauseOf({ web: { open: 2, samples: { orders, hits } } })).toEqual(
      expect.arrayContaining([
        'avg(orders, 5m) = 15.5 (2 samples, 1 instance, divided by 2 ready)',
        'rate(hits, 5m) = 5 (3 samples)',
        'fleet(db).ready is unknown: fleet "db" has no recent tick',
      ]),
    )
  })

  it('know another fleet by what the same file states of it', async () => {
    const seen = await becauseOf({ web: { open: 2 }, db: { open: 1, pending: 1 } })
    expect(seen).toContain('fleet(db).ready = 1 (as of its latest tick)')
    expect(seen).toContain('fleet(db).lowest = 1 (as of its latest tick)')
    expect(seen).toContain('"Database" wants 5 (rank 0)')
  })

  it('divide what is lent to another fleet by the ready instances of the fleet it is read of', async () => {
    const config = `
plimsoll: 1
metrics: { queue: { source: push, kind: total, unit: count, dividePerInstance: true } }
fleets:
  web:
    capacity: { min: 1, max: 9 }
    rules: [ { name: Feed, when: "last(queue) >= 50", scale: { fleet: db, by: 1 } } ]
  db:
    capacity: { min: 1, max: 9 }
    rules: [ { name: Own, when: "last(queue) >= 50", scale: { by: 3 } } ]
`
    scene.file('plimsoll.yaml', config)
    const decided = async (web: object | undefined, queue: number) => {
      const db = { open: 5, values: { 'last(web/queue)': queue, 'last(queue)': queue } }
      const seen = { at: '2026-11-21T12:00:00Z', fleets: { db, ...(web === undefined ? {} : { web }) } }
      const readInput = async () => JSON.stringify(seen)
      const { out } = await scene.run(['decide', 'plimsoll.yaml', '--observation', '-', '--json'], {
        readInput,
      })
      const told = Answer.parse(JSON.parse(out)).fleets.db
      return { desired: told?.desired, steps: told?.steps.map(({ because }) => because) }
    }
    // 100 are 50 for each of web's two, and 20 for each of db's five.
    const { desired, steps } = await decided({ open: 2, pending: 3 }, 100)
    expect(desired).toBe(6)
    expect(steps).toContain('last(web/queue) = 50 (as stated, divided by 2 ready of "web")')
    expect(steps).toContain('last(queue) = 20 (as stated, divided by 5 ready)')
    expect((await decided({ open: 3 }, 100)).desired).toBe(5)
    const unknown = await decided(undefined, 1000)
    expect(unknown.steps).toContain(
      'last(web/queue) is unknown: the ready instances to divide it by are not known',
    )
    expect(unknown.desired).toBe(8)
  })

  it('name the nearest fleet and quantity where there is none of the name', async () => {
    scene.file('plimsoll.yaml', RICH.replaceAll('fleet(db).ready', 'fleet(dbs).redy'))
    const { code, err } = await scene.run(['validate', 'plimsoll.yaml'])
    expect(code).toBe(2)
    expect(err).toMatch(
      /PLM-226: there is no fleet "dbs"[\s\S]*did you mean "db"[\s\S]*PLM-227[\s\S]*did you mean "ready"/,
    )
  })
})

describe('rules that look ahead, in a what-if', () => {
  const AHEAD = `
plimsoll: 1
metrics:
  requests: { source: push, kind: total, unit: count }
fleets:
  web:
    capacity: { min: 2, max: 100 }
    rules:
      - { name: Serve, serve: { metric: "last(requests)", perInstance: 100, slo: 99.5% } }
      - { name: Ahead, forecast: { metric: "last(requests)", perInstance: 100 } }
`
  const values = { 'last(requests)': 4100 }
  const told = ({ steps }: Awaited<ReturnType<typeof decideWeb>>): string[] =>
    steps.map(({ because }) => because)

  it('want what the stated demand needs, and say that nothing was learnt', async () => {
    const web = await decideWeb({ open: 40, values }, AHEAD)
    expect(web).toMatchObject({ desired: 41, rule: 'Serve' })
    expect(told(web)).toContain(
      '"Serve" needs 41 now, stays so before a new instance is ready (3m 15s, a usual time, none measured or stated yet) at 99.5 %: 41; nothing learnt yet of how it rises',
    )
    expect(told(web)).toContain('"Ahead" waits for history: there is none in what is stated here')
  })

  it('go by what is stated of them', async () => {
    const outlooks = {
      Serve: { capacity: 4650, lead: '2m' },
      Ahead: { expected: 5200, atMost: 5900, lead: '15m' },
    }
    const web = await decideWeb({ open: 40, values, outlooks }, AHEAD)
    expect(web).toMatchObject({ desired: 59, rule: 'Ahead' })
    expect(told(web)).toContain(
      '"Serve" needs 41 now, may rise by 6 before a new instance is ready (2m, as stated, none measured yet) at 99.5 %: 47; nothing learnt yet of how it rises',
    )
    expect(told(web)).toContain('"Ahead" expects 5200, at most 5900, in 15m by what is stated: 59')
  })

  it('let nothing go while the demand is not known', async () => {
    expect(await decideWeb({ open: 40 }, AHEAD)).toMatchObject({ desired: 40 })
    const unknown = { open: 40, values, outlooks: { Serve: null } }
    expect(await decideWeb(unknown, AHEAD)).toMatchObject({ desired: 40 })
  })

  it.each([
    [
      { Serve: { atMost: 1 } },
      'fleets.web.outlooks.Serve: "Serve" is a serve rule: say "capacity", not "atMost"',
    ],
    [{ Ahead: { expected: 1 } }, 'fleets.web.outlooks.Ahead: how much is expected? Give "atMost"'],
    [{ Sreve: { capacity: 1 } }, 'no serve and no forecast rule has this name. Did you mean "Serve"?'],
    [{ Serve: { capacity: -1 } }, 'fleets.web.outlooks.Serve.capacity'],
  ])('refuse %j', async (outlooks, said) => {
    const { code, err } = await decide({ open: 40, values, outlooks }, AHEAD)
    expect(code).not.toBe(0)
    expect(err).toContain(said)
  })
})
