import { describe, expect, it } from 'vitest'
import { parseConfig } from './load.ts'

/** The warnings about one fleet, as `CODE line:column`. */
function warnings(...lines: string[]): readonly string[] {
  return full(...lines).map(({ code, line, column }) => `${code} ${line}:${column}`)
}

function full(...lines: string[]) {
  const text = [
    'plimsoll: 1',
    'metrics: { cpu: { source: process, read: cpu }, slow: { source: command, command: [a], every: 1m }, pushed: { source: push } }',
    'fleets:',
    '  other: { target: { type: process, command: [a] }, capacity: { min: 1, max: 2 }, kpis: { a: { goal: "last(cpu) + last(slow) + last(pushed) > 1" } } }',
    '  web:',
    '    target: { type: process, command: [a] }',
    ...(lines.some(line => line.includes('capacity')) ? [] : ['    capacity: { min: 2, max: 5 }']),
    ...lines.map(line => `    ${line}`),
  ].join('\n')
  const result = parseConfig(text, { file: 'a.yaml', env: {}, readFile: () => '' })
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.loaded.warnings
}

function rules(up: string, down: string, more = ''): readonly string[] {
  return warnings(
    'kpis: { busy: { goal: "avg(cpu, 5m) < 80%" } }',
    'rules:',
    `  - { name: Up, when: "${up}", scale: { by: 1 }${more} }`,
    `  - { name: Down, when: "${down}", scale: { by: -1 } }`,
  )
}

describe('no margin between out and in', () => {
  const FOUND = ['PLM-150 11:29']
  it.each([
    ['avg(cpu, 5m) > 80%', 'avg(cpu, 5m) < 80%'],
    ['avg(cpu, 5m) > 80%', 'avg(cpu, 5m) < 90%'],
    ['80% <= avg(cpu, 5m)', '80% >= avg(cpu, 5m)'],
    ['busy is red', 'avg(cpu, 5m) <= 85%'],
    ['busy is red', 'busy is green'],
    ['not busy is green', 'not avg(cpu, 5m) > 80%'],
    ['free_slots < 3', 'free_slots > 2'],
  ])('warns of %s against %s', (up, down) => {
    expect(rules(up, down)).toEqual(FOUND)
  })

  it.each([
    ['avg(cpu, 5m) > 80%', 'avg(cpu, 5m) < 20%'],
    ['avg(cpu, 5m) > 80%', 'avg(cpu, 10m) < 80%'],
    ['avg(cpu, 5m) > 80% and ready > 1', 'avg(cpu, 5m) < 80%'],
    ['avg(cpu, 5m) > 80%', 'avg(cpu, 5m) > 80%'],
    ['free_slots < 3', 'free_slots > 9'],
    ['busy is unknown', 'busy is green'],
  ])('says nothing of %s against %s', (up, down) => {
    expect(rules(up, down)).toEqual([])
  })

  it('says nothing of a rule that is off', () => {
    expect(rules('avg(cpu, 5m) > 80%', 'avg(cpu, 5m) < 80%', ', enabled: false')).toEqual([])
  })
})

describe('a constraint that is never in force', () => {
  const scheduled = 'schedule: { daily: true, duration: 1h }'
  it('is named when one that is always on outranks it', () => {
    const found = full(
      'constraints:',
      `  - { name: Night, rank: 5, min: 1, max: 2, ${scheduled} }`,
      '  - { name: Floor, rank: 9, min: 3, max: 4 }',
    )
    expect(found.map(({ code, line, path }) => `${code} ${line} ${path}`)).toEqual([
      'PLM-151 7 fleets.web.capacity',
      'PLM-151 9 fleets.web.constraints[0].name',
    ])
  })

  it('is named when it ties with one before it', () => {
    expect(warnings('constraints:', `  - { name: Night, rank: 0, min: 1, max: 2, ${scheduled} }`)).toEqual([
      'PLM-151 9:17',
    ])
  })

  it('is nothing to warn of when the other one has a schedule, or is off', () => {
    expect(
      warnings(
        'constraints:',
        `  - { name: A, rank: 5, min: 1, max: 2, ${scheduled} }`,
        '  - { name: B, rank: 9, min: 3, max: 4, schedule: { daily: true, start: "00:30", duration: 1h } }',
      ),
    ).toEqual([])
    expect(warnings('constraints:', '  - { name: A, rank: 5, min: 1, max: 2, enabled: false }')).toEqual([])
  })
})

