/** `plimsoll compare`, from a state file and from a running API alike; what it refuses; what it replays. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Captured, openScene, type Scene } from '../../test/builders/cli.ts'
import { instance, nextEntry, type Seen, specOf, webFleet } from '../../test/builders/journal.ts'
import { createStandIn } from '../../test/builders/runtime.ts'
import { whatIsNotWellFormed } from '../../test/oracles/xml.ts'
import { type Api, createApi } from '../api/api.ts'
import type { Memory } from '../model/memory.ts'
import type { FleetSpec } from '../model/spec.ts'
import { openSqliteStore } from '../plugins/stores/sqlite.ts'
import type { StateStore } from '../ports/state-store.ts'

const MINUTE = 60_000
const NOW = Date.parse('2026-11-21T12:00:00Z')
const INSTANCES = [1, 2, 3, 4, 5].map(n => instance(`web-${n}`))

/** By the minute for four hours: 4, and too few from 9:00 to 9:30; then 5; no daemon from 10:30 to 11:00; 4 again from 11:30. */
const WEB: readonly Seen[] = Array.from({ length: 240 }, (_, minute): Seen => {
  const theirs = minute >= 90 && minute < 210 ? 5 : 4
  return {
    at: NOW - (240 - minute) * MINUTE,
    instances: INSTANCES.slice(0, theirs),
    cpu: minute >= 60 && minute < 90 ? 90 : 50,
    mode: 'recommend',
  }
}).filter(({ at }) => at < NOW - 90 * MINUTE || at >= NOW - 60 * MINUTE)

/** Plimsoll scales it itself. */
const OWN: readonly Seen[] = WEB.map(seen => ({ ...seen, mode: 'scale' as const }))

const RULES = `plimsoll: 1
state: { path: state.db }
metrics:
  cpu: { source: push, kind: perInstance, unit: percent, staleAfter: 5m }
fleets:
  web:
    target: { type: none, count: "last(cpu)" }
    capacity: { min: 2, max: 8 }
    rules:
      - { name: Scale up, when: "avg(cpu, 5m) > 70%", scale: { by: 1 } }
      - { name: Scale down, when: "avg(cpu, 5m) < 20%", scale: { by: -1 } }
    every: 1m
    mode: recommend
`

async function record(
  store: StateStore,
  fleet: FleetSpec,
  past: readonly Seen[],
  { keepsSamples } = { keepsSamples: true },
): Promise<void> {
  let memory: Memory | null = null
  for (const seen of past) {
    const next = nextEntry(fleet, memory, seen)
    await store.commit({
      fleet: fleet.name,
      epoch: 1,
      parentRevision: next.entry.memory.revision,
      memory: next.memory,
      entry: { ...next.entry, outcomes: [] },
      outcomes: null,
      samples: keepsSamples ? [{ metric: 'cpu', samples: [{ at: seen.at, value: seen.cpu ?? 0 }] }] : [],
    })
    memory = next.memory
  }
}

let scene: Scene
let api: Api
let url: string

beforeAll(async () => {
  scene = openScene()
  const fleets = [
    webFleet({ mode: 'recommend' }),
    webFleet({ name: 'own' }),
    webFleet({ name: 'idle' }),
  ] as const
  const [web, own] = fleets
  const standIn = createStandIn(specOf(...fleets))
  standIn.at = NOW
  await record(standIn.store, web, WEB)
  await record(standIn.store, own, OWN)
  const store = await openSqliteStore(path.join(scene.cwd, 'state.db'))
  await record(store, web, WEB)
  await record(store, own, OWN)
  await store.close()
  const young = await openSqliteStore(path.join(scene.cwd, 'young.db'))
  await record(young, web, WEB, { keepsSamples: false })
  await young.close()
  scene.file('young.yaml', RULES.replace('state.db', 'young.db'))
  scene.file('plimsoll.yaml', RULES)
  api = await createApi(standIn, { host: '127.0.0.1', port: 0, token: null, dashboardRoot: null })
  url = (await api.listen()).url
})
afterAll(async () => {
  await api.close()
  scene.end()
})

const compare = (...more: string[]): Promise<Captured> =>
  scene.run(['compare', 'state.db', '--fleet', 'web', '--zone', 'UTC', ...more], { now: () => NOW })

