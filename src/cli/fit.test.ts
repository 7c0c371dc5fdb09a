import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NOON, openScene, type Scene } from '../../test/builders/cli.ts'
import { instance, nextEntry, webFleet } from '../../test/builders/journal.ts'
import { seededRandom } from '../lab/simulation/seeded-random.ts'
import { EMPTY_MEMORY } from '../model/memory.ts'
import { openSqliteStore } from '../plugins/stores/sqlite.ts'

const MINUTE = 60_000

let scene: Scene
beforeEach(() => {
  scene = openScene()
})
afterEach(() => scene.end())

/** A day in which one instance serves 100 requests/s, is idle at 4 %, and boots in three minutes. */
function day(change: (cpu: number) => number = cpu => cpu): string {
  const random = seededRandom(1)
  const desired = (minute: number) => (minute < 0 ? 2 : Math.floor(minute / 100) % 2 === 0 ? 2 : 6)
  const rows = Array.from({ length: 1440 }, (_, minute) => {
    const ready = Math.min(desired(minute), desired(minute - 3))
    const load = ready * (10 + 80 * random.next())
    const cpu = 4 + (96 * load) / (ready * 100) + random.next() - 0.5
    return `${new Date(NOON + minute * MINUTE).toISOString()},${load},${ready},${desired(minute)},${change(cpu)}`
  })
  return `timestamp,requests,instances,desired,cpu\n${rows.join('\n')}\n`
}

