import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openScene, type Scene } from '../../test/builders/cli.ts'
import { whatIsNotWellFormed } from '../../test/oracles/xml.ts'

let scene: Scene
beforeEach(() => {
  scene = openScene()
})
afterEach(() => scene.end())

const CONFIG = `plimsoll: 1
schedules:
  peak: { daily: true, start: "08:00", duration: 2h, timeZone: Europe/London }
  night: { daily: true, start: "22:00", duration: 8h, timeZone: Europe/London }
metrics:
  cpu: { source: push, kind: perInstance, unit: percent }
fleets:
  web:
    capacity: { min: 2, max: 5 }
    constraints:
      - { name: Peak, rank: 100, min: 4, max: 6, schedule: peak }
      - { name: Same as capacity, rank: 50, min: 3, max: 3, schedule: night, enabled: false }
    rules:
      - { name: Scale up, when: "avg(cpu, 5m) > 80%", scale: { by: 1 } }
      - { name: Scale down, when: "avg(cpu, 5m) < 20%", scale: { by: -1 } }
`

describe('the program', () => {
  it('prints its version and its help', async () => {
    const version = await scene.run(['--version'])
    expect(version).toMatchObject({ code: 0, err: '' })
    expect(version.out).toMatch(/^\d+\.\d+\.\d+\n$/)
    const help = await scene.run(['--help'])
    expect(help.code).toBe(0)
    for (const command of [
      'run',
      'init',
      'validate',
      'doctor',
      'schema',
      'status',
      'explain',
      'history',
      'kpis',
      'plot',
      'schedule',
      'decide',
    ]) {
      expect(help.out).toMatch(new RegExp(`^  ${command} `, 'm'))
    }
  })

  it('names the nearest command, and exits with 2', async () => {
    const { code, out, err } = await scene.run(['statsu'])
    expect(err).toContain("PLM-501: unknown command 'statsu'")
    expect(err).toContain('Did you mean status?')
    expect({ code, out }).toEqual({ code: 2, out: '' })
  })

  it.each([
    [['validate'], "missing required argument 'file'"],
    [['validate', 'a', 'b'], 'too many arguments'],
    [['status', '--colour'], "unknown option '--colour'"],
    [['plot', 'web'], "required option '-o, --output <file>' not specified"],
    [[], 'Usage: plimsoll'],
  ])('says what is wrong with %j', async (argv, said) => {
    const { code, err } = await scene.run(argv)
    expect(err).toContain(said)
    expect(code).toBe(2)
  })

  it('colours for a person on a terminal only, and never with NO_COLOR', async () => {
    scene.file('plimsoll.yaml', CONFIG)
    const argv = ['validate', 'plimsoll.yaml']
    const coloured = '\u001b['
    expect((await scene.run(argv)).out).not.toContain(coloured)
    expect((await scene.run(argv, { isTerminal: true })).out).toContain(coloured)
    expect((await scene.run(argv, { isTerminal: true, env: { NO_COLOR: '1' } })).out).not.toContain(coloured)
    expect((await scene.run(argv, { env: { FORCE_COLOR: '1' } })).out).toContain(coloured)
  })

  it('says that something unexpected is a defect, without a stack trace', async () => {
    scene.file('plimsoll.yaml', CONFIG)
    const readInput = async () => {
      throw new Error('the moon fell')
    }
    const argv = ['decide', 'plimsoll.yaml', '--observation', '-']
    const { code, err } = await scene.run(argv, { readInput })
    expect(err).toMatch(/^plimsoll: PLM-500: unexpected: the moon fell\. .*\n$/)
    expect(code).toBe(1)
    expect((await scene.run(argv, { readInput, env: { PLIMSOLL_DEBUG: '1' } })).err).toMatch(/^ {4}at /m)
  })
})

