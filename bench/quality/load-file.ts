/**
 * Finds the load files of a folder and reads them: CSV with the header `timestamp,value`, one row a bin of a fixed step. Sessions
 * and tables of scores have other headers and are passed over, and so is what a pattern says is not demand.
 *
 * Example: with the pattern `nab_rds_*`, `nab_rds_cpu_e47b3b.csv` is passed over and `nab_elb_request_count.csv` is read.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

const HEADER = 'timestamp,value'

export interface LoadFile {
  /** Of the file, without folder and ending. */
  readonly name: string
  readonly startAt: number
  readonly stepMs: number
  /** NaN in bins without a row. */
  readonly load: Float64Array
}

/** @param notDemand names, with `*` for any letters */
export function loadFilesIn(folder: string, notDemand: readonly string[]): readonly string[] {
  const passed = notDemand.map(
    pattern => new RegExp(`^${pattern.replaceAll(/[^\w*]/g, '.').replaceAll('*', '.*')}$`),
  )
  return readdirSync(folder)
    .filter(file => file.endsWith('.csv') && !passed.some(pattern => pattern.test(nameOf(file))))
    .map(file => join(folder, file))
    .filter(path => readFileSync(path, 'utf8').split('\n', 1)[0]?.trim() === HEADER)
    .sort()
}

/** @throws Error at the first row that is not a time and a number of 0 or more, or is not on the grid of the first two */
export function readLoadFile(path: string): LoadFile {
  const rows = readFileSync(path, 'utf8').trimEnd().split('\n').slice(1)
  const times = new Float64Array(rows.length)
  const values = new Float64Array(rows.length)
  for (const [index, row] of rows.entries()) {
    const comma = row.indexOf(',')
    times[index] = Date.parse(row.slice(0, comma))
    const value = row.slice(comma + 1)
    values[index] = value.trim() === '' ? Number.NaN : Number(value)
    if (Number.isNaN(times[index]) || !((values[index] ?? -1) >= 0)) {
      throw new Error(`${path}:${index + 2}: "${row}" is no time and a load of 0 or more`)
    }
  }
  const startAt = times[0] ?? Number.NaN
  const stepMs = (times[1] ?? Number.NaN) - startAt
  if (!(stepMs > 0)) throw new Error(`${path}: fewer than two rows, or the second is not after the first`)
  const load = new Float64Array(((times[rows.length - 1] ?? startAt) - startAt) / stepMs + 1).fill(Number.NaN)
  for (const [index, at] of times.entries()) {
    const bin = (at - startAt) / stepMs
    if (!Number.isInteger(bin) || bin < 0 || bin >= load.length) {
      throw new Error(`${path}:${index + 2}: "${rows[index]}" is not on the grid of the first two rows`)
    }
    load[bin] = values[index] ?? Number.NaN
  }
  return { name: nameOf(path), startAt, stepMs, load }
}

function nameOf(path: string): string {
  return basename(path, '.csv')
}
