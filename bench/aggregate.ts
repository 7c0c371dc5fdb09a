/**
 * What a sample costs, for windows of 1 h and of 24 h: the two must be alike, since each sample enters and leaves
 * once whatever the length. Example: at one sample per second a window of 24 h holds 86,400 of them.
 *
 * Measured: `add` of every sample plus a `read` of all six aggregates once per tick of 15 samples (one per second,
 * ticks of 15 s), with the windows full, so every tick also lets 15 samples go. Not measured: making the sample
 * objects. The two lengths take turns in one process; the figures are medians over the turns.
 */
import { MetricWindows } from '../src/engine/windows.ts'
import { AGGREGATES, type AggregateOperand } from '../src/model/expression.ts'
import type { Sample } from '../src/model/sample.ts'

const EVERY_MS = 1_000
const SAMPLES_PER_TICK = 15
const SAMPLES_PER_TURN = 300_000
const TURNS = 31
const HOUR_MS = 3_600_000

interface Contestant {
  readonly windows: MetricWindows
  readonly samplesPerSecond: number[]
  at: number
}

function contestant(windowMs: number): Contestant {
  const operands: AggregateOperand[] = AGGREGATES.map(aggregate => {
    return { node: 'aggregate', key: `${aggregate}(cpu)`, aggregate, metric: 'cpu', windowMs }
  })
  const windows = new MetricWindows({ kind: 'total', staleAfterMs: 30_000 }, operands)
  return { windows, samplesPerSecond: [], at: 1_795_262_400_000 }
}

/** A load that wanders, from a fixed seed: neither sorted nor white. */
function* wanderingValues(): Generator<number> {
  let state = 42
  let value = 50
  while (true) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    value = Math.min(100, Math.max(0, value + (state / 2 ** 32 - 0.5) * 4))
    yield value
  }
}

function makeSamples(from: number, values: Generator<number>): readonly Sample[] {
  return Array.from({ length: SAMPLES_PER_TURN }, (_, index) => {
    return { at: from + (index + 1) * EVERY_MS, value: Number(values.next().value) }
  })
}

/** Feeds one turn; returns samples per second. The sum of what was read is returned so that nothing is optimised away. */
function feed(
  windows: MetricWindows,
  samples: readonly Sample[],
): { samplesPerSecond: number; read: number } {
  const started = performance.now()
  let untilTick = SAMPLES_PER_TICK
  let read = 0
  for (const sample of samples) {
    windows.add(sample)
    untilTick -= 1
    if (untilTick > 0) continue
    untilTick = SAMPLES_PER_TICK
    read += Object.keys(windows.read(sample.at)).length
  }
  return { samplesPerSecond: (samples.length / (performance.now() - started)) * 1_000, read }
}

function takeTurn(contestant: Contestant, values: Generator<number>): void {
  const samples = makeSamples(contestant.at, values)
  contestant.at += SAMPLES_PER_TURN * EVERY_MS
  const { samplesPerSecond, read } = feed(contestant.windows, samples)
  if (read !== Math.floor(SAMPLES_PER_TURN / SAMPLES_PER_TICK) * AGGREGATES.length)
    throw new Error('not every tick was read')
  contestant.samplesPerSecond.push(samplesPerSecond)
}

function median(figures: readonly number[]): number {
  return [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN
}

function row(name: string, held: number, samplesPerSecond: number): string {
  const perSample = (1e9 / samplesPerSecond).toFixed(0)
  return `${name.padEnd(8)}${held.toLocaleString('en').padStart(8)}${(samplesPerSecond / 1e6).toFixed(2).padStart(18)}${perSample.padStart(15)}`
}

export async function run(): Promise<{
  table: string
  result: { samplesPerSecond1h: number; samplesPerSecond24h: number; ratio: number }
}> {
  const values = wanderingValues()
  const hour = contestant(HOUR_MS)
  const day = contestant(24 * HOUR_MS)
  // The first turns fill both windows and warm the compiler; they do not count.
  for (let turn = -3; turn < TURNS; turn += 1) {
    if (turn === 0) for (const each of [hour, day]) each.samplesPerSecond.length = 0
    for (const each of turn % 2 === 0 ? [hour, day] : [day, hour]) takeTurn(each, values)
  }
  const samplesPerSecond1h = Math.round(median(hour.samplesPerSecond))
  const samplesPerSecond24h = Math.round(median(day.samplesPerSecond))
  const ratio = Number(
    (
      Math.max(samplesPerSecond1h, samplesPerSecond24h) / Math.min(samplesPerSecond1h, samplesPerSecond24h)
    ).toFixed(3),
  )
  const table = [
    `add of each sample, read of ${AGGREGATES.join(' ')} every ${SAMPLES_PER_TICK} samples; median of ${TURNS} turns`,
    'window    samples   million samples/s   ns per sample',
    row('1 h', 3_600, samplesPerSecond1h),
    row('24 h', 86_400, samplesPerSecond24h),
    `the slower costs ${ratio} times the faster`,
  ].join('\n')
  return { table, result: { samplesPerSecond1h, samplesPerSecond24h, ratio } }
}
