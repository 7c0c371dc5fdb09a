/**
 * The built-in proxy's measurements as metrics: requests per second, queue length, latency and so on.
 *
 * A metric of kind `perInstance` gets one sample per instance; any other kind gets one for the whole fleet. Where
 * nothing was measured (no request finished, an instance just arrived) there is no sample: never a zero made up.
 *
 * Example: `{ read: latencyP95 }` of kind `independent`, after a minute without requests: `{ samples: [] }`;
 * under load `{ samples: [{ at: 1795262400000, value: 42.2 }] }`, in milliseconds.
 */
import type { Sample } from '../../model/sample.ts'
import type { EpochMs, Interval } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { MetricAnswer, MetricQuery, MetricSource } from '../../ports/metric-source.ts'
import type { CheckResult } from '../../ports/plugin.ts'
import type { ProxyReadings } from '../routers/proxy/meter.ts'

/** The part of a `ProxyRouter` that measures. */
export interface MeasuringProxy {
  readings(): { readonly fleet: ProxyReadings; readonly instances: ReadonlyMap<string, ProxyReadings> }
}

type Read = (readings: ProxyReadings) => number | null

const READS = new Map<string, Read>(
  Object.entries({
    requestsPerSecond: readings => (readings.settled ? readings.requestsPerSecond : null),
    inFlight: readings => readings.inFlight,
    queueLength: readings => readings.queueLength,
    latencyP50: readings => readings.latencyP50Ms,
    latencyP95: readings => readings.latencyP95Ms,
    latencyP99: readings => readings.latencyP99Ms,
    errorsPerSecond: readings => (readings.settled ? readings.errorsPerSecond : null),
    errorRatio: readings => readings.errorRatio,
  } satisfies Record<string, Read>),
)

/** `find` answers a fleet's proxy, `null` where the fleet has none. */
export function createProxySource(
  find: (fleet: string) => MeasuringProxy | null,
  clock: Clock,
): MetricSource {
  return {
    read: async (queries, window) =>
      queries.map(query => answer(query, find(query.fleet), window, clock.now())),
    check: async (): Promise<CheckResult> => ({ ok: true, detail: 'reads the proxies of this process' }),
    close: async () => {},
  }
}

function answer(
  query: MetricQuery,
  proxy: MeasuringProxy | null,
  window: Interval,
  now: EpochMs,
): MetricAnswer {
  const { name, options, kind } = query.metric
  const read = typeof options.read === 'string' ? READS.get(options.read) : undefined
  if (read === undefined) {
    return {
      gap: `PLM-342 metric "${name}" reads ${JSON.stringify(options.read)} of the proxy, which has ${[...READS.keys()].join(', ')}`,
    }
  }
  if (proxy === null) {
    return {
      gap: `PLM-341 metric "${name}" reads the proxy of fleet "${query.fleet}", which has none: give the fleet \`router: { type: proxy, ... }\``,
    }
  }
  // Measured now, for a window that ends at the tick's own time, a moment ago.
  const at = Math.min(now, window.to)
  if (at <= window.from) return { samples: [] }
  const { fleet, instances } = proxy.readings()
  if (kind !== 'perInstance') return { samples: sampleOf(read(fleet), at) }
  return { samples: [...instances].flatMap(([instance, readings]) => sampleOf(read(readings), at, instance)) }
}

function sampleOf(value: number | null, at: EpochMs, instance?: string): Sample[] {
  if (value === null || !Number.isFinite(value)) return []
  return [instance === undefined ? { at, value } : { at, value, instance }]
}
