/**
 * How long do a thousand configurations take, and are all cores busy meanwhile? The month of `backtest` with other thresholds and
 * steps, in as many processes as there are cores: `npm run bench -- tune [--configurations N] [--json]`.
 *
 * The speedup is that of the same run: the same configurations in one process and in all of them, in turns, warmed up
 * before, the least time of each.
 *
 * Example: `{"configurations":1000,"seconds":34.5,"speedup":1.92}` on two cores.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { workerFile } from '../src/cli/tune/with-crew.ts'
import { Crew, type MakeJob } from '../src/lab/tune/crew.ts'
import { choiceAt } from '../src/lab/tune/grid.ts'
import type { JobSetting } from '../src/lab/tune/job.ts'
import { BINS, MONTH_MODEL, month, monthFleet } from './backtest/month.ts'
import type { BenchmarkReport } from './bench.ts'

const USUAL_CONFIGURATIONS = 1_000
/** Replayed by one process and by all, to compare them. */
const COMPARED = 96
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
    const { seconds, busyShare } = await timed(all, configurations)
    const speedup = ofOne.seconds / ofAll.seconds
    return {
      table: [
        `${configurations} configurations of a month by the minute on ${workers} processes: ${seconds.toFixed(1)} s, each at work for at least ${(100 * busyShare).toFixed(1)} % of it`,
        `${COMPARED} of them: ${ofOne.seconds.toFixed(2)} s in one process, ${ofAll.seconds.toFixed(2)} s on ${workers} (least of ${ROUNDS}): ${speedup.toFixed(2)} times as fast`,
        `time of processors for these: ${ofOne.cpuSeconds.toFixed(2)} s and ${ofAll.cpuSeconds.toFixed(2)} s; with far less of it than processes times seconds, others use the machine too`,
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
    trace: month(),
    feeds: { loadColumn: null, instancesColumn: null, sources: {} },
    model: MONTH_MODEL,
    seed: 1,
  }
  return new Crew({ workers, program: workerFile(), setting })
}

/** Each has replayed some by then. */
async function warmUp(crew: Crew, workers: number): Promise<void> {
  await crew.all(jobs(3 * workers))
}

interface Timed {
  readonly seconds: number
  readonly cpuSeconds: number
  /** Of the one that worked least. */
  readonly busyShare: number
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
  return rounds.reduce((least, round) => (round.seconds < least.seconds ? round : least))
}

async function timed(crew: Crew, configurations: number): Promise<Timed> {
  crew.efforts()
  const begun = performance.now()
  const results = await crew.all(jobs(configurations))
  if (results.some(scores => scores?.[0] === undefined)) {
    throw new Error('A configuration came back without scores.')
  }
  const seconds = (performance.now() - begun) / 1_000
  const efforts = crew.efforts()
  return {
    seconds,
    cpuSeconds: efforts.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / 1_000,
    busyShare: Math.min(...efforts.map(effort => effort.busyShare)),
  }
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
