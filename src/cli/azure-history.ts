/**
 * What Azure Monitor kept of the metrics of a fleet, as a record to play: `--history azure-monitor` needs no file, since the
 * configuration names the metrics. Azure keeps 93 days.
 *
 * Example: `plimsoll backtest plimsoll.yaml --history azure-monitor --from 7d` reads a week of `cpu` by the minute in seven calls, and
 * beside it how many instances there were: as many as told their own CPU.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { instanceDimensionOf, resourceType } from '../config/azure-metrics.ts'
import { passes } from '../engine/windows/of-metric.ts'
import type { LoadTrace } from '../lab/trace.ts'
import {
  type Combine,
  type History,
  type HistoryColumn,
  type PageAnswer,
  readHistory,
} from '../lab/traces/history.ts'
import { isoText } from '../lab/traces/load-builder.ts'
import { TRACE_CODES, TraceError } from '../lab/traces/trace-error.ts'
import type { FleetSpec, MetricSpec } from '../model/spec.ts'
import type { Interval } from '../model/time.ts'
import type { Series, SeriesAnswer } from '../plugins/azure/monitor/answer.ts'
import { MetricsApi, type MetricsApiContext } from '../plugins/azure/monitor/metrics-api.ts'
import { MOST_BINS, type Question, questionOf } from '../plugins/azure/monitor/question.ts'
import type { Io } from './io.ts'
import { createProgress } from './tune/progress.ts'

export const AZURE_MONITOR = 'azure-monitor'
const NAME = 'Azure Monitor'
const KEPT_MS = 93 * 86_400_000
/** Values in one answer, so that a page of a large fleet is no larger than one of a small fleet. */
const VALUES_A_PAGE = 100_000
const INSTANCES = 'instances'
/** Of what is scaled: a metric that each of its instances has at all times. */
const PULSE: Readonly<Record<string, string>> = {
  'microsoft.compute/virtualmachinescalesets': 'Percentage CPU',
  'microsoft.web/serverfarms': 'CpuPercentage',
}

interface Asked {
  readonly column: HistoryColumn
  readonly question: Question
  readonly reduce: (series: readonly Series[]) => PageAnswer
}

export interface AzureHistoryAsked {
  readonly fleet: FleetSpec
  readonly window: Interval
  readonly stepMs: number | undefined
}

/** @throws TraceError PLM-820 to PLM-824 */
export async function readAzureHistory(
  { fleet, window, stepMs }: AzureHistoryAsked,
  io: Io,
  context: Partial<MetricsApiContext> = {},
): Promise<LoadTrace> {
  const oldest = io.now() - KEPT_MS
  if (window.from < oldest) {
    throw new TraceError(
      TRACE_CODES.historyTooOld,
      `it keeps metrics for 93 days, since ${isoText(oldest)}; --from is ${isoText(window.from)}. Begin later.`,
      { file: NAME },
    )
  }
  const asked = askedOf(fleet)
  const api = new MetricsApi({
    clock: { now: () => io.now() },
    who: `--history ${AZURE_MONITOR}`,
    ...context,
  })
  const bar = io.stderrIsTerminal === true ? createProgress(io) : null
  try {
    return await readHistory(historyOf(asked, api, mostInstances(fleet)), {
      window: { from: window.from, to: Math.min(window.to, io.now() - longestDelay(fleet)) },
      stepMs,
      async wait(ms, because) {
        if (ms > 10_000) io.stderr.write(`${because} Waiting for ${Math.ceil(ms / 1000)} s.\n`)
        await delay(ms)
      },
      onProgress: (readMs, ofMs) =>
        bar?.update({ done: daysOf(readMs), of: daysOf(ofMs), share: readMs / ofMs }),
    })
  } finally {
    bar?.end()
    api.close()
  }
}

/** What is younger may still grow. */
function longestDelay({ metrics }: FleetSpec): number {
  return Math.max(0, ...Object.values(metrics).map(({ delayMs = 0 }) => delayMs))
}

function daysOf(ms: number): number {
  return Math.round((ms / 86_400_000) * 10) / 10
}

function askedOf(fleet: FleetSpec): readonly Asked[] {
  const metrics = Object.values(fleet.metrics).filter(
    ({ source, ofFleet }) => source === AZURE_MONITOR && ofFleet === null,
  )
  if (metrics.length === 0) {
    const read = Object.values(fleet.metrics).map(({ name, source }) => `${name} (${source})`)
    throw new TraceError(
      TRACE_CODES.noHistory,
      `no rule of "${fleet.name}" reads a metric with source: ${AZURE_MONITOR}; ${read.length === 0 ? 'they read none' : `they read ${read.join(', ')}`}. Give such a metric, or a record with --trace.`,
      { file: NAME },
    )
  }
  const asked = metrics.map(metricAsked)
  const instances = asked.some(({ column }) => column.name === INSTANCES) ? null : countAsked(fleet, metrics)
  return instances === null ? asked : [...asked, instances]
}

