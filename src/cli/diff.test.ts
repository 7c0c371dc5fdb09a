import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openScene, type Scene } from '../../test/builders/cli.ts'
import { csv, loadCsv } from '../../test/builders/load.ts'
import { COME_IN_MINUTE, ROOMS } from '../../test/builders/played-rooms.ts'

const FILE = `plimsoll: 1
metrics: { cpu: { source: push, kind: perInstance, unit: percent } }
fleets:
  web:
    capacity: { min: 2, max: 8 }
    rules:
      - { name: Scale up, when: "avg(cpu, 5m) > 80%", scale: { by: 1 } }
`

let scene: Scene
beforeAll(() => {
  scene = openScene()
  scene.file('old.yaml', FILE)
  scene.file('new.yaml', FILE.replace('> 80%', '> 75%'))
  scene.file('bad.yaml', FILE.replace('max: 8', 'max: 1'))
})
afterAll(() => scene.end())

describe('diff', () => {
  it('tells what changed', async () => {
    const { code, out } = await scene.run(['diff', 'old.yaml', 'new.yaml'])
    expect(code).toBe(0)
    expect(out).toBe('web: rule "Scale up": when avg(cpu, 5m) > 80% -> avg(cpu, 5m) > 75%\n')
  })

  it('says so when nothing did', async () => {
    const { out } = await scene.run(['diff', 'old.yaml', 'old.yaml'])
    expect(out).toBe('No difference: both files mean the same.\n')
  })

  it('answers JSON', async () => {
    const { out } = await scene.run(['diff', 'old.yaml', 'new.yaml', '--json'])
    expect(JSON.parse(out)).toMatchObject({
      from: { file: 'old.yaml' },
      to: { file: 'new.yaml' },
      changes: [
        {
          fleet: 'web',
          what: 'rule "Scale up"',
          field: 'when',
          before: 'avg(cpu, 5m) > 80%',
          after: 'avg(cpu, 5m) > 75%',
        },
      ],
    })
  })

  it('refuses a file with problems, with their places', async () => {
    const { code, err } = await scene.run(['diff', 'old.yaml', 'bad.yaml'])
    expect(code).toBe(2)
    expect(err).toContain('bad.yaml:5')
  })
})

const PLAYED = ['--trace', 'day.csv', '--model', 'per-instance=100'] as const

