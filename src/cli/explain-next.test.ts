import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Captured, openScene, type Scene } from '../../test/builders/cli.ts'
import { instance, nextEntry, type Seen, T0 } from '../../test/builders/journal.ts'
import { createStandIn } from '../../test/builders/runtime.ts'
import { type Api, createApi } from '../api/api.ts'
import { parseConfig } from '../config/load.ts'
import type { Memory } from '../model/memory.ts'
import type { Spec } from '../model/spec.ts'
import { openSqliteStore } from '../plugins/stores/sqlite.ts'

/** Rules of then; `hook` stands for a reference whose value is not at hand any more. */
const THEN = `plimsoll: 1
metrics: { cpu: { source: push, kind: perInstance } }
fleets:
  web:
    target: { type: command, list: ["\${env:PLIMSOLL_TEST_NOT_SET}"], launch: [a], terminate: [b] }
    capacity: { min: 2, max: 8 }
    rules:
      - { name: Scale up, when: "avg(cpu, 1m) > 80%", scale: { by: 1 }, cooldown: 10m }
      - { name: Scale down, when: "avg(cpu, 1m) < 20%", scale: { by: -1 } }
`
/** What stands in the file since. */
const NOW = THEN.replace('> 80%', '> 70%').replace('Scale down', 'Shrink')

let scene: Scene
let api: Api
let url: string

const three = ['web-1', 'web-2', 'web-3'].map(id => instance(id))
const PAST: readonly Seen[] = [
  { at: T0 - 600_000, instances: three.slice(0, 2), cpu: 90 },
  { at: T0 - 540_000, instances: three, cpu: 85 },
  { at: T0 - 300_000, instances: three, cpu: 50 },
  { at: T0 - 60_000, instances: three, cpu: null },
]

function specOf(text: string): Spec {
  const read = parseConfig(text, {
    file: 'plimsoll.yaml',
    env: { PLIMSOLL_TEST_NOT_SET: 'x' },
    readFile: () => '',
  })
  if (!read.ok) throw new Error(read.problems.map(({ message }) => message).join('; '))
  return read.loaded.spec
}

beforeAll(async () => {
  scene = openScene()
  const spec = specOf(THEN)
  const fleet = spec.fleets.web
  if (fleet === undefined) throw new Error('no fleet')
  const store = await openSqliteStore(path.join(scene.cwd, 'state.db'))
  await store.saveSpec(spec.digest, THEN, T0)
  const standIn = createStandIn(specOf(NOW))
  await standIn.store.saveSpec(spec.digest, THEN, T0)
  let memory: Memory | null = null
  for (const seen of PAST) {
    const next = nextEntry(fleet, memory, seen)
    const commit = {
      fleet: 'web',
      epoch: 1,
      parentRevision: next.entry.memory.revision,
      memory: next.memory,
      entry: { ...next.entry, specDigest: spec.digest },
      outcomes: null,
      samples: [],
    }
    await store.commit(commit)
    await standIn.store.commit(commit)
    const { lastChange } = next.memory
    const changed = next.entry.decision.direction === 'out'
    const change = {
      at: seen.at,
      direction: 'out' as const,
      rule: 'Scale up',
      from: 2,
      to: 3,
      cooldownMs: 600_000,
    }
    memory = { ...next.memory, lastChange: changed ? change : lastChange }
  }
  await store.close()
  api = await createApi(standIn, { host: '127.0.0.1', port: 0, token: null, dashboardRoot: null })
  url = (await api.listen()).url
})
afterAll(async () => {
  await api.close()
  scene.end()
})

/** From the state file and from the daemon alike. */
async function both(...argv: string[]): Promise<Captured> {
  const fromState = await scene.run([...argv, '--state', 'state.db'])
  expect(await scene.run([...argv, '--url', url])).toEqual(fromState)
  return fromState
}

