/**
 * What a replay has to say, before it is known whether it is read as a table in a terminal, as a picture, as a page or as
 * JSON: who stood beside whom, how each scored, what became of each fleet, and how far all that may be trusted.
 *
 * Example: two contenders, `web` and `hpa`, and the row `{ label: 'lost', unit: '%', betterIs: 'lower', values: [0.42, 1.3] }`:
 * the page sets 0.42 in bold.
 */
import type { Course } from '../course.ts'
import type { Partings } from '../parting.ts'

export interface Report {
  /** What was replayed on what: `web on nasa_http_1995_07`. */
  readonly title: string
  /** One line under it; empty for none. */
  readonly subtitle: string
  /** IANA name; all times are told in it. */
  readonly timeZone: string
  /** Of the load, for people: `requests a minute`. */
  readonly loadUnit: string
  /** How it was replayed: the trace, the service model. */
  readonly facts: readonly Fact[]
  /** What a reader must know before believing it, a sentence each: repairs, censoring, trust. */
  readonly notes: readonly string[]
  /** The columns of the table, in order. The first is the operator's own. */
  readonly contenders: readonly ReportColumn[]
  readonly table: readonly ScoreRow[]
  /** All of one length over one time, the operator's own first. Not every contender needs one. */
  readonly courses: readonly Course[]
  /** Where two sets of rules are held against each other. */
  readonly comparison?: Comparison
}

/** What two sets of rules say differently, and where that parts them. */
export interface Comparison {
  /** A sentence each; the rest of a change is for programs. */
  readonly changes: readonly Change[]
  readonly partings: Partings
}

export interface Change {
  readonly text: string
}

export interface Fact {
  readonly label: string
  readonly value: string
}

export interface ReportColumn {
  readonly name: string
  /**
   * What no autoscaler could be: it knows the future, or does not react at all. It stands beside the others and is never
   * "the best".
   */
  readonly outOfCompetition?: boolean
}

export interface ScoreRow {
  /** For programs, with the unit in it: `lostPercent`. */
  readonly key: string
  readonly label: string
  /** As written behind a number: `%`, `h`, `x`; empty for counts. */
  readonly unit: string
  readonly betterIs: 'lower' | 'higher' | 'neither'
  /** One per column; `null` where it means nothing for that contender. */
  readonly values: readonly (number | null)[]
  /** Rows of one heading stand together: `Service`, `Cost`, `Elasticity`. */
  readonly group?: string
  /** One of the few numbers that stand large at the top of the page. */
  readonly isHeadline?: boolean
  /** Of the replay rather than of who was replayed: in a terminal below the table, of the operator's own only. */
  readonly isAside?: boolean
  /** Of the numbers, after the point; where it is left out, as many as the row's largest needs. */
  readonly decimals?: number
  /** One sentence for who does not know the score. */
  readonly means?: string
}
