/**
 * One measurement. `instance` is absent for a measurement of the fleet as a whole; `labels` say what else it is of.
 *
 * Example: `{ at: 1795262340000, value: 83.2, instance: 'web-1', labels: { region: 'eu' } }`.
 */
import type { EpochMs } from './time.ts'

export interface Sample {
  readonly at: EpochMs
  readonly value: number
  readonly instance?: string
  /** At most `MOST_LABELS`, names and values of at most `LONGEST_LABEL` characters. */
  readonly labels?: Labels
}

export type Labels = Readonly<Record<string, string>>

export const MOST_LABELS = 16
export const LONGEST_LABEL = 200

/** Stands between an instance and its labels in the name of a series. */
const LABELS_FOLLOW = '\u0001'

/**
 * Names the series a sample belongs to: two samples of one time and one series are the same measurement.
 * Without labels it is the instance; `undefined` is the fleet as a whole.
 */
export function seriesOf({ instance, labels }: Pick<Sample, 'instance' | 'labels'>): string | undefined {
  if (labels === undefined) return instance
  const entries = Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1))
  return entries.length === 0 ? instance : `${instance ?? ''}${LABELS_FOLLOW}${JSON.stringify(entries)}`
}

/** The reverse of `seriesOf`. */
export function partsOfSeries(series: string | undefined): Pick<Sample, 'instance' | 'labels'> {
  if (series === undefined || series === '') return {}
  const split = series.indexOf(LABELS_FOLLOW)
  if (split < 0) return { instance: series }
  const labels = labelsOf(series.slice(split + 1))
  // An instance that has the mark in its own name.
  if (labels === null) return { instance: series }
  return split === 0 ? { labels } : { instance: series.slice(0, split), labels }
}

function labelsOf(json: string): Labels | null {
  try {
    return Object.fromEntries(JSON.parse(json))
  } catch {
    return null
  }
}