describe('explain --why-not', () => {
  it('tells what held the rule, and until when', async () => {
    const { out, code } = await both(
      'explain',
      'web',
      '--at',
      '2026-11-21T11:51:00Z',
      '--why-not',
      'Scale up',
    )
    expect(code).toBe(0)
    expect(out).toContain(
      '"Scale up" did not win: cooldown: held for another 9m (last change 1m ago, cooldown 10m), until 12:00:00',
    )
  })

  it('goes by the rules of then, not by those of now, and needs no secret of then', async () => {
    const { out } = await both('explain', 'web', '--at', '2026-11-21T11:56:00Z', '--why-not', 'Scale up')
    expect(out).toContain('"Scale up" did not win: avg(cpu, 1m) is 50, not > 80% (30 short)')
    expect(out).not.toContain('note:')
  })

  it('tells the gap and since when', async () => {
    const { out } = await both('explain', 'web', '--why-not', 'Scale down')
    expect(out).toContain(
      '"Scale down" did not win: avg(cpu, 1m) is unknown: no samples in the last minute, since this tick',
    )
  })

  it('says that it won', async () => {
    const { out } = await both('explain', 'web', '--at', '2026-11-21T11:50:00Z', '--why-not', 'Scale up')
    expect(out).toContain('"Scale up" won: it did win: 2 became 3')
  })

  it('answers JSON with times in ISO', async () => {
    const { out } = await both(
      'explain',
      'web',
      '--at',
      '2026-11-21T11:51:00Z',
      '--why-not',
      'Scale up',
      '--json',
    )
    expect(JSON.parse(out)).toMatchObject({
      fleet: 'web',
      whyNot: {
        won: false,
        reasons: [{ reason: 'held', by: 'cooldown', until: '2026-11-21T12:00:00.000Z' }],
      },
    })
  })

  it('names the rules there were for a name that was none', async () => {
    const { err, code } = await both('explain', 'web', '--why-not', 'Shrink')
    expect(code).toBe(2)
    expect(err).toContain('PLM-507: The fleet "web" had no rule "Shrink". Rules: Scale up, Scale down.')
  })
})

describe('explain --next', () => {
  it('tells what the next steps take: a value and a time', async () => {
    const { out } = await both('explain', 'web', '--at', '2026-11-21T11:56:00Z', '--next')
    expect(out).toContain(
      'next step up from 3: 4 in 5m (the cooldown ends), if avg(cpu, 1m) rises above 80 (now 50, 30 more) and stays so: "Scale up", at 12:00:00',
    )
    expect(out).toMatch(/next step down from 3: 2 in .*falls below 20/)
  })

  it('combines with --why-not and --json', async () => {
    const { out } = await both('explain', 'web', '--next', '--why-not', 'Scale up', '--json')
    expect(JSON.parse(out)).toMatchObject({
      whyNot: { reasons: [{ reason: 'unknown' }] },
      next: { desired: 3, up: { ways: [{ operand: 'avg(cpu, 1m)', from: null, to: 80 }], nothing: null } },
    })
  })
})

describe('a past whose rules are gone', () => {
  it('is still told, but nothing is made up about its rules', async () => {
    const bare = openScene()
    const fleet = specOf(THEN).fleets.web
    if (fleet === undefined) throw new Error('no fleet')
    const store = await openSqliteStore(path.join(bare.cwd, 'state.db'))
    const { entry, memory } = nextEntry(fleet, null, { at: T0, instances: three, cpu: 50 })
    await store.commit({
      fleet: 'web',
      epoch: 1,
      parentRevision: 0,
      memory,
      entry,
      outcomes: null,
      samples: [],
    })
    await store.close()
    const plain = await bare.run(['explain', 'web', '--state', 'state.db'])
    expect(plain.code).toBe(0)
    const asked = await bare.run(['explain', 'web', '--state', 'state.db', '--next'])
    expect(asked).toMatchObject({ code: 1, err: expect.stringContaining('PLM-513') })
    bare.end()
  })
})

describe('GET /v1/fleets/{fleet}/explain', () => {
  it.each([
    { query: 'whyNot=Nobody', status: 404, code: 'PLM-486' },
    { query: 'at=2020-01-01T00:00:00Z', status: 404, code: 'PLM-488' },
    { query: 'next=perhaps', status: 400, code: 'PLM-456' },
  ])('?$query answers $status $code', async ({ query, status, code }) => {
    const response = await fetch(`${url}/v1/fleets/web/explain?${query}`)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ error: { code } })
  })

  it('answers 409 when the rules are not kept', async () => {
    const standIn = createStandIn()
    const entry = await standIn.tick('web', { at: T0, instances: three, cpu: 50 })
    const { memory } = entry
    await standIn.store.commit({
      fleet: 'web',
      epoch: 1,
      parentRevision: 1,
      memory: { ...memory, revision: 2 },
      entry: { ...entry, revision: 2, specDigest: 'gone' },
      outcomes: null,
      samples: [],
    })
    const other = await createApi(standIn, { host: '127.0.0.1', port: 0, token: null, dashboardRoot: null })
    const { url: address } = await other.listen()
    const response = await fetch(`${address}/v1/fleets/web/explain?next=true`)
    expect(response.status).toBe(409)
    expect(await response.json()).toMatchObject({ error: { code: 'PLM-487' } })
    await other.close()
  })
})
