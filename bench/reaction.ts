/**
 * How long from a posted sample to the launch it asks for? A whole daemon in this process, a real socket, SQLite with full
 * sync; only the target is ours, so that the moment of the launch call is known.
 *
 * Example: `npm run bench -- reaction --json` ends with `{"p50Ms":5,"p99Ms":60,...}`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { Pool } from 'undici'
import { createApi } from '../src/api/api.ts'
import { compose } from '../src/compose.ts'
import { parseConfigObject } from '../src/config/load.ts'
import type { Target, TargetInstance, Victim } from '../src/ports/target.ts'

const WARM_UP = 20
const POSTS = 300

/** Every launch is ready at once; `launched` resolves at the next launch call. */
class WatchedTarget implements Target {
  readonly capabilities = {
    acts: true,
    choosesVictim: true,
    zones: [],
    idempotentLaunch: true,
    exclusive: true,
    highestCount: null,
  }
  readonly #instances = new Map<string, TargetInstance>()
  #onLaunch: (at: number) => void = () => undefined

  nextLaunch(): Promise<number> {
    return new Promise(resolve => {
      this.#onLaunch = resolve
    })
  }

  count(): number {
    return this.#instances.size
  }

  async listInstances(): ReturnType<Target['listInstances']> {
    return [...this.#instances.values()]
  }

  async launch(orders: Parameters<Target['launch']>[0]): ReturnType<Target['launch']> {
    this.#onLaunch(performance.now())
    return orders.map(({ token }) => {
      const id = token.replaceAll('/', '-')
      this.#instances.set(id, {
        id,
        lifecycle: 'ready',
        health: 'healthy',
        zone: null,
        address: null,
        launchedAt: Date.now(),
        token,
        detail: null,
      })
      return { token, ok: true, instance: id }
    })
  }

  async terminate(victims: readonly Victim[]): ReturnType<Target['terminate']> {
    for (const { id } of victims) this.#instances.delete(id)
    return victims.map(({ id }) => ({ instance: id, ok: true, state: 'gone' }))
  }

  async check(): ReturnType<Target['check']> {
    return { ok: true, detail: 'in this process' }
  }

  async close(): Promise<void> {
    this.#instances.clear()
  }
}

/** Each order asks for one instance more; nothing waits for anything but the loop itself. */
const CONFIG = {
  plimsoll: 1,
  metrics: { orders: { source: 'push', kind: 'total', every: '15s' } },
  fleets: {
    web: {
      target: { type: 'watched' },
      capacity: { min: 0, max: 100_000 },
      rules: [{ name: 'one more', when: 'last(orders) > instances', scale: { by: 1 } }],
      cooldown: { out: '0s', in: '0s' },
      stabilization: { out: '0s', in: '0s' },
      every: '15s',
    },
  },
}

export async function run(): Promise<{ table: string; result: Record<string, number> }> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-reaction-'))
  const target = new WatchedTarget()
  const extensions = { targets: ['watched'] }
  const result = parseConfigObject(CONFIG, extensions)
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('; '))
  const loaded = { ...result.loaded, state: { ...result.loaded.state, path: join(folder, 'state.db') } }
  const daemon = await compose(loaded, { plugins: { targets: { watched: () => target } } })
  const api = await createApi(daemon, { host: '127.0.0.1', port: 0, token: null, dashboardRoot: null })
  try {
    await daemon.start()
    const { url } = await api.listen()
    const reactions = await measure(url, target)
    return report(reactions.slice(WARM_UP).sort((a, b) => a - b))
  } finally {
    await api.close()
    await daemon.stop()
    rmSync(folder, { recursive: true })
  }
}

async function measure(url: string, target: WatchedTarget): Promise<number[]> {
  const pool = new Pool(url, { connections: 1 })
  const reactions: number[] = []
  for (let n = 0; n < WARM_UP + POSTS; n++) {
    // Samples come when they come, not in step with our ticks: from 0 to 120 ms after the last launch.
    await wait((n * 37) % 120)
    const launched = target.nextLaunch()
    const posted = performance.now()
    const body = JSON.stringify({ samples: [{ metric: 'orders', value: target.count() + 0.5 }] })
    const { statusCode, body: answer } = await pool.request({
      path: '/v1/samples',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    await answer.dump()
    if (statusCode >= 300) throw new Error(`the post was answered ${statusCode}`)
    reactions.push((await launched) - posted)
  }
  await pool.close()
  return reactions
}

function report(sorted: readonly number[]): { table: string; result: Record<string, number> } {
  const at = (share: number): number => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
    return Math.round(value * 10) / 10
  }
  const result = { p50Ms: at(0.5), p99Ms: at(0.99), worstMs: at(1), samples: sorted.length }
  return {
    table: `from POST /v1/samples to the launch call, ${result.samples} times\n  p50 ${result.p50Ms} ms   p99 ${result.p99Ms} ms   worst ${result.worstMs} ms`,
    result,
  }
}