describe('metrics and windows', () => {
  it('warns of a window that seldom holds two samples, at its place', () => {
    expect(
      warnings('rules:', '  - { name: Up, when: "ready > 1 and avg(slow, 90s) > 3", scale: { by: 1 } }'),
    ).toEqual(['PLM-153 9:42'])
  })

  it('asks one sample of a last value', () => {
    expect(warnings('rules:', '  - { name: Up, when: "last(slow, 90s) > 3", scale: { by: 1 } }')).toEqual([])
    expect(warnings('rules:', '  - { name: Up, when: "last(slow, 30s) > 3", scale: { by: 1 } }')).toEqual([
      'PLM-153 9:28',
    ])
  })

  it('knows nothing of when samples are pushed', () => {
    expect(warnings('rules:', '  - { name: Up, when: "avg(pushed, 1s) > 3", scale: { by: 1 } }')).toEqual([])
  })

  it('asks a window to hold its grains in full, wherever it begins', () => {
    const found = (expression: string) => {
      const text = `plimsoll: 1
metrics: { orders: { source: push, grain: 1m } }
fleets: { a: { target: { type: process, command: [a] }, capacity: { min: 1, max: 1 }, kpis: { k: { goal: "${expression} > 1" } } } }`
      const result = parseConfig(text, { file: 'a.yaml', env: {}, readFile: () => '' })
      return result.ok ? result.loaded.warnings.map(({ message }) => message) : null
    }
    expect(found('avg(orders, 3m)')).toEqual([])
    expect(found('last(orders, 2m)')).toEqual([])
    expect(found('avg(orders, 2m)')).toEqual([
      'avg(orders, 2m) will often be unknown: "orders" has grains of 1m, and the window must hold two of them in full',
    ])
  })

  it('warns of a metric nobody uses', () => {
    const text =
      'plimsoll: 1\nmetrics: { cpu: { source: push } }\nfleets: { a: { capacity: { min: 1, max: 1 } } }'
    const result = parseConfig(text, { file: 'a.yaml', env: {}, readFile: () => '' })
    expect(result.ok && result.loaded.warnings).toMatchObject([{ code: 'PLM-152', line: 2, column: 12 }])
  })

  it('warns of a metric that reads what the fleet does not have', () => {
    const text = `plimsoll: 1
metrics: { cpu: { source: process, read: cpu }, rps: { source: proxy, read: inFlight } }
fleets:
  a:
    target: { type: none, count: "last(rps)" }
    capacity: { min: 1, max: 1 }
    kpis: { cool: { goal: "last(cpu) < 80%" } }`
    const result = parseConfig(text, { file: 'a.yaml', env: {}, readFile: () => '' })
    if (!result.ok) throw new Error('it was refused')
    expect(
      result.loaded.warnings.map(({ code, line, column, message }) => `${code} ${line}:${column} ${message}`),
    ).toEqual([
      'PLM-155 5:40 "rps" will never hold a sample of fleet "a": it has no proxy',
      'PLM-155 7:33 "cpu" will never hold a sample of fleet "a": its target runs no processes on this machine',
    ])
  })

  it('warns of rules with nothing to count', () => {
    const text =
      'plimsoll: 1\nfleets:\n  a: { capacity: { min: 1, max: 1 }, rules: [ { name: Up, when: "ready > 1", scale: { by: 1 } } ] }'
    const result = parseConfig(text, { file: 'a.yaml', env: {}, readFile: () => '' })
    expect(result.ok && result.loaded.warnings).toMatchObject([
      { code: 'PLM-154', severity: 'warning', line: 3, column: 3 },
    ])
  })
})

