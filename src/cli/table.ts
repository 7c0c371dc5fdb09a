/**
 * Lines up rows in columns, two spaces apart; colours do not count towards the width, and no line ends in spaces.
 *
 * Example: `table([['FLEET', 'COUNT'], ['web', '5']])` is `['FLEET  COUNT', 'web    5']`.
 */
import { stripVTControlCharacters } from 'node:util'

export function widthOf(cell: string): number {
  return [...stripVTControlCharacters(cell)].length
}

export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell))
    })
  }
  return rows.map(row =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
      .join('  ')
      .trimEnd(),
  )
}
