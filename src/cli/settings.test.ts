/** `plimsoll settings`, from a state file and from a running daemon alike. */
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Captured, openScene, type Scene } from '../../test/builders/cli.ts'
import { instance, nextEntry, type Seen, specOf, T0, webFleet } from '../../test/builders/journal.ts'
import { createStandIn } from '../../test/builders/runtime.ts'
import { sheddingFleet } from '../../test/builders/settings.ts'
import { type Api, createApi } from '../api/api.ts'
import type { Memory } from '../model/memory.ts'
import { openSqliteStore } from '../plugins/stores/sqlite.ts'

let scene: Scene
let api: Api
let url: string

/** Busy twice, at the end still. */
const PAST: readonly Seen[] = [50, 95, 50, 95].map((cpu, index) => ({
  at: T0 - (4 - index) * 60_000,
  instances: [instance('web-1')],
  cpu,
}))

beforeAll(async () => {
  scene = openScene()
  const web = sheddingFleet()
  const shadow = sheddingFleet({ name: 'shadow', mode: 'recommend' })
  const standIn = createStandIn(specOf(web, shadow, webFleet({ name: 'plain' })))
  const store = await openSqliteStore(path.join(scene.cwd, 'state.db'))
  for (const fleet of [web, shadow]) {
    let memory: Memory | null = null
    for (const seen of PAST) {
      const next = nextEntry(fleet, memory, seen)
      await store.commit({
        fleet: fleet.name,
        epoch: 1,
        parentRevision: next.entry.memory.revision,
        memory: next.memory,
        entry: next.entry,
        outcomes: null,
        samples: [],
        settings: next.changes,
      })
      memory = next.memory
      await standIn.tick(fleet.name, seen)
    }
  }
  await store.close()
  api = await createApi(standIn, { host: '127.0.0.1', port: 0, token: null, dashboardRoot: null })
  url = (await api.listen()).url
})
afterAll(async () => {
  await api.close()
  scene.end()
})

function fromState(...argv: string[]): Promise<Captured> {
  return scene.run(['settings', ...argv, '--state', 'state.db'])
}

function fromDaemon(...argv: string[]): Promise<Captured> {
  return scene.run(['settings', ...argv, '--url', url])
}

describe('plimsoll settings', () => {
  it('says what applications are told, since when, and which rule holds it', async () => {
    const { code, out } = await fromDaemon('web')
    expect(code).toBe(0)
    expect(out.split('\n')).toEqual([
      'FLEET  SETTING    VALUE  DEFAULT  SINCE             RULE',
      'web    reports    false  true     11:59:00, 1m ago  "Shed load"',
      'web    quality    low    high     11:59:00, 1m ago  "Shed load"',
      'web    page size  10     50       11:59:00, 1m ago  "Shed load"',
      '',
    ])
  })

  it('says of a fleet that only advises what its rules ask for', async () => {
    const { out } = await fromDaemon('shadow')
    expect(out).toContain('shadow  reports    true   true')
    expect(out).toContain(
      'shadow: settings are not applied in its mode; its rules ask for reports = false, quality = low, page size = 10',
    )
  })

  it('reads the values from the state file too, where nobody knows the defaults', async () => {
    const { code, out } = await fromState('web')
    expect(code).toBe(0)
    expect(out).toMatch(/web +reports +false +- +11:59:00, 1m ago +"Shed load"/)
  })

  it('answers as JSON', async () => {
    const { out } = await fromDaemon('--json')
    expect(JSON.parse(out)).toMatchObject({
      fleets: {
        plain: { version: 0, settings: [] },
        shadow: { applied: false },
        web: {
          applied: true,
          version: 12,
          settings: [
            {
              setting: 'reports',
              value: false,
              default: true,
              rule: 'Shed load',
              since: new Date(T0 - 60_000).toISOString(),
            },
            { setting: 'quality' },
            { setting: 'page size' },
          ],
        },
      },
    })
  })

  it('tells the history, newest first, the same from both', async () => {
    const { out } = await fromDaemon('web', '--history', '--limit', '4')
    expect((await fromState('web', '--history', '--limit', '4')).out).toBe(out)
    expect(out.split('\n')).toEqual([
      'web  11:59:00  page size: 50 -> 10, because "Shed load" fired',
      'web  11:59:00  quality: high -> low, because "Shed load" fired',
      'web  11:59:00  reports: true -> false, because "Shed load" fired',
      'web  11:58:00  page size: 10 -> 50, back to its default',
      '',
    ])
    const json = JSON.parse((await fromDaemon('--history', '--json')).out)
    expect(json.changes).toMatchObject({ plain: [], shadow: [] })
    expect(json.changes.web).toHaveLength(9)
    expect(json.changes.web[0]).toEqual({
      version: 12,
      at: new Date(T0 - 60_000).toISOString(),
      setting: 'page size',
      from: 50,
      to: 10,
      rule: 'Shed load',
    })
  })

  it('says so when there are none, and when none has changed', async () => {
    expect((await fromDaemon('plain')).out).toMatch(
      /^No settings, says the daemon at .*settings: \{ reports: true \}/,
    )
    expect((await fromDaemon('plain', '--history')).out).toMatch(/^No setting has changed, says the daemon/)
  })

  it('names the nearest fleet when there is none of that name', async () => {
    const { code, err } = await fromDaemon('wep')
    expect(code).toBe(2)
    expect(err).toMatch(/PLM-507: There is no fleet "wep".*"web"/)
  })
})
