/**
 * Sample history in SQLite: one narrow row per sample, in key order, so that a window is one contiguous read.
 *
 * Example: an hour of `cpu` of five instances every second is 18,000 rows of about 30 bytes; reading it is one range scan.
 * The same sample (same time, instance, labels and value) given twice is kept once.
 */
import { partsOfSeries, type Sample, seriesOf } from '../../../model/sample.ts'
import {
  DEMAND_KEPT_MS,
  isDemandSeries,
  type Retention,
  type SampleQuery,
  type SeriesSamples,
} from '../../../ports/state-store.ts'
import { type Database, numberOf, type Row, textOf } from './database.ts'

export function insertSeries(database: Database, fleet: string, { metric, samples }: SeriesSamples): void {
  if (samples.length === 0) return
  database.run(
    'INSERT INTO series (fleet, metric, rows) VALUES (?, ?, 0) ON CONFLICT DO NOTHING',
    fleet,
    metric,
  )
  const series = seriesId(database, fleet, metric)
  let inserted = 0
  for (const sample of samples) {
    inserted += database.run(
      'INSERT OR IGNORE INTO samples (series, at, instance, value) VALUES (?, ?, ?, ?)',
      series,
      sample.at,
      seriesOf(sample) ?? '',
      sample.value,
    )
  }
  database.run('UPDATE series SET rows = rows + ? WHERE id = ?', inserted, series)
}

function seriesId(database: Database, fleet: string, metric: string): number | null {
  const row = database.get('SELECT id FROM series WHERE fleet = ? AND metric = ?', fleet, metric)
  return row === null ? null : numberOf(database, row, 'id')
}

export function readSeries(database: Database, query: SampleQuery): Sample[] {
  const series = seriesId(database, query.fleet, query.metric)
  const rows = database.all(
    `SELECT at, instance, value FROM samples WHERE series = ? AND at >= ? AND at < ?
     ORDER BY at DESC, instance DESC, value DESC LIMIT ?`,
    series,
    query.window.from,
    query.window.to,
    query.limit,
  )
  return rows.map(row => sampleOf(database, row)).reverse()
}

function sampleOf(database: Database, row: Row): Sample {
  const at = numberOf(database, row, 'at')
  const value = numberOf(database, row, 'value')
  // The column holds the labels, too, where there are any.
  return { at, value, ...partsOfSeries(textOf(database, row, 'instance')) }
}

/** Deletes the oldest samples that age or number no longer keeps, at most `budget`; returns how many. */
export function pruneSamples(
  database: Database,
  now: number,
  { samplesMs, samplesPerSeries }: Pick<Retention, 'samplesMs' | 'samplesPerSeries'>,
  budget: number,
): number {
  let deleted = 0
  for (const row of database.all('SELECT id, metric, rows FROM series')) {
    const id = numberOf(database, row, 'id')
    const isDemand = isDemandSeries(textOf(database, row, 'metric'))
    const horizon = now - (isDemand ? DEMAND_KEPT_MS : samplesMs)
    const old = deleteOldest(database, id, horizon, budget - deleted)
    const keep = isDemand ? Number.POSITIVE_INFINITY : samplesPerSeries
    const surplus = numberOf(database, row, 'rows') - old - keep
    const more = deleteOldest(database, id, Number.MAX_VALUE, Math.min(surplus, budget - deleted - old))
    if (old + more > 0) database.run('UPDATE series SET rows = rows - ? WHERE id = ?', old + more, id)
    deleted += old + more
  }
  database.run('DELETE FROM series WHERE rows = 0')
  return deleted
}

function deleteOldest(database: Database, series: number, before: number, limit: number): number {
  if (limit <= 0) return 0
  return database.run(
    `DELETE FROM samples WHERE (series, at, instance, value) IN
       (SELECT series, at, instance, value FROM samples WHERE series = ? AND at < ?
        ORDER BY at, instance, value LIMIT ?)`,
    series,
    before,
    limit,
  )
}
