import { describe, expect, it } from 'vitest'
import { FULL, FULL_ENV } from './full.fixture.ts'
import { parseConfig } from './load.ts'
import { routerOptions } from './schema-routers.ts'
import { probeOptions } from './schema-sessions.ts'

const where = { file: '/srv/shop/plimsoll.yaml', env: FULL_ENV, readFile: () => '' }

function load(...lines: string[]) {
  const target = lines.some(line => line.startsWith('target'))
    ? []
    : ['target: { type: process, command: [a] }']
  const capacity = lines.some(line => line.startsWith('capacity')) ? [] : ['capacity: { min: 1, max: 10 }']
  const text = [
    'plimsoll: 1',
    'fleets:',
    '  rooms:',
    ...[...target, ...capacity, ...lines].map(l => `    ${l}`),
  ]
  return parseConfig(text.join('\n'), where)
}

function fleet(...lines: string[]) {
  const result = load(...lines)
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  const { rooms } = result.loaded.spec.fleets
  if (rooms === undefined) throw new Error('there is no such fleet')
  return { ...rooms, warnings: result.loaded.warnings }
}

/** `CODE path` of each error. */
function problems(...lines: string[]): readonly string[] {
  const result = load(...lines)
  return result.ok
    ? []
    : result.problems.map(({ code, path }) => `${code} ${path.replace('fleets.rooms.', '')}`)
}

function warnings(...lines: string[]): readonly string[] {
  return fleet(...lines).warnings.map(({ code, path }) => `${code} ${path.replace('fleets.rooms.', '')}`)
}

describe('a file with every key', () => {
  const result = parseConfig(FULL, where)
  const fleets = result.ok ? result.loaded.spec.fleets : {}

  it('says what becomes of sessions', () => {
    expect(fleets.rooms?.sessions).toEqual({
      slotsPerInstance: 20,
      placement: 'spread',
      leaseMs: 120_000,
      mostWaiting: 100,
      longestWaitMs: 10_000,
      drain: { deadlineMs: 14_400_000, pastDeadline: 'keep' },
      mayCut: true,
    })
  })

  it('has several routers as witnesses, with their options in code units', () => {
    const [broker, haproxy] = fleets.rooms?.routers ?? []
    expect(broker).toEqual({ type: 'broker', options: {} })
    expect(routerOptions.haproxy.parse(haproxy?.options)).toEqual({
      socket: '/run/haproxy/admin.sock',
      masterSocket: '/run/haproxy/master.sock',
      hardStopAfterMs: 3_600_000,
      backend: 'rooms',
      prefix: 'rooms:',
      cookieKey: FULL_ENV.COOKIE_SECRET,
      load: 'stick-table',
      table: 'rooms',
      check: { port: 8081, everyMs: 1000, rise: 2, fall: 4 },
      serverOptions: 'maxconn 20',
      timeoutMs: 1000,
    })
    expect(routerOptions.agent.parse(fleets.calls?.routers[0]?.options)).toEqual({ leaseMs: 10_000 })
    expect(routerOptions.http.parse(fleets.jobs?.routers[0]?.options)).toEqual({
      path: '/load',
      pointer: '/jobs',
      headers: { accept: 'application/json' },
      timeoutMs: 1000,
      calls: {
        close: { method: 'POST', path: '/drain' },
        reopen: { method: 'DELETE', path: '/drain' },
      },
    })
  })

  it('says how instances are probed and mended', () => {
    expect(fleets.rooms?.health).toEqual({
      probe: { type: 'http', options: { path: '/healthz', port: 8081 } },
      everyMs: 10_000,
      timeoutMs: 3000,
      graceMs: 60_000,
      suspectAfter: 2,
      unhealthyAfter: 4,
      healthyAfter: 3,
    })
    expect(fleets.rooms?.repair).toEqual({
      how: 'restart',
      atOnce: 1,
      atOnceRatio: 0.05,
      maxUnhealthyRatio: 0.3,
      freezeMs: 3_600_000,
    })
    expect(probeOptions.command.parse(fleets.jobs?.health?.probe.options)).toEqual({
      command: ['./well.sh'],
      env: { TEAM: 'jobs' },
      cwd: '/srv/shop/scripts',
    })
    expect(fleets.calls?.health?.probe).toEqual({ type: 'tcp', options: { port: 5060 } })
  })

  it('has the reserve of its sessions as a rule, and others beside it', () => {
    expect(fleets.rooms?.rules).toMatchObject([
      {
        name: 'reserve',
        kind: 'reserve',
        rank: 0,
        reserve: { kind: 'ratio', ratio: 0.25 },
        slotsPerInstance: 20,
      },
      { name: 'Room', kind: 'reserve', rank: 5, reserve: { kind: 'slots', slots: 30 }, slotsPerInstance: 20 },
    ])
  })
})