describe('plimsoll validate', () => {
  it('counts what is in a valid file', async () => {
    scene.file('plimsoll.yaml', CONFIG)
    const { code, out } = await scene.run(['validate', 'plimsoll.yaml'])
    expect(out).toBe('plimsoll.yaml is valid: 1 fleet, 2 rules, 2 constraints, 1 metric, 2 schedules\n')
    expect(code).toBe(0)
  })

  it('prints every problem with its place, on standard error, and exits with 2', async () => {
    scene.file(
      'plimsoll.yaml',
      CONFIG.replace('min: 2, max: 5', 'min: 9, maks: 5').replace('cpu, 5m) > 80%', 'cpi, 5m) > 80%'),
    )
    const { code, out, err } = await scene.run(['validate', 'plimsoll.yaml'])
    expect(err).toMatch(/plimsoll\.yaml:9:\d+/)
    expect(err).toContain('maks')
    expect(err).toContain('cpi')
    expect(err).toContain('^')
    expect({ code, out }).toEqual({ code: 2, out: '' })
  })

  it('answers as JSON either way', async () => {
    scene.file('plimsoll.yaml', CONFIG)
    const good = await scene.run(['validate', 'plimsoll.yaml', '--json'])
    expect(JSON.parse(good.out)).toMatchObject({
      valid: true,
      file: 'plimsoll.yaml',
      fleets: 1,
      rules: 2,
      warnings: expect.any(Array),
    })
    scene.file('bad.yaml', 'plimsoll: 1\nfleet: {}\n')
    const bad = await scene.run(['validate', 'bad.yaml', '--json'])
    expect(JSON.parse(bad.out)).toMatchObject({
      valid: false,
      problems: expect.arrayContaining([expect.objectContaining({ line: 2 })]),
    })
    expect(bad).toMatchObject({ code: 2, err: '' })
  })

  it.each(['nowhere.yaml', '.'])('says that %s cannot be read', async file => {
    const { code, err } = await scene.run(['validate', file])
    expect(err).toContain('PLM-100')
    expect(code).toBe(2)
  })
})