describe('fleets that scale the same thing', () => {
  const SET = 'type: azure-vmss, subscription: 00000000-0000-4000-8000-000000000001, resourceGroup'
  const PLAN = SET.replace('azure-vmss', 'azure-app-service-plan')

  it.each([
    [
      'one scale set, however it is written',
      'scale',
      `${SET}: rg, scaleSet: web`,
      `${SET}: RG, scaleSet: Web`,
      true,
    ],
    ['one plan', 'notify', `${PLAN}: rg, plan: web`, `${PLAN}: rg, plan: web`, true],
    ['two of a name', 'scale', `${SET}: rg, scaleSet: web`, `${SET}: rg2, scaleSet: web`, false],
    ['a set and a plan', 'scale', `${SET}: rg, scaleSet: web`, `${PLAN}: rg, plan: web`, false],
    [
      'one that only recommends',
      'recommend',
      `${SET}: rg, scaleSet: web`,
      `${SET}: rg, scaleSet: web`,
      false,
    ],
    ['none', 'scale', 'type: none, count: "2"', 'type: none, count: "2"', false],
  ])('%s (%s)', (_, mode, one, other, isTold) => {
    const text = [
      'plimsoll: 1',
      'fleets:',
      `  a: { target: { ${one} }, capacity: { min: 1, max: 3 }, every: 30s }`,
      `  b: { target: { ${other} }, capacity: { min: 1, max: 3 }, every: 30s, mode: ${mode} }`,
    ].join('\n')
    const result = parseConfig(text, { file: 'a.yaml', env: {}, readFile: () => '' })
    if (!result.ok) throw new Error(JSON.stringify(result.problems))
    expect(
      result.loaded.warnings
        .filter(({ code }) => code === 'PLM-169')
        .map(({ line, message }) => [line, message]),
    ).toEqual(isTold ? [[4, expect.stringContaining('"b" and "a" scale the same target')]] : [])
  })
})

describe('constraints through the week', () => {
  function among(...constraints: string[]): readonly string[] {
    return full('constraints:', ...constraints.map(each => `  - { min: 1, max: 2, ${each} }`)).map(
      ({ code, line, message }) => `${code} ${line} ${message}`,
    )
  }
  const daily = (start: string, end: string) => `schedule: { daily: true, start: "${start}", end: "${end}" }`

  it('warns of one that another covers all the time', () => {
    const found = among(
      `name: Day, rank: 5, ${daily('08:00', '20:00')}`,
      `name: Lunch, ${daily('12:00', '13:00')}`,
    )
    expect(found).toEqual([
      'PLM-151 10 "Lunch" is never in force: "Day" covers all of its time and has the higher rank 5',
    ])
  })

  it('warns of one that several cover together', () => {
    const found = among(
      `name: A, rank: 5, ${daily('08:00', '12:00')}`,
      `name: B, rank: 6, ${daily('12:00', '20:00')}`,
      `name: Over noon, ${daily('11:00', '13:00')}`,
    )
    expect(found).toEqual([
      'PLM-151 11 "Over noon" is never in force: "A" and "B" together cover all of its time, at the ranks 5 and 6',
    ])
  })

  it.each([
    ['a lower rank', `name: Lunch, rank: 9, ${daily('12:00', '13:00')}`],
    ['a longer time', `name: Evening, ${daily('19:00', '21:00')}`],
    [
      'another zone',
      'name: Lunch, schedule: { daily: true, start: "12:00", duration: 1h, timeZone: Asia/Tokyo }',
    ],
    ['its own dates', 'name: Lunch, rank: 6, schedule: { daily: true, duration: 1h, startDate: 2026-01-01 }'],
  ])('says nothing of one with %s', (_why, other) => {
    expect(among(`name: Day, rank: 5, ${daily('08:00', '20:00')}`, other)).toEqual([])
  })

  it('warns of a minute that was left between two', () => {
    const found = among(`name: Day, ${daily('08:00', '20:00')}`, `name: Night, ${daily('20:01', '08:00')}`)
    expect(found).toEqual([
      'PLM-156 9 between "Day" and "Night" there is a gap, from Monday 20:00 to Monday 20:01 (UTC), in which neither is in force',
    ])
  })

  it('warns of a minute before midnight', () => {
    const found = among(`name: All, ${daily('00:00', '23:59')}`)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain('two windows of "All" there is a gap, from Monday 23:59 to Tuesday 00:00')
  })

  it('says nothing where they meet, overlap, or leave hours', () => {
    expect(among(`name: Day, ${daily('08:00', '20:00')}`, `name: Night, ${daily('20:00', '08:00')}`)).toEqual(
      [],
    )
    expect(among(`name: Day, ${daily('08:00', '20:00')}`, `name: Late, ${daily('19:00', '21:00')}`)).toEqual(
      [],
    )
    expect(among(`name: Day, ${daily('08:00', '12:00')}`, `name: Late, ${daily('13:00', '20:00')}`)).toEqual(
      [],
    )
  })
})