describe('plimsoll compare', () => {
  it('tells the same from a state file and from a daemon, read in pages', async () => {
    const words = ['compare', '--fleet', 'web', '--zone', 'UTC']
    const fromState = await scene.run([...words, '--state', 'state.db'], { now: () => NOW })
    const fromDaemon = await scene.run([...words, '--url', url], { now: () => NOW })
    expect(fromState.code).toBe(0)
    expect(fromDaemon).toEqual(fromState)
    const lines = fromState.out.split('\n')
    expect(lines.slice(0, 2)).toEqual([
      'web, and what Plimsoll recommended beside it',
      '4 h: 21 Nov 2026, 08:00 to 12:00 (UTC); 210 ticks, one every 1 min',
    ])
    expect(lines).toEqual(
      expect.arrayContaining([
        'Plimsoll would have left it as it was    75 %     3 h',
        'Plimsoll would have had more           12.5 %  30 min',
        'nobody looked: no daemon ran           12.5 %  30 min',
        '21 Nov 09:00 to 09:30 (30 min)  they 4, Plimsoll 5',
        '  why   "Scale up" fired: avg(cpu, 1m) = 90 (avg(cpu, 1m) > 80%)',
        '  then  they came to the same count; busy was red for 30 min, and recovered',
        '21 Nov 11:30  web-5  3 sessions',
      ]),
    )
    expect(fromState.out.replaceAll(/\s+/g, ' ')).toContain('Once nobody looked, for 30 min in all')
  })

  it('answers as JSON', async () => {
    const { out } = await compare('--json', '--since', '08:45', '--until', '10:00')
    expect(JSON.parse(out)).toMatchObject({
      fleet: 'web',
      window: { from: '2026-11-21T08:45:00.000Z', to: '2026-11-21T10:00:00.000Z' },
      comparedMs: 75 * MINUTE,
      agreementRatio: 0.6,
      disagreements: [
        { from: '2026-11-21T09:00:00.000Z', to: '2026-11-21T09:30:00.000Z', theirs: 4, ours: 5 },
      ],
    })
  })

  it('takes what is still to come for no gap', async () => {
    const { out } = await compare('--json', '--until', '2026-11-28')
    expect(JSON.parse(out)).toMatchObject({
      window: { to: '2026-11-21T12:00:00.000Z' },
      timeMs: { gap: 30 * MINUTE },
    })
  })

  it('writes a page, a picture and numbers, and refuses other names before it reads', async () => {
    const { code, out } = await compare('-o', 'c.html', '-o', 'c.svg', '-o', 'c.json')
    expect(code).toBe(0)
    expect(out).toContain('Wrote c.html, c.svg, c.json')
    const read = (name: string) => readFileSync(path.join(scene.cwd, name), 'utf8')
    expect(read('c.html')).toContain('they 4, Plimsoll 5')
    expect(whatIsNotWellFormed(read('c.svg'))).toBeNull()
    expect(JSON.parse(read('c.json'))).toMatchObject({ fleet: 'web', ticks: 210 })
    const refused = await compare('-o', 'c.pdf')
    expect(refused.code).toBe(2)
    expect(refused.err).toContain('PLM-501')
  })

  it('reads the state file that a configuration names, and with --replay plays its rules beside', async () => {
    const words = ['compare', 'plimsoll.yaml', '--fleet', 'web', '--zone', 'UTC']
    const said = await scene.run(words, { now: () => NOW })
    expect(said.err).toBe('')
    expect(said.out.replaceAll(/\s+/g, ' ')).toContain(
      '`plimsoll compare plimsoll.yaml --fleet web --since 7d --replay`',
    )
    const model = ['--load', 'cpu', '--metric', 'cpu=utilization', '--model', 'per-instance=25,boot=1m']
    const played = await scene.run([...words, '--replay', ...model, '-o', 'r.html'], { now: () => NOW })
    expect(played.err).toBe('')
    expect(played.code).toBe(0)
    expect(played.out).toContain('web on its journal')
    expect(played.out).toMatch(/^SCORE .* web +as recorded$/m)
    expect(played.out.replaceAll(/\s+/g, ' ')).toContain(
      'was played too, as far as a model of the service can tell',
    )
    expect(readFileSync(path.join(scene.cwd, 'r.html'), 'utf8')).toContain('What would have become of it')
    const json = await scene.run([...words, '--replay', ...model, '--json'], { now: () => NOW })
    expect(JSON.parse(json.out)).toMatchObject({ replay: { title: 'web on its journal' } })
  })

  it('compares all the same where there is nothing to play', async () => {
    const words = ['compare', 'young.yaml', '--fleet', 'web', '--zone', 'UTC', '--replay']
    const played = await scene.run([...words, '--load', 'cpu'], { now: () => NOW })
    expect(played).toMatchObject({ code: 0, err: '' })
    expect(played.out).toContain('web, and what Plimsoll recommended beside it')
    expect(played.out).toContain('was not played. PLM-735: Column cpu of its journal')
    const json = await scene.run([...words, '--load', 'cpu', '--json'], { now: () => NOW })
    expect(JSON.parse(json.out).notPlayed).toContain('PLM-735')
  })
})

describe('plimsoll compare refuses', () => {
  it.each([
    ['a time in which nothing was recorded', ['--since', '10:35', '--until', '10:55'], 'PLM-810', 1],
    ['a fleet that Plimsoll scaled itself', ['--fleet', 'own'], 'PLM-811', 1],
    ['a replay without rules', ['--replay'], 'PLM-812', 2],
    ['a fleet that is not there', ['--fleet', 'wbe'], 'PLM-507', 2],
    ['a time that ends before it begins', ['--since', '10:00', '--until', '09:00'], 'PLM-509', 2],
    ['a time that is none', ['--since', 'then'], 'PLM-502', 2],
    ['two places to read from', ['--url', 'http://127.0.0.1:1'], 'PLM-501', 2],
  ])('%s', async (_, words, code, exit) => {
    const refused = await compare(...words)
    expect(refused.err).toContain(code)
    expect(refused.code).toBe(exit)
    expect(refused.out).toBe('')
  })

  it('several fleets of which none is named, and one that has not ticked', async () => {
    const several = await scene.run(['compare', 'state.db'])
    expect(several.err).toContain('There are the fleets own, web in')
    const idle = await scene.run(['compare', '--url', url, '--fleet', 'idle'], { now: () => NOW })
    expect(idle.err).toContain('PLM-513')
  })

  it('with the reason why there is nothing to compare, and what to do', async () => {
    const { err } = await compare('--fleet', 'own')
    expect(err).toContain('Plimsoll scaled it itself')
    expect(err).toContain('plimsoll mode own recommend')
  })
})
