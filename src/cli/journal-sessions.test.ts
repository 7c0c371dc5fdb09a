import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NOON, openScene, type Scene } from '../../test/builders/cli.ts'
import { COME_IN_MINUTE, ROOMS } from '../../test/builders/played-rooms.ts'
import { type Evening, recordVisits, type Visit } from '../../test/builders/recorded-sessions.ts'
import { openSqliteStore } from '../plugins/stores/sqlite.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const RECORDED = `${ROOMS}state: { path: state.db }
metrics:
  cpu: { source: push, kind: perInstance, unit: percent }
`
const BUSY = `    rules:
      - { name: Busy, when: "avg(cpu, 5m) > 80%", scale: { by: 1 } }
      - { name: Idle, when: "avg(cpu, 5m) < 20%", scale: { by: -1 } }
`

/** Twenty minutes each; one a minute, and in the second of three hours two. */
const VISITS: readonly Visit[] = COME_IN_MINUTE.map(minute => ({
  atMs: minute * MINUTE + 7_000,
  lengthMs: 20 * MINUTE,
}))

let scene: Scene
beforeEach(() => {
  scene = openScene()
  scene.file('rooms.yaml', RECORDED)
  scene.file('roomy.yaml', RECORDED.replace('25%', '60%'))
  scene.file('mixed.yaml', RECORDED.replace('state:', `${BUSY}state:`))
})
afterEach(() => scene.end())

/** Four hours up to noon; as many instances as would have held everybody. */
async function record(more: Partial<Evening> = {}): Promise<void> {
  const store = await openSqliteStore(path.join(scene.cwd, 'state.db'))
  await recordVisits(store, {
    visits: VISITS,
    startAt: NOON - 4 * HOUR,
    endMs: 4 * HOUR - MINUTE,
    everyMs: 30_000,
    instances: ms => (ms < HOUR ? 8 : 13),
    ...more,
  })
  await store.close()
}

const flat = (text: string) => text.replaceAll(/\s+/g, ' ')

describe('the journal of a fleet that goes by sessions', () => {
  it('is played session by session, beside the instances of that time', async () => {
    await record()
    const { code, out, err } = await scene.run([
      'backtest',
      'rooms.yaml',
      '--journal',
      '--model',
      'boot=1m',
      '-o',
      'r.html',
      '-o',
      'r.json',
    ])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('rooms on its journal\n240 sessions in 3.98 h from 21 Nov 2026 08:00 (UTC);')
    expect(out).toMatch(/^SCORE +UNIT +rooms +as recorded$/m)
    expect(out).toMatch(/^sessions placed +240 +240$/m)
    expect(out).toMatch(/^sessions refused +0 +-$/m)
    expect(out).toMatch(/^sessions lost +0 +0$/m)
    expect(flat(out)).toMatch(
      /Instances on average, from the order to the end: 11\.7\d? as recorded, \d+\.?\d* now\./,
    )
    expect(flat(out)).toContain('The journal keeps lengths of sessions in groups')
    const { courses, scores } = JSON.parse(readFileSync(path.join(scene.cwd, 'r.json'), 'utf8'))
    expect(courses.map(({ name }: { name: string }) => name)).toEqual(['rooms', 'as recorded'])
    expect(courses[1].bins.ready.slice(59, 62)).toEqual([8, 13, 13])
    expect(scores.instanceHours.values['as recorded']).toBeCloseTo((8 * 60 + 13 * 179) / 60, 0)
    expect(readFileSync(path.join(scene.cwd, 'r.html'), 'utf8')).toContain('as recorded')
  })

  it('may be a part: who was there already is there at its beginning, with enough instances', async () => {
    await record()
    const part = ['--since', '2026-11-21T09:00', '--until', '2026-11-21T10:00']
    const { out } = await scene.run(['backtest', 'rooms.yaml', '--journal', ...part])
    expect(out).toContain('rooms on its journal\n139 sessions in 1 h from 21 Nov 2026 09:00 (UTC);')
    expect(out).toMatch(/^sessions refused +0 +-$/m)
  })

  it('is played by two files, and where they part is told', async () => {
    await record()
    const { code, out, err } = await scene.run([
      'diff',
      'rooms.yaml',
      'roomy.yaml',
      '--journal',
      '--model',
      'boot=1m',
    ])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('rooms on its journal: before and after')
    expect(out).toMatch(/^sessions refused +0 +0$/m)
    expect(flat(out)).toMatch(/from the order to the end: 11\.7\d? as recorded, \S+ before, \S+ after\./)
    expect(out).toMatch(/^ {2}after {3}"reserve" asks for \d+: sessions = /m)
  })

  it('may be tuned on', async () => {
    await record()
    const { code, out } = await scene.run([
      ...['tune', 'rooms.yaml', '--journal', '--workers', '1', '--json'],
      ...['--vary', 'sessions.reserve=10%,60%', '--objective', 'cost, refused<=5%'],
    ])
    expect(code).toBe(0)
    expect(flat(out)).toContain('The journal keeps lengths of sessions in groups')
    expect(JSON.parse(out).chosen.tuned.cost).toBeGreaterThan(0)
  })

  it('stands beside a comparison with what others did', async () => {
    await record({ mode: 'recommend' })
    const { code, out } = await scene.run([
      'compare',
      'rooms.yaml',
      '--fleet',
      'rooms',
      '--zone',
      'UTC',
      '--replay',
    ])
    expect(code).toBe(0)
    expect(out).toContain('rooms on its journal')
    expect(out).toMatch(/^sessions placed +2\d\d +240$/m)
  })
})

describe('a fleet with rules by sessions and by metrics', () => {
  it('is played by its sessions, and says so; --play load plays its load', async () => {
    await record()
    const { out } = await scene.run(['backtest', 'mixed.yaml', '--journal', '--model', 'boot=1m'])
    expect(out).toMatch(/^sessions placed +240 +240$/m)
    expect(flat(out)).toContain(
      'its sessions, since a rule reserves room for them; --play load plays its load.',
    )
    expect(flat(out)).toContain('Not played: "Busy", "Idle", which go by metrics.')
    const load = await scene.run([
      'backtest',
      'mixed.yaml',
      '--journal',
      '--play',
      'load',
      '--metric',
      'cpu=utilization',
    ])
    expect(load.err).not.toContain('PLM-73')
    expect(load.out + load.err).not.toContain('sessions placed')
  })

  it('is played by its load where words are said that only load has a use for', async () => {
    await record()
    const words = ['--load', 'sessions', '--metric', 'cpu=utilization', '--model', 'per-instance=4']
    const { out } = await scene.run(['backtest', 'mixed.yaml', '--journal', ...words])
    expect(flat(out)).toContain('Not played: "reserve", which goes by sessions.')
    expect(flat(out)).toContain('--play sessions')
    expect(out).not.toContain('sessions placed')
  })

  it('is played by its load where no lengths were kept', async () => {
    await record({ keptFromMs: 5 * HOUR })
    const { out, err } = await scene.run(['backtest', 'mixed.yaml', '--journal'])
    expect(out + err).not.toContain('PLM-730')
    expect(out).not.toContain('sessions placed')
  })
})

describe('a journal without sessions to play', () => {
  it('of before lengths were kept is refused, and what can be done is said', async () => {
    await record({ keptFromMs: 5 * HOUR, mode: 'recommend' })
    const { code, err } = await scene.run(['backtest', 'rooms.yaml', '--journal'])
    expect(code).toBe(2)
    expect(err).toContain('PLM-730: rooms had sessions between 2026-11-21T08:00:00.000Z and ')
    expect(err).toContain('by a daemon of this version: let it run for a while')
    const compare = ['compare', 'rooms.yaml', '--fleet', 'rooms', '--zone', 'UTC', '--replay']
    const compared = await scene.run(compare)
    expect(compared.code).toBe(0)
    expect(compared.out).toContain('was not played. PLM-730')
    const itsLoad = await scene.run([...compare, '--play', 'load'])
    expect(itsLoad.out + itsLoad.err).not.toContain('PLM-730')
  })

  it('in which nobody came is refused', async () => {
    await record({ visits: [] })
    const { code, err } = await scene.run(['backtest', 'rooms.yaml', '--journal'])
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringContaining('PLM-731: rooms had no session between'),
    })
  })
})

describe('--play', () => {
  it.each([
    [['--journal', '--play', 'people'], 'PLM-501: --play people: there is load and sessions.'],
    [['--trace', 'x.csv', '--play', 'sessions'], 'PLM-501: --play says what is played of a journal'],
    [
      ['--journal', '--play', 'sessions', '--load', 'cpu'],
      'PLM-501: --load says how load is read, and its journal is a list of sessions: leave it out.',
    ],
    [['--journal', '--play', 'sessions', '--against', 'hpa'], 'PLM-501: Sessions are played one by one'],
  ])('is refused as %j', async (words, says) => {
    await record({ endMs: HOUR })
    const { code, err } = await scene.run(['backtest', 'rooms.yaml', ...words])
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(says) })
  })
})