describe('plimsoll schedule', () => {
  const range = ['--from', '2026-11-21', '--to', '2026-11-22']

  it('answers exactly the bounds over time', async () => {
    scene.file('plimsoll.yaml', CONFIG)
    const { code, out } = await scene.run(['schedule', 'plimsoll.yaml', ...range, '--json'])
    expect(code).toBe(0)
    const capacity = { lowest: 2, highest: 5, default: 2, constraint: 'capacity' }
    expect(JSON.parse(out)).toEqual({
      fleets: {
        web: [
          { from: '2026-11-21T00:00:00.000Z', to: '2026-11-21T08:00:00.000Z', ...capacity },
          {
            from: '2026-11-21T08:00:00.000Z',
            to: '2026-11-21T10:00:00.000Z',
            lowest: 4,
            highest: 6,
            default: 4,
            constraint: 'Peak',
          },
          { from: '2026-11-21T10:00:00.000Z', to: '2026-11-22T00:00:00.000Z', ...capacity },
        ],
      },
    })
  })

  it('begins inside a window, in the local time of the schedule, with offsets understood', async () => {
    scene.file('plimsoll.yaml', CONFIG)
    const summer = ['--from', '2026-07-01T10:00:00+02:00', '--to', '2026-07-01T12:00+02:00']
    const { out } = await scene.run(['schedule', 'plimsoll.yaml', ...summer, '--json'])
    expect(
      JSON.parse(out).fleets.web.map((stretch: { from: string; constraint: string }) => [
        stretch.from,
        stretch.constraint,
      ]),
    ).toEqual([
      ['2026-07-01T08:00:00.000Z', 'Peak'],
      ['2026-07-01T09:00:00.000Z', 'capacity'],
    ])
  })

  it('joins equal neighbours and covers the range without holes', async () => {
    const twins = CONFIG.replace('enabled: false', 'enabled: true').replace(
      '{ name: Peak, rank: 100, min: 4, max: 6, schedule: peak }',
      '{ name: Twin, rank: 50, min: 3, max: 3, schedule: peak }',
    )
    scene.file('plimsoll.yaml', twins)
    const { out } = await scene.run([
      'schedule',
      'plimsoll.yaml',
      '--from',
      '2026-11-01',
      '--to',
      '2026-12-01',
      '--json',
    ])
    const stretches: { from: string; to: string; constraint: string; lowest: number }[] =
      JSON.parse(out).fleets.web
    expect(stretches[0]?.from).toBe('2026-11-01T00:00:00.000Z')
    expect(stretches.at(-1)?.to).toBe('2026-12-01T00:00:00.000Z')
    for (const [index, stretch] of stretches.entries()) {
      const next = stretches[index + 1]
      if (next === undefined) continue
      expect(next.from).toBe(stretch.to)
      expect([next.lowest, next.constraint]).not.toEqual([stretch.lowest, stretch.constraint])
    }
  })

  it('answers exactly the windows of one schedule, cut at the range', async () => {
    scene.file('plimsoll.yaml', CONFIG)
    const { out } = await scene.run(['schedule', 'plimsoll.yaml', ...range, '--name', 'night', '--json'])
    expect(JSON.parse(out)).toEqual({
      windows: [
        { from: '2026-11-21T00:00:00.000Z', to: '2026-11-21T06:00:00.000Z' },
        { from: '2026-11-21T22:00:00.000Z', to: '2026-11-22T00:00:00.000Z' },
      ],
    })
  })

  it('is a table for a person, on the clock that is asked for', async () => {
    scene.file('plimsoll.yaml', CONFIG)
    const { out } = await scene.run(['schedule', 'plimsoll.yaml', ...range, '--zone', 'Asia/Tokyo'])
    expect(out).toContain('web (Asia/Tokyo)')
    expect(out).toMatch(/21 Nov 2026 17:00:00 {2}21 Nov 2026 19:00:00 {2}2h +4\.\.6 +4 +Peak/)
  })

  it('is of the two weeks from today on unless said', async () => {
    scene.file('plimsoll.yaml', CONFIG)
    const { out } = await scene.run(['schedule', 'plimsoll.yaml', '--json'])
    const bounds = z.object({
      fleets: z.record(z.string(), z.array(z.object({ from: z.string(), to: z.string() }))),
    })
    const web = bounds.parse(JSON.parse(out)).fleets.web ?? []
    expect(web.at(0)?.from).toBe('2026-11-21T00:00:00.000Z')
    expect(web.at(-1)?.to).toBe('2026-12-05T00:00:00.000Z')
    const late = await scene.run(['schedule', 'plimsoll.yaml', '--from', '2027-01-01', '--json'])
    expect(late.out).toContain('"2027-01-15T00:00:00.000Z"')
    expect((await scene.run(['schedule', 'plimsoll.yaml', '--to', '2026-11-21'])).err).toContain('PLM-509')
  })

  it('draws in the terminal, a line for every day', async () => {
    scene.file('plimsoll.yaml', CONFIG)
    const { out } = await scene.run(['schedule', 'plimsoll.yaml', '--to', '2026-11-23', '--picture'])
    expect(out.split('\n')).toEqual([
      'web (UTC)',
      '            00    03    06    09    12    15    18    21',
      'Sat 21 Nov  ................PPPP............................',
      'Sun 22 Nov  ................PPPP............................',
      '  . capacity 2..5   P Peak 4..6',
      '',
    ])
    const long = await scene.run(['schedule', 'plimsoll.yaml', '--to', '2027-11-23', '--picture'])
    expect(long.err).toContain('PLM-509: A picture in the terminal has at most 100 days')
  })

  it('draws, one picture for each fleet', async () => {
    scene.file('plimsoll.yaml', `${CONFIG}  api:\n    capacity: { min: 1, max: 2 }\n`)
    const { code } = await scene.run(['schedule', 'plimsoll.yaml', ...range, '-o', 'bounds.svg'])
    expect(code).toBe(0)
    for (const file of ['bounds-web.svg', 'bounds-api.svg']) {
      expect(whatIsNotWellFormed(readFileSync(path.join(scene.cwd, file), 'utf8'))).toBeNull()
    }
    const one = await scene.run(['schedule', 'plimsoll.yaml', ...range, '-o', '-', '--fleet', 'web'])
    expect(whatIsNotWellFormed(one.out)).toBeNull()
  })

  it.each([
    [['--from', '2026-11-22', '--to', '2026-11-21'], 'PLM-509: --to 2026-11-21 is not after'],
    [['--from', '2026-11-21', '--to', '2026-11-21'], 'PLM-509'],
    [['--from', '1900-01-01', '--to', '2026-11-21'], 'PLM-509'],
    [['--from', 'today', '--to', '2026-11-21'], 'PLM-502: --from "today" is not a time'],
    [[...range, '--zone', 'Mars/Olympus'], 'PLM-502: --zone "Mars/Olympus" is not a time zone'],
    [[...range, '--name', 'peek'], 'PLM-507: There is no schedule "peek" in the file. Did you mean "peak"?'],
    [[...range, '--fleet', 'wbe'], 'PLM-507: There is no fleet "wbe" in the file. Did you mean "web"?'],
  ])('refuses %j', async (options, said) => {
    scene.file('plimsoll.yaml', CONFIG)
    const { code, out, err } = await scene.run(['schedule', 'plimsoll.yaml', ...options])
    expect(err).toContain(said)
    expect({ code, out }).toEqual({ code: 2, out: '' })
  })
})

