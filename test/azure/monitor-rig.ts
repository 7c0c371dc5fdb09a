/**
 * The source `azure-monitor` on the fake, from metrics as a file has them, over Microsoft's own client and real TLS, at a time that stands still.
 *
 * Example: `const rig = await monitorRig()`, `rig.monitor.put(WEB, 'Percentage CPU', ...)`, `await rig.values({ resource: WEB, metric: 'Percentage CPU' })`.
 */

import { parseConfigObject } from '../../src/config/load.ts'
import type { Sample } from '../../src/model/sample.ts'
import type { MetricSpec } from '../../src/model/spec.ts'
import {
  type AzureMonitorContext,
  createAzureMonitorSource,
} from '../../src/plugins/sources/azure-monitor.ts'
import type { MetricAnswer, MetricSource } from '../../src/ports/metric-source.ts'
import { ANY_CREDENTIAL } from './fake-azure.ts'
import { FakeMonitor } from './monitor.ts'

export const NOON = Date.UTC(2026, 10, 22, 12)
export const MINUTE = 60_000

export type Keys = Readonly<Record<string, unknown>>

export interface MonitorRig {
  readonly monitor: FakeMonitor
  readonly source: MetricSource
  readonly clock: { at: number }
  /** As the file says it, of the fake's address, without a delay unless it is said. */
  spec(keys: Keys, name?: string): MetricSpec
  read(metrics: readonly Keys[], spanMs?: number, signal?: AbortSignal): Promise<readonly MetricAnswer[]>
  /** Of one metric that must not be a gap. */
  samples(keys: Keys, spanMs?: number): Promise<readonly Sample[]>
  stop(): Promise<void>
}

export async function monitorRig(context: Partial<AzureMonitorContext> = {}): Promise<MonitorRig> {
  const clock = { at: NOON }
  const monitor = await FakeMonitor.start(() => clock.at)
  const source = createAzureMonitorSource({
    clock: { now: () => clock.at },
    credential: ANY_CREDENTIAL,
    client: { tlsOptions: { ca: monitor.cert } },
    backOffMs: 1,
    ...context,
  })
  const spec = (keys: Keys, name = 'cpu') =>
    metricOf({ endpoint: monitor.endpoint, delay: '0s', ...keys }, name)
  const rig: MonitorRig = {
    monitor,
    source,
    clock,
    spec,
    read: (metrics, spanMs = 10 * MINUTE, signal = AbortSignal.timeout(20_000)) =>
      source.read(
        metrics.map((keys, index) => ({ fleet: 'web', metric: spec(keys, `metric${index}`) })),
        { from: clock.at - spanMs, to: clock.at },
        signal,
      ),
    async samples(keys, spanMs) {
      const [answer] = await rig.read([keys], spanMs)
      if (answer === undefined || 'gap' in answer) throw new Error(answer?.gap ?? 'no answer')
      return answer.samples
    },
    async stop() {
      await source.close()
      await monitor.stop()
    },
  }
  return rig
}

/** What the configuration makes of a metric's keys. */
export function metricOf(keys: Keys, name = 'cpu'): MetricSpec {
  const result = parseConfigObject({
    plimsoll: 1,
    metrics: { [name]: { source: 'azure-monitor', ...keys } },
    fleets: {
      web: {
        target: { type: 'none', count: '2' },
        capacity: { min: 1, max: 2 },
        rules: [{ name: 'Up', when: `last(${name}) > 1`, scale: { by: 1 } }],
      },
    },
  })
  if (!result.ok)
    throw new Error(result.problems.map(({ message, path }) => `${path}: ${message}`).join('\n'))
  const metric = result.loaded.spec.metrics[name]
  if (metric === undefined) throw new Error(`no metric ${name}`)
  return metric
}
