import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NOON, openScene, type Scene } from '../../test/builders/cli.ts'
import { csv, loadCsv, MIDNIGHT, utilizationCsv } from '../../test/builders/load.ts'
import { ROOMS } from '../../test/builders/played-rooms.ts'
import { recordHour } from '../../test/builders/recorded.ts'
import { BASELINES } from '../lab/baselines/registry.ts'

const MINUTE = 60_000
const DAY = { hours: 24, everyMinutes: 5 }

const FILE = `plimsoll: 1
state: { path: state.db }
metrics:
  cpu: { source: push, kind: perInstance, unit: percent }
fleets:
  web:
    target: { type: none, count: "last(replicas)" }
    capacity: { min: 2, max: 20 }
    rules:
      - { name: Scale up, when: "avg(cpu, 5m) > 75%", scale: { by: 1 } }
      - { name: Scale down, when: "avg(cpu, 10m) < 50%", scale: { by: -1 } }
    cooldown: { out: 5m, in: 10m }
`.replace('  cpu:', '  replicas: { source: push, kind: total }\n  cpu:')

const SERVE = `plimsoll: 1
metrics:
  requests: { source: push, kind: total }
fleets:
  shop:
    target: { type: none, count: "last(requests)" }
    capacity: { min: 1, max: 40 }
    rules:
      - { name: Serve, serve: { metric: "last(requests)", perInstance: 50, slo: 99% } }
`

let scene: Scene
beforeEach(() => {
  scene = openScene()
  scene.file('web.yaml', FILE)
  scene.file('day.csv', loadCsv(DAY))
})
afterEach(() => scene.end())

const read = (name: string) => readFileSync(path.join(scene.cwd, name), 'utf8')

/** Words that are the same whatever they are given, then more. */
const played = (...more: readonly string[]) =>
  scene.run(['backtest', 'web.yaml', '--trace', 'day.csv', '--metric', 'replicas=load', ...more])
const MODEL = ['--model', 'per-instance=100'] as const

/** The scores of one contender. */
function scoresOf(out: string, name: string): Record<string, number | null> {
  const { scores } = JSON.parse(out) as { scores: Record<string, { values: Record<string, number | null> }> }
  return Object.fromEntries(Object.entries(scores).map(([key, { values }]) => [key, values[name] ?? null]))
}

