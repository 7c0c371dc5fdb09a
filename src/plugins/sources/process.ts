/**
 * CPU and memory of a fleet's processes as the operating system counts them, one sample per instance and reading.
 * CPU is a difference, so an instance seen for the first time has no sample yet; it is never taken for idle.
 *
 * Example: `{ source: process, read: cpu }`; web-1 had used 12,430 ms of CPU time at one reading and 12,880 ms at
 * the next, 1000 ms later: `{ samples: [{ at: ..., value: 45, instance: 'web-1' }] }`, in percent of one core.
 */
import type { Gap } from '../../model/observation.ts'
import type { Sample } from '../../model/sample.ts'
import type { Interval } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { MetricAnswer, MetricQuery, MetricSource } from '../../ports/metric-source.ts'
import { PluginError } from '../../ports/plugin.ts'
import type { ProcessUsage, UsageReading } from '../targets/process/usage.ts'

/** CPU time comes in steps of 10 ms: over less than this the percentage would be mostly noise. */
const SHORTEST_MS = 250

/** `find` answers a fleet's usage; `null` when its target has no processes on this machine. */
export function createProcessSource(
  find: (fleet: string) => ProcessUsage | null,
  clock: Pick<Clock, 'now'>,
): MetricSource {
  /** The last reading of each instance, by fleet and metric: every metric takes its own differences. */
  const baselines = new Map<string, Map<string, UsageReading>>()

  async function readFleet(
    fleet: string,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, UsageReading> | Gap> {
    const usage = find(fleet)
    if (usage === null) {
      return {
        gap: `PLM-313 the target of fleet ${fleet} has no processes on this machine; the process source reads those of "type: process" only`,
      }
    }
    try {
      return await usage.usage(signal)
    } catch (error) {
      return {
        gap: `PLM-314 cannot read what the processes of ${fleet} use: ${error instanceof Error ? error.message : String(error)}`,
      }
    }
  }

  function answer(query: MetricQuery, readings: ReadonlyMap<string, UsageReading>, at: number): MetricAnswer {
    switch (query.metric.options.read) {
      case 'memory':
        return samples(readings, at, reading => reading.memoryBytes)
      case 'cpu': {
        const key = JSON.stringify([query.fleet, query.metric.name, query.reader ?? query.fleet])
        const before = baselines.get(key) ?? new Map<string, UsageReading>()
        baselines.set(key, nextBaseline(before, readings))
        const perUnit = query.metric.unit === 'ratio' ? 1 : 100
        return samples(readings, at, (reading, instance) => share(before.get(instance), reading, perUnit))
      }
      default:
        return {
          gap: `PLM-315 metric ${query.metric.name} asks the process source to read ${JSON.stringify(query.metric.options.read)}; it reads cpu or memory`,
        }
    }
  }

  return {
    async read(queries: readonly MetricQuery[], window: Interval, signal: AbortSignal) {
      if (signal.aborted) {
        throw new PluginError(
          'unavailable',
          'PLM-312 the reading of CPU and memory was called off before it began.',
          {
            cause: signal.reason,
          },
        )
      }
      // Once per fleet, however many metrics: they share one look at the operating system.
      const fleets = new Map<string, ReadonlyMap<string, UsageReading> | Gap>()
      for (const { fleet } of queries) {
        if (!fleets.has(fleet)) fleets.set(fleet, await readFleet(fleet, signal))
      }
      const at = Math.min(clock.now(), window.to)
      return queries.map((query): MetricAnswer => {
        const readings = fleets.get(query.fleet) ?? { gap: 'PLM-314 not read' }
        if ('gap' in readings) return readings
        const found = answer(query, readings, at)
        return at > window.from ? found : { samples: [] }
      })
    },
    async check() {
      return {
        ok: true,
        detail: `CPU and memory come from ${process.platform === 'linux' ? '/proc' : 'ps'}.`,
      }
    },
    async close() {
      baselines.clear()
    },
  }
}

/** Instances that are gone leave; one read too soon after the last time keeps its old baseline. */
function nextBaseline(
  before: ReadonlyMap<string, UsageReading>,
  readings: ReadonlyMap<string, UsageReading>,
): Map<string, UsageReading> {
  const next = new Map<string, UsageReading>()
  for (const [instance, reading] of readings) {
    const old = before.get(instance)
    const tooSoon = old !== undefined && old.pid === reading.pid && reading.atMs - old.atMs < SHORTEST_MS
    next.set(instance, tooSoon ? old : reading)
  }
  return next
}

/** CPU time used per time passed; `null` where two readings of one process, far enough apart, are not there. */
function share(before: UsageReading | undefined, now: UsageReading, perUnit: number): number | null {
  if (before === undefined || before.pid !== now.pid) return null
  const passedMs = now.atMs - before.atMs
  const usedMs = now.cpuMs - before.cpuMs
  // Less than before: a descendant ended without being waited for and took its count along.
  if (passedMs < SHORTEST_MS || usedMs < 0) return null
  return (usedMs / passedMs) * perUnit
}

function samples(
  readings: ReadonlyMap<string, UsageReading>,
  at: number,
  value: (reading: UsageReading, instance: string) => number | null,
): MetricAnswer {
  const found: Sample[] = []
  for (const [instance, reading] of readings) {
    const measured = value(reading, instance)
    if (measured !== null && Number.isFinite(measured)) found.push({ at, value: measured, instance })
  }
  return { samples: found }
}
