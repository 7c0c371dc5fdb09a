/**
 * Rules that reach beyond their fleet, through a whole Plimsoll: a rule of "web" scales "db" by what "web" measures, and a
 * group scales both in their ratio.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Config } from '../src/config/load.ts'
import { createPlimsoll, type Plimsoll } from '../src/index.ts'

let folder: string
let running: Plimsoll | null

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'plimsoll-fleets-'))
  running = null
})
afterEach(async () => {
  await running?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const STILL = {
  cooldown: '0s',
  stabilization: { out: '0s', in: '0s' },
  every: '100ms',
  mode: 'recommend',
} as const

async function start(rules: {
  web: NonNullable<Config['fleets'][string]['rules']>
  groups?: Config['groups']
}): Promise<string> {
  running = await createPlimsoll({
    config: {
      plimsoll: 1,
      api: { listen: '127.0.0.1:0' },
      state: { path: path.join(folder, 'state.db') },
      metrics: {
        orders: { source: 'push', kind: 'total', staleAfter: '1h' },
        backlog: { source: 'push', kind: 'total', staleAfter: '1h', dividePerInstance: true },
        replicas: { source: 'push', staleAfter: '1h' },
      },
      fleets: {
        web: {
          ...STILL,
          target: { type: 'none', count: 'last(replicas)' },
          capacity: { min: 0, max: 100 },
          kpis: { busy: { goal: 'last(orders) < 100' } },
          rules: rules.web,
        },
        db: {
          ...STILL,
          target: { type: 'none', count: 'last(replicas)' },
          capacity: { min: 0, max: 100 },
        },
      },
      ...(rules.groups === undefined ? {} : { groups: rules.groups }),
    },
    listen: true,
  })
  const { url } = await running.start()
  if (url === null) throw new Error('the API does not listen')
  return url
}

async function push(url: string, metric: string, fleet: string, value: number): Promise<void> {
  const body = { samples: [{ metric, fleet, at: Date.now(), value }] }
  const answer = await fetch(`${url}/v1/samples`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(await answer.json()).toMatchObject({ accepted: 1 })
}

interface Told {
  readonly decision: {
    readonly desired: number | null
    readonly because: string
    readonly kpis: Readonly<Record<string, string>>
  } | null
}

function decided(url: string, fleet: string, pick: (told: NonNullable<Told['decision']>) => unknown) {
  const read = async () => {
    const told = (await (await fetch(`${url}/v1/fleets/${fleet}`)).json()) as Told
    return told.decision === null ? null : pick(told.decision)
  }
  return expect.poll(read, { timeout: 15_000 })
}

it('scales another fleet by what this one measures', async () => {
  const rule = {
    name: 'Scale db',
    when: 'busy is red and ready > 2',
    scale: { fleet: 'db', by: 2 },
  }
  const url = await start({ web: [rule] })
  await push(url, 'replicas', 'web', 3)
  await push(url, 'replicas', 'db', 5)
  // What "db" itself measures has no part in it.
  await push(url, 'orders', 'db', 500)
  await push(url, 'orders', 'web', 1)
  await decided(url, 'db', ({ kpis }) => kpis['web/busy']).toBe('green')
  await decided(url, 'db', ({ desired }) => desired).toBe(5)
  await push(url, 'orders', 'web', 500)
  await decided(url, 'db', ({ desired }) => desired).toBe(7)
  await decided(url, 'db', ({ because }) => because).toContain('"web/Scale db" fired')
  await decided(url, 'web', ({ desired }) => desired).toBe(3)
  // The other half of the condition is the count of "web", too.
  await push(url, 'replicas', 'web', 2)
  await decided(url, 'db', ({ desired }) => desired).toBe(5)
})

it('divides what one fleet reads of another by the instances of that other', async () => {
  const rule = { name: 'Feed', when: 'last(backlog) >= 50', scale: { fleet: 'db', by: 2 } }
  const url = await start({ web: [rule] })
  await push(url, 'replicas', 'db', 5)
  await push(url, 'replicas', 'web', 4)
  await push(url, 'backlog', 'web', 100)
  await decided(url, 'web', ({ desired }) => desired).toBe(4)
  await decided(url, 'db', ({ because }) => because).toContain('last(web/backlog) = 25')
  await push(url, 'replicas', 'web', 2)
  await decided(url, 'db', ({ because }) => because).toContain('last(web/backlog) = 50')
  await decided(url, 'db', ({ desired }) => desired).toBe(7)
})

it('scales the fleets of a group in their ratio', async () => {
  const groups = {
    shop: {
      fleets: { web: 3, db: 1 },
      rules: [{ name: 'Together', when: 'last(orders) > 100', scale: { by: 2 } }],
    },
  }
  const url = await start({ web: [], groups })
  for (const [fleet, replicas] of [
    ['web', 9],
    ['db', 3],
  ] as const) {
    await push(url, 'replicas', fleet, replicas)
    await push(url, 'orders', fleet, 500)
  }
  await decided(url, 'web', ({ desired }) => desired).toBe(15)
  await decided(url, 'db', ({ desired }) => desired).toBe(5)
})
