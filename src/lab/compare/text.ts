/**
 * A comparison for a terminal: the sentences, two tables, where the two differed, and what to know before believing it.
 *
 * Example:
 *
 *     web, and what Plimsoll recommended beside it
 *     7 days: 14 Nov 2026, 09:00 to 21 Nov 2026, 09:00 (UTC); 20160 ticks, one every 30 s
 *
 *                      they  Plimsoll
 *     instance-hours  672.0     679.0
 */

import { formatDay, formatMinute } from '../../pictures/zone-time.ts'
import { wrapped } from '../report/text.ts'
import { spanText } from '../span-text.ts'
import type { Comparison } from './comparison.ts'
import type { Disagreement } from './disagreements.ts'
import { FLAP_MS, type Side } from './sides.ts'
import { SPAN_KINDS } from './spans.ts'
import {
  countsText,
  KIND_WORDS,
  notesOf,
  percentText,
  stepText,
  subtitleOf,
  summaryOf,
  thenText,
  titleOf,
  weightiest,
  whenText,
} from './words.ts'

export interface TellComparison {
  readonly timeZone: string
  /** Letters across. */
  readonly width: number
  /** Disagreements and removals that are told, those that weigh most. */
  readonly most: number
  /** The command that plays a course of Plimsoll's own; `null`: it was played. */
  readonly replay: string | null
  readonly emphasise?: (text: string) => string
  readonly subdue?: (text: string) => string
}

const asIs = (text: string): string => text

/** Made to stand out, or to stand back, after what it says was made harmless. */
interface Line {
  readonly text: string
  readonly as: 'head' | 'quiet' | 'plain'
}

const plain = (text: string): Line => ({ text, as: 'plain' })
const head = (text: string): Line => ({ text, as: 'head' })
const quiet = (text: string): Line => ({ text, as: 'quiet' })

export function textComparison(comparison: Comparison, options: TellComparison): string {
  const { timeZone, width, replay, emphasise = asIs, subdue = asIs } = options
  const paragraph = (text: string): readonly Line[] =>
    wrapped(text, { width, first: '', next: '' }).map(plain)
  const notes = notesOf(comparison, replay, timeZone)
  const lines = [
    head(titleOf(comparison)),
    ...paragraph(subtitleOf(comparison, timeZone)),
    plain(''),
    ...summaryOf(comparison).flatMap(paragraph),
    plain(''),
    ...sidesTable(comparison).map(plain),
    plain(''),
    ...timesTable(comparison).map(plain),
    ...disagreementLines(comparison, options),
    ...removalLines(comparison, options),
    plain(''),
    ...notes.flatMap(note => wrapped(note, { width, first: '- ', next: '  ' }).map(plain)),
  ]
  const styles = { head: emphasise, quiet: subdue, plain: asIs }
  return `${lines.map(({ text, as }) => styles[as](printable(text))).join('\n')}\n`
}

/** Names come from files; what would move the cursor or turn the line around is shown as a mark. */
function printable(line: string): string {
  return line.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
}

export interface SideRow {
  readonly label: string
  readonly values: readonly [string, string]
  readonly means: string
}

export function sideRows({ theirs, ours }: Comparison): readonly SideRow[] {
  const row = (label: string, of: (side: Side) => string, means: string): SideRow => ({
    label,
    values: [of(theirs), of(ours)],
    means,
  })
  return [
    row('instance-hours', side => side.instanceHours.toFixed(1), 'Of the time compared.'),
    row('count', rangeText, 'The fewest and the most.'),
    row('changes', ({ changes }) => String(changes), 'How often it changed.'),
    row('flaps', ({ flaps }) => String(flaps), `Changes the other way within ${spanText(FLAP_MS)}.`),
  ]
}

function rangeText({ lowest, highest }: Side): string {
  if (lowest === null || highest === null) return '-'
  return lowest === highest ? String(lowest) : `${lowest}..${highest}`
}

function sidesTable(comparison: Comparison): readonly string[] {
  const rows = [
    ['', 'they', 'Plimsoll'],
    ...sideRows(comparison).map(({ label, values }) => [label, ...values]),
  ]
  return aligned(rows, ['left', 'right', 'right'])
}

export function timeRows({ timeMs, shares }: Comparison): readonly (readonly [string, string, string])[] {
  return SPAN_KINDS.filter(kind => timeMs[kind] > 0).map(kind => [
    KIND_WORDS[kind],
    percentText(shares[kind]),
    spanText(timeMs[kind]),
  ])
}

function timesTable(comparison: Comparison): readonly string[] {
  return aligned(timeRows(comparison), ['left', 'right', 'right'])
}

function aligned(
  rows: readonly (readonly string[])[],
  sides: readonly ('left' | 'right')[],
): readonly string[] {
  const widths = sides.map((_, column) =>
    rows.reduce((most, row) => Math.max(most, [...(row[column] ?? '')].length), 0),
  )
  return rows.map(row =>
    row
      .map((cell, column) =>
        sides[column] === 'left' ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
}

function disagreementLines(
  { disagreements }: Comparison,
  { most, timeZone, width }: TellComparison,
): readonly Line[] {
  if (disagreements.length === 0) return []
  const shown = weightiest(disagreements, most)
  const more = disagreements.length - shown.length
  return [
    plain(''),
    head(`Where they differ (${timeZone})`),
    ...shown.flatMap(one =>
      [
        `${whenText(one, timeZone)} (${spanText(one.to - one.from)})  ${countsText(one)}`,
        ...wrapped(one.because, { width, first: '  why   ', next: '        ' }),
        ...stepLines(one, width),
        ...wrapped(thenText(one), { width, first: '  then  ', next: '        ' }),
      ].map(plain),
    ),
    ...(more > 0
      ? [quiet(`and ${more} lesser ${more === 1 ? 'one' : 'ones'}: --limit, or --json for all`)]
      : []),
  ]
}

function stepLines(one: Disagreement, width: number): readonly string[] {
  const step = stepText(one)
  return step === null ? [] : wrapped(step, { width, first: '        ', next: '        ' })
}

/** Those with sessions. */
function removalLines({ removals }: Comparison, { most, timeZone }: TellComparison): readonly Line[] {
  const live = removals
    .filter(({ sessions }) => sessions === null || sessions > 0)
    .sort((a, b) => (b.sessions ?? 0) - (a.sessions ?? 0))
  if (live.length === 0) return []
  const shown = live.slice(0, most).sort((a, b) => a.at - b.at)
  const rows = shown.map(({ at, instance, sessions }) => [
    `${formatDay(at, timeZone)} ${formatMinute(at, timeZone)}`,
    instance,
    sessions === null ? 'its load was not known' : `${sessions} ${sessions === 1 ? 'session' : 'sessions'}`,
  ])
  const more = live.length - shown.length
  return [
    plain(''),
    head('Taken away with sessions on them'),
    ...aligned(rows, ['left', 'left', 'left']).map(plain),
    ...(more > 0 ? [quiet(`and ${more} more: --limit, or --json for all`)] : []),
  ]
}
