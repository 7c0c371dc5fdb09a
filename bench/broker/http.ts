/**
 * The same over HTTP, with keep-alive: placements through the session API of a whole daemon, whose clients are another
 * process on the same machine.
 *
 * Example: `measureHttp(3)` answers `{ result: { instances: 100, placementsPerSecond: 4000, p50Ms: 8, p99Ms: 21, errors: 0 }, ... }`.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApi } from '../../src/api/api.ts'
import { compose } from '../../src/compose.ts'
import { parseConfigObject } from '../../src/config/load.ts'
import type { Target, TargetInstance } from '../../src/ports/target.ts'
import type { ClientsOrder, ClientsResult } from './clients.ts'

const INSTANCES = 100
const CLIENTS = 64
const ROUTED_WITHIN_MS = 30_000

/** Instances that are always there and take no part in it. */
class SteadyTarget implements Target {
  readonly capabilities = {
    acts: true,
    choosesVictim: true,
    zones: [],
    idempotentLaunch: true,
    exclusive: true,
    highestCount: null,
  }

  async listInstances(): Promise<readonly TargetInstance[]> {
    return Array.from(
      { length: INSTANCES },
      (_, n): TargetInstance => ({
        id: `rooms-${n}`,
        lifecycle: 'ready',
        health: 'healthy',
        zone: null,
        address: `http://127.0.0.1:${n + 1}`,
        launchedAt: null,
        token: null,
        detail: null,
      }),
    )
  }

  async launch(): ReturnType<Target['launch']> {
    return []
  }

  async terminate(): ReturnType<Target['terminate']> {
    return []
  }

  async check(): ReturnType<Target['check']> {
    return { ok: true, detail: 'in this process' }
  }

  async close(): Promise<void> {}
}

const CONFIG = {
  plimsoll: 1,
  fleets: {
    rooms: {
      target: { type: 'steady' },
      router: { type: 'broker' },
      sessions: { slotsPerInstance: 20 },
      capacity: { min: INSTANCES, max: INSTANCES },
    },
  },
}

export async function measureHttp(seconds: number): Promise<{ table: string; result: object }> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'))
  const parsed = parseConfigObject(CONFIG, { targets: ['steady'] })
  if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join('; '))
  const loaded = { ...parsed.loaded, state: { ...parsed.loaded.state, path: join(folder, 'state.db') } }
  const daemon = await compose(loaded, { plugins: { targets: { steady: () => new SteadyTarget() } } })
  const api = await createApi(daemon, { host: '127.0.0.1', port: 0, token: null, dashboardRoot: null })
  const clients = fork(new URL('./clients.ts', import.meta.url))
  try {
    await daemon.start()
    const port = Number(new URL((await api.listen()).url).port)
    const order = { port, connections: CLIENTS, path: '/v1/fleets/rooms/sessions' }
    await routed(daemon)
    await ask(clients, { ...order, ms: 1_000 })
    return report(await ask(clients, { ...order, ms: seconds * 1_000 }))
  } finally {
    clients.disconnect()
    await api.close()
    await daemon.stop()
    rmSync(folder, { recursive: true })
  }
}

/** The first tick tells the broker of its instances. */
async function routed(daemon: Awaited<ReturnType<typeof compose>>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const look = (): void => {
    if (daemon.broker('rooms')?.counts().epoch != null) resolve()
  }
  const late = AbortSignal.timeout(ROUTED_WITHIN_MS)
  late.addEventListener('abort', () => reject(new Error('the broker was not told of its instances in time')))
  const unsubscribe = daemon.subscribe(look)
  look()
  await promise.finally(unsubscribe)
}

async function ask(clients: ChildProcess, order: ClientsOrder): Promise<ClientsResult> {
  const answered = once(clients, 'message')
  clients.send(order)
  const [result] = (await answered) as [ClientsResult]
  if (result.complaint !== null) throw new Error(`a request was answered ${result.complaint}`)
  return result
}

function report({ placements, errors, seconds, latenciesMs }: ClientsResult): {
  table: string
  result: object
} {
  const sorted = [...latenciesMs].sort((a, b) => a - b)
  const at = (share: number): number =>
    Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 100) / 100
  const placementsPerSecond = Math.round(placements / seconds)
  const result = { instances: INSTANCES, placementsPerSecond, p50Ms: at(0.5), p99Ms: at(0.99), errors }
  return {
    table: `over HTTP, ${CLIENTS} keep-alive connections, ${INSTANCES} instances, each session placed and ended: ${placementsPerSecond} placements/s, p50 ${result.p50Ms} ms, p99 ${result.p99Ms} ms`,
    result,
  }
}
