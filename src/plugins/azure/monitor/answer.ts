/**
 * What Azure Monitor answered, as series of bins. A bin that holds nothing is left out: nothing is not zero.
 *
 * Example: bins of 12:00 (41.5) and 12:01 (no average) split by VMName for `web_0` are the series
 * `{ instance: 'web_0', bins: [{ startAt: 12:00, value: 41.5 }] }`.
 */
import type { Metric, MetricsQueryResult, TimeSeriesElement } from '@azure/monitor-query-metrics'
import type { Gap } from '../../../model/observation.ts'
import { type Labels, LONGEST_LABEL } from '../../../model/sample.ts'
import type { EpochMs } from '../../../model/time.ts'
import type { PluginError } from '../../../ports/plugin.ts'
import { isSame, type Question } from './question.ts'

export interface Bin {
  readonly startAt: EpochMs
  readonly value: number
}

export interface Series {
  readonly instance?: string
  readonly labels?: Labels
  readonly bins: readonly Bin[]
}

/** Where Azure did not answer at all, also as what kind of failure. */
export interface Unanswered extends Gap {
  readonly failure?: PluginError
}

export type SeriesAnswer = { readonly series: readonly Series[] } | Unanswered

export function answerTo(question: Question, results: readonly MetricsQueryResult[]): SeriesAnswer {
  const { resource, metric } = question
  const where = `metric "${metric}" of ${resource}`
  const result = results.find(each => each.resourceId !== undefined && isSame(each.resourceId, resource))
  if (result === undefined) return { gap: `PLM-789 Azure Monitor answered nothing about ${where}` }
  const found = result.metrics.find(each => isSame(metricName(each), metric))
  if (found === undefined) return { gap: `PLM-789 Azure Monitor answered without ${where}` }
  const trouble = troubleOf(found)
  if (trouble !== null) return { gap: `PLM-788 Azure Monitor refused ${where}: ${trouble}` }
  return seriesOf(question, found.timeseries ?? [])
}

/** The client tells the name as people read it (`CPU Percentage`); as it was asked for, it ends the id. */
function metricName({ id, name }: Metric): string {
  return /^.*\/metrics\/(.+)$/is.exec(id ?? '')?.[1] ?? name
}

/** `VM Name` and `vmname` are one dimension. */
function isDimension(one: string, other: string): boolean {
  return isSame(one.replace(/[^\p{L}\p{N}]/gu, ''), other.replace(/[^\p{L}\p{N}]/gu, ''))
}

function troubleOf({ errorCode, errorMessage }: Metric): string | null {
  if (errorCode === undefined || errorCode === '' || isSame(errorCode, 'Success')) return null
  return errorMessage === undefined ? errorCode : `${errorCode}, ${errorMessage.replace(/\s+/g, ' ')}`
}

function seriesOf(question: Question, elements: readonly TimeSeriesElement[]): SeriesAnswer {
  const series: Series[] = []
  const seen = new Set<string>()
  for (const element of elements) {
    const name = nameOf(question, element)
    if (typeof name === 'string') return { gap: name }
    const key = JSON.stringify(name)
    if (seen.has(key)) {
      return { gap: `PLM-789 Azure Monitor answered twice about ${key} of metric "${question.metric}"` }
    }
    seen.add(key)
    series.push({ ...name, bins: binsOf(question, element) })
  }
  return { series }
}

/** Which instance and labels it is of, or what is wrong with that. */
function nameOf(
  { metric, instance, splitBy }: Question,
  { metadatavalues = [] }: TimeSeriesElement,
): Pick<Series, 'instance' | 'labels'> | string {
  const dimensionOf = (dimension: string): string | undefined =>
    metadatavalues.find(({ name }) => name !== undefined && isDimension(name, dimension))?.value
  const lacks = (dimension: string): string =>
    `PLM-790 metric "${metric}" has no dimension "${dimension}" with values of up to ${LONGEST_LABEL} characters; it has ${
      metadatavalues.map(({ name }) => `"${name}"`).join(', ') || 'none'
    }`
  const labels: Record<string, string> = {}
  for (const dimension of splitBy) {
    const value = dimensionOf(dimension)
    if (!isLabel(value)) return lacks(dimension)
    labels[dimension] = value
  }
  const named = splitBy.length === 0 ? {} : { labels }
  if (instance === null) return named
  const value = dimensionOf(instance)
  if (!isLabel(value)) return lacks(instance)
  // What Azure knows no instance of was measured all the same.
  return value === '' ? named : { instance: value, ...named }
}

function isLabel(value: string | undefined): value is string {
  return value !== undefined && value.length <= LONGEST_LABEL
}

function binsOf({ aggregation }: Question, { data = [] }: TimeSeriesElement): Bin[] {
  const bins: Bin[] = []
  for (const point of data) {
    const value = point[aggregation]
    const startAt = point.timeStamp.getTime()
    // Azure has nothing of that bin, or not yet.
    if (typeof value !== 'number' || !Number.isFinite(value) || !Number.isFinite(startAt)) continue
    bins.push({ startAt, value })
  }
  return bins.sort((a, b) => a.startAt - b.startAt)
}
