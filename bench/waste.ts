/**
 * What does it cost never to end a session? Six made-up days of sessions for each placement, through the broker and the
 * production tick in simulated time: `npm run bench -- waste [--days 6] [--sessions FILE...] [--slots 20] [--json]`.
 *
 * The day: as many as 900 sessions at once by a sine of 24 hours, arrivals Poisson, lengths lognormal (median 5 minutes, a
 * tail of hours), 20 slots each, 20 slots kept free. Waste is what was paid for beyond the least that holds the
 * sessions and the reserve.
 *
 * Example: `pack` on one day: 6.2 % waste, half of the drains within 12 minutes, no session lost.
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { type PlayedSession, type ReplayScore, replaySessions } from '../src/lab/session-replay.ts'
import { capacityOf, PLAIN_FLEET, reserveOf } from '../src/lab/simulation/plain-fleet.ts'
import { type SeededRandom, seededRandom } from '../src/lab/simulation/seeded-random.ts'
import { type FleetSpec, type Placement, USUAL_SESSIONS } from '../src/model/spec.ts'
import { createMemoryStore } from '../src/plugins/stores/memory.ts'
import { createMemorySessionLog } from '../src/sessions/memory-log.ts'
import type { BenchmarkReport } from './bench.ts'

const PLACEMENTS: readonly Placement[] = ['pack', 'spread', 'power-of-two', 'rendezvous']
const DAY_MS = 86_400_000
const HIGH = 900
const LOW = 150
const MEDIAN_LENGTH_MS = 300_000
const LENGTH_SIGMA = 1
const LONGEST_MS = 6 * 3_600_000

interface Row {
  readonly sessions: string
  readonly placement: Placement
  readonly wastePercent: number
  readonly drainP50S: number
  readonly drainP95S: number
  readonly closes: number
  readonly refused: number
  readonly lost: number
}

export async function run(args: readonly string[]): Promise<BenchmarkReport> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      days: { type: 'string', default: '6' },
      slots: { type: 'string', default: '20' },
      sessions: { type: 'string', multiple: true, default: [] },
    },
  })
  const files = [...values.sessions, ...positionals]
  const loads = [
    { name: `${values.days} days`, sessions: madeUp(seededRandom(1), Number(values.days)) },
    ...files.map(file => ({ name: basename(file), sessions: readSessions(file) })),
  ]
  const rows: Row[] = []
  for (const { name, sessions } of loads) {
    for (const placement of PLACEMENTS) {
      const score = await replaySessions({
        spec: fleet(placement, Number(values.slots), sessions),
        sessions,
        seed: 1,
        store: createMemoryStore(),
        log: createMemorySessionLog({ keepEnded: 100 }),
      })
      rows.push(rowOf(name, placement, score))
    }
  }
  return { table: table(rows), result: { rows } }
}

function madeUp(random: SeededRandom, days: number): PlayedSession[] {
  const meanLengthMs = MEDIAN_LENGTH_MS * Math.exp(LENGTH_SIGMA ** 2 / 2)
  const sessions: PlayedSession[] = []
  for (let atMs = 0; atMs < days * DAY_MS; ) {
    const wave = (1 - Math.cos((2 * Math.PI * atMs) / DAY_MS)) / 2
    const wanted = LOW + (HIGH - LOW) * wave
    atMs += random.exponential(meanLengthMs / wanted)
    sessions.push({
      atMs,
      lengthMs: Math.min(LONGEST_MS, MEDIAN_LENGTH_MS * Math.exp(LENGTH_SIGMA * normal(random))),
    })
  }
  return sessions
}

/** Box and Muller's. */
function normal(random: SeededRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
}

/** `start,end` with a heading, sorted by start. */
function readSessions(file: string): PlayedSession[] {
  const [, ...lines] = readFileSync(file, 'utf8').trim().split('\n')
  const times = lines.map((line, index) => {
    const [start, end] = line.split(',').map(text => Date.parse(text.trim()))
    if (start === undefined || end === undefined || Number.isNaN(start) || Number.isNaN(end)) {
      throw new Error(
        `${file}:${index + 2}: expected "start,end", two times, and found ${JSON.stringify(line)}`,
      )
    }
    return { start, end }
  })
  const first = times[0]?.start ?? 0
  return times
    .map(({ start, end }) => ({ atMs: start - first, lengthMs: Math.max(0, end - start) }))
    .sort((a, b) => a.atMs - b.atMs)
}

function fleet(placement: Placement, slots: number, sessions: readonly PlayedSession[]): FleetSpec {
  const most = Math.ceil((2 * mostAtOnce(sessions)) / slots) + 5
  return {
    ...PLAIN_FLEET,
    name: 'rooms',
    target: { type: 'simulated', options: {} },
    routers: [{ type: 'broker', options: {} }],
    sessions: { ...USUAL_SESSIONS, slotsPerInstance: slots, placement },
    constraints: [capacityOf(1, most)],
    rules: [reserveOf({ kind: 'slots', slots }, slots)],
  }
}

function mostAtOnce(sessions: readonly PlayedSession[]): number {
  const changes = sessions.flatMap(({ atMs, lengthMs }) => [
    { atMs, by: 1 },
    { atMs: atMs + lengthMs, by: -1 },
  ])
  let now = 0
  let most = 0
  for (const { by } of changes.sort((a, b) => a.atMs - b.atMs || a.by - b.by)) {
    now += by
    most = Math.max(most, now)
  }
  return most
}

function rowOf(sessions: string, placement: Placement, score: ReplayScore): Row {
  const { instanceHours, boundHours, drainsMs, closes, refused, lost } = score
  return {
    sessions,
    placement,
    wastePercent: round((instanceHours / boundHours - 1) * 100, 1),
    drainP50S: round(quantile(drainsMs, 0.5) / 1000, 0),
    drainP95S: round(quantile(drainsMs, 0.95) / 1000, 0),
    closes,
    refused,
    lost,
  }
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

function table(rows: readonly Row[]): string {
  const heading = [
    'sessions',
    'placement',
    'waste %',
    'drain p50 s',
    'drain p95 s',
    'closes',
    'refused',
    'lost',
  ]
  const lines = rows.map(row => Object.values(row).map(String))
  const widths = heading.map((word, column) =>
    Math.max(word.length, ...lines.map(line => line[column]?.length ?? 0)),
  )
  const told = (line: readonly string[]): string =>
    line.map((word, column) => word.padStart(widths[column] ?? 0)).join('  ')
  return [heading, ...lines].map(told).join('\n')
}
