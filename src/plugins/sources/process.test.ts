import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { until } from '../../../test/builders/until.ts'
import type { MetricSpec } from '../../model/spec.ts'
import type { MetricAnswer, MetricQuery } from '../../ports/metric-source.ts'
import type { ProcessUsage, UsageReading } from '../targets/process/usage.ts'
import { createProcessTarget } from '../targets/process.ts'
import { createProcessSource } from './process.ts'

const signal = AbortSignal.timeout(60_000)

function query(read: unknown, more: Partial<MetricSpec> = {}): MetricQuery {
  const metric: MetricSpec = {
    name: String(read),
    kind: 'perInstance',
    unit: 'percent',
    source: 'process',
    options: { read },
    everyMs: 1_000,
    staleAfterMs: 10_000,
    ofFleet: null,
    grainMs: null,
    across: null,
    filter: [],
    dividePerInstance: false,
    ...more,
  }
  return { fleet: 'web', metric }
}

/** A source over counters that the test sets; `now` moves with them. */
function over(fleets: Record<string, ProcessUsage | null>) {
  let now = 1_000_000
  const source = createProcessSource(fleet => fleets[fleet] ?? null, { now: () => now })
  return {
    source,
    async read(...queries: MetricQuery[]): Promise<readonly MetricAnswer[]> {
      now += 1_000
      return source.read(queries, { from: now - 10_000, to: now }, signal)
    },
  }
}

function counters(...rounds: Record<string, Partial<UsageReading>>[]): ProcessUsage {
  let round = -1
  return {
    async usage() {
      round = Math.min(round + 1, rounds.length - 1)
      const atMs = round * 1_000
      return new Map(
        Object.entries(rounds[round] ?? {}).map(([instance, reading]) => [
          instance,
          { pid: 1, cpuMs: 0, memoryBytes: 0, atMs, ...reading },
        ]),
      )
    },
  }
}