describe('sessions', () => {
  it('are the broker’s where no router is named', () => {
    expect(fleet('sessions: { slotsPerInstance: 4 }').routers).toEqual([{ type: 'broker', options: {} }])
    expect(fleet('sessions: { slotsPerInstance: 4 }', 'router: { type: agent }').routers).toMatchObject([
      { type: 'agent' },
    ])
    expect(fleet().routers).toEqual([])
  })

  it('have nobody to place them where nothing is launched', () => {
    expect(
      fleet('target: { type: none }', 'sessions: { slotsPerInstance: 4, reserve: 70% }').routers,
    ).toEqual([])
  })

  it.each([
    [['router: { type: broker }'], ['PLM-147 router']],
    [['sessions: { placement: pack }'], ['PLM-147 sessions']],
    [['router: { type: agent }', 'sessions: { reserve: 20 }'], ['PLM-147 sessions.reserve']],
    // A key that is misspelt is one mistake, not three.
    [
      ['router: { type: broker }', 'sessions: { slotsPerInstnce: 4, reserve: 25% }'],
      ['PLM-110 sessions.slotsPerInstnce'],
    ],
    [
      [
        'router: { type: broker }',
        'sesions: { slotsPerInstance: 4 }',
        'rules: [ { name: R, reserve: { slots: 2 } } ]',
      ],
      ['PLM-110 sesions'],
    ],
    [
      ['router: { type: broker }', 'sessions: { placemnt: pack }'],
      ['PLM-147 router', 'PLM-110 sessions.placemnt'],
    ],
    [['sessions: { slotsPerInstance: 4, reserve: 0.25 }'], ['PLM-115 sessions.reserve']],
    [['sessions: { slotsPerInstance: 4, reserve: 100% }'], ['PLM-114 sessions.reserve']],
    [['sessions: { slotsPerInstance: 4, reserve: 0 }'], ['PLM-115 sessions.reserve']],
    [['sessions: { slotsPerInstance: 4, drain: { den: keep } }'], ['PLM-110 sessions.drain.den']],
    [
      [
        'sessions: { slotsPerInstance: 4, reserve: 2 }',
        'rules: [ { name: reserve, when: ready > 1, scale: { by: 1 } } ]',
      ],
      ['PLM-136 rules[0].name'],
    ],
    [
      [
        'sessions: { slotsPerInstance: 4 }',
        'rules: [ { name: R, reserve: { slots: 2 }, scale: { by: 1 } } ]',
      ],
      ['PLM-117 rules[0].scale'],
    ],
    [['router: [ { type: agent }, { type: agent } ]'], ['PLM-136 router[1].type']],
    [['router: []'], ['PLM-114 router']],
    [['router: { type: http }'], ['PLM-148 router']],
    [['router: [ { type: http } ]'], ['PLM-148 router[0]']],
    [['router: [ { type: agent }, { type: http } ]'], []],
    [['router: { type: http, close: POST /drain }'], ['PLM-111 router']],
    [['router: { type: http, close: POST /drain, reopen: drain }'], ['PLM-115 router.reopen']],
    [['router: { type: http, close: POST /drain, reopen: DELETE /drain }'], []],
    [['router: [ { type: agent }, { type: agend } ]'], ['PLM-118 router[1].type']],
    [
      ['router: { type: haproxy, socket: s, backend: b, check: { raise: 1 } }'],
      ['PLM-110 router.check.raise'],
    ],
  ])('with a mistake are refused: %j', (lines, found) => {
    expect(problems(...lines)).toEqual(found)
  })

  it.each([
    [
      'sessions: { slotsPerInstance: 4, drain: { deadline: 1h, then: force } }',
      ['PLM-159 sessions.drain.then'],
    ],
    ['sessions: { slotsPerInstance: 4, drain: { then: reopen } }', ['PLM-160 sessions.drain.then']],
    ['sessions: { slotsPerInstance: 4, reserve: 41 }', ['PLM-161 sessions.reserve']],
    ['sessions: { slotsPerInstance: 4, reserve: 40 }', []],
    ['sessions: { slotsPerInstance: 4, lease: 5s }', ['PLM-162 sessions.lease']],
    ['health: { http: /well, every: 1s }', ['PLM-163 health.timeout']],
    ['repair: { how: replace }', []],
  ])('that hardly do what was meant are warned of: %s', (line, found) => {
    expect(warnings(line)).toEqual(found)
  })
})