describe('plimsoll init', () => {
  it.each([
    ['process', '0', 'serve: { metric: "avg(requests, 30s)", perInstance: 50, slo: 99.5% }'],
    ['command', '0', 'serve: { metric: "last(requests)", perInstance: 50, slo: 99.5% }'],
    ['none', '0', 'serve: { metric: "last(requests)", perInstance: 50, slo: 99.5% }'],
    ['process', '20', 'reserve: { slots: 25% }'],
    ['command', '20', 'reserve: { slots: 25% }'],
    ['none', '20', 'serve: { metric: "last(sessions)", perInstance: 20, slo: 99.5% }'],
  ])(
    'writes a file with a %s target and %s slots that is valid as it stands',
    async (target, slots, rule) => {
      const { code, err } = await scene.run(['init', '--yes', '--target', target, '--slots', slots])
      expect({ code, err }).toEqual({ code: 0, err: '' })
      const checked = await scene.run(['validate', 'plimsoll.yaml'])
      expect(checked).toMatchObject({ code: 0, err: '' })
      expect(checked.out).toContain('1 fleet, 1 rule')
      expect(readFileSync(path.join(scene.cwd, 'plimsoll.yaml'), 'utf8')).toContain(rule)
    },
  )

  it('asks on a terminal, and takes the usual answer for an empty one', async () => {
    const answers = ['shop', '', 'node "my server.mjs" --fast', '', '', '1', '9']
    const asked: string[] = []
    const ask = async (question: string) => {
      asked.push(question)
      return answers[asked.length - 1] ?? null
    }
    const { code } = await scene.run(['init', 'shop.yaml'], { canAsk: true, ask })
    expect(code).toBe(0)
    expect(asked[0]).toBe('Name of the fleet [web]: ')
    const text = readFileSync(path.join(scene.cwd, 'shop.yaml'), 'utf8')
    expect(text).toContain('  shop:\n')
    expect(text).toContain('command: ["node","my server.mjs","--fast"]')
    expect(text).toContain('capacity: { min: 1, max: 9 }')
    expect(await scene.run(['validate', 'shop.yaml'])).toMatchObject({ code: 0, err: '' })
  })

  it('never overwrites', async () => {
    scene.file('plimsoll.yaml', 'mine')
    const { code, err } = await scene.run(['init', '--yes'])
    expect(err).toContain('PLM-505: plimsoll.yaml exists already')
    expect(code).toBe(2)
    expect(readFileSync(path.join(scene.cwd, 'plimsoll.yaml'), 'utf8')).toBe('mine')
  })

  it.each([
    ['nobody to ask', [], {}, 'PLM-506'],
    ['an input that ends', [], { canAsk: true }, 'PLM-506'],
    ['a target that is none', ['--yes', '--target', 'proces'], {}, 'Did you mean "process"?'],
    ['a count that is none', ['--yes', '--min', 'two'], {}, '--min "two" is not a count'],
    ['a most below the fewest', ['--yes', '--min', '3', '--max', '2'], {}, '--max 2 is less than --min 3'],
    ['a name that cannot be', ['--yes', '--fleet', 'a/b\nc: d'], {}, 'do not make a valid file'],
  ])('writes nothing with %s', async (_what, options, change, said) => {
    const { code, err } = await scene.run(['init', ...options], change)
    expect(err).toContain(said)
    expect(code).toBe(2)
    expect(existsSync(path.join(scene.cwd, 'plimsoll.yaml'))).toBe(false)
  })
})

describe('plimsoll doctor', () => {
  const config = (port: number) => `plimsoll: 1
api: { listen: "127.0.0.1:${port}" }
metrics:
  cpu: { source: push, kind: perInstance, unit: percent }
fleets:
  web:
    target: { type: process, command: [node, --version] }
    capacity: { min: 1, max: 2 }
    rules:
      - { name: Out, when: "avg(cpu, 5m) > 80%", scale: { by: 1 } }
`

  it('finds everything in place', async () => {
    scene.file('plimsoll.yaml', config(0))
    const { code, out, err } = await scene.run(['doctor', 'plimsoll.yaml'])
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(out).toMatch(/^ok {2}Node +\d+\./m)
    expect(out).toMatch(/^ok {2}target of web /m)
    expect(out).toMatch(/^ok {2}source push /m)
    expect(out).not.toContain('not ok')
    expect(existsSync(path.join(scene.cwd, '.plimsoll'))).toBe(false)
  })

  it('finds a taken port and a program that is not there', async () => {
    const taken = createServer()
    await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve))
    const address = taken.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    scene.file('plimsoll.yaml', config(port).replace('[node, --version]', '[no-such-program-here]'))
    const { code, out, err } = await scene.run(['doctor', 'plimsoll.yaml'])
    await new Promise<void>(resolve => taken.close(() => resolve()))
    expect(out).toMatch(new RegExp(`^not ok  API +127\\.0\\.0\\.1:${port} is taken`, 'm'))
    expect(out).toMatch(/^not ok {2}target of web +.*no-such-program-here/m)
    expect(err).toContain('PLM-514: 2 of ')
    expect(code).toBe(1)
  })

  it('finds a state file that cannot be', async () => {
    scene.file('plimsoll.yaml', `${config(0)}state: { path: state.db }\n`)
    mkdirSync(path.join(scene.cwd, 'state.db'))
    const { code, out } = await scene.run(['doctor', 'plimsoll.yaml', '--json'])
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      findings: expect.arrayContaining([expect.objectContaining({ what: 'state file', ok: false })]),
    })
    expect(code).toBe(1)
  })
})

describe('plimsoll schema', () => {
  it('prints the JSON Schema', async () => {
    const { code, out } = await scene.run(['schema'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ type: 'object', properties: { fleets: expect.anything() } })
  })
})
