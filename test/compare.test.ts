/**
 * Plimsoll recommends over instances that somebody else adds and takes away: a real daemon, a provider behind commands, and a
 * script that scales it. `plimsoll compare` tells the two apart, from the state file and from the daemon, while it runs and after.
 */
import path from 'node:path'
import { expect, it, vi } from 'vitest'
import { z } from 'zod'
import { type Folder, inFolder, REPOSITORY, type RunningDaemon } from './builders/real.ts'
import { until } from './builders/until.ts'

// Every wait below has a deadline of its own; this one is for several of them on a busy machine.
vi.setConfig({ testTimeout: 90_000 })

const CONFIG = `plimsoll: 1
api: { listen: "127.0.0.1:0" }
state: { path: state.db }
metrics:
  orders: { source: push, kind: total, staleAfter: 10m }
fleets:
  web:
    target:
      type: command
      exclusive: false
      list: [node, provider.mjs, list]
      launch: [node, provider.mjs, launch]
      terminate: [node, provider.mjs, terminate]
    router: { type: agent }
    sessions: { slotsPerInstance: 10 }
    capacity: { min: 1, max: 9 }
    kpis:
      quick: { goal: "last(orders) / instances <= 10" }
    rules:
      - { name: Behind, when: "quick is red", scale: { by: 1 } }
      - { name: Idle, when: "last(orders) / instances < 4", scale: { by: -1 } }
    cooldown: 0s
    stabilization: { out: 0s, in: 0s }
    every: 250ms
    mode: recommend
`

/** Somebody else's autoscaler: as many as it is told, as it likes. */
const SCALER = `import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
const state = existsSync('instances.json') ? JSON.parse(readFileSync('instances.json', 'utf8')) : { launched: 0, instances: [] }
const wanted = Number(process.argv[2])
while (state.instances.length < wanted) {
  const id = 'vm-' + ++state.launched
  state.instances.push({ id, lifecycle: 'ready', address: 'http://' + id, token: null })
}
state.instances.length = wanted
writeFileSync('instances.json.new', JSON.stringify(state))
renameSync('instances.json.new', 'instances.json')
`

const Answer = z.object({
  agreementRatio: z.number(),
  shares: z.record(z.string(), z.number()),
  removals: z.array(z.object({ instance: z.string(), sessions: z.number().nullable() })),
  theirs: z.object({ changes: z.number(), moves: z.array(z.object({ from: z.number(), to: z.number() })) }),
  short: z.object({ ms: z.number() }),
  surplus: z.object({ ms: z.number() }),
  disagreements: z.array(
    z.object({
      direction: z.string(),
      theirs: z.number(),
      ours: z.number(),
      ended: z.string(),
      rule: z.string().nullable(),
      because: z.string(),
      kpis: z.array(z.object({ kpi: z.string(), became: z.string() })),
    }),
  ),
})

async function compared(folder: Folder, ...words: string[]) {
  const { code, out, err } = await folder.plimsoll('compare', ...words, '--json')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return Answer.parse(JSON.parse(out))
}

const recommends = (daemon: RunningDaemon, theirs: number, ours: number) =>
  until(`${ours} are recommended of ${theirs}`, async () => {
    const { current, desired } = await daemon.fleet('web')
    return current === theirs && desired === ours
  })

const orders = (daemon: RunningDaemon, value: number) =>
  daemon.post('/v1/samples', JSON.stringify({ samples: [{ metric: 'orders', value }] }))

it('tells where it would have differed from a script that scales the same instances', async () => {
  await inFolder(async folder => {
    folder.write('plimsoll.yaml', CONFIG)
    folder.write('scaler.mjs', SCALER)
    folder.copy(path.join(REPOSITORY, 'examples/command-target/provider.mjs'), 'provider.mjs')
    const scale = async (count: number) =>
      expect(await folder.node('scaler.mjs', `${count}`)).toMatchObject({ code: 0 })
    await scale(3)
    const daemon = folder.run('plimsoll.yaml')
    await until('it knows the three', async () => (await daemon.fleet('web')).current === 3)
    await orders(daemon, 24)
    await recommends(daemon, 3, 3)

    // Too few, until the script adds two.
    await orders(daemon, 45)
    await recommends(daemon, 3, 4)
    await scale(5)
    await recommends(daemon, 5, 5)
    // Too many; the script takes one away, whoever is on it, and it is still one too many.
    const url = await daemon.url()
    const report = (id: string, slots: number) =>
      fetch(`${url}/v1/fleets/web/instances/${id}/load`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ slots }),
        signal: AbortSignal.timeout(5_000),
      }).then(response => response.json())
    expect(await report('vm-5', 2)).toEqual({ admission: 'open', close: null })
    await until('its load is known', async () => {
      const [entry] = await daemon.journal('web', 1)
      return JSON.stringify(entry).includes('"slots":2')
    })
    await orders(daemon, 15)
    await recommends(daemon, 5, 4)
    await scale(4)
    await recommends(daemon, 4, 3)

    const whileItRuns = await compared(folder, 'plimsoll.yaml')
    const fromDaemon = await compared(folder, '--url', await daemon.url())
    expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null })
    const afterwards = await compared(folder, 'state.db', '--fleet', 'web')

    for (const { disagreements, removals, theirs, shares, agreementRatio, short, surplus } of [
      whileItRuns,
      fromDaemon,
      afterwards,
    ]) {
      expect(disagreements).toMatchObject([
        {
          direction: 'more',
          theirs: 3,
          ours: 4,
          rule: 'Behind',
          ended: 'they-came',
          kpis: [{ kpi: 'quick', became: 'recovered' }],
        },
        { direction: 'fewer', theirs: 5, ours: 4, rule: 'Idle', ended: 'goes-on' },
      ])
      expect(removals).toEqual([{ instance: 'vm-5', sessions: 2 }])
      expect(disagreements[0]?.because).toContain('"Behind" fired: last(orders) = 45')
      expect(theirs.moves).toEqual([
        { from: 3, to: 5 },
        { from: 5, to: 4 },
      ])
      expect(Object.values(shares).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9)
      expect(agreementRatio).toBeLessThan(1)
      expect(short.ms).toBeGreaterThan(0)
      expect(surplus.ms).toBeGreaterThan(0)
    }
    // It recommended, and touched nothing.
    expect(JSON.parse(folder.read('instances.json'))).toMatchObject({ launched: 5 })

    const { code, out } = await folder.plimsoll(
      'compare',
      'plimsoll.yaml',
      '-o',
      'week.html',
      '-o',
      'week.svg',
    )
    expect(code).toBe(0)
    expect(out).toContain('they 3, Plimsoll 4')
    expect(folder.read('week.html')).toContain('they 3, Plimsoll 4')
    expect(folder.read('week.svg')).toContain('Plimsoll recommended')
  })
})