describe('diff over a record', () => {
  beforeAll(() => {
    scene.file('day.csv', loadCsv({ hours: 24, everyMinutes: 5 }))
  })

  it('tells what changed, both scores, and where they part, in the time of the report', async () => {
    const { code, out, err } = await scene.run(['diff', 'old.yaml', 'new.yaml', ...PLAYED])
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(out).toMatch(
      /^web: rule "Scale up": when avg\(cpu, 5m\) > 80% -> avg\(cpu, 5m\) > 75%\n\nweb on day: before and after\n/,
    )
    expect(out).toMatch(/^SCORE +UNIT +after +before$/m)
    expect(out).toMatch(/They want the same \d+\.\d % of the time and part (once|\d+ times)\./)
    expect(out).toContain('\nWhere they part (UTC)\n')
    expect(out).toMatch(/^21 Nov 0\d:\d\d to .*\d\d:\d\d {2}before \d+, after \d+/m)
    expect(out).toMatch(/^ {2}after {3}"Scale up" fired: avg\(cpu, 5m\) = /m)
    const tokyo = await scene.run(['diff', 'old.yaml', 'new.yaml', ...PLAYED, '--zone', 'Asia/Tokyo'])
    expect(tokyo.out).toContain('\nWhere they part (Asia/Tokyo)\n')
    expect(tokyo.out).toMatch(/^21 Nov 1\d:\d\d to /m)
    for (const line of out.split('\n').slice(1)) expect(line.length).toBeLessThanOrEqual(100)
  })

  it('says so where they never part', async () => {
    const { out } = await scene.run(['diff', 'old.yaml', 'old.yaml', ...PLAYED])
    expect(out).toContain('- Both want the same all the time.')
    expect(out).not.toContain('Where they part')
  })

  it('answers JSON with both scores and every parting it tells', async () => {
    const { out } = await scene.run(['diff', 'old.yaml', 'new.yaml', ...PLAYED, '--json'])
    const answer = JSON.parse(out)
    expect(answer.changes).toHaveLength(1)
    expect(Object.keys(answer.scores.instanceHours.values)).toEqual(['after', 'before'])
    const { after, before } = answer.scores.instanceHours.values
    expect(after).toBeGreaterThan(before)
    expect(answer.partings.count).toBeGreaterThan(0)
    expect(answer.partings.listed[0]).toMatchObject({
      from: expect.stringMatching(/^2026-11-21T\d\d:\d\d:00\.000Z$/),
      afterSaid: expect.stringContaining('"Scale up" fired'),
    })
  })

  it('writes reports', async () => {
    const { out } = await scene.run([
      'diff',
      'old.yaml',
      'new.yaml',
      ...PLAYED,
      '-o',
      'd.html',
      '-o',
      'd.svg',
    ])
    expect(out).toMatch(/\nWrote d\.html, d\.svg\n$/)
    expect(readFileSync(path.join(scene.cwd, 'd.html'), 'utf8')).toContain('web on day: before and after')
    expect(existsSync(path.join(scene.cwd, 'd.svg'))).toBe(true)
  })

  it('writes what changed and where they part into the page and the JSON, too', async () => {
    const words = ['diff', 'old.yaml', 'new.yaml', ...PLAYED, '-o', 'both.html', '-o', 'both.json', '--json']
    const { out } = await scene.run(words)
    const page = readFileSync(path.join(scene.cwd, 'both.html'), 'utf8')
    expect(page).toContain(
      'web: rule &quot;Scale up&quot;: when avg(cpu, 5m) &gt; 80% -&gt; avg(cpu, 5m) &gt; 75%',
    )
    expect(page).toContain('Where they part')
    expect(page).toMatch(/21 Nov 0\d:\d\d to [\w ]*\d\d:\d\d/)
    expect(page).toMatch(/<dt>after<\/dt><dd>&quot;Scale up&quot; fired: avg\(cpu, 5m\) = /)
    const told = JSON.parse(readFileSync(path.join(scene.cwd, 'both.json'), 'utf8'))
    const answer = JSON.parse(out)
    expect(told.partings).toEqual(answer.partings)
    expect(told.changes).toEqual(answer.changes)
  })

  it('plays both with one model: no file makes its instances stronger by saying so', async () => {
    const serve = (perInstance: number) => `plimsoll: 1
metrics: { requests: { source: push, kind: total } }
fleets:
  web:
    capacity: { min: 2, max: 40 }
    rules:
      - { name: Serve, serve: { metric: "last(requests)", perInstance: ${perInstance}, slo: 99% } }
`
    scene.file('weak.yaml', serve(50))
    scene.file('strong.yaml', serve(100))
    const { out } = await scene.run(['diff', 'weak.yaml', 'strong.yaml', '--trace', 'day.csv', '--json'])
    const { scores, facts } = JSON.parse(out)
    expect(facts['An instance serves']).toBe('100 in 5 min')
    expect(scores.instanceHours.values.before).toBeGreaterThan(1.5 * scores.instanceHours.values.after)
    // The old file says nothing of it, and is played by what the new one says; likewise the other way round.
    for (const pair of [
      ['old.yaml', 'strong.yaml'],
      ['strong.yaml', 'old.yaml'],
    ]) {
      const { code } = await scene.run(['diff', ...pair, '--trace', 'day.csv', '--metric', 'cpu=utilization'])
      expect(code).toBe(0)
    }
  })

  it('has words for what it cannot play', async () => {
    scene.file('other.yaml', FILE.replace('  web:', '  api:'))
    expect(await scene.run(['diff', 'other.yaml', 'new.yaml', ...PLAYED])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/PLM-507: \S*other\.yaml has no fleet "web"\. There is "api"\./),
    })
    scene.file('people.csv', 'start,end\n2026-11-21T00:00:00Z,2026-11-21T01:00:00Z\n')
    expect(await scene.run(['diff', 'old.yaml', 'new.yaml', '--trace', 'people.csv'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('PLM-727: people is a list of sessions'),
    })
    scene.file('bare.csv', csv(['value'], [[1], [2]], 5))
    expect(await scene.run(['diff', 'old.yaml', 'new.yaml', '--trace', 'bare.csv'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('PLM-725'),
    })
    expect(
      await scene.run(['diff', 'old.yaml', 'new.yaml', ...PLAYED, '--metric', 'cpi=load']),
    ).toMatchObject({
      code: 2,
      err: expect.stringContaining('PLM-729'),
    })
  })
})

