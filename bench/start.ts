/**
 * How long does the command line take to start, and how much memory does an idle daemon hold? Whole processes of the built
 * package; run `npm run build` first.
 *
 * Example: `npm run bench -- start --json` ends with `{"validateMedianMs":210,...,"idleRssMb":113}`.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'

const RUNS = 15
const IDLE_MS = 10_000
const COMMAND = resolve(import.meta.dirname, '../bin/plimsoll.js')
const QUICKSTART = resolve(import.meta.dirname, '../examples/quickstart/plimsoll.yaml')

/** Advice only. */
const IDLE_NONE = `plimsoll: 1
api: { listen: "127.0.0.1:0" }
metrics: { orders: { source: push, kind: total } }
fleets:
  web:
    capacity: { min: 1, max: 5 }
    target: { type: none, count: last(orders) }
    rules: [ { name: Busy, when: "last(orders) > 100", scale: { by: 1 } } ]
`
/** One real instance behind the proxy. */
const IDLE_PROCESS = `plimsoll: 1
api: { listen: "127.0.0.1:0" }
metrics: { cpu: { source: process, read: cpu, unit: percent } }
fleets:
  web:
    capacity: { min: 1, max: 5 }
    target: { type: process, command: [node, ${JSON.stringify(resolve(QUICKSTART, '../app.mjs'))}] }
    router: { type: proxy, listen: "127.0.0.1:0" }
    rules: [ { name: Busy, when: "avg(cpu, 1m) > 70%", scale: { by: 1 } } ]
`

export async function run(): Promise<{ table: string; result: Record<string, number> }> {
  const times = Array.from({ length: RUNS }, startOnce).sort((a, b) => a - b)
  const validateMedianMs = Math.round(times[Math.floor(RUNS / 2)] ?? 0)
  const validateMaxMs = Math.round(times.at(-1) ?? 0)
  const idleRssMb = await idleMemory(IDLE_NONE)
  const idleProcessRssMb = await idleMemory(IDLE_PROCESS)
  return {
    table: `plimsoll validate, a whole process, ${RUNS} times: median ${validateMedianMs} ms, worst ${validateMaxMs} ms\nidle daemon with one fleet, after ${IDLE_MS / 1000} s: ${idleRssMb} MB resident, ${idleProcessRssMb} MB with an instance behind the proxy`,
    result: { validateMedianMs, validateMaxMs, idleRssMb, idleProcessRssMb },
  }
}

function startOnce(): number {
  const started = performance.now()
  const { status, stderr } = spawnSync(process.execPath, [COMMAND, 'validate', QUICKSTART], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`validate ended with ${status}: ${stderr}`)
  return performance.now() - started
}

/** Resident set in megabytes, from /proc (Linux). */
async function idleMemory(config: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-start-'))
  const file = join(folder, 'plimsoll.yaml')
  writeFileSync(file, config)
  const daemon = spawn(process.execPath, [COMMAND, 'run', file], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await once(daemon.stdout, 'data')
    daemon.stdout.resume()
    await wait(IDLE_MS)
    const status = readFileSync(`/proc/${daemon.pid}/status`, 'utf8')
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024)
  } finally {
    const ended = once(daemon, 'exit')
    daemon.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true })
  }
}
