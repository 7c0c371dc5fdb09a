/**
 * What a metric's keys leave open and its source knows: its unit, and after how long a last value is too old.
 *
 * Example: `{ source: process, read: cpu }`, read every second, is in percent and stale after 30 s; a metric read
 * every minute is stale after 3 minutes.
 */
import type { MetricUnit } from '../model/spec.ts'
import type { ContextMetric } from './expression/context.ts'

/** What the built-in sources measure in. */
const UNIT_OF_READING: Readonly<Record<string, MetricUnit>> = {
  cpu: 'percent',
  memory: 'bytes',
  requestsPerSecond: 'count',
  inFlight: 'count',
  queueLength: 'count',
  latencyP50: 'ms',
  latencyP95: 'ms',
  latencyP99: 'ms',
  errorsPerSecond: 'count',
  errorRatio: 'ratio',
}

const STALE_AT_LEAST_MS = 30_000

/** The keys of a metric as far as they are right. */
export interface MetricKeys {
  readonly source?: unknown
  readonly read?: unknown
  readonly unit?: unknown
  readonly every?: unknown
  readonly staleAfter?: unknown
  readonly grain?: unknown
}

export function metricFacts(keys: MetricKeys): ContextMetric {
  // What is told once per grain is as old as a grain.
  const every = Math.max(numberOr0(keys.every), numberOr0(keys.grain))
  const staleAfterMs =
    typeof keys.staleAfter === 'number' ? keys.staleAfter : Math.max(3 * every, STALE_AT_LEAST_MS)
  return { unit: unitOf(keys), staleAfterMs }
}

function numberOr0(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

const UNITS: readonly MetricUnit[] = ['percent', 'ratio', 'ms', 's', 'bytes', 'count']

function unitOf({ source, read, unit }: MetricKeys): MetricUnit | null {
  const declared = UNITS.find(each => each === unit)
  if (declared !== undefined) return declared
  if ((source !== 'process' && source !== 'proxy') || typeof read !== 'string') return null
  return Object.hasOwn(UNIT_OF_READING, read) ? (UNIT_OF_READING[read] ?? null) : null
}