describe('a schedule that never has a window', () => {
  function found(schedule: string): readonly string[] {
    const text = [
      'plimsoll: 1',
      `schedules: { asked: { duration: 1h, ${schedule} } }`,
      'fleets: { web: { capacity: { min: 1, max: 1 } } }',
    ].join('\n')
    const result = parseConfig(text, { file: 'a.yaml', env: {}, readFile: () => '' })
    if (!result.ok) throw new Error(JSON.stringify(result.problems))
    return result.loaded.warnings.map(({ code, line, column }) => `${code} ${line}:${column}`)
  }

  it.each([
    'weekly: { days: [monday] }, startDate: 2026-11-24, endDate: 2026-11-27',
    'monthly: { dayOfMonth: 31 }, startDate: 2026-11-01, endDate: 2026-11-30',
    'yearly: { month: 2, dayOfMonth: 29 }, startDate: 2026-01-01, endDate: 2027-12-31',
    'relativeMonthly: { position: last, dayOfWeek: friday }, startDate: 2026-11-01, endDate: 2026-11-26',
    'relativeYearly: { month: 3, position: second, dayOfWeek: day }, startDate: 2026-03-03, endDate: 2027-03-01',
    'daily: true, startDate: 2026-11-01, endDate: 2026-11-02, exceptDates: [2026-11-01, 2026-11-02]',
    'cron: "0 0 31 4 *"',
  ])('is told for %s', schedule => {
    expect(found(schedule)).toEqual(['PLM-157 2:14'])
  })

  it.each([
    'weekly: { days: [monday] }, startDate: 2026-11-23, endDate: 2026-11-27',
    'monthly: { dayOfMonth: 31 }, startDate: 2026-10-31, endDate: 2026-11-30',
    'yearly: { month: 2, dayOfMonth: 29 }, startDate: 2026-01-01, endDate: 2028-02-29',
    'relativeMonthly: { position: last, dayOfWeek: friday }, startDate: 2026-11-01, endDate: 2026-11-27',
    'relativeYearly: { month: 3, position: second, dayOfWeek: day }, startDate: 2026-03-02, endDate: 2026-03-02',
    'daily: true, exceptDates: [2026-11-01]',
    'cron: "0 0 29 2 *"',
    'daily: true, endDate: 2020-01-01',
  ])('is not told for %s', schedule => {
    expect(found(schedule)).toEqual([])
  })
})

describe('a moment of the paid hour', () => {
  it.each([
    ['every: 20s', '{ inLast: 39s }', ['PLM-164 9:28']],
    ['every: 20s', '{ inLast: 40s }', []],
    ['every: 1m', '{ by: age, inLast: 90s }', ['PLM-164 9:37']],
    ['every: 1m', '{ outFirst: 1m, inLast: 10m }', ['PLM-164 9:30']],
  ])('with %s and %s', (every, billingHour, expected) => {
    expect(warnings(every, `billingHour: ${billingHour}`)).toEqual(expected)
  })
})

describe('a custom action', () => {
  it('that no rule runs is named', () => {
    const text = [
      'plimsoll: 1',
      'fleets: { web: { target: { type: process, command: [a] }, capacity: { min: 1, max: 1 }, rules: [ { name: Up, when: ready > 1, run: used } ] } }',
      'actions: { used: { type: function }, idle: { type: function } }',
    ].join('\n')
    const result = parseConfig(text, { file: 'a.yaml', env: {}, readFile: () => '' })
    expect(result.ok && result.loaded.warnings).toMatchObject([{ code: 'PLM-158', line: 3, column: 38 }])
  })
})

