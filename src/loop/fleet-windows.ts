/**
 * Turns what sources deliver into what the engine reads: feeds each fleet's sliding windows and remembers which samples
 * are new, so that they are stored with the tick that used them.
 *
 * Example: a pushed `orders` sample at 12:00:03 enters the window of `last(orders)`, is in this tick's reading, and in
 * its commit.
 */

import { furtherBackMs, passes, windowsOf } from '../engine/windows/of-metric.ts'
import type { Windows } from '../engine/windows.ts'
import type { OperandReading } from '../model/observation.ts'
import type { Sample } from '../model/sample.ts'
import type { FleetSpec, LabelFilter } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import type { SeriesSamples, StateStore } from '../ports/state-store.ts'

/** A restart reads back at most this many samples per metric. */
const REFILL_SAMPLES = 200_000

/** While the store refuses commits, at most this many samples per metric wait for it. */
const UNSAVED_SAMPLES = 100_000

interface Series {
  readonly windows: Windows
  readonly filter: readonly LabelFilter[]
  fresh: Sample[]
}

/** The sample windows of one fleet under one specification. */
export class FleetWindows {
  readonly spec: FleetSpec
  readonly #series = new Map<string, Series>()

  constructor(spec: FleetSpec) {
    this.spec = spec
    for (const metric of Object.values(spec.metrics)) {
      const operands = spec.operands.filter(operand => operand.metric === metric.name)
      const windows = windowsOf(metric, operands)
      this.#series.set(metric.name, { windows, filter: metric.filter, fresh: [] })
    }
  }

  /** Reads back what the store has, so that windows survive a restart and a change of rules. */
  async refill(store: StateStore, at: EpochMs): Promise<void> {
    for (const [metric, series] of this.#series) {
      const from = at - longestWindowMs(this.spec, metric)
      const query = { fleet: this.spec.name, metric, window: { from, to: at + 1 }, limit: REFILL_SAMPLES }
      for (const sample of await store.readSamples(query))
        if (passes(series.filter, sample)) series.windows.add(sample)
    }
  }

  add(metric: string, samples: readonly Sample[]): readonly Sample[] {
    const series = this.#series.get(metric)
    if (series === undefined) return []
    const taken = samples.filter(sample => passes(series.filter, sample) && series.windows.add(sample))
    series.fresh = [...series.fresh, ...taken].slice(-UNSAVED_SAMPLES)
    return taken
  }

  read(at: EpochMs): Record<string, OperandReading> {
    const readings: Record<string, OperandReading> = {}
    for (const { windows } of this.#series.values()) windows.read(at, readings)
    return readings
  }

  /** Samples taken up since the last commit. */
  fresh(): readonly SeriesSamples[] {
    const unsaved: SeriesSamples[] = []
    for (const [metric, { fresh }] of this.#series) {
      if (fresh.length > 0) unsaved.push({ metric, samples: fresh })
    }
    return unsaved
  }

  /** The commit that held them is durable. */
  saved(): void {
    for (const series of this.#series.values()) series.fresh = []
  }
}

export function longestWindowMs(spec: FleetSpec, metric: string): number {
  const known = spec.metrics[metric]
  const longest = spec.operands.reduce(
    (longest, operand) => (operand.metric === metric ? Math.max(longest, operand.windowMs) : longest),
    known?.staleAfterMs ?? 0,
  )
  return known === undefined ? longest : longest + furtherBackMs(known)
}
