/**
 * How many sessions a second does the broker place and end, each durable before it is answered, and how long does one
 * placement take? 64 clients at once, each of them with some sessions at a time, on a real file with full sync.
 *
 * Example: `npm run bench -- broker --json` ends with
 * `{"rows":[{"instances":10,"placementsPerSecond":24000,"p50Ms":1.1,"p99Ms":4.2},...],"http":{...}}`.
 * `--seconds N` measures each row for so long (5, in five rounds, of which the median counts), `--placement NAME` other than pack.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { Placement, SessionsSpec } from '../src/model/spec.ts'
import { systemClock } from '../src/plugins/clocks/system.ts'
import { openSqliteSessionLog } from '../src/plugins/stores/session-log.ts'
import type { RoutedInstance } from '../src/ports/session-router.ts'
import { createBroker } from '../src/sessions/broker.ts'
import type { SessionBroker } from '../src/sessions/session-broker.ts'
import { measureHttp } from './broker/http.ts'

const INSTANCES = [10, 100, 1_000, 10_000]
const CLIENTS = 64
const SLOTS = 20
/** Each row is the median of so many, so that a machine that stumbles once does not decide it. */
const ROUNDS = 5
/** Sessions a client has at a time: it ends its oldest after each placement. */
const HELD = 1
const PLACEMENTS: readonly Placement[] = ['pack', 'spread', 'power-of-two', 'rendezvous']

interface Row {
  readonly instances: number
  readonly placementsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export async function run(args: readonly string[]): Promise<{ table: string; result: object }> {
  const seconds = Number(argument(args, '--seconds') ?? 5)
  const placement = PLACEMENTS.find(name => name === (argument(args, '--placement') ?? 'pack'))
  if (placement === undefined || !(seconds > 0)) {
    throw new Error(`--seconds is a number, --placement one of ${PLACEMENTS.join(', ')}`)
  }
  const rows: Row[] = []
  for (const instances of INSTANCES) rows.push(await measure(instances, placement, seconds))
  const http = await measureHttp(seconds)
  return { table: [tableOf(placement, rows), http.table].join('\n'), result: { rows, http: http.result } }
}

function argument(args: readonly string[], name: string): string | undefined {
  const at = args.indexOf(name)
  return at < 0 ? undefined : args[at + 1]
}

async function measure(instances: number, placement: Placement, seconds: number): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'))
  const log = await openSqliteSessionLog(join(folder, 'state.db.sessions'))
  const random = { next: Math.random }
  const broker = createBroker({
    fleet: 'rooms',
    spec: specOf(placement),
    log,
    clock: systemClock,
    random,
    holder: 'bench',
  })
  try {
    await broker.route(instancesOf(instances), AbortSignal.timeout(60_000))
    // Half full, so that there is something to choose between; enough that no row begins with an empty file.
    await fill(broker, Math.min((instances * SLOTS) / 4, 50_000))
    await clients(broker, seconds / ROUNDS)
    const rounds: Row[] = []
    for (let n = 0; n < ROUNDS; n++) rounds.push(await round(broker, instances, seconds / ROUNDS))
    return {
      instances,
      placementsPerSecond: median(rounds.map(row => row.placementsPerSecond)),
      p50Ms: median(rounds.map(row => row.p50Ms)),
      p99Ms: median(rounds.map(row => row.p99Ms)),
    }
  } finally {
    await broker.close()
    await log.close()
    rmSync(folder, { recursive: true })
  }
}

async function round(broker: SessionBroker, instances: number, seconds: number): Promise<Row> {
  const begun = performance.now()
  const latencies = await clients(broker, seconds)
  const tookS = (performance.now() - begun) / 1_000
  latencies.sort((a, b) => a - b)
  return {
    instances,
    placementsPerSecond: Math.round(latencies.length / tookS),
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  }
}

function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0
}

function specOf(placement: Placement): SessionsSpec {
  return {
    slotsPerInstance: SLOTS,
    placement,
    leaseMs: 120_000,
    mostWaiting: 0,
    longestWaitMs: 0,
    drain: { deadlineMs: null, pastDeadline: 'keep' },
    mayCut: false,
  }
}

function instancesOf(count: number): RoutedInstance[] {
  return Array.from({ length: count }, (_, n) => ({
    id: `rooms-${n}`,
    incarnation: null,
    address: `http://10.0.0.1:${n}`,
    zone: `zone-${n % 3}`,
    admission: 'open',
  }))
}

async function fill(broker: SessionBroker, sessions: number): Promise<void> {
  for (let placed = 0; placed < sessions; ) {
    const batch = Math.min(500, sessions - placed)
    await broker.placeMany(Array.from({ length: batch }, () => ({ labels: { kind: 'filler' } })))
    placed += batch
  }
}

/** What each placement took. */
async function clients(broker: SessionBroker, seconds: number): Promise<number[]> {
  const latencies: number[] = []
  const until = performance.now() + seconds * 1_000
  const client = async (): Promise<void> => {
    const held: string[] = []
    while (performance.now() < until) {
      const asked = performance.now()
      const result = await broker.place({ labels: { kind: 'match' } })
      if (!result.placed) throw new Error(result.message)
      latencies.push(performance.now() - asked)
      held.push(result.session.id)
      const oldest = held.length > HELD ? held.shift() : undefined
      if (oldest !== undefined) await broker.release(oldest)
    }
    await broker.releaseMany(held)
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  return latencies
}

function quantile(sorted: readonly number[], share: number): number {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return Math.round(value * 100) / 100
}

function tableOf(placement: Placement, rows: readonly Row[]): string {
  const lines = rows.map(({ instances, placementsPerSecond, p50Ms, p99Ms }) => {
    const figures = [instances, placementsPerSecond, p50Ms, p99Ms].map(figure => String(figure).padStart(12))
    return figures.join('')
  })
  const head = ['instances', 'placements/s', 'p50 ms', 'p99 ms'].map(word => word.padStart(12)).join('')
  return [`durable placements, ${placement}, ${CLIENTS} clients in this process`, head, ...lines].join('\n')
}
