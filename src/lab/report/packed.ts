/**
 * What the page is given: a header as JSON, and behind it the bytes of every series in the order of the header. All of it
 * deflated, then in base64, in one block of the document.
 *
 * Example: the block of 30 days by the minute with three contenders is some 400 kB.
 */
import type { SeriesHead } from './series-bytes.ts'

/** Of each contender, in this order. */
export const PACKED_SERIES = ['ready', 'paid', 'lost', 'refused', 'backlog', 'lowest', 'highest'] as const
export type PackedSeries = (typeof PACKED_SERIES)[number]

export interface Packed {
  readonly timeZone: string
  readonly loadUnit: string
  readonly startAt: number
  readonly stepMs: number
  readonly length: number
  /** In bins since the beginning. */
  readonly censored: readonly PackedStretch[]
  readonly doubtful: readonly PackedStretch[]
  /** The same for all. */
  readonly load: SeriesHead
  readonly needed: SeriesHead
  readonly contenders: readonly PackedContender[]
  /** Every sentence and name once; the rest of the header gives its place in here. */
  readonly words: readonly string[]
}

export type PackedStretch = readonly [from: number, to: number]

export interface PackedContender {
  readonly name: string
  /** Whether its line is there before one asks for it. */
  readonly isShown: boolean
  readonly series: Readonly<Record<PackedSeries, SeriesHead>>
  readonly decisions: readonly PackedDecision[]
  /** Decisions that were left out. */
  readonly more: number
}

/** When (milliseconds since the beginning), from, to, the rule (-1 for none), why, and the steps, the last three as words. */
export type PackedDecision = readonly [
  afterMs: number,
  from: number,
  to: number,
  rule: number,
  because: number,
  steps: readonly number[],
]