describe('plimsoll fit', () => {
  it('says what one instance serves and how long it boots, and how a replay takes it', async () => {
    scene.file('day.csv', day())
    const { code, out, err } = await scene.run(['fit', '--trace', 'day.csv'])
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(out).toContain('day: 1440 bins of 1m from 2026-11-21T12:00:00.000Z')
    expect(out).toMatch(/full +(99\.\d+|100|100\.\d+) +95 % sure: 99\.\d+ to 100(\.\d+)?\n/)
    expect(out).toContain('"cpu" over "requests" for each of "instances"; full is 100')
    expect(out).toMatch(/50 % within +3m +95 % sure: 3m to 3m/)
    expect(out).toContain('28 became ready, 0 were still awaited')
    expect(out).toMatch(/For a replay: --model per-instance=\d+(\.\d+)?,boot=3m\n/)
    expect(out).not.toContain('!')
  })

  it('says the same as JSON, to the digit every time', async () => {
    scene.file('day.csv', day())
    const argv = ['fit', '--trace', 'day.csv', '--target', '80%', '--json']
    const { out } = await scene.run(argv)
    const answer = JSON.parse(out)
    expect(answer).toMatchObject({
      trace: { name: 'day', stepMs: MINUTE, bins: 1440, repairs: [] },
      capacity: { ceiling: 100, columns: { load: 'requests' }, atTarget: { share: 0.8 }, warnings: [] },
      boots: { ready: 28, awaited: 0, from: 'steps', boot: { kind: 'constant', ms: 3 * MINUTE } },
    })
    expect(answer.capacity.perInstance.value).toBeCloseTo(100, 0)
    expect((await scene.run(argv)).out).toBe(out)
  })

  it.each([
    {
      what: 'little was seen',
      change: (cpu: number) => cpu * 0.4,
      says: '! only seen up to 35.9 % utilization: what is above is extrapolated',
    },
    {
      what: 'it was full',
      change: (cpu: number) => Math.min(100, cpu * 1.6),
      says: 'of the time it was full, so that more may have been wanted',
    },
    {
      what: 'it bends',
      change: (cpu: number) => (cpu * cpu) / 100,
      says: 'an instance is full sooner than the line says',
    },
    {
      what: 'it flattens',
      change: (cpu: number) => 10 * Math.sqrt(cpu),
      says: 'an instance may serve more than the line says',
    },
    { what: 'it falls', change: (cpu: number) => 100 - cpu, says: 'no capacity can be read from that' },
    {
      what: 'it has nothing to do with load',
      change: (cpu: number) => 40 + ((cpu * 7919) % 50) + cpu / 20,
      says: 'follows the load loosely',
    },
    {
      what: 'much was measured wrongly',
      change: (cpu: number) => ((cpu * 1000) % 7 < 1 ? 90 - cpu / 2 : cpu),
      says: 'lie far from the line and do not count',
    },
  ])('warns where $what', async ({ change, says }) => {
    scene.file('day.csv', day(change))
    const { out } = await scene.run(['fit', '--trace', 'day.csv'])
    expect(out).toContain(says)
  })

  it('gives a replay no capacity that may as well be twice another', async () => {
    scene.file(
      'day.csv',
      day(cpu => 30 + ((cpu * 7919) % 50) + cpu / 20),
    )
    const { out } = await scene.run(['fit', '--trace', 'day.csv'])
    expect(out).toMatch(/Too unsure for a replay: one instance serves anything between [\d.,]+ and [\d.,]+\./)
    expect(out).toMatch(/For a replay: --model boot=3m\n/)
    const { out: json } = await scene.run(['fit', '--trace', 'day.csv', '--json'])
    expect(JSON.parse(json).model).toBe('boot=3m')
  })

  it('warns of too few bins, of load that hardly differs, and of boots that are guesses', async () => {
    const rows = Array.from({ length: 20 }, (_, minute) =>
      [new Date(NOON + minute * MINUTE).toISOString(), 50 + (minute % 2), 40, 1, minute < 5 ? 1 : 2].join(),
    )
    scene.file('few.csv', `at,load,cpu,ready,desired\n${rows.join('\n')}\n`)
    const { out } = await scene.run(['fit', '--trace', 'few.csv'])
    expect(out).toContain('! only 20 bins: a longer record makes it surer')
    expect(out).toContain(
      '! load per instance is nearly always between 50 and 51: the line is drawn through zero',
    )
    expect(out).not.toContain('How long one boots')
    const booted = rows.map((row, minute) => (minute < 6 ? row : row.replace(',1,2', ',2,2')))
    scene.file('few.csv', `at,load,cpu,ready,desired\n${booted.join('\n')}\n`)
    const { out: more } = await scene.run(['fit', '--trace', 'few.csv'])
    expect(more).toContain('! only 1 boots: the slowest ones are a guess')
    expect(more).toContain('! bins of 1m are long against these times')
  })

  it('takes a count that never changed, and other names', async () => {
    const lines = day().split('\n').slice(0, 200)
    lines[0] = 'timestamp,traffic,count,wish,heat'
    scene.file('day.csv', lines.join('\n'))
    const named = ['--load', 'traffic', '--utilization', 'heat']
    const all = await scene.run([
      'fit',
      '--trace',
      'day.csv',
      ...named,
      '--instances',
      'count',
      '--desired',
      'wish',
    ])
    expect(all.out).toContain('"heat" over "traffic" for each of "count"; full is 100')
    expect(all.out).toContain('4 became ready')
    const constant = await scene.run([
      'fit',
      '--trace',
      'day.csv',
      ...named,
      '--instances',
      '2',
      '--ceiling',
      '200',
    ])
    expect(constant.out).toContain('"heat" over "traffic" for each of always 2; full is 200')
  })

  it.each([
    { what: 'no record', argv: [], code: 'PLM-501', says: '--trace' },
    {
      what: 'a record and a journal',
      argv: ['--trace', 'day.csv', '--journal', 'x.db'],
      code: 'PLM-501',
      says: 'not both',
    },
    {
      what: 'a column that is not there',
      argv: ['--trace', 'day.csv', '--load', 'request'],
      code: 'PLM-703',
      says: 'Did you mean "requests"?',
    },
    {
      what: 'a target above full',
      argv: ['--trace', 'day.csv', '--target', '170%'],
      code: 'PLM-501',
      says: '--target 170%',
    },
    {
      what: 'a ceiling of nothing',
      argv: ['--trace', 'day.csv', '--ceiling', '0'],
      code: 'PLM-501',
      says: '--ceiling 0',
    },
    {
      what: 'a record of load alone',
      argv: ['--trace', 'load.csv'],
      code: 'PLM-716',
      says: 'it does not say what one instance can serve',
    },
    {
      what: 'half of the columns',
      argv: ['--trace', 'load.csv', '--load', 'value'],
      code: 'PLM-716',
      says: 'say it with --utilization and --instances',
    },
    {
      what: 'a utilization of no scale',
      argv: ['--trace', 'load.csv', '--utilization', 'value', '--instances', '1'],
      code: 'PLM-716',
      says: 'say with --ceiling',
    },
    {
      what: 'too little',
      argv: ['--trace', 'load.csv', '--utilization', 'value', '--instances', '1', '--ceiling', '1000'],
      code: 'PLM-717',
      says: 'too little to draw a line',
    },
    {
      what: 'no order that came true',
      argv: ['--trace', 'load.csv', '--desired', 'value', '--instances', 'spare'],
      code: 'PLM-717',
      says: 'no instance was ordered',
    },
    {
      what: 'sessions',
      argv: ['--trace', 'rides.csv'],
      code: 'PLM-508',
      says: 'rides is a list of sessions',
    },
    {
      what: 'a state that is not there',
      argv: ['--journal', 'none.db'],
      code: 'PLM-510',
      says: 'there is no such file',
    },
    {
      what: 'a time to come',
      argv: ['--journal', 'none.db', '--since', '2027-01-01T00:00Z'],
      code: 'PLM-509',
      says: 'is not in the past',
    },
  ])('refuses $what', async ({ argv, code, says }) => {
    scene.file('day.csv', day())
    scene.file('load.csv', 'at,value,spare\n2026-11-21T12:00Z,500,1\n2026-11-21T12:01Z,600,1\n')
    scene.file('rides.csv', 'start,end\n2026-11-21T12:00Z,2026-11-21T12:10Z\n')
    const { code: exit, err, out } = await scene.run(['fit', ...argv])
    expect(`${out}${err}`).toContain(says)
    expect(err).toContain(code)
    expect(exit).not.toBe(0)
  })
})

