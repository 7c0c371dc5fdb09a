/**
 * The report for a terminal: one table with a row per score and a column per contender, a star at the best of each row, and
 * below it what one must know before believing it.
 *
 * Example:
 *
 *     web on nasa_http_1995_07
 *     27.6 days from 1 Jul 1995 04:01 (UTC) in bins of 1 min; an instance serves 2.86, boots for 3 min
 *
 *     SCORE         UNIT     web     hpa  (oracle)
 *     lost          %      *0.42    1.30      0.00
 *     cost/oracle   x      *1.81    2.02      1.00
 *
 *     - Repaired: 12 rows out of order, first at line 318; sorted.
 */
import type { Report, ScoreRow } from './report.ts'
import { bestColumns, scoreTexts } from './score-text.ts'

export interface TextOptions {
  /** Letters across; contenders for whom there is no room stand in a table below. Default 100. */
  readonly width?: number
  /** How the best of a row is made to stand out, after it was aligned: colours. */
  readonly emphasise?: (text: string) => string
  /** The same for what only frames the numbers. */
  readonly subdue?: (text: string) => string
}

const asIs = (text: string): string => text
/** Between two columns, which leaves room for the star. */
const GAP = '  '

export function textReport(told: Report, options: TextOptions = {}): string {
  const { width = 100 } = options
  const whole = printableReport(told)
  const report = { ...whole, table: whole.table.filter(row => row.isAside !== true) }
  const lines = [report.title]
  if (report.subtitle !== '') lines.push(...wrapped(report.subtitle, { width, first: '', next: '' }))
  for (const block of blocksOf(report, width)) lines.push('', ...drawBlock(report, block, options))
  const asides = whole.table.filter(row => row.isAside === true)
  if (asides.length > 0) {
    lines.push('', ...asides.map(row => `${row.label}: ${scoreTexts(row)[0] ?? '-'} ${row.unit}`.trimEnd()))
  }
  if (report.notes.length > 0) {
    lines.push('', ...report.notes.flatMap(note => wrapped(note, { width, first: '- ', next: '  ' })))
  }
  return `${lines.join('\n')}\n`
}

export interface Wrapping {
  readonly width: number
  /** In front of the first line, and of each of the others. */
  readonly first: string
  readonly next: string
}

/** Words are not broken: one that is longer than a line stands alone. */
export function wrapped(text: string, { width, first, next }: Wrapping): readonly string[] {
  const lines: string[] = []
  let line = first
  let isEmpty = true
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line)
      line = next
      isEmpty = true
    }
    line += isEmpty ? word : ` ${word}`
    isEmpty = false
  }
  return [...lines, line]
}

/** Names come from files and traces; what would move the cursor or turn the line around is shown as a mark. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
}

function printableReport(report: Report): Report {
  return {
    ...report,
    title: printable(report.title),
    subtitle: printable(report.subtitle),
    notes: report.notes.map(printable),
    contenders: report.contenders.map(contender => ({ ...contender, name: printable(contender.name) })),
    table: report.table.map(row => ({ ...row, label: printable(row.label), unit: printable(row.unit) })),
  }
}

interface Block {
  readonly columns: readonly number[]
  readonly widths: readonly number[]
}

/** As many contenders beside each other as there is room for; the operator's own in every block. */
function blocksOf(report: Report, width: number): readonly Block[] {
  const widths = report.contenders.map((_, column) => columnWidth(report, column))
  const used = labelWidth(report) + GAP.length + unitWidth(report)
  const cost = (column: number): number => (widths[column] ?? 0) + GAP.length + 1
  const blocks: number[][] = []
  let room = 0
  for (let column = 0; column < widths.length; column++) {
    if (blocks.length === 0 || cost(column) > room) {
      const own = blocks.length === 0 ? [] : [0]
      blocks.push([...own])
      room = width - used - own.reduce((sum, at) => sum + cost(at), 0)
    }
    blocks.at(-1)?.push(column)
    room -= cost(column)
  }
  return blocks.map(columns => ({ columns, widths: columns.map(column => widths[column] ?? 0) }))
}

function drawBlock(report: Report, { columns, widths }: Block, options: TextOptions): readonly string[] {
  const { emphasise = asIs, subdue = asIs } = options
  const labels = labelWidth(report)
  const units = unitWidth(report)
  const head = columns.map((column, place) => ` ${headOf(report, column).padStart(widths[place] ?? 0)}`)
  const lines = [subdue([`SCORE`.padEnd(labels), 'UNIT'.padEnd(units), ...head].join(GAP))]
  let group: string | undefined
  for (const row of report.table) {
    if (group !== undefined && row.group !== group) lines.push('')
    group = row.group
    const texts = scoreTexts(row)
    const best = bestColumns(row, report.contenders)
    const cells = columns.map((column, place) => {
      const isBest = best.includes(column)
      const cell = `${isBest ? '*' : ''}${texts[column] ?? '-'}`.padStart((widths[place] ?? 0) + 1)
      return isBest ? emphasise(cell) : cell
    })
    lines.push([row.label.padEnd(labels), subdue(row.unit.padEnd(units)), ...cells].join(GAP))
  }
  return lines
}

/** Who is out of competition stands in brackets. */
function headOf(report: Report, column: number): string {
  const contender = report.contenders[column]
  if (contender === undefined) return ''
  return contender.outOfCompetition === true ? `(${contender.name})` : contender.name
}

function columnWidth(report: Report, column: number): number {
  return widest([headOf(report, column), ...report.table.map(row => scoreTexts(row)[column] ?? '-')])
}

function labelWidth(report: Report): number {
  return widest(['SCORE', ...report.table.map((row: ScoreRow) => row.label)])
}

function unitWidth(report: Report): number {
  return widest(['UNIT', ...report.table.map((row: ScoreRow) => row.unit)])
}

function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, [...text].length), 0)
}
