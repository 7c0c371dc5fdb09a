/**
 * Scores as people read them: every number of a row with the same decimals, so that they can be compared by length, and the
 * best of them known.
 *
 * Example: the row 0.42, 12.3, 0.0004 in % is `0.42`, `12.30`, `<0.01`; lower is better, so the best is the last.
 */
import type { ReportColumn, ScoreRow } from './report.ts'

/** One text per value, without the unit; `-` for none. */
export function scoreTexts(row: ScoreRow): readonly string[] {
  const decimals = row.decimals ?? decimalsFor(row.values)
  return row.values.map(value => scoreText(value, decimals))
}

/** Three digits of the largest are enough, and no decimals where all are whole. */
function decimalsFor(values: readonly (number | null)[]): number {
  const known = values.filter(value => value !== null && Number.isFinite(value))
  if (known.every(value => Number.isInteger(value))) return 0
  const largest = known.reduce<number>((most, value) => Math.max(most, Math.abs(value ?? 0)), 0)
  if (largest >= 1000) return 0
  if (largest >= 100) return 1
  return largest >= 1 ? 2 : 3
}

function scoreText(value: number | null, decimals: number): string {
  if (value === null || Number.isNaN(value)) return '-'
  if (!Number.isFinite(value)) return value > 0 ? 'without limit' : '-'
  const text = value.toFixed(decimals)
  // A little is not nothing: what rounds to zero and is none says so.
  if (value !== 0 && Number(text) === 0) {
    return `${value < 0 ? '>-' : '<'}${(10 ** -decimals).toFixed(decimals)}`
  }
  return text
}

/**
 * Which columns hold the best of the row among those that compete. None where nothing is better, where only one competes, or
 * where all are alike as written.
 */
export function bestColumns(row: ScoreRow, columns: readonly ReportColumn[]): readonly number[] {
  if (row.betterIs === 'neither') return []
  const texts = scoreTexts(row)
  const competing = row.values.flatMap((value, index) =>
    value === null || Number.isNaN(value) || columns[index]?.outOfCompetition === true
      ? []
      : [{ value, index }],
  )
  if (competing.length < 2) return []
  const values = competing.map(({ value }) => value)
  const best = row.betterIs === 'lower' ? Math.min(...values) : Math.max(...values)
  const shown = texts[competing.find(({ value }) => value === best)?.index ?? 0]
  const winners = competing.filter(({ index }) => texts[index] === shown).map(({ index }) => index)
  return winners.length === competing.length ? [] : winners
}