describe('a repair by restart', () => {
  it.each([
    ['{ type: process, command: [a] }', []],
    ['{ type: command, list: [a], launch: [a], terminate: [a] }', ['PLM-165 repair.how']],
    ['{ type: command, list: [a], launch: [a], terminate: [a], restart: [a] }', []],
    ['{ type: none }', ['PLM-165 repair.how']],
  ])('is warned of where the target cannot: %s', (target, found) => {
    expect(warnings(`target: ${target}`, 'repair: { how: restart }')).toEqual(found)
  })
})

describe('a target that chooses itself which instance goes', () => {
  const plan =
    'target: { type: azure-app-service-plan, subscription: 00000000-0000-4000-8000-000000000001, resourceGroup: a, plan: a }'

  it.each([
    [['router: { type: broker }', 'sessions: { slotsPerInstance: 4 }'], ['PLM-168 target.type']],
    [['sessions: { slotsPerInstance: 4, drain: { deadline: 4h } }'], ['PLM-168 target.type']],
    [['sessions: { slotsPerInstance: 4, mayCut: true }'], []],
    [[], []],
    [['repair: { how: restart }'], ['PLM-165 repair.how']],
  ])('is warned of where a fleet has sessions that may not end: %s', (lines, found) => {
    expect(warnings(plan, ...lines)).toEqual(found)
  })
})

describe('the sockets of a HAProxy', () => {
  it.each([
    ['./admin.sock', '/srv/shop/admin.sock'],
    ['/run/haproxy/admin.sock', '/run/haproxy/admin.sock'],
    ['127.0.0.1:9999', '127.0.0.1:9999'],
    ['"[::1]:9999"', '[::1]:9999'],
  ])('are found from the folder of the file: %s', (socket, found) => {
    const [router] = fleet(
      `router: { type: haproxy, backend: b, socket: ${socket}, masterSocket: ${socket} }`,
    ).routers
    expect(router?.options).toMatchObject({ socket: found, masterSocket: found })
  })
})

describe('health', () => {
  it.each([
    ['health: { tcp: 80 }', { type: 'tcp', options: { port: 80 } }],
    ['health: { tcp: {} }', { type: 'tcp', options: {} }],
    ['health: { http: /up }', { type: 'http', options: { path: '/up' } }],
    [
      'health: { command: [./w, -q] }',
      { type: 'command', options: { command: ['./w', '-q'], cwd: '/srv/shop' } },
    ],
  ])('is probed as written: %s', (line, probe) => {
    expect(fleet(line).health?.probe).toEqual(probe)
  })

  it.each([
    ['health: {}', ['PLM-117 health']],
    ['health: { http: /a, tcp: 80 }', ['PLM-117 health.tcp']],
    ['health: { http: a }', ['PLM-115 health.http']],
    ['health: { http: { pth: /a } }', ['PLM-110 health.http.pth']],
    ['health: { tcp: 70000 }', ['PLM-114 health.tcp']],
    ['health: { http: /a, suspectAfter: 7 }', ['PLM-114 health.suspectAfter']],
    ['repair: { atOnce: 0 }', ['PLM-114 repair.atOnce']],
    ['repair: { how: reboot }', ['PLM-113 repair.how']],
  ])('with a mistake is refused: %s', (line, found) => {
    expect(problems(line)).toEqual(found)
  })
})