describe('plimsoll fit --journal', () => {
  /** Ticks every ten seconds; when CPU is high, one more is launched, and is ready 40 s later. */
  async function record(fleets: readonly string[]): Promise<void> {
    const store = await openSqliteStore(path.join(scene.cwd, 'state.db'))
    for (const name of fleets) {
      const fleet = webFleet({ name })
      let memory = EMPTY_MEMORY
      const orders: { readonly id: string; readonly at: number }[] = []
      for (let tick = 0; tick < 60; tick++) {
        const at = NOON - 3_600_000 + tick * 10_000
        const launched = orders.map(({ id, at: ordered }) =>
          at - ordered >= 40_000
            ? instance(id, { launchedAt: ordered, readyAt: ordered + 40_000 })
            : instance(id, { launchedAt: ordered, readyAt: null, lifecycle: 'booting' }),
        )
        const instances = [instance('web-1'), instance('web-2'), ...launched]
        const ready = instances.filter(({ lifecycle }) => lifecycle === 'ready').length
        const load = 100 + tick * 5
        const cpu = Math.min(100, load / ready)
        const { entry, memory: next } = nextEntry(fleet, memory, { at, instances, cpu })
        const samples = [
          { metric: 'cpu', samples: instances.map(({ id }) => ({ at, value: cpu, instance: id })) },
          { metric: 'load', samples: [{ at, value: load }] },
        ]
        const commit = {
          fleet: name,
          epoch: 0,
          parentRevision: memory.revision,
          memory: next,
          outcomes: null,
        }
        await store.commit({ ...commit, entry, samples })
        memory = next
        for (const { kind, id } of entry.plan.actions)
          if (kind === 'launch') orders.push({ id: `web-${id}`, at })
      }
    }
    await store.close()
  }

  it('reads boot times from the launches of the state', async () => {
    await record(['web'])
    const { code, out, err } = await scene.run(['fit', '--journal', 'state.db'])
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(out).toContain('web: 60 bins of 10s from 2026-11-21T11:00:00.000Z')
    expect(out).toMatch(/50 % within +40s/)
    expect(out).toContain('"cpu" over "sessions" for each of "instances"')
    expect(out).toMatch(/For a replay: --model boot=40s\n/)
    const { out: json } = await scene.run(['fit', '--journal', 'state.db', '--json'])
    expect(JSON.parse(json).boots).toMatchObject({ from: 'journal', boot: { kind: 'constant', ms: 40_000 } })
  })

  it('asks which fleet where the state has several, and knows which there are', async () => {
    await record(['web', 'worker'])
    expect((await scene.run(['fit', '--journal', 'state.db'])).err).toContain(
      'web, worker; say which one with --fleet',
    )
    expect((await scene.run(['fit', '--journal', 'state.db', '--fleet', 'wbe'])).err).toContain(
      'Did you mean "web"?',
    )
    expect(
      (await scene.run(['fit', '--journal', 'state.db', '--fleet', 'web', '--since', '10m'])).err,
    ).toContain('PLM-713')
  })
})