describe('the process source', () => {
  it('gives no CPU sample at the first reading and a percentage of one core at the second', async () => {
    const usage = counters({ 'web-1': { cpuMs: 12_430 } }, { 'web-1': { cpuMs: 12_880 } })
    const { read } = over({ web: usage })
    expect(await read(query('cpu'))).toEqual([{ samples: [] }])
    expect(await read(query('cpu'))).toEqual([{ samples: [{ at: 1_002_000, value: 45, instance: 'web-1' }] }])
  })

  it('gives a ratio to a metric that is declared as one', async () => {
    const { read } = over({ web: counters({ 'web-1': { cpuMs: 0 } }, { 'web-1': { cpuMs: 450 } }) })
    const cpu = query('cpu', { unit: 'ratio' })
    await read(cpu)
    expect(await read(cpu)).toEqual([{ samples: [{ at: 1_002_000, value: 0.45, instance: 'web-1' }] }])
  })

  it('starts anew for a new instance, for a new process, and never answers a negative share', async () => {
    const usage = counters(
      { 'web-1': { cpuMs: 100 }, 'web-2': { cpuMs: 900 }, 'web-3': { cpuMs: 500 } },
      {
        'web-1': { cpuMs: 300 },
        'web-2': { cpuMs: 950, pid: 2 },
        'web-3': { cpuMs: 400 },
        'web-4': { cpuMs: 70 },
      },
    )
    const { read } = over({ web: usage })
    await read(query('cpu'))
    expect(await read(query('cpu'))).toEqual([{ samples: [{ at: 1_002_000, value: 20, instance: 'web-1' }] }])
  })

  it('waits for a longer stretch when asked again too soon', async () => {
    const usage = counters(
      { 'web-1': { cpuMs: 0, atMs: 0 } },
      { 'web-1': { cpuMs: 10, atMs: 100 } },
      { 'web-1': { cpuMs: 250, atMs: 500 } },
    )
    const { read } = over({ web: usage })
    await read(query('cpu'))
    expect(await read(query('cpu'))).toEqual([{ samples: [] }])
    expect(await read(query('cpu'))).toEqual([{ samples: [{ at: 1_003_000, value: 50, instance: 'web-1' }] }])
  })

  it('lets each metric take its own differences', async () => {
    const usage = counters(
      { 'web-1': { cpuMs: 0 } },
      { 'web-1': { cpuMs: 100 } },
      { 'web-1': { cpuMs: 300 } },
    )
    const { read } = over({ web: usage })
    const slow = query('cpu', { name: 'slow cpu' })
    await read(query('cpu'), slow)
    await read(query('cpu'))
    const [fast, other] = await read(query('cpu'), slow)
    expect(fast).toMatchObject({ samples: [{ value: 20 }] })
    expect(other).toMatchObject({ samples: [{ value: 15 }] })
  })

  it('gives memory in bytes at once', async () => {
    const { read } = over({ web: counters({ 'web-1': { memoryBytes: 91_000_832 } }) })
    expect(await read(query('memory'))).toEqual([
      { samples: [{ at: 1_001_000, value: 91_000_832, instance: 'web-1' }] },
    ])
  })

  it('answers a gap that says so for a fleet without processes', async () => {
    const { read } = over({})
    expect(await read(query('cpu'))).toEqual([{ gap: expect.stringContaining('PLM-313') }])
  })

  it('answers a gap where the system cannot be asked, and the other fleets as ever', async () => {
    const broken: ProcessUsage = {
      usage: () => Promise.reject(new Error('ps: not found')),
    }
    const { read } = over({ web: broken, jobs: counters({ 'jobs-1': { memoryBytes: 7 } }) })
    const [web, jobs] = await read(query('memory'), { ...query('memory'), fleet: 'jobs' })
    expect(web).toEqual({ gap: expect.stringMatching(/PLM-314.*ps: not found/) })
    expect(jobs).toEqual({ samples: [{ at: 1_001_000, value: 7, instance: 'jobs-1' }] })
  })

  it('answers a gap for something it cannot read', async () => {
    const { read } = over({ web: counters({ 'web-1': {} }) })
    expect(await read(query('disk'))).toEqual([{ gap: expect.stringMatching(/PLM-315.*"disk"/) }])
  })

  it('keeps its sample inside the window asked for', async () => {
    const source = createProcessSource(() => counters({ 'web-1': { memoryBytes: 7 } }), { now: () => 5_000 })
    const window = { from: 1_000, to: 4_990 }
    expect(await source.read([query('memory')], window, signal)).toEqual([
      { samples: [{ at: 4_990, value: 7, instance: 'web-1' }] },
    ])
    expect(await source.read([query('memory')], { from: 5_000, to: 6_000 }, signal)).toEqual([
      { samples: [] },
    ])
  })

  it('is not read once called off', async () => {
    const { source } = over({})
    await expect(source.read([], { from: 0, to: 1 }, AbortSignal.abort())).rejects.toThrow('PLM-312')
  })

  it('measures a real fleet: the busy instance is busy, the idle one is not', async () => {
    const app = fileURLToPath(new URL('../../../examples/quickstart/app.mjs', import.meta.url))
    const target = createProcessTarget(
      {
        command: ['node', app],
        env: { APP_CPU_MS: '40', APP_WAIT_MS: '0' },
        cwd: null,
        health: { path: '/health', everyMs: 50, timeoutMs: 5_000, failures: 3 },
        stopGraceMs: 1_000,
        portFrom: null,
      },
      { fleet: 'web', log: () => {} },
    )
    try {
      const orders = ['a', 'b'].map(token => ({ token, zone: null }))
      const [busy, idle] = (await target.launch(orders, signal)).map(result =>
        result.ok ? result.instance : '',
      )
      await until('both are ready', async () =>
        (await target.listInstances(signal)).every(instance => instance.lifecycle === 'ready'),
      )
      const address =
        (await target.listInstances(signal)).find(instance => instance.id === busy)?.address ?? ''
      const source = createProcessSource(() => target, { now: () => Date.now() })
      const values = new Map<string | undefined, number>()
      // How much of a core it gets is up to whoever else is on the machine.
      await until('one is far busier than the other', async () => {
        await (await fetch(address)).text()
        const [answer] = await source.read([query('cpu')], { from: 0, to: Date.now() }, signal)
        if (answer && 'samples' in answer)
          for (const { instance, value } of answer.samples) values.set(instance, value)
        const [most = 0, least = 100] = [values.get(busy), values.get(idle)]
        if (most > 2 && most > 4 * least) return true
        throw new Error(JSON.stringify([...values]))
      })
      expect([...values.keys()].sort()).toEqual([busy, idle].sort())
    } finally {
      await target.close()
    }
  })
})
