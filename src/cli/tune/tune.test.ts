import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NOON, openScene, type Scene } from '../../../test/builders/cli.ts'
import { recordHour } from '../../../test/builders/recorded.ts'
import { whatIsNotWellFormed } from '../../../test/oracles/xml.ts'

let scene: Scene
beforeEach(() => {
  scene = openScene()
})
afterEach(() => scene.end())

const CONFIG = `plimsoll: 1
# Requests of all instances together.
metrics:
  requests: { source: push, kind: total, every: 1m }
  cpu: { source: push, kind: perInstance, unit: percent, every: 1m }

fleets:
  web:
    capacity: { min: 1, max: 20 }
    rules:
      # Out fast,
      - { name: Scale up, when: "avg(cpu, 5m) > 75%", scale: { by: 2 } } # as ever
      # in slowly.
      - name: Scale down
        when: >-
          avg(cpu, 5m) < 30%
        scale: { by: -1 }
    cooldown: { out: 3m, in: 10m }   # the defaults
`

const BOOTS =
  '- { name: Serve, serve: { metric: "last(requests)", perInstance: 100, slo: 99%, boot: 20m } }\n'

/** A day of a wave, by the minute. */
function wave(minutes = 1_440): string {
  const rows = Array.from({ length: minutes }, (_, minute) => {
    const at = new Date(Date.UTC(2026, 2, 2) + minute * 60_000).toISOString()
    return `${at},${Math.round(600 + 400 * Math.sin(minute / 110) + 40 * Math.sin(minute * 1.7))}`
  })
  return `timestamp,requests\n${rows.join('\n')}\n`
}

const COMMON = ['--trace', 'wave.csv', '--model', 'per-instance=100', '--workers', '2']
const VARY = ['--vary', 'rules.scale-down.threshold=30..60/3', '--vary', 'cooldown.in=2m,10m']

function prepare(minutes?: number): void {
  scene.file('plimsoll.yaml', CONFIG)
  scene.file('wave.csv', wave(minutes))
}

function tune(...words: readonly string[]) {
  return scene.run(['tune', 'plimsoll.yaml', ...COMMON, ...words])
}

function read(name: string): string {
  return readFileSync(join(scene.cwd, name), 'utf8')
}

