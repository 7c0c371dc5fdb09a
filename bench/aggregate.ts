/**
 * What a sample costs, for windows of 1 h and of 24 h: the two must be alike, since each sample enters and leaves
 * once whatever the length. Example: at one sample per second a window of 24 h holds 86,400 of them.
 *
 * Measured: `add` of every sample plus a `read` once per tick of the six plain aggregates together, of `p95` alone and of
 * `slope` alone. A tick is 15 samples (one per second, ticks of 15 s), with the windows full, so every tick also lets 15
 * samples go. Not measured: making the sample objects. All take turns in one process; the figures are medians over the
 * turns.
 */
import { MetricWindows } from '../src/engine/windows.ts'
import type { Aggregate, AggregateOperand } from '../src/model/expression.ts'
import type { Sample } from '../src/model/sample.ts'

const EVERY_MS = 1_000
const SAMPLES_PER_TICK = 15
const SAMPLES_PER_TURN = 300_000
const TURNS = 21
const HOUR_MS = 3_600_000

/** The names of the rows, with what is read in each. */
const ROWS: Readonly<Record<string, readonly Aggregate[]>> = {
  plain: ['avg', 'min', 'max', 'sum', 'count', 'last'],
  p95: ['p95'],
  slope: ['slope'],
}

interface Contestant {
  readonly windows: MetricWindows
  readonly aggregates: number
  readonly samplesPerSecond: number[]
  at: number
}

function contestant(aggregates: readonly Aggregate[], windowMs: number): Contestant {
  const operands: AggregateOperand[] = aggregates.map(aggregate => {
    return { node: 'aggregate', key: `${aggregate}(cpu)`, aggregate, metric: 'cpu', windowMs }
  })
  const windows = new MetricWindows({ kind: 'total', staleAfterMs: 30_000 }, operands)
  return { windows, aggregates: aggregates.length, samplesPerSecond: [], at: 1_795_262_400_000 }
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
  if (read !== Math.floor(SAMPLES_PER_TURN / SAMPLES_PER_TICK) * contestant.aggregates)
    throw new Error('not every tick was read')
  contestant.samplesPerSecond.push(samplesPerSecond)
}

function median(figures: readonly number[]): number {
  return [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN
}

interface Figures {
  readonly samplesPerSecond1h: number
  readonly samplesPerSecond24h: number
  /** The slower length costs this many times the faster. */
  readonly ratio: number
}

function figuresOf(hour: Contestant, day: Contestant): Figures {
  const samplesPerSecond1h = Math.round(median(hour.samplesPerSecond))
  const samplesPerSecond24h = Math.round(median(day.samplesPerSecond))
  const faster = Math.max(samplesPerSecond1h, samplesPerSecond24h)
  const ratio = Number((faster / Math.min(samplesPerSecond1h, samplesPerSecond24h)).toFixed(3))
  return { samplesPerSecond1h, samplesPerSecond24h, ratio }
}

function row(name: string, { samplesPerSecond1h, samplesPerSecond24h, ratio }: Figures): string {
  const millions = (each: number) => (each / 1e6).toFixed(2).padStart(8)
  return `${name.padEnd(8)}${millions(samplesPerSecond1h)}${millions(samplesPerSecond24h)}${ratio.toFixed(2).padStart(8)}`
}

export async function run(): Promise<{ table: string; result: Figures & Readonly<Record<string, unknown>> }> {
  const values = wanderingValues()
  const figures = Object.entries(ROWS).map(([name, aggregates]): [string, Figures] => {
    const hour = contestant(aggregates, HOUR_MS)
    const day = contestant(aggregates, 24 * HOUR_MS)
    // The first turns fill both windows and warm the compiler; they do not count.
    for (let turn = -3; turn < TURNS; turn += 1) {
      if (turn === 0) for (const each of [hour, day]) each.samplesPerSecond.length = 0
      for (const each of turn % 2 === 0 ? [hour, day] : [day, hour]) takeTurn(each, values)
    }
    return [name, figuresOf(hour, day)]
  })
  const table = [
    `million samples/s: add of each, read every ${SAMPLES_PER_TICK}; a window of 1 h holds 3,600, one of 24 h 86,400; median of ${TURNS} turns`,
    'read         1 h    24 h   ratio',
    ...figures.map(([name, each]) => row(name, each)),
    `plain is ${(ROWS.plain ?? []).join(' ')} together; ratio: the slower costs so many times the faster`,
  ].join('\n')
  const { plain, ...others } = Object.fromEntries(figures)
  if (plain === undefined) throw new Error('the plain aggregates were not measured')
  return { table, result: { ...plain, ...others } }
}
