/** `plimsoll kpis`, from a state file and from a running API alike. */
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Captured, openScene, type Scene } from '../../test/builders/cli.ts'
import { instance, nextEntry, type Seen, specOf, webFleet } from '../../test/builders/journal.ts'
import { createStandIn } from '../../test/builders/runtime.ts'
import { type Api, createApi } from '../api/api.ts'
import type { Memory } from '../model/memory.ts'
import { openSqliteStore } from '../plugins/stores/sqlite.ts'

const MINUTE = 60_000
const NOW = Date.parse('2026-11-21T12:00:00Z')
const ONE = [instance('web-1')]

/** Every five minutes for an hour: red from 30 to 15 minutes ago, unknown 10 minutes ago. */
const PAST: readonly Seen[] = Array.from({ length: 12 }, (_, n) => {
  const ago = (12 - n) * 5
  return {
    at: NOW - ago * MINUTE,
    instances: ONE,
    cpu: ago === 10 ? null : ago <= 30 && ago > 10 ? 90 : 50,
  }
})

let scene: Scene
let api: Api
let url: string

beforeAll(async () => {
  scene = openScene()
  const fleet = webFleet({ everyMs: 5 * MINUTE })
  const standIn = createStandIn(specOf(fleet, webFleet({ name: 'plain', kpis: [] })))
  standIn.at = NOW
  const store = await openSqliteStore(path.join(scene.cwd, 'state.db'))
  let memory: Memory | null = null
  for (const seen of PAST) {
    const next = nextEntry(fleet, memory, seen)
    await store.commit({
      fleet: 'web',
      epoch: 1,
      parentRevision: next.entry.memory.revision,
      memory: next.memory,
      entry: next.entry,
      outcomes: null,
      samples: [],
    })
    memory = next.memory
    await standIn.tick('web', seen)
  }
  await standIn.tick('plain', { at: NOW, instances: ONE, cpu: 50 })
  await store.close()
  api = await createApi(standIn, { host: '127.0.0.1', port: 0, token: null, dashboardRoot: null })
  url = (await api.listen()).url
})
afterAll(async () => {
  await api.close()
  scene.end()
})

/** Asks both, expects one answer, and gives it. */
async function both(...argv: string[]): Promise<Captured> {
  const fromState = await scene.run([...argv, '--state', 'state.db'])
  expect(await scene.run([...argv, '--url', url])).toEqual(fromState)
  return fromState
}

describe('plimsoll kpis', () => {
  it('tells state, since when, what was read, and the shares of the time', async () => {
    const { code, out } = await both('kpis', 'web', '--since', '1h')
    expect(code).toBe(0)
    expect(out.split('\n')).toEqual([
      'KPI   NOW           GREEN   RED     UNKNOWN  SINCE 1h',
      'busy  green for 5m  58.3 %  33.3 %  8.3 %    ------------------------################????----',
      '  avg(cpu, 1m) = 50 against avg(cpu, 1m) < 80%',
      '',
    ])
  })

  it('lists the intervals of one, newest first', async () => {
    const { out } = await both('kpis', 'web', 'busy', '--since', '2h', '-n', '4')
    expect(out.split('\n').slice(3)).toEqual([
      '  11:55:00  12:00:00  green    5m',
      '  11:50:00  11:55:00  unknown  5m',
      '  11:30:00  11:50:00  red      20m',
      '  11:00:00  11:30:00  green    30m',
      '  and 1 more: --limit',
      '',
    ])
    expect((await both('kpis', 'web', 'busy', '--since', '2h')).out).toContain('1h  (no tick looked)')
  })

  it('answers as JSON', async () => {
    const { out } = await both('kpis', 'web', '--since', '11:40', '--json')
    expect(JSON.parse(out)).toEqual({
      fleet: 'web',
      since: '2026-11-21T11:40:00.000Z',
      until: '2026-11-21T12:00:00.000Z',
      kpis: [
        {
          kpi: 'busy',
          goal: 'avg(cpu, 1m) < 80%',
          state: 'green',
          since: '2026-11-21T11:55:00.000Z',
          found: { 'avg(cpu, 1m)': 50 },
          window: { from: '2026-11-21T11:40:00.000Z', to: '2026-11-21T12:00:00.000Z' },
          intervals: [
            {
              from: '2026-11-21T11:55:00.000Z',
              to: '2026-11-21T12:00:00.000Z',
              state: 'green',
              ticked: true,
            },
            {
              from: '2026-11-21T11:50:00.000Z',
              to: '2026-11-21T11:55:00.000Z',
              state: 'unknown',
              ticked: true,
            },
            { from: '2026-11-21T11:40:00.000Z', to: '2026-11-21T11:50:00.000Z', state: 'red', ticked: true },
          ],
          share: { green: 0.25, red: 0.5, unknown: 0.25 },
          next: null,
        },
      ],
    })
  })

  it('says where there are none, and names what is meant', async () => {
    expect((await scene.run(['kpis', 'plain', '--url', url])).out).toBe(
      '"plain" has no KPIs (kpis: in the file).\n',
    )
    expect((await both('kpis', 'web', 'bussy')).err).toContain(
      'PLM-507: "web" has no KPI "bussy". Did you mean "busy"?',
    )
    expect((await scene.run(['kpis', 'wep', '--url', url])).err).toContain('PLM-507: There is no fleet "wep"')
    expect((await both('kpis', 'web', '--since', '2026-11-21T11:30Z')).code).toBe(0)
    expect((await both('kpis', 'web', '--since', '2026-11-22')).err).toContain('PLM-509')
  })
})
