/**
 * Two sets of rules over one record as a report: their scores side by side, and where they part.
 *
 * Example: `diffReport(old, next, trace, ...)`: columns `after` and `before`; `comparison.partings.count` 12.
 */
import type { Backtest } from '../backtest.ts'
import { type Partings, partingsOf } from '../parting.ts'
import { scoresOf } from '../scores.ts'
import type { LoadTrace } from '../trace.ts'
import { backtestReport, scoreSettingOf } from './backtest-report.ts'
import { AFTER, BEFORE } from './parting-text.ts'
import type { Change, Comparison, Report } from './report.ts'
import { scoreRows } from './score-rows.ts'

/** A cooldown that ends later for one than for the other parts them again and again. */
export const MET_MS = 15 * 60_000

export interface ComparedReport extends Report {
  readonly comparison: Comparison
}

export interface DiffReportOptions {
  readonly timeZone: string
  readonly pricePerHour: number | null
  readonly mostPartings: number
  /** What the two say differently. */
  readonly changes: readonly Change[]
}

/** Both over the same record with the same service model; only their own courses count. */
export function diffReport(
  before: Backtest,
  after: Backtest,
  trace: LoadTrace,
  options: DiffReportOptions,
): ComparedReport {
  const [old, next] = [before.courses[0], after.courses[0]]
  if (old === undefined || next === undefined) throw new Error('a backtest without a course')
  const courses = [
    { ...next, name: AFTER },
    { ...old, name: BEFORE },
  ]
  const setting = scoreSettingOf(after.model, options.pricePerHour)
  const partings = partingsOf(old, next, options.mostPartings, MET_MS)
  const told = backtestReport(after, trace, options)
  return {
    ...told,
    title: `${after.fleet.name} on ${trace.name}: before and after`,
    contenders: courses.map(({ name }) => ({ name })),
    table: scoreRows(courses.map(course => scoresOf(course, setting))),
    notes: [partingsText(partings), ...told.notes],
    courses,
    comparison: { changes: options.changes, partings },
  }
}

export function partingsText({ count, sameRatio }: Partings): string {
  if (count === 0) return 'Both want the same all the time.'
  const times = count === 1 ? 'once' : `${count} times`
  return `They want the same ${(100 * sameRatio).toFixed(1)} % of the time and part ${times}.`
}