describe('a rule that serves', () => {
  const serve = (more = ''): string =>
    `rules: [ { name: Serve, serve: { metric: "last(pushed)", perInstance: 10, slo: 99% }${more} } ]`

  it('needs no cooldown, and no stabilization window beside it', () => {
    expect(warnings(serve())).toEqual([])
    expect(warnings(serve(', cooldown: 0s'), 'stabilization: { out: 1m }')).toEqual([])
  })

  it.each([
    ['a cooldown of its own', serve(', cooldown: 10m'), 'PLM-167 8:101'],
    ['a stabilization window', [serve(), 'stabilization: { in: 5m }'].join('\n    '), 'PLM-167 9:20'],
    ['a preset that waits', [serve(), 'preset: hpa'].join('\n    '), 'PLM-167 5:3'],
  ])('is told of %s', (_, lines, found) => {
    expect(warnings(lines)).toEqual([found])
  })

  it('says nothing of the window that other rules beside it need', () => {
    const up = '{ name: Up, when: "last(cpu) > 80%", scale: { by: 1 } }'
    expect(warnings(serve().replace(' ] ', `, ${up} ]`).replace(/ \]$/, `, ${up} ]`))).toEqual([])
  })

  it.each([
    ['last(cpu)', 'capacity: { min: 0, max: 5 }', ['PLM-166 8:46']],
    ['last(cpu)', 'capacity: { min: 1, max: 5 }', []],
    ['last(pushed)', 'capacity: { min: 0, max: 5 }', []],
  ])('over %s in a fleet with %s', (metric, bounds, found) => {
    expect(warnings(bounds, serve().replace('last(pushed)', metric))).toEqual(found)
  })
})

describe('a forecast that nobody told whose clock the demand follows', () => {
  function found(schedules: string, more = '', rule = ''): readonly string[] {
    const text = [
      'plimsoll: 1',
      'metrics: { orders: { source: push, kind: total } }',
      `schedules: { ${schedules} }`,
      'fleets:',
      '  web:',
      '    capacity: { min: 1, max: 9 }',
      `    rules: [ { name: Ahead, forecast: { metric: "last(orders)", perInstance: 10${more} }${rule} } ]`,
    ].join('\n')
    const result = parseConfig(text, { file: 'a.yaml', env: {}, readFile: () => '' })
    if (!result.ok) throw new Error(JSON.stringify(result.problems))
    return result.loaded.warnings
      .filter(({ code }) => !['PLM-154', 'PLM-158'].includes(code))
      .map(({ code, line, column }) => `${code} ${line}:${column}`)
  }
  const schedule = (name: string, zone: string): string =>
    `${name}: { daily: true, start: "08:00", duration: 2h, timeZone: ${zone} }`

  it('is named where all schedules follow one that is set twice a year', () => {
    const london = schedule('a', 'Europe/London')
    expect(found(london)).toEqual(['PLM-170 7:29'])
    expect(found(`${london}, ${schedule('b', 'Europe/London')}`)).toEqual(['PLM-170 7:29'])
  })

  it.each([
    ['there is no schedule', '', '', ''],
    ['they follow none that is ever set', schedule('a', 'Asia/Tokyo'), '', ''],
    ['they follow several', `${schedule('a', 'Europe/London')}, ${schedule('b', 'Europe/Paris')}`, '', ''],
    ['the rule says whose', schedule('a', 'Europe/London'), ', timeZone: America/New_York', ''],
    ['the rule says that none is set', schedule('a', 'Europe/London'), ', timeZone: UTC', ''],
    ['the rule is off', schedule('a', 'Europe/London'), '', ', enabled: false'],
  ])('is left alone where %s', (_, schedules, more, rule) => {
    expect(found(schedules, more, rule)).toEqual([])
  })

  it('is told the zone to write', () => {
    const text = [
      'plimsoll: 1',
      'metrics: { orders: { source: push, kind: total } }',
      'fleets:',
      '  web:',
      '    capacity: { min: 1, max: 9 }',
      '    constraints: [ { name: Peak, min: 2, max: 9, schedule: { daily: true, duration: 1h, timeZone: America/New_York } } ]',
      '    rules: [ { name: Ahead, forecast: { metric: "last(orders)", perInstance: 10 } } ]',
    ].join('\n')
    const result = parseConfig(text, { file: 'a.yaml', env: {}, readFile: () => '' })
    expect(result.ok && result.loaded.warnings.find(({ code }) => code === 'PLM-170')).toMatchObject({
      message: expect.stringContaining('the clock of America/New_York, which is set twice a year'),
      hint: expect.stringContaining('write timeZone: America/New_York'),
    })
  })
})