describe('plimsoll backtest', () => {
  it('prints a table of scores, what it assumed, and what is what', async () => {
    const { code, out, err } = await played(...MODEL)
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(out).toContain('web on day\n24 h from 21 Nov 2026 00:00 (UTC) in bins of 5 min;')
    expect(out).toMatch(/^SCORE +UNIT +web$/m)
    expect(out).toMatch(/^load lost +% +\d/m)
    expect(out).toMatch(/^cost, oracle = 1 +x +1\.\d+/m)
    expect(out).toContain('- Demand is column "requests".')
    expect(out).toContain('- Metric cpu is worked out: the share of the ready capacity in use.')
    expect(out).toContain(
      '- Assumed, since nothing says otherwise: an instance boots for 3 min; load without room is lost.',
    )
    expect(out).toContain('- A bin of 5 min is longer than the 1 min between two decisions')
  })

  it('shows a person how far it is, and takes that away again', async () => {
    scene.file('week.csv', loadCsv({ hours: 7 * 24, everyMinutes: 5 }))
    const words = ['backtest', 'web.yaml', '--trace', 'week.csv', '--metric', 'replicas=load', ...MODEL]
    const { err, out } = await scene.run(words, { stderrIsTerminal: true })
    expect(err).toMatch(/\[[#-]{30}\] +\d+ % {2}\d+ of 2016/)
    expect(err.endsWith('\r\u001b[2K')).toBe(true)
    const same = await scene.run(words)
    const timeless = (text: string) => text.replace(/decisions a second: .*/, '')
    expect({ ...same, out: timeless(same.out) }).toEqual({ code: 0, err: '', out: timeless(out) })
    const both = await scene.run(['diff', 'web.yaml', 'web.yaml', ...words.slice(2)], {
      stderrIsTerminal: true,
    })
    expect(both.err).toMatch(/\d+ of 2016/)
  })

  it('breaks no line of its text that is longer than the terminal', async () => {
    const { out } = await played(...MODEL, '--against', 'hpa,azure,react,oracle')
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
    const narrow = await scene.run(
      ['backtest', 'web.yaml', '--trace', 'day.csv', '--metric', 'replicas=load', ...MODEL],
      { columns: 60 },
    )
    for (const line of narrow.out.split('\n')) expect(line.length).toBeLessThanOrEqual(60)
  })

  it('puts baselines beside it, with their knobs, and those that know the future out of competition', async () => {
    const { out } = await played(...MODEL, '--against', 'hpa,hpa=0.5,hpa=0.80,oracle,static,hpa')
    expect(out).toMatch(/^SCORE +UNIT +web +hpa +hpa=0\.5 +\(oracle\) +\(static\)$/m)
    expect(out.replaceAll(/\s+/g, ' ')).toContain(
      'hpa at target utilization 0.8, hpa at target utilization 0.5.',
    )
    expect(out).not.toMatch(/\*\S+$/m)
  })

  it('says why an oracle beside it may cost more than the one that cost is held against', async () => {
    const note =
      'The oracle beside it keeps to the same 12 to 20 instances; the one that cost is held against does not.'
    scene.file('web.yaml', FILE.replace('min: 2', 'min: 1'))
    expect((await played(...MODEL, '--against', 'oracle')).out).not.toContain('The oracle beside it')
    scene.file('web.yaml', FILE.replace('min: 2', 'min: 12'))
    expect((await played(...MODEL, '--against', 'hpa')).out).not.toContain('The oracle beside it')
    const { out } = await played(...MODEL, '--against', 'oracle')
    expect(out.replaceAll(/\s+/g, ' ')).toContain(note)
  })

  it('knows every baseline there is', async () => {
    const names = BASELINES.map(({ name }) => name)
    const { code, out } = await played(...MODEL, '--against', names.join(','), '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out).contenders.map(({ name }: { name: string }) => name)).toEqual(['web', ...names])
  })

  it('answers JSON: scores by contender, decisions, notes', async () => {
    const { out } = await played(...MODEL, '--against', 'hpa,static', '--json', '--price', '2')
    const answer = JSON.parse(out)
    expect(answer).toMatchObject({
      title: 'web on day',
      timeZone: 'UTC',
      contenders: [
        { name: 'web', outOfCompetition: false },
        { name: 'hpa', outOfCompetition: false },
        { name: 'static', outOfCompetition: true },
      ],
      facts: { 'An instance serves': '100 in 5 min', Boot: '3 min' },
    })
    const own = scoresOf(out, 'web')
    expect(own.price).toBeCloseTo(2 * (own.instanceHours ?? 0), 9)
    expect(answer.courses[0]).toMatchObject({ name: 'web', length: 288, stepMs: 5 * MINUTE })
    expect(answer.courses[0].decisions[1].because).toContain('"Scale')
    expect(answer.courses[0].bins).toBeUndefined()
  })

  it('is the same again with the same seed, and another with another', async () => {
    const drawn = ['--model', 'per-instance=60,boot=1m/15m/40m', '--json'] as const
    const score = async (seed: string) =>
      scoresOf((await played(...drawn, '--seed', seed)).out, 'web').lostPercent
    expect(await score('3')).toBe(await score('3'))
    expect(await score('3')).not.toBe(await score('4'))
  })

  it('writes reports of each kind, and says so', async () => {
    const { code, out } = await played(...MODEL, '-o', 'r.html', '-o', 'r.SVG', '-o', 'r.json')
    expect(code).toBe(0)
    expect(out).toMatch(/\nWrote r\.html, r\.SVG, r\.json\n$/)
    expect(read('r.html')).toMatch(/^<!doctype html>/)
    expect(read('r.SVG')).toContain('<svg')
    const { courses } = JSON.parse(read('r.json'))
    expect(courses[0].bins.load).toHaveLength(288)
    const changed = courses[0].decisions.filter(({ from, to }: { from: number; to: number }) => from !== to)
    expect(changed.length).toBeGreaterThan(10)
    for (const { steps } of changed) expect(steps.length).toBeGreaterThan(3)
  })

  it('plays load that waits: what was refused, how long the rest waited', async () => {
    const { out } = await played('--model', 'per-instance=60,boot=20m,queue=1m', '--json')
    const scores = scoresOf(out, 'web')
    expect(scores.lostPercent).toBe(0)
    expect(scores.averageWaitMs).toBeGreaterThan(0)
    expect(scores.timeQueuedPercent).toBeGreaterThan(0)
  })

  it('says at the top what becomes of load without room: it is lost, or refused', async () => {
    const headlines = async (model: string): Promise<readonly string[]> => {
      await played('--model', `per-instance=60,boot=20m${model}`, '-o', 'top.html')
      return [...read('top.html').matchAll(/<dt>([^<]*)<\/dt><dd><b>/g)].map(([, label = '']) => label)
    }
    expect((await headlines(''))[0]).toBe('load lost')
    expect((await headlines(',queue=1s'))[0]).toBe('load refused')
  })

  it('plays only a part of the record; times without a zone are in that of the report', async () => {
    const part = ['--from', '2026-11-21T09:00', '--to', '2026-11-21T18:00', '--json'] as const
    const lengthAndStart = async (...zone: readonly string[]) => {
      const { out } = await played(...MODEL, ...part, ...zone)
      const { length, from } = JSON.parse(out).courses[0]
      return [length, from]
    }
    expect(await lengthAndStart()).toEqual([108, '2026-11-21T09:00:00.000Z'])
    expect(await lengthAndStart('--zone', 'Asia/Tokyo')).toEqual([108, '2026-11-21T00:00:00.000Z'])
    const since = await played(
      ...MODEL,
      '--since',
      '2026-11-21T20:00',
      '--until',
      '2026-11-21T21:00',
      '--json',
    )
    expect(JSON.parse(since.out).courses[0].length).toBe(12)
  })

  it('learns what a fleet that serves has to expect, and takes what an instance serves from its rule', async () => {
    scene.file('shop.yaml', SERVE)
    scene.file('week.csv', loadCsv({ hours: 7 * 24, everyMinutes: 5 }))
    const { out } = await scene.run(['backtest', 'shop.yaml', '--trace', 'week.csv', '--json'])
    const { notes, courses } = JSON.parse(out)
    expect(notes).toContain('An instance serves 50 of the load, as rule "Serve" says.')
    expect(scoresOf(out, 'shop').lostPercent).toBeLessThan(2)
    const last = courses[0].decisions.at(-1)
    expect(last.because).not.toContain('nothing learnt yet')
  })

  it('says where a rule counts on instances of another strength than the model has', async () => {
    scene.file('shop.yaml', SERVE)
    const words = ['backtest', 'shop.yaml', '--trace', 'day.csv', '--json', '--model'] as const
    const notesOf = async (model: string): Promise<readonly string[]> =>
      JSON.parse((await scene.run([...words, model])).out).notes
    const said =
      'Rule "Serve" counts on 50 an instance, the model serves 25: it wants too few. Change the one that is wrong (plimsoll fit finds it).'
    expect(await notesOf('per-instance=25')).toContain(said)
    expect(await notesOf('per-instance=80')).toContain(
      'Rule "Serve" counts on 50 an instance, the model serves 80: it wants too many. Change the one that is wrong (plimsoll fit finds it).',
    )
    for (const model of ['per-instance=50', 'boot=1m'])
      expect((await notesOf(model)).join()).not.toContain('counts on')
  })

  it('decides by what is late, where measurements are known later: by old values, not by none', async () => {
    scene.file('minutes.csv', loadCsv({ hours: 24, everyMinutes: 1 }))
    scene.file('minutes.yaml', FILE.replace('unit: percent', 'unit: percent, every: 1m'))
    const words = [
      'backtest',
      'minutes.yaml',
      '--trace',
      'minutes.csv',
      '--metric',
      'replicas=load',
      '--json',
    ]
    const scored = async (model: string) =>
      scoresOf((await scene.run([...words, '--model', `per-instance=100,${model}`])).out, 'web')
    const [now, soon, late] = [await scored('delay=0s'), await scored('delay=1m'), await scored('delay=12m')]
    expect(now.actions).toBeGreaterThan(20)
    expect(soon.actions).toBeGreaterThan(20)
    expect(late.actions).toBeGreaterThan(20)
    expect(late.thetaUPercent).toBeGreaterThan(now.thetaUPercent ?? 0)
  })

  it('lets a worked-out utilization follow the instances within a long bin: one hour is not acted on twelve times', async () => {
    scene.file(
      'hours.csv',
      csv(
        ['requests'],
        Array.from({ length: 24 }, () => [900]),
        60,
      ),
    )
    const words = [
      'backtest',
      'web.yaml',
      '--trace',
      'hours.csv',
      '--metric',
      'replicas=load',
      '--json',
      '-o',
      'h.json',
    ]
    await scene.run([...words, '--model', 'per-instance=100,boot=1m,initial=2'])
    const [{ bins }] = JSON.parse(read('h.json')).courses
    // 900 on 12 is 75 %, which is not above 75 %.
    expect(Math.max(...bins.ready)).toBeGreaterThanOrEqual(12)
    expect(Math.max(...bins.ready)).toBeLessThanOrEqual(13)
  })

  it('says where the highest count could not have been enough', async () => {
    scene.file('shop.yaml', SERVE.replace('max: 40', 'max: 10'))
    const { out } = await scene.run(['backtest', 'shop.yaml', '--trace', 'day.csv'])
    expect(out.replaceAll(/\s+/g, ' ')).toMatch(
      /Bound: for \d+\.\d % of the time the load needs more than the highest count in force allows, up to \d+\./,
    )
  })

  it('never lets the name of a fleet hide a baseline', async () => {
    scene.file('web.yaml', FILE.replace('  web:', '  hpa:'))
    const { out } = await played(...MODEL, '--against', 'hpa,oracle')
    expect(out).toMatch(/^SCORE +UNIT +hpa +hpa \(baseline\) +\(oracle\)$/m)
  })
})

describe('a record per instance', () => {
  beforeEach(() => {
    scene.file('cpu.csv', utilizationCsv({ ...DAY, high: 900 }, 5))
  })
  const perInstance = (...more: readonly string[]) =>
    scene.run(['backtest', 'web.yaml', '--trace', 'cpu.csv', '--metric', 'replicas=load', ...more])

  it('is shared anew by the simulated instances, beside what was recorded', async () => {
    const { out, code } = await perInstance()
    expect(code).toBe(0)
    expect(out).toMatch(/^SCORE +UNIT +web +as recorded$/m)
    expect(out).toContain('- Demand is column "cpu", which is per instance, times the recorded instances.')
    expect(out).toContain('- Metric cpu is column "cpu", shared anew by the simulated instances.')
    expect(out).toContain('- An instance is full at 100, as the unit of its metric says.')
  })

  it('says where the record hit its ceiling, and where it says little about the simulated count', async () => {
    const { out } = await perInstance()
    const text = out.replaceAll(/\s+/g, ' ')
    expect(text).toMatch(/Censored: for \d+\.\d % of the time the recorded utilization stood at its ceiling/)
    expect(text).toMatch(/Trust: for \d+\.\d % of the time the simulated count is more than twice/)
  })

  it('begins with as many as there were', async () => {
    const { out } = await perInstance('--json')
    expect(JSON.parse(out).courses[0].decisions[0].from).toBe(5)
  })

  it('takes the count from a column of another name', async () => {
    scene.file('cpu.csv', utilizationCsv(DAY, 5).replace('instances', 'ready'))
    const { code, out } = await perInstance('--instances', 'ready', '--load', 'cpu')
    expect(code).toBe(0)
    expect(out).toContain('as recorded')
  })
})

describe('a bad record', () => {
  it('is played with what was mended and what is missing said', async () => {
    const rows = [[500], [-3], [700], [600]]
    const good = csv(['requests'], rows, 5).trimEnd().split('\n')
    const [head = '', first = '', second = '', third = '', fourth = ''] = good
    const hour = `${new Date(MIDNIGHT + 60 * MINUTE).toISOString()},400`
    scene.file('day.csv', [head, second, first, third, fourth, fourth, hour].join('\n'))
    const { out, code } = await played(...MODEL)
    const text = out.replaceAll(/\s+/g, ' ')
    expect(code).toBe(0)
    expect(text).toContain('Repaired: 1 row out of order, first at line 3; sorted.')
    expect(text).toContain(
      'Repaired: 1 value below zero, first -3 at line 2, column "requests"; taken as gaps.',
    )
    expect(text).toMatch(/Repaired: \d+ bins of "requests" without a value, in 2 stretches/)
    expect(text).toMatch(/Gaps: \d+ of 13 bins have no value; nothing is scored there\./)
  })

  it('tells gaps of many columns in one sentence', async () => {
    const lines = csv(
      ['requests', 'queue'],
      [
        [5, 1],
        [6, 1],
        [7, 1],
      ],
      5,
    ).split('\n')
    scene.file('day.csv', [lines[0], lines[1], lines[3]].join('\n'))
    const { out } = await played(...MODEL, '--step', '5m')
    expect(out.replaceAll(/\s+/g, ' ')).toMatch(
      /1 bin of "requests" without a value, .* Gaps of other columns: "queue" 1\./,
    )
  })

  it.each([
    { words: [], code: 'PLM-725', says: 'Say it with --model per-instance=100' },
    {
      words: ['--load', 'request', ...MODEL],
      code: 'PLM-721',
      says: 'no column "request". Did you mean "requests"?',
    },
    {
      words: ['--instances', 'ready', ...MODEL],
      code: 'PLM-721',
      says: 'no column "ready". It has "requests".',
    },
    {
      words: ['--metric', 'cpu=utilisation', ...MODEL],
      code: 'PLM-721',
      says: 'no column "utilisation". Did you mean "utilization"?',
    },
    { words: ['--metric', 'cpi=load', ...MODEL], code: 'PLM-729', says: 'Did you mean "cpu"? They read' },
    { words: ['--metric', 'cpu=', ...MODEL], code: 'PLM-501', says: 'write NAME=COLUMN' },
    { words: ['--metric', 'cpu', ...MODEL], code: 'PLM-501', says: 'write NAME=COLUMN' },
    { words: ['--model', 'per-instance=0.000001'], code: 'PLM-725', says: 'no more than 100000 are played' },
    {
      words: ['--against', 'hap', ...MODEL],
      code: 'PLM-507',
      says: 'no baseline "hap". Did you mean "hpa"?',
    },
    {
      words: ['--against', 'hpa=none', ...MODEL],
      code: 'PLM-501',
      says: 'the knob of hpa (target utilization)',
    },
    {
      words: ['--against', 'static=7', ...MODEL],
      code: 'PLM-501',
      says: 'the knob of static (quantile) is a number above 0 and up to 1',
    },
    {
      words: ['--against', 'hpa=0.5=0.7', ...MODEL],
      code: 'PLM-501',
      says: 'the knob of hpa (target utilization)',
    },
    { words: ['--fleet', 'wbe', ...MODEL], code: 'PLM-507', says: 'Did you mean "web"?' },
    { words: ['-o', 'report.pdf', ...MODEL], code: 'PLM-501', says: 'ends in .html, .svg or .json' },
    { words: ['--zone', 'Mars', ...MODEL], code: 'PLM-502', says: '--zone Mars is no time zone' },
    { words: ['--from', 'never', ...MODEL], code: 'PLM-502', says: '--from never is no time' },
    {
      words: ['--from', '2027-01-01', ...MODEL],
      code: 'PLM-509',
      says: 'it is from 2026-11-21T00:00:00.000Z to 2026-11-22T00:00:00.000Z',
    },
    {
      words: ['--from', '2026-11-21T12:00Z', '--to', '2026-11-21T10:00Z', ...MODEL],
      code: 'PLM-509',
      says: '--to is not after --from.',
    },
    { words: ['--journal', ...MODEL], code: 'PLM-501', says: 'Give --trace or --journal, not both.' },
    { words: ['--step', '5', ...MODEL], code: 'PLM-501', says: '--step 5 is no duration' },
    { words: ['--aggregate', 'mean', ...MODEL], code: 'PLM-501', says: 'there is avg, sum, max' },
    { words: ['--price', 'much', ...MODEL], code: 'PLM-501', says: 'at least 0' },
    { words: ['--seed', '-1', ...MODEL], code: 'PLM-501', says: 'a whole number' },
  ])('$words is refused: $code', async ({ words, code, says }) => {
    const { code: exit, err, out } = await played(...words)
    expect({ exit, out }).toEqual({ exit: 2, out: '' })
    expect(err).toContain(`plimsoll: ${code}: `)
    expect(err).toContain(says)
    expect(existsSync(path.join(scene.cwd, 'report.pdf'))).toBe(false)
  })

  it('asks for a record where none is named, and for the fleet where there are several', async () => {
    const none = await scene.run(['backtest', 'web.yaml'])
    expect(none).toMatchObject({ code: 2, err: expect.stringContaining('PLM-501: Say which record to play') })
    scene.file('web.yaml', `${FILE}${FILE.slice(FILE.indexOf('  web:')).replace('  web:', '  api:')}`)
    const several = await played(...MODEL)
    expect(several).toMatchObject({
      code: 2,
      err: expect.stringContaining('The file has the fleets web, api; say which one with --fleet.'),
    })
    expect((await played(...MODEL, '--fleet', 'api')).out).toContain('api on day')
  })

  it('refuses one in which the demand has no value at all', async () => {
    scene.file('day.csv', `timestamp,requests,other\n${MORNING.map(at => `${at},-1,5`).join('\n')}\n`)
    const { code, err } = await played('--load', 'requests', ...MODEL)
    expect(code).toBe(2)
    expect(err).toContain(
      'PLM-735: Column requests of day, which is the demand, has no value in any of its 12 bins. 12 values below zero, first -1 at line 2',
    )
  })

  it('asks which of several columns is the demand', async () => {
    scene.file(
      'day.csv',
      csv(
        ['a', 'b'],
        [
          [1, 2],
          [3, 4],
        ],
        5,
      ),
    )
    expect(await played(...MODEL)).toMatchObject({
      code: 2,
      err: expect.stringContaining('PLM-720: day has the columns "a", "b"; which of them is the demand'),
    })
    expect(await played(...MODEL, '--load', 'b')).toMatchObject({ code: 0 })
  })

  it('wants a source for what does not depend on the load', async () => {
    scene.file(
      'web.yaml',
      FILE.replace('replicas: { source: push, kind: total }', 'replicas: { source: push }'),
    )
    const { code, err } = await scene.run(['backtest', 'web.yaml', '--trace', 'day.csv', ...MODEL])
    expect(code).toBe(2)
    expect(err).toContain('PLM-722: Metric replicas is independent of the load')
  })

  it('wants the recorded count for what is per instance', async () => {
    scene.file('day.csv', csv(['cpu'], [[50], [60]], 5))
    const { code, err } = await played()
    expect(code).toBe(2)
    expect(err).toContain('PLM-723: Column cpu of day is per instance')
  })
})

/** Forty people who come at once and stay for half an hour, after some who were there before. */
const SESSIONS = ['start,end']
  .concat(
    Array.from({ length: 60 }, (_, index) => {
      const at = MIDNIGHT + (index < 20 ? index * MINUTE : 30 * MINUTE + index * 1_000)
      return `${new Date(at).toISOString()},${new Date(at + 30 * MINUTE).toISOString()}`
    }),
  )
  .join('\n')

/** An hour by five minutes. */
const MORNING = Array.from({ length: 12 }, (_, bin) => new Date(MIDNIGHT + bin * 5 * MINUTE).toISOString())

describe('a list of sessions', () => {
  beforeEach(() => {
    scene.file('rooms.yaml', ROOMS)
    scene.file('people.csv', SESSIONS)
  })

  it('says what of the model it has no use for', async () => {
    const words = ['backtest', 'rooms.yaml', '--trace', 'people.csv']
    const { out } = await scene.run([...words, '--model', 'boot=2m,queue=30s,per-instance=5'])
    expect(out).toContain(
      '- Of --model only boot and initial play a part here; left aside: per-instance, queue.',
    )
    const { out: plain } = await scene.run([...words, '--model', 'boot=2m'])
    expect(plain).not.toContain('left aside')
  })

  it('is played one by one through the broker, and none is lost', async () => {
    const { code, out, err } = await scene.run([
      ...[
        'backtest',
        'rooms.yaml',
        '--trace',
        'people.csv',
        '--model',
        'boot=1m',
        '--price',
        '2',
        '-o',
        'r.html',
      ],
    ])
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(out).toContain('rooms on people\n60 sessions in ')
    expect(out).toMatch(/^sessions placed +\d+$/m)
    expect(out).toMatch(/^sessions lost +0$/m)
    expect(out).toMatch(/^price +\d/m)
    expect(out).not.toContain('Assumed')
    expect(read('r.html')).toContain('sessions lost')
  })

  it('shows a person how far it is, and takes that away again', async () => {
    const { err } = await scene.run(['backtest', 'rooms.yaml', '--trace', 'people.csv'], {
      stderrIsTerminal: true,
    })
    expect(err).toMatch(/\[[#-]{30}\] +\d+ % {2}\d+ of 60/)
    expect(err.endsWith('\r\u001b[2K')).toBe(true)
  })

  it('says what it assumed', async () => {
    const { out } = await scene.run(['backtest', 'rooms.yaml', '--trace', 'people.csv'])
    expect(out).toContain('- Assumed, since nothing says otherwise: an instance boots for 3 min.')
  })

  it.each([
    ['--load', 'requests'],
    ['--instances', 'instances'],
    ['--metric', 'cpu=load'],
    ['--step', '5m'],
    ['--aggregate', 'sum'],
  ])('has no use for %s, and says so', async (option, value) => {
    const { code, err } = await scene.run([
      ...['backtest', 'rooms.yaml', '--trace', 'people.csv', option, value],
    ])
    expect(code).toBe(2)
    expect(err).toContain(
      `PLM-501: ${option} says how load is read, and people is a list of sessions: leave it out.`,
    )
  })

  it('says where the highest count could not have held them', async () => {
    scene.file('rooms.yaml', ROOMS.replace('max: 20', 'max: 3'))
    const { out } = await scene.run(['backtest', 'rooms.yaml', '--trace', 'people.csv', '--json'])
    expect(JSON.parse(out).notes.join()).toMatch(
      /Bound: for \d+\.\d % of the time the load needs more than the highest count in force allows, up to \d+\./,
    )
  })

  it('has no baselines', async () => {
    const { code, err } = await scene.run([
      'backtest',
      'rooms.yaml',
      '--trace',
      'people.csv',
      '--against',
      'hpa',
    ])
    expect(code).toBe(2)
    expect(err).toContain('PLM-501: Sessions are played one by one through the session broker')
  })

  it('needs to know how many an instance holds', async () => {
    const { code, err } = await scene.run(['backtest', 'web.yaml', '--trace', 'people.csv'])
    expect(code).toBe(2)
    expect(err).toContain('PLM-727: people is a list of sessions, and fleet web does not say')
  })

  it('is what a reserve goes by: over load it says that it is not played', async () => {
    const { out } = await scene.run(['backtest', 'rooms.yaml', '--trace', 'day.csv', ...MODEL])
    expect(out).toContain('- Not played: "reserve", which goes by sessions.')
  })

  it('is asked for where load is played against a fleet of sessions whose capacity nothing says', async () => {
    const { code, err } = await scene.run(['backtest', 'rooms.yaml', '--trace', 'day.csv'])
    expect(code).toBe(2)
    expect(err).toContain(
      'An instance of rooms holds 4 sessions: of a count of sessions that is --model per-instance=4; `reserve` wants a list of them (start,end).',
    )
  })
})

describe('the journal of a daemon', () => {
  const record = () => recordHour(path.join(scene.cwd, 'state.db'), NOON)
  const journalled = (...more: readonly string[]) =>
    scene.run(['backtest', 'web.yaml', '--journal', '--metric', 'replicas=load', ...more])

  it('is a record of its own: what these rules would have done then', async () => {
    await record()
    const { code, out, err } = await journalled('--load', 'cpu', '--model', 'boot=2m')
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(out).toContain('web on its journal\n1 h from 21 Nov 2026 11:00 (UTC) in bins of 1 min;')
    expect(out).toMatch(/^SCORE +UNIT +web +as recorded$/m)
  })

  it('may be named, as a state file or by its configuration, and begin later', async () => {
    await record()
    const length = async (...words: readonly string[]) => {
      const { out } = await scene.run([
        ...[
          'backtest',
          'web.yaml',
          '--metric',
          'replicas=load',
          '--load',
          'cpu',
          '--json',
          '--model',
          'boot=2m',
        ],
        ...words,
      ])
      return JSON.parse(out).courses[0].length
    }
    expect(await length('--journal', 'state.db')).toBe(60)
    expect(await length('--journal', 'web.yaml', '--since', '30m')).toBe(30)
    expect(await length('--journal', '--since', '2026-11-21T11:10', '--until', '2026-11-21T11:20')).toBe(10)
  })

  it('says how long instances boot', async () => {
    await record()
    const { out } = await journalled('--load', 'cpu')
    expect(out.replaceAll(/\s+/g, ' ')).toContain('An instance boots as the one recorded launch did: 2 min.')
  })

  it('is refused where there is none, or nothing in it then', async () => {
    const none = await journalled()
    expect(none.code).toBe(1)
    expect(none.err).toContain('PLM-510: Tried to read the state file')
    expect(none.err).toContain('name it with --journal FILE')
    await record()
    const early = await journalled('--until', '2026-11-20')
    expect(early).toMatchObject({ code: 2, err: expect.stringContaining('PLM-713') })
    const backwards = await journalled('--since', '10m', '--until', '20m')
    expect(backwards).toMatchObject({
      code: 2,
      err: expect.stringContaining('PLM-509: --to is not after --from.'),
    })
    expect(await scene.run(['backtest', 'web.yaml', '--journal', '--since', '2030-01-01'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('PLM-509: 2030-01-01 is not in the past: nothing is recorded since.'),
    })
  })
})