function metricAsked(metric: MetricSpec): Asked {
  const question = questionOf(metric)
  return {
    question,
    column: { name: metric.name, stepMs: question.intervalMs, combine: combineOf(question) },
    reduce: series =>
      reduced(
        series.filter(({ labels }) =>
          passes(metric.filter, labels === undefined ? SAMPLE : { ...SAMPLE, labels }),
        ),
        OF_SERIES[metric.across ?? (metric.kind === 'total' ? 'sum' : 'avg')],
      ),
  }
}

const SAMPLE = { at: 0, value: 0 }

function combineOf({ aggregation }: Question): Combine {
  switch (aggregation) {
    case 'average':
      return 'avg'
    case 'maximum':
      return 'max'
    case 'minimum':
      return 'min'
    case 'total':
    case 'count':
      return 'sum'
  }
}

const OF_SERIES = {
  avg: (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length,
  sum: (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0),
  min: (values: readonly number[]) => Math.min(...values),
  max: (values: readonly number[]) => Math.max(...values),
  count: (values: readonly number[]) => values.length,
}

/** How many instances there were, by who told of itself; `null` where nobody can tell. */
function countAsked(fleet: FleetSpec, metrics: readonly MetricSpec[]): Asked | null {
  const stepMs = Math.max(...metrics.map(metric => questionOf(metric).intervalMs))
  for (const metric of scaledFirst(fleet, metrics)) {
    const { resource } = questionOf(metric)
    const pulse = PULSE[resourceType(resource).toLowerCase()]
    const instance = instanceDimensionOf(resource)
    if (pulse === undefined || instance === null) continue
    const options = {
      ...metric.options,
      metric: pulse,
      namespace: resourceType(resource),
      aggregation: 'average',
      intervalMs: stepMs,
      dimensions: [],
      splitBy: [],
      instance,
    }
    return {
      question: questionOf({ ...metric, options }),
      column: { name: INSTANCES, stepMs, combine: 'avg' },
      reduce: series =>
        reduced(
          series.filter(({ instance: named }) => named !== undefined),
          OF_SERIES.count,
        ),
    }
  }
  return null
}

/** What the fleet's own target scales tells of its instances before what another does. */
function scaledFirst({ target }: FleetSpec, metrics: readonly MetricSpec[]): readonly MetricSpec[] {
  const named = [target.options.scaleSet, target.options.plan].find(each => typeof each === 'string')
  const isOwn = (metric: MetricSpec): boolean =>
    typeof named === 'string' && questionOf(metric).resource.toLowerCase().endsWith(`/${named.toLowerCase()}`)
  return [...metrics.filter(isOwn), ...metrics.filter(metric => !isOwn(metric))]
}

/** Several series as one value of each bin. */
function reduced(series: readonly Series[], combine: (values: readonly number[]) => number): PageAnswer {
  const byBin = new Map<number, number[]>()
  for (const { bins } of series) {
    for (const { startAt, value } of bins) {
      const values = byBin.get(startAt)
      if (values === undefined) byBin.set(startAt, [value])
      else values.push(value)
    }
  }
  return { values: [...byBin].map(([startAt, values]) => ({ startAt, value: combine(values) })) }
}

/** Of each there may be a series. */
function mostInstances({ constraints }: FleetSpec): number {
  return Math.max(1, ...constraints.map(({ max }) => max))
}

/** @param mostSeries as far as is known before the first page */
function historyOf(asked: readonly Asked[], api: MetricsApi, mostSeries: number): History {
  const shortestMs = Math.min(...asked.map(({ question }) => question.intervalMs))
  let most = mostSeries
  return {
    name: NAME,
    columns: asked.map(({ column }) => column),
    dispensable: new Set([INSTANCES]),
    pageMs: () => shortestMs * Math.max(60, Math.min(MOST_BINS, Math.floor(VALUES_A_PAGE / most))),
    async page(window) {
      const answers = await api.ask(
        asked.map(({ question }) => question),
        () => window,
        'act',
        AbortSignal.timeout(120_000),
      )
      const sizes = answers.map(answer => ('gap' in answer ? 0 : answer.series.length))
      most = Math.max(most, ...sizes)
      return answers.map((answer, index) => pageOf(answer, window, asked[index]))
    },
  }
}

function pageOf(answer: SeriesAnswer, { from, to }: Interval, asked: Asked | undefined): PageAnswer {
  if ('gap' in answer) {
    const { failure } = answer
    const passes = failure !== undefined && (failure.kind === 'throttled' || failure.kind === 'unavailable')
    return { because: answer.gap, passes, waitMs: failure?.retryAfterMs ?? null }
  }
  const inside = answer.series.map(series => ({
    ...series,
    bins: series.bins.filter(({ startAt }) => startAt >= from && startAt < to),
  }))
  return asked === undefined ? { values: [] } : asked.reduce(inside)
}
