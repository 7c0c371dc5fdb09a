/**
 * How much the built-in proxy costs: requests per second through it beside a direct connection to the same two
 * instances, and what it adds to the latency of a moderate, steady stream. Direct and proxied turns alternate, so
 * that a machine busy with other things slows both. Instances, client and proxy are separate processes, on
 * loopback only; about 20 s.
 *
 * Example: `npm run bench -- proxy --json` ends with
 * `{"requestsPerSecond": 11900, "directRequestsPerSecond": 29400, "addedP99Ms": 0.9, "ratio": 0.4}`.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { systemClock } from '../src/plugins/clocks/system.ts'
import { createProxyRouter, type ProxyRouter } from '../src/plugins/routers/proxy/proxy.ts'
import type { LoadOrder, LoadResult } from './proxy/load.ts'

export interface ProxyBenchResult {
  readonly requestsPerSecond: number
  readonly directRequestsPerSecond: number
  readonly addedP99Ms: number
  readonly ratio: number
  readonly stickyRequestsPerSecond: number
  readonly addedP50Ms: number
  readonly errors: number
}

const CONNECTIONS = 32
const THROUGHPUT_ROUNDS = 4
const THROUGHPUT_MS = 800
const RATE_ROUNDS = 9
const RATE_MS = 500
const RATE = 500

export async function run(): Promise<{ table: string; result: ProxyBenchResult }> {
  const children: ChildProcess[] = []
  const routers: ProxyRouter[] = []
  try {
    const ports = await Promise.all([0, 1].map(() => startBackend(children)))
    const load = startChild('load.ts', children)
    const plain = await startProxy(ports, false, routers)
    const sticky = await startProxy(ports, true, routers)
    return await measure(load, ports, portOf(plain), portOf(sticky))
  } finally {
    await Promise.all(routers.map(router => router.close()))
    for (const child of children) child.disconnect()
  }
}

async function measure(load: ChildProcess, direct: readonly number[], plain: number, sticky: number) {
  const ways = [
    { ports: direct, cookie: false },
    { ports: [plain], cookie: false },
    { ports: [sticky], cookie: true },
  ]
  const base = { connections: CONNECTIONS, rate: RATE }
  for (const way of ways) await ask(load, { ...base, ...way, kind: 'throughput', ms: 500 })
  let errors = 0
  const perSecond: number[][] = ways.map(() => [])
  for (let round = 0; round < THROUGHPUT_ROUNDS; round++) {
    for (const [i, way] of ways.entries()) {
      const result = await ask(load, { ...base, ...way, kind: 'throughput', ms: THROUGHPUT_MS })
      perSecond[i]?.push(result.requests / result.seconds)
      errors += result.errors
    }
  }
  const turns: Turn[][] = ways.map(() => [])
  for (let round = 0; round < RATE_ROUNDS; round++) {
    for (const [i, way] of ways.slice(0, 2).entries()) {
      const { latenciesMs, errors: failed } = await ask(load, { ...base, ...way, kind: 'rate', ms: RATE_MS })
      turns[i]?.push({ p50Ms: percentile(latenciesMs, 0.5), p99Ms: percentile(latenciesMs, 0.99) })
      errors += failed
    }
  }
  return report(perSecond.map(median), turns.map(typical), errors)
}

/** Of one turn; the figure shown is the median over turns, so that a machine that stumbles once does not decide it. */
interface Turn {
  readonly p50Ms: number
  readonly p99Ms: number
}

function typical(turns: readonly Turn[]): Turn {
  return { p50Ms: median(turns.map(turn => turn.p50Ms)), p99Ms: median(turns.map(turn => turn.p99Ms)) }
}

function report(perSecond: readonly number[], latency: readonly Turn[], errors: number) {
  const [direct = 0, proxied = 0, sticky = 0] = perSecond
  const none = { p50Ms: Number.NaN, p99Ms: Number.NaN }
  const [directly = none, through = none] = latency
  const result: ProxyBenchResult = {
    requestsPerSecond: Math.round(proxied),
    directRequestsPerSecond: Math.round(direct),
    addedP99Ms: round(through.p99Ms - directly.p99Ms, 2),
    ratio: round(proxied / direct, 3),
    stickyRequestsPerSecond: Math.round(sticky),
    addedP50Ms: round(through.p50Ms - directly.p50Ms, 2),
    errors,
  }
  const row = (name: string, rate: number, ms: readonly number[]): string => {
    const columns = [Math.round(rate).toString().padStart(8), ...ms.map(one => one.toFixed(2).padStart(12))]
    return `${name.padEnd(26)}${columns.join('')}`
  }
  const table = [
    `${CONNECTIONS} connections, two instances; latency at ${RATE} requests/s, median of ${RATE_ROUNDS} turns; ${errors} errors`,
    `${''.padEnd(26)}${'req/s'.padStart(8)}${'p50 ms'.padStart(12)}${'p99 ms'.padStart(12)}`,
    row('direct', direct, [directly.p50Ms, directly.p99Ms]),
    row('through the proxy', proxied, [through.p50Ms, through.p99Ms]),
    row('with sticky cookies', sticky, []),
    `ratio ${result.ratio}; the proxy adds ${result.addedP50Ms} ms at p50, ${result.addedP99Ms} ms at p99`,
  ].join('\n')
  return { table, result }
}

function startChild(file: string, children: ChildProcess[]): ChildProcess {
  const child = fork(new URL(`./proxy/${file}`, import.meta.url), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  children.push(child)
  return child
}

async function startBackend(children: ChildProcess[]): Promise<number> {
  const [message] = await once(startChild('backend.ts', children), 'message', {
    signal: AbortSignal.timeout(10_000),
  })
  return (message as { port: number }).port
}

async function ask(load: ChildProcess, order: LoadOrder): Promise<LoadResult> {
  load.send(order)
  const [result] = await once(load, 'message', { signal: AbortSignal.timeout(order.ms + 10_000) })
  return result as LoadResult
}

async function startProxy(
  ports: readonly number[],
  sticky: boolean,
  routers: ProxyRouter[],
): Promise<ProxyRouter> {
  const router = await createProxyRouter(
    {
      listen: { host: '127.0.0.1', port: 0 },
      cookie: sticky ? { name: 'plimsoll', ttlMs: 60_000, secret: null } : null,
      concurrency: 64,
      queue: 1_000,
      queueTimeoutMs: 5_000,
    },
    { fleet: 'bench', clock: systemClock, log: line => process.stderr.write(`${line}\n`) },
  )
  routers.push(router)
  const instances = ports.map((port, i) => {
    return {
      id: `bench-${i + 1}`,
      incarnation: null,
      zone: null,
      address: `http://127.0.0.1:${port}`,
      admission: 'open' as const,
    }
  })
  await router.route(instances, AbortSignal.timeout(1_000))
  return router
}

function portOf(router: ProxyRouter): number {
  return Number(new URL(router.address).port)
}

function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
