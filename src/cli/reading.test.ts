import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Captured, openScene, type Scene } from '../../test/builders/cli.ts'
import { instance, nextEntry, type Seen, specOf, T0, webFleet } from '../../test/builders/journal.ts'
import { createStandIn } from '../../test/builders/runtime.ts'
import { whatIsNotWellFormed } from '../../test/oracles/xml.ts'
import { type Api, createApi } from '../api/api.ts'
import type { Memory } from '../model/memory.ts'
import { openSqliteStore } from '../plugins/stores/sqlite.ts'

/** The same past twice: in a state file, and behind a running API. */
let scene: Scene
let api: Api
let url: string

const two = [instance('web-1'), instance('web-2')]
const PAST: readonly Seen[] = [
  { at: T0 - 1_200_000, instances: two, cpu: 50 },
  { at: T0 - 900_000, instances: two, cpu: 83.2 },
  { at: T0 - 600_000, instances: [...two, instance('web-3')], cpu: 60 },
  { at: T0 - 300_000, instances: [...two, instance('web-3')], cpu: null },
  { at: T0 - 1000, instances: [...two, instance('web-3')], cpu: 60, blind: true },
]

beforeAll(async () => {
  scene = openScene()
  const fleet = webFleet({ everyMs: 300_000 })
  const standIn = createStandIn(specOf(fleet))
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
  await store.close()
  api = await createApi(standIn, { host: '127.0.0.1', port: 0, token: null, dashboardRoot: null })
  url = (await api.listen()).url
})
afterAll(async () => {
  await api.close()
  scene.end()
})

/** An address at which something listened a moment ago. */
async function closedUrl(): Promise<string> {
  const brief = await createApi(createStandIn(), {
    host: '127.0.0.1',
    port: 0,
    token: null,
    dashboardRoot: null,
  })
  const { url: address } = await brief.listen()
  await brief.close()
  return address
}