describe('plimsoll tune', () => {
  it('shows the front, the chosen one, how it does where it was not tuned, and the change of the file', async () => {
    prepare()
    const { code, out, err } = await tune(...VARY, '--objective', 'cost, slo<=2%')
    expect(code).toBe(0)
    expect(out).toMatch(/^web on wave\n6 combinations of 2 values: all tried, .* s on 2 cores\n/)
    expect(out).toContain(
      'the least cost with lost <= 2 %; tuned on the first 16.8 h, held against the 7.2 h after',
    )
    expect(out).toMatch(/^ +rules\.scale-down\.threshold +cooldown\.in +cost +lost +cost +lost$/m)
    expect(out).toMatch(/^\* +\d+% +\d+m +[\d.]+ x +\S+ % +[\d.]+ x +\S+ %$/m)
    expect(out).toMatch(/^= +30% +10m +[\d.]+ x /m)
    expect(out).toContain('. tried   o front   * chosen   = the file as it is')
    expect(out).toMatch(/On the part it was not tuned on it costs .* than the file as it is/)
    expect(out).toMatch(/^--- plimsoll\.yaml\n\+\+\+ plimsoll\.yaml\n@@ /m)
    expect(out).toMatch(/^- {10}avg\(cpu, 5m\) < 30%\n\+ {10}avg\(cpu, 5m\) < \d+%$/m)
    expect(err).toMatch(/^1 of 7 replayed, \d+ %, \S+ \S+ left\n/)
    expect(read('plimsoll.yaml')).toBe(CONFIG)
  })

  it('comes to the same, however many processes share the work', async () => {
    prepare()
    const [one, three] = await Promise.all(
      ['1', '3'].map(async workers => {
        const { out } = await tune(...VARY, '--json', '--workers', workers)
        const { seconds, workers: told, ...rest } = JSON.parse(out)
        expect({ told, isTime: seconds > 0 }).toEqual({ told: Number(workers), isTime: true })
        return rest
      }),
    )
    expect(three).toEqual(one)
    expect(one.tried).toHaveLength(6)
    expect(one.asItIs.values).toEqual({ 'rules.scale-down.threshold': '30%', 'cooldown.in': '10m' })
  })

  it('writes the picture, the numbers and the changed file with its comments', async () => {
    prepare()
    const { out } = await tune(...VARY, '-o', 'front.svg', '-o', 'all.json', '-o', 'tuned.yaml')
    expect(whatIsNotWellFormed(read('front.svg'))).toBe(null)
    expect(read('front.svg')).toContain('web on wave: cost against lost')
    const told = JSON.parse(read('all.json'))
    expect(told).toMatchObject({
      fleet: 'web',
      trace: 'wave',
      objective: 'cost, lost<=now',
      isInterrupted: false,
    })
    const { values } = told.chosen
    const expected = CONFIG.replace('< 30%', `< ${values['rules.scale-down.threshold']}`).replace(
      'in: 10m',
      `in: ${values['cooldown.in']}`,
    )
    expect(read('tuned.yaml')).toBe(expected)
    expect(out).toContain('Wrote front.svg\nWrote all.json\nWrote tuned.yaml\n')
    expect((await scene.run(['validate', 'tuned.yaml'])).code).toBe(0)
  })

  it('changes the file itself only where it is named with --write', async () => {
    prepare()
    const refused = await tune(...VARY, '-o', 'plimsoll.yaml')
    expect(refused).toMatchObject({ code: 2, out: '' })
    expect(refused.err).toContain('PLM-505: -o plimsoll.yaml is the file that is tuned')
    expect(read('plimsoll.yaml')).toBe(CONFIG)
    expect((await tune(...VARY, '--write', 'plimsoll.yaml')).out).toContain('Wrote plimsoll.yaml')
    expect(read('plimsoll.yaml')).not.toBe(CONFIG)
    expect(read('plimsoll.yaml')).toContain('# the defaults')
  })

  it('writes nothing where nothing is better', async () => {
    prepare()
    const words = ['--vary', 'rules.scale-down.threshold=5%,10%', '--write', 'tuned.yaml', '-o', 'front.svg']
    const { out } = await tune(...words)
    expect(out).toContain('Nothing that was tried is better than the file as it is.')
    expect(out).toContain('Nothing to write into tuned.yaml: the file stays as it is.')
    expect(out).not.toContain('+++')
    expect(() => read('tuned.yaml')).toThrow('ENOENT')
  })

  it('varies what the file leaves at its default, and writes it in', async () => {
    prepare()
    const { out } = await tune(
      '--vary',
      'stabilization.in=0s,1m',
      '--vary',
      'rules.scale-down.for=1m,2m',
      '--json',
    )
    const { chosen, asItIs, diff } = JSON.parse(out)
    expect(asItIs.values).toEqual({ 'stabilization.in': null, 'rules.scale-down.for': null })
    expect(chosen.values['stabilization.in']).toBe('0s')
    expect(diff).toContain('+    stabilization: { in: 0s }\n')
    expect(diff).toContain(`+        for: ${chosen.values['rules.scale-down.for']}\n`)
    expect(diff).not.toMatch(/^-[^-]/m)
  })

  it('leaves out combinations that make no valid file', async () => {
    prepare()
    const { out } = await tune('--vary', 'capacity.min=1,5,12', '--vary', 'capacity.max=10,14', '--json')
    const { search, tried } = JSON.parse(out)
    expect(search).toMatchObject({ combinations: 6, invalid: 1 })
    expect(tried).toHaveLength(5)
  })

  it('spends no more than its budget on more combinations than that, and draws the same again', async () => {
    prepare()
    const words = [
      '--vary',
      'rules.scale-down.threshold=20..60/9',
      '--vary',
      'rules.scale-up.threshold=61..90/9',
    ]
    const [one, again] = await Promise.all([1, 2].map(() => tune(...words, '--budget', '9', '--json')))
    const { search, replays, tried } = JSON.parse(one?.out ?? '')
    expect(search.kind).toBe('halving')
    expect(search.rounds.map(({ count }: { count: number }) => count)).toEqual([27, 9, 3])
    expect(replays.done).toBe(27 + 9 + 3 + 3)
    expect(tried).toHaveLength(3)
    expect(JSON.parse(again?.out ?? '').tried).toEqual(tried)
  })

  it('lets instances boot as they did in a journal, and no faster because a configuration says so', async () => {
    scene.file(
      'plimsoll.yaml',
      `plimsoll: 1
state: { path: state.db }
metrics: { cpu: { source: push, kind: perInstance, unit: percent } }
fleets:
  web:
    capacity: { min: 1, max: 20 }
    rules:
      - { name: Serve, serve: { metric: "avg(cpu, 1m)", perInstance: 70, slo: 99%, boot: 20m } }
`,
    )
    await recordHour(join(scene.cwd, 'state.db'), NOON)
    const words = ['tune', 'plimsoll.yaml', '--journal', '--load', 'cpu', '--workers', '1']
    const { out } = await scene.run([...words, '--vary', 'rules.serve.boot=1s,20m', '--json'])
    const { notes, asItIs, tried } = JSON.parse(out)
    expect(notes).toContain('An instance boots as the one recorded launch did: 2 min.')
    const { out: known } = await scene.run([
      ...[...words, '--vary', 'rules.serve.boot=1s,20m', '--json', '--model', 'boot=2m'],
    ])
    expect({ asItIs, tried }).toEqual({ asItIs: JSON.parse(known).asItIs, tried: JSON.parse(known).tried })
    // Without what was measured the file's own word counts, of all of them: that of the file as it is.
    prepare()
    scene.file('plimsoll.yaml', read('plimsoll.yaml').replace(/- \{ name: Scale up.*\n/, BOOTS))
    const boots = ['--vary', 'rules.serve.boot=1s,20m', '--json']
    const stated = JSON.parse((await tune(...boots)).out)
    const said = JSON.parse((await tune(...boots, '--model', 'boot=20m')).out)
    expect(stated.tried).toEqual(said.tried)
  })

  it('tunes the reserve of a fleet of sessions', async () => {
    scene.file(
      'plimsoll.yaml',
      `plimsoll: 1
fleets:
  rooms:
    capacity: { min: 1, max: 20 }
    sessions: { slotsPerInstance: 10 }
    rules:
      - { name: Keep room, reserve: { slots: 50% } }
    cooldown: 1m
    stabilization: { in: 0s }
`,
    )
    const rows = Array.from({ length: 300 }, (_, index) => {
      const start = Date.UTC(2026, 2, 2) + index * 60_000
      const lengthMs = (5 + (index % 100 < 50 ? 40 : 0)) * 60_000
      return `${new Date(start).toISOString()},${new Date(start + lengthMs).toISOString()}`
    })
    scene.file('rides.csv', `start,end\n${rows.join('\n')}\n`)
    const { code, out, err } = await scene.run([
      'tune',
      'plimsoll.yaml',
      ...['--trace', 'rides.csv', '--workers', '1', '--json'],
      ...['--vary', 'rules.keep-room.slots=10%,30%,50%', '--objective', 'cost, refused<=1%'],
    ])
    expect({ code, err: err.replace(/^\d.*\n/gm, '') }).toEqual({ code: 0, err: '' })
    const { chosen, asItIs } = JSON.parse(out)
    expect(chosen.values).not.toEqual(asItIs.values)
    expect(chosen.tuned.cost).toBeLessThan(asItIs.tuned.cost)
  })

  describe('refuses, before anything is replayed,', () => {
    it.each<[string, readonly string[], string]>([
      ['nothing to vary', [], 'PLM-740: Nothing to vary'],
      [
        'a path that leads nowhere',
        ['--vary', 'rules.scale-pu.threshold=1..2'],
        'PLM-740: rules.scale-pu.threshold: there is no such value. Did you mean rules.scale-up.threshold?',
      ],
      [
        'a key that does not exist',
        ['--vary', 'cooldwon.in=1m,2m'],
        'Did you mean cooldown.in? What can be varied: capacity.min (1), ',
      ],
      [
        'a value varied twice',
        ['--vary', 'cooldown.in=1m,2m', '--vary', 'fleets.web.cooldown.in=3m'],
        'is varied twice',
      ],
      ['a word without values', ['--vary', 'cooldown.in'], 'PLM-742: --vary cooldown.in: write PATH=VALUES'],
      ['values that are none', ['--vary', 'cooldown.in=1m..x'], 'PLM-742: The values 1m..x'],
      [
        'an objective it does not know',
        ['--vary', 'cooldown.in=1m,2m', '--objective', 'joy'],
        'PLM-743: The objective "joy"',
      ],
      ['a part of nothing', ['--vary', 'cooldown.in=1m,2m', '--holdout', '0%'], 'PLM-744: --holdout 0%'],
      [
        'more combinations than it can number',
        ['1', '2', '3', '4'].flatMap(index => [
          '--vary',
          ['cooldown.in=1..999/999', 'cooldown.out=1..999/999', 'every=1..999/999', 'warmup=1s..999s/999'][
            Number(index) - 1
          ] ?? '',
        ]),
        'combinations are more than can be numbered',
      ],
      ['an output it cannot write', ['--vary', 'cooldown.in=1m,2m', '-o', 'a.png'], 'PLM-501: -o a.png'],
    ])('%s', async (_, words, said) => {
      prepare(100)
      const { code, out, err } = await tune(...words)
      expect(err).toContain(said)
      expect({ code, out }).toEqual({ code: 2, out: '' })
    })

    it('a value that is not valid, with what the file would then have', async () => {
      prepare(100)
      const { code, err } = await tune('--vary', 'capacity.min=2,30')
      expect(err).toContain('PLM-741: capacity.min=30: the file is not valid with it.')
      expect(err).toMatch(/plimsoll\.yaml:9:\d+: error PLM-\d{3}: .*30/)
      expect(err).toContain('capacity: { min: 30, max: 20 }')
      expect(code).toBe(2)
    })

    it('a record too short to have two parts', async () => {
      prepare(15)
      const { code, err } = await tune('--vary', 'cooldown.in=1m,2m')
      expect(err).toContain('PLM-744: wave has 15 bins, too few')
      expect(code).toBe(2)
    })
  })
})

describe('Ctrl-C', () => {
  const PROGRAM = `import { runProcess } from ${JSON.stringify(new URL('../main.ts', import.meta.url).href)}\nawait runProcess()`

  /** The command as a process; `onLine` hears every line of its standard error. */
  function started(
    words: readonly string[],
    onLine: (line: string, interrupt: () => void) => void,
    { asTerminal = false } = {},
  ) {
    const child = spawn(
      process.execPath,
      ['--input-type=module', '--eval', PROGRAM, '--', 'plimsoll', ...words],
      {
        cwd: scene.cwd,
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: asTerminal,
      },
    )
    // A terminal tells everybody in the group of the one it runs.
    const interrupt = (): void => {
      if (child.exitCode === null && child.pid !== undefined) {
        process.kill(asTerminal ? -child.pid : child.pid, 'SIGINT')
      }
    }
    let out = ''
    let err = ''
    child.stdout.setEncoding('utf8').on('data', text => {
      out += text
    })
    child.stderr.setEncoding('utf8').on('data', text => {
      err += text
      for (const line of String(text).split('\n')) if (line !== '') onLine(line, interrupt)
    })
    return new Promise<{ code: number | null; out: string; err: string }>(resolve => {
      child.on('close', code => resolve({ code, out, err }))
    })
  }

  it('keeps what was found, says how much of it that is, and ends with 0', async () => {
    prepare(20_000)
    let heard = 0
    const words = ['tune', 'plimsoll.yaml', ...COMMON, '--vary', 'rules.scale-down.threshold=20.0..60.0/200']
    const { code, out, err } = await started(words, (line, interrupt) => {
      if (!/^\d+ of \d+ replayed/.test(line)) return
      heard += 1
      if (heard === 1) interrupt()
    })
    expect(err).toContain('Stopping: what was begun is finished')
    expect(code).toBe(0)
    const [, done] = /200 combinations of 1 value: (\d+) of 201 replays done/.exec(out) ?? []
    expect(Number(done)).toBeGreaterThan(0)
    expect(Number(done)).toBeLessThan(150)
    expect(out).toContain('It was stopped before its end; more may be found.')
    expect(out).toMatch(/^= +30% +[\d.]+ x +\S+ % +[\d.]+ x +\S+ %$/m)
  })

  it('on a terminal, too, where all who work for it hear of it', async () => {
    prepare(20_000)
    let isHeard = false
    const words = ['tune', 'plimsoll.yaml', ...COMMON, '--vary', 'rules.scale-down.threshold=20.0..60.0/200']
    const { code, out, err } = await started(
      words,
      (line, interrupt) => {
        if (isHeard || !/^\d+ of \d+ replayed/.test(line)) return
        isHeard = true
        interrupt()
      },
      { asTerminal: true },
    )
    expect([code, err]).toEqual([0, expect.not.stringContaining('PLM-745')])
    expect(out).toContain('It was stopped before its end; more may be found.')
  })

  it('again, a while later, ends at once with 130', async () => {
    prepare(50_000)
    // A rule that learns, so that what was begun is not finished within the second.
    scene.file('plimsoll.yaml', read('plimsoll.yaml').replace(/- \{ name: Scale up.*\n/, BOOTS))
    let pressing: NodeJS.Timeout | undefined
    const words = ['tune', 'plimsoll.yaml', ...COMMON, '--vary', 'rules.serve.slo=95.0..99.0/200']
    const { code, out } = await started(words, (line, interrupt) => {
      // What comes within a second is one wish: pressed until it is heard.
      if (/^\d+ of \d+ replayed/.test(line)) pressing ??= setInterval(interrupt, 100)
    })
    clearInterval(pressing)
    expect([code, out]).toEqual([130, ''])
  })
})
