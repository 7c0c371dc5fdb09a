/**
 * A cloud of points in letters: the best of them joined to nothing, the chosen one and the file as it is marked. For a terminal,
 * where a picture cannot be shown.
 *
 * Example:
 *
 *     1.9 x |      =
 *           |  .  .
 *           |o  .
 *     1.3 x |   *  o
 *           +---------
 *            0 %    2 %   lost
 */
import { type Measure, measureText } from '../../lab/tune/objective.ts'

export interface PlotPoint {
  readonly across: number
  readonly up: number
  /** Drawn over those of lower ones. */
  readonly mark: '.' | 'o' | '=' | '*'
}

export interface PlotRequest {
  readonly across: Measure
  readonly up: Measure
  readonly points: readonly PlotPoint[]
  readonly width: number
}

const HEIGHT = 12
const MOST_WIDTH = 64
const ORDER = ['.', 'o', '=', '*']

export function plotText({ across, up, points, width }: PlotRequest): readonly string[] {
  const shown = points.filter(point => Number.isFinite(point.across) && Number.isFinite(point.up))
  if (shown.length < 2) return []
  const x = rangeOf(shown.map(point => point.across))
  const y = rangeOf(shown.map(point => point.up))
  const labels = [measureText(up, y.high), measureText(up, y.low)] as const
  const margin = Math.max(...labels.map(label => label.length))
  const columns = Math.min(MOST_WIDTH, width - margin - 4)
  if (columns < 20) return []
  const cells = Array.from({ length: HEIGHT }, () => Array.from({ length: columns }, () => ' '))
  for (const point of [...shown].sort((one, other) => ORDER.indexOf(one.mark) - ORDER.indexOf(other.mark))) {
    const row = cells[HEIGHT - 1 - placeOf(point.up, y, HEIGHT)]
    if (row !== undefined) row[placeOf(point.across, x, columns)] = point.mark
  }
  const rows = cells.map((row, index) => {
    const label = index === 0 ? labels[0] : index === HEIGHT - 1 ? labels[1] : ''
    return `${label.padStart(margin)} |${row.join('').trimEnd()}`
  })
  const [low, high] = [measureText(across, x.low), measureText(across, x.high)]
  const gap = ' '.repeat(Math.max(2, columns - low.length - high.length))
  return [
    `${''.padStart(margin)}  ${up.name}`,
    ...rows,
    `${''.padStart(margin)} +${'-'.repeat(columns)}`,
    `${''.padStart(margin)}  ${low}${gap}${high}  ${across.name}`,
  ]
}

interface Range {
  readonly low: number
  readonly high: number
}

function rangeOf(values: readonly number[]): Range {
  return {
    low: values.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY),
    high: values.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY),
  }
}

function placeOf(value: number, { low, high }: Range, cells: number): number {
  if (high === low) return 0
  return Math.min(cells - 1, Math.floor(((value - low) / (high - low)) * cells))
}