/** Runs a command against both, asks that they answer the same, and gives that answer. */
async function both(...argv: string[]): Promise<Captured> {
  const fromState = await scene.run([...argv, '--state', 'state.db'])
  const fromDaemon = await scene.run([...argv, '--url', url])
  const same = ({ code, out, err }: Captured) => ({
    code,
    out: out.replace(/the (state file|daemon at) [^\s",]+/g, 'SOURCE').replace(/"everyMs": (null|\d+)/, ''),
    err: err.replace(/the (state file|daemon at) \S+?(?=[.,]?\s|\.?$)/g, 'SOURCE'),
  })
  expect(same(fromDaemon)).toEqual(same(fromState))
  return fromState
}

describe('plimsoll status', () => {
  it('shows every fleet with its count, bounds and reason', async () => {
    const { code, out } = await both('status')
    expect(code).toBe(0)
    expect(out).toMatch(/^FLEET {2}COUNT/)
    expect(out).toContain('2..8 "capacity"')
    expect(out).toContain('count unknown')
    expect(out).toContain('the target did not answer within 2 s')
    expect(out).toContain('11:59:59, 1s ago')
  })

  it('answers the same as JSON', async () => {
    const { out } = await both('status', '--json')
    expect(JSON.parse(out)).toMatchObject({
      fleets: { web: { current: null, desired: null, revision: 5, instances: [{ id: 'web-1' }, {}, {}] } },
    })
  })
})

describe('plimsoll explain', () => {
  it('tells the last tick, also when nothing happened', async () => {
    const { code, out } = await both('explain', 'web')
    expect(code).toBe(0)
    expect(out).toMatch(/^web {2}11:59:59 {2}count unknown {2}because the count is unknown/)
    expect(out.trimEnd().split('\n').at(-1)).toMatch(/^ +plan: nothing to do$/)
  })

  it.each(['11:45', '11:46:30', '15m ago', '-15m', '2026-11-21T11:45:00Z', '2026-11-21 11:49'])(
    'tells the tick of %s: the newest at or before it',
    async at => {
      const { out } = await both('explain', 'web', '--at', at)
      expect(out).toMatch(/^web {2}11:45:00 {2}2 -> 3 {2}because "Scale up" fired: avg\(cpu, 1m\) = 83\.2/)
      expect(out).toContain('plan: launch 1 instance: the decision wants one more (web-web/2/1)')
    },
  )

  it('has a step in every line under the headline, lined up', async () => {
    const { out } = await both('explain', 'web', '--at', '11:45')
    const [head = '', ...steps] = out.trimEnd().split('\n')
    const indent = ' '.repeat(head.indexOf('because'))
    expect(steps.length).toBeGreaterThan(5)
    for (const step of steps) expect(step.startsWith(`${indent}`) && step[indent.length] !== ' ').toBe(true)
  })

  it('answers as decide does, with what became of it', async () => {
    const { out } = await both('explain', 'web', '--at', '11:45', '--json')
    expect(JSON.parse(out)).toMatchObject({
      fleet: 'web',
      at: '2026-11-21T11:45:00.000Z',
      revision: 2,
      current: 2,
      desired: 3,
      direction: 'out',
      rule: 'Scale up',
      plan: { actions: [{ kind: 'launch', id: 'web/2/1' }], waiting: [] },
      outcomes: [{ action: 'web/2/1', outcome: 'done' }],
    })
  })

  it('names the nearest fleet for one that does not exist', async () => {
    const { code, err } = await both('explain', 'wbe')
    expect(err).toMatch(/PLM-507: There is no fleet "wbe" in .*\. Did you mean "web"\?/)
    expect(code).toBe(2)
  })

  it('says so when nothing is recorded that early', async () => {
    const { code, err } = await both('explain', 'web', '--at', '2020-01-01')
    expect(err).toContain('PLM-513: Nothing is recorded of "web" at or before 1 Jan')
    expect(code).toBe(1)
  })

  it('says what a time is when it is given none', async () => {
    const { code, err } = await both('explain', 'web', '--at', 'noonish')
    expect(err).toContain('PLM-502: --at "noonish" is not a time')
    expect(code).toBe(2)
  })
})

describe('plimsoll history', () => {
  it('lists changes only, newest first', async () => {
    const { out } = await both('history', 'web')
    const lines = out.trimEnd().split('\n')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/^11:45:00 {2}2 -> 3 {2}because "Scale up" fired/)
  })

  it('lists every tick with --all, each with its reason', async () => {
    const { out } = await both('history', 'web', '--all')
    const lines = out.trimEnd().split('\n')
    expect(lines.map(line => line.slice(0, 8))).toEqual([
      '11:59:59',
      '11:55:00',
      '11:50:00',
      '11:45:00',
      '11:40:00',
    ])
    for (const line of lines) expect(line).toMatch(/because \S/)
  })

  it.each([
    [['--limit', '2'], 2],
    [['--since', '10m'], 3],
    [['--since', '11:50', '--limit', '1'], 1],
  ])('is cut by %j', async (options, count) => {
    const { out } = await both('history', 'web', '--all', '--json', ...options)
    expect(JSON.parse(out).entries).toHaveLength(count)
  })

  it('says that nothing changed', async () => {
    const { code, out } = await both('history', 'web', '--since', '5m')
    expect(out).toBe('Nothing changed since 5m. Every tick with its reason: --all\n')
    expect(code).toBe(0)
  })

  it('refuses a limit that is none', async () => {
    const { code, err } = await both('history', 'web', '--limit', 'many')
    expect(err).toContain('PLM-501')
    expect(code).toBe(2)
  })
})

describe('plimsoll plot', () => {
  it('draws the past with its changes', async () => {
    const { out } = await both('plot', 'web', '-o', '-', '--since', '30m')
    expect(whatIsNotWellFormed(out)).toBeNull()
    expect(out).toContain('2 to 3 instances')
    expect(out).toContain('<title>11:45:00  2 -&gt; 3  &quot;Scale up&quot; fired')
  })

  it('writes the file and says so', async () => {
    const { code, out } = await scene.run(['plot', 'web', '-o', 'pictures/web.svg', '--state', 'state.db'])
    expect(out).toBe('Drew 5 ticks of "web" into pictures/web.svg\n')
    expect(code).toBe(0)
    expect(readFileSync(path.join(scene.cwd, 'pictures/web.svg'), 'utf8')).toMatch(/^<\?xml/)
  })

  it('refuses a range that ends before it begins, and a place it cannot write to', async () => {
    const range = await both('plot', 'web', '-o', '-', '--since', '10m', '--until', '1h')
    expect(range).toMatchObject({ code: 2 })
    expect(range.err).toContain('PLM-509')
    const place = await scene.run(['plot', 'web', '-o', 'state.db/web.svg', '--state', 'state.db'])
    expect(place).toMatchObject({ code: 1 })
    expect(place.err).toContain('PLM-504: Could not write state.db/web.svg')
  })
})

describe('where to read from', () => {
  it('is the state file that the configuration in this folder names', async () => {
    const other = openScene()
    other.file(
      'plimsoll.yaml',
      `plimsoll: 1\nstate: { path: "${path.join(scene.cwd, 'state.db')}" }\nfleets: { new: { capacity: { min: 1, max: 2 } } }\n`,
    )
    const { code, out } = await other.run(['status'])
    expect(code).toBe(0)
    expect(out).toContain('no tick yet')
    expect(out).toContain('web')
    other.end()
  })

  it('is one place, not several', async () => {
    const { code, err } = await scene.run(['status', '--url', url, '--state', 'state.db'])
    expect(err).toContain('PLM-501')
    expect(code).toBe(2)
  })

  it('is said when there is no state yet', async () => {
    const { code, err } = await scene.run(['status', '--state', 'nowhere.db'])
    expect(err).toContain('PLM-510: Tried to read the state file')
    expect(err).toContain('there is no such file')
    expect(code).toBe(1)
  })

  it('is said when the state file is something else', async () => {
    scene.file('poem.db', 'shall I compare thee to a summer’s day?\n'.repeat(100))
    const { code, err } = await scene.run(['status', '--state', 'poem.db'])
    expect(err).toContain('PLM-510')
    expect(code).toBe(1)
  })

  it('is said when nothing listens', async () => {
    const closed = await closedUrl()
    const { code, err } = await scene.run(['status', '--url', closed])
    expect(err).toContain(`PLM-511: Tried GET ${closed}/v1/fleets: nothing listens there`)
    expect(code).toBe(1)
  })

  it.each(['not an address', 'ftp://127.0.0.1'])('refuses %s', async given => {
    const { code, err } = await scene.run(['status', '--url', given])
    expect(err).toContain('PLM-501')
    expect(code).toBe(2)
  })
})

describe('a long past behind an API', () => {
  it('is read page by page', async () => {
    const standIn = createStandIn()
    const ticks = 10_050
    for (let n = 0; n < ticks; n++) {
      await standIn.tick('web', { at: T0 - (ticks - n) * 100, instances: two, cpu: 50 })
    }
    const long = await createApi(standIn, { host: '127.0.0.1', port: 0, token: null, dashboardRoot: null })
    const { url: at } = await long.listen()
    const history = await scene.run(['history', 'web', '--all', '--limit', '450', '--json', '--url', at])
    const revisions = JSON.parse(history.out).entries.map((entry: { revision: number }) => entry.revision)
    expect(revisions).toEqual(Array.from({ length: 450 }, (_, n) => ticks - n))
    const plot = await scene.run(['plot', 'web', '-o', 'long.svg', '--since', '2d', '--json', '--url', at])
    expect(JSON.parse(plot.out)).toMatchObject({ points: ticks })
    await long.close()
  })
})

describe('a daemon that wants a token', () => {
  it('is given the one of the environment, and named when it refuses', async () => {
    const guarded = await createApi(createStandIn(), {
      host: '127.0.0.1',
      port: 0,
      token: 'right',
      dashboardRoot: null,
    })
    const { url: at } = await guarded.listen()
    const without = await scene.run(['status', '--url', at])
    expect(without).toMatchObject({ code: 1 })
    expect(without.err).toContain('PLM-512')
    const wrong = await scene.run(['status', '--url', at], { env: { PLIMSOLL_TOKEN: 'wrong' } })
    expect(wrong.err).toContain('did not accept the one given')
    const right = await scene.run(['status', '--url', at], { env: { PLIMSOLL_TOKEN: 'right' } })
    expect(right).toMatchObject({ code: 0, err: '' })
    await guarded.close()
  })
})
