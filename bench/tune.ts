/**
 * How long do a thousand configurations take, and are all cores busy meanwhile? The month of `backtest` with other thresholds and
 * steps, on as many threads as there are cores: `npm run bench -- tune [--configurations N] [--json]`.
 *
 * The speedup is that of the same run: the same configurations on one thread and on all of them, in turns, threads warmed up
 * before, the least time of each.
 *
 * Example: `{"configurations":1000,"seconds":71.2,"speedup":1.94}` on two cores.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { threadFile } from '../src/cli/tune/tune.ts'
import { Crew, type MakeJob } from '../src/lab/tune/crew.ts'
import { choiceAt } from '../src/lab/tune/grid.ts'
import type { JobSetting } from '../src/lab/tune/job.ts'
import { sharedTrace } from '../src/lab/tune/shared-trace.ts'
import { BINS, MONTH_MODEL, month, monthFleet } from './backtest/month.ts'
import type { BenchmarkReport } from './bench.ts'

const USUAL_CONFIGURATIONS = 1_000
/** Replayed on one thread and on all, to compare them. */
const COMPARED = 48
const ROUNDS = 3
const VALUES = 10

export async function run(args: readonly string[]): Promise<BenchmarkReport> {
  const { values } = parseArgs({ args: [...args], options: { configurations: { type: 'string' } } })
  const configurations = Number(values.configurations ?? USUAL_CONFIGURATIONS)
  if (!Number.isInteger(configurations) || configurations < 1) {
    throw new Error(`--configurations ${values.configurations} is no whole number above 0.`)
  }
  const workers = availableParallelism()
  const [one, all] = [crewOf(1), crewOf(workers)]
  try {
    await warmUp(one, 1)
    await warmUp(all, workers)
    const { ofOne, ofAll } = await compare(one, all)
    all.busyShares()
    const { seconds } = await timed(all, configurations)
    const busyShare = Math.min(...all.busyShares())
    const speedup = ofOne.seconds / ofAll.seconds
    return {
      table: [
        `${configurations} configurations of a month by the minute on ${workers} threads: ${seconds.toFixed(1)} s, each thread at work for at least ${(100 * busyShare).toFixed(1)} % of it`,
        `${COMPARED} of them: ${ofOne.seconds.toFixed(2)} s on one thread, ${ofAll.seconds.toFixed(2)} s on ${workers} (least of ${ROUNDS}): ${speedup.toFixed(2)} times as fast`,
        `time of processors for these: ${ofOne.cpuSeconds.toFixed(2)} s and ${ofAll.cpuSeconds.toFixed(2)} s; with far less of it than threads times seconds, others use the machine too`,
      ].join('\n'),
      result: {
        configurations,
        seconds: rounded(seconds),
        speedup: rounded(speedup),
        workers,
        compared: COMPARED,
        busyShare: rounded(busyShare),
        cpuSecondsOnOne: rounded(ofOne.cpuSeconds),
        cpuSecondsOnAll: rounded(ofAll.cpuSeconds),
      },
    }
  } finally {
    await Promise.all([one.close(), all.close()])
  }
}

function crewOf(workers: number): Crew {
  const setting: JobSetting = {
    trace: sharedTrace(month()),
    feeds: { loadColumn: null, instancesColumn: null, sources: {} },
    model: MONTH_MODEL,
    seed: 1,
  }
  return new Crew({ workers, program: threadFile(), setting })
}

/** Each thread has replayed some by then. */
async function warmUp(crew: Crew, workers: number): Promise<void> {
  await crew.all(jobs(3 * workers))
}

interface Timed {
  readonly seconds: number
  readonly cpuSeconds: number
}

async function compare(one: Crew, all: Crew): Promise<{ ofOne: Timed; ofAll: Timed }> {
  const ofOne: Timed[] = []
  const ofAll: Timed[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    ofOne.push(await timed(one, COMPARED))
    ofAll.push(await timed(all, COMPARED))
  }
  return { ofOne: leastOf(ofOne), ofAll: leastOf(ofAll) }
}

function leastOf(rounds: readonly Timed[]): Timed {
  return {
    seconds: Math.min(...rounds.map(({ seconds }) => seconds)),
    cpuSeconds: Math.min(...rounds.map(({ cpuSeconds }) => cpuSeconds)),
  }
}

async function timed(crew: Crew, configurations: number): Promise<Timed> {
  const begun = performance.now()
  const cpu = process.cpuUsage()
  const results = await crew.all(jobs(configurations))
  if (results.some(scores => scores?.[0] === undefined)) {
    throw new Error('A configuration came back without scores.')
  }
  const { user, system } = process.cpuUsage(cpu)
  return { seconds: (performance.now() - begun) / 1_000, cpuSeconds: (user + system) / 1e6 }
}

/** Made as they are handed out, as a search does it. */
function jobs(count: number): readonly MakeJob[] {
  return Array.from({ length: count }, (_, number): MakeJob => {
    const [up = 0, down = 0, by = 0] = choiceAt(number % VALUES ** 3, [VALUES, VALUES, VALUES])
    const words = { upPercent: 60 + 3 * up, downPercent: 30 + 3 * down, byOut: 1 + by }
    return () => ({ fleet: monthFleet(words), schedules: {}, bins: BINS, parts: [[0, BINS]] })
  })
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000
}
