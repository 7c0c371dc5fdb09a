/**
 * A host program's own number as a metric: a function asked when the metric is due.
 *
 * Example: `createFunctionSource('orders', () => db.count('orders'), clock)`; 7 is one sample of 7 now, a function that
 * throws or answers no finite number is a gap that says so.
 */
import type { Clock } from '../../ports/clock.ts'
import type { MetricAnswer, MetricSource } from '../../ports/metric-source.ts'

/** One number for the fleet as a whole, or one per instance id. `null` is a gap. */
export type ReadNumber = (
  signal: AbortSignal,
) => number | null | ReadonlyMap<string, number> | Promise<number | null | ReadonlyMap<string, number>>

export function createFunctionSource(name: string, read: ReadNumber, clock: Clock): MetricSource {
  return {
    check: async () => ({ ok: true, detail: `${name} is asked in this process` }),
    close: async () => undefined,
    read: async (queries, window, signal) => {
      const answer = await askOnce(name, read, Math.min(clock.now(), window.to), signal)
      return queries.map(() => answer)
    },
  }
}

async function askOnce(
  name: string,
  read: ReadNumber,
  at: number,
  signal: AbortSignal,
): Promise<MetricAnswer> {
  try {
    signal.throwIfAborted()
    return answerOf(name, await read(signal), at)
  } catch (error) {
    return { gap: `${name} failed: ${error instanceof Error ? error.message : String(error)}` }
  }
}

function answerOf(
  name: string,
  found: number | null | ReadonlyMap<string, number>,
  at: number,
): MetricAnswer {
  if (found === null) return { gap: `${name} had no answer` }
  if (typeof found === 'number') {
    return Number.isFinite(found)
      ? { samples: [{ at, value: found }] }
      : { gap: `${name} answered ${found}, which is not a finite number` }
  }
  const samples = [...found].filter(([, value]) => Number.isFinite(value))
  return { samples: samples.map(([instance, value]) => ({ at, value, instance })) }
}