/** Three hours in which people come every minute for a quarter of an hour, the second hour twice as many. */
const PEOPLE = [
  'start,end',
  ...COME_IN_MINUTE.map(minute => {
    const at = Date.UTC(2026, 10, 21) + minute * 60_000
    return `${new Date(at).toISOString()},${new Date(at + 15 * 60_000).toISOString()}`
  }),
].join('\n')

describe('diff over a list of sessions', () => {
  beforeAll(() => {
    scene.file('rooms.yaml', ROOMS)
    scene.file('roomy.yaml', ROOMS.replace('25%', '60%'))
    scene.file('visits.csv', PEOPLE)
  })
  const played = (...more: readonly string[]) =>
    scene.run(['diff', 'rooms.yaml', 'roomy.yaml', '--trace', 'visits.csv', '--model', 'boot=1m', ...more])

  it('plays both through the broker: scores side by side, where they part, and why', async () => {
    const { code, out, err } = await played()
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^rooms: .*25%.*60%/m)
    expect(out).toContain('rooms on visits: before and after\n240 sessions in ')
    expect(out).toMatch(/^SCORE +UNIT +after +before$/m)
    expect(out).toMatch(/^sessions lost +0 +0$/m)
    // Each is held against a bound of its own: none of the two is the better one.
    expect(out).toMatch(/^above the least possible +% +-?[\d.]+ +-?[\d.]+$/m)
    expect(out.replaceAll(/\s+/g, ' ')).toContain('each is held against its own')
    expect(out).toMatch(/They want the same \d+\.\d % of the time and part (once|\d+ times)\./)
    expect(out).toMatch(/^21 Nov 00:\d\d to \d\d:\d\d {2}before \d+, after \d+/m)
    expect(out).toMatch(/^ {2}after {3}"reserve" asks for \d+: sessions = /m)
  })

  it('answers JSON, and writes reports', async () => {
    const { out } = await played('--json', '-o', 'visits.html', '-o', 'visits.svg', '-o', 'visits.json')
    const { scores, partings, changes } = JSON.parse(out)
    expect(scores.instanceHours.values.after).toBeGreaterThan(scores.instanceHours.values.before)
    expect(scores.sessionsLost.values).toEqual({ after: 0, before: 0 })
    expect(partings.count).toBeGreaterThan(0)
    expect(changes).toHaveLength(1)
    const read = (name: string) => readFileSync(path.join(scene.cwd, name), 'utf8')
    expect(read('visits.html')).toContain('Where they part')
    expect(JSON.parse(read('visits.json')).partings).toEqual(partings)
    expect(read('visits.svg')).toContain('>before</text>')
  })

  it('says so where nothing parts them', async () => {
    const { out } = await scene.run(['diff', 'rooms.yaml', 'rooms.yaml', '--trace', 'visits.csv'])
    expect(out).toContain('- Both want the same all the time.')
  })
})
