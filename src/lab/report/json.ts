/**
 * The report for programs: every score under its key and by contender, every decision with its steps in words, and bin by bin
 * what became of each fleet where it is asked for.
 *
 * Example: `{ "scores": { "lostPercent": { "unit": "%", "betterIs": "lower", "values": { "web": 0.42, "hpa": 1.3 } } }, ... }`.
 */
import { explainDecision } from '../../engine/explain.ts'
import type { Interval } from '../../model/time.ts'
import type { Course, CourseDecision } from '../course.ts'
import type { Partings } from '../parting.ts'
import type { Change, Report, ScoreRow } from './report.ts'

export interface JsonOptions {
  /** With the arrays of every course, one number per bin; `null` is a gap. */
  readonly bins?: boolean
  /** With what each decision looked at, in words. Default true. */
  readonly steps?: boolean
}

export interface JsonReport {
  readonly title: string
  readonly subtitle: string
  readonly timeZone: string
  readonly loadUnit: string
  readonly facts: Readonly<Record<string, string>>
  readonly notes: readonly string[]
  readonly contenders: readonly { readonly name: string; readonly outOfCompetition: boolean }[]
  readonly scores: Readonly<Record<string, JsonScore>>
  readonly courses: readonly JsonCourse[]
  /** Of two sets of rules. */
  readonly changes?: readonly Change[]
  readonly partings?: JsonPartings
}

export interface JsonPartings {
  readonly count: number
  readonly sameRatio: number
  readonly listed: readonly JsonParting[]
}

export interface JsonParting extends JsonInterval {
  readonly before: number
  readonly after: number
  readonly widest: number
  readonly beforeSaid: string | null
  readonly afterSaid: string | null
}

export interface JsonScore {
  readonly label: string
  readonly unit: string
  readonly betterIs: ScoreRow['betterIs']
  /** By the contender's name. */
  readonly values: Readonly<Record<string, number | null>>
}

export interface JsonCourse {
  readonly name: string
  readonly from: string
  readonly to: string
  readonly stepMs: number
  readonly length: number
  readonly ticks: number
  readonly elapsedMs: number
  readonly censored: readonly JsonInterval[]
  readonly doubtful: readonly JsonInterval[]
  readonly decisions: readonly JsonDecision[]
  readonly bins?: Readonly<Record<Series, readonly (number | null)[]>>
}

export interface JsonInterval {
  readonly from: string
  readonly to: string
}

export interface JsonDecision {
  readonly at: string
  readonly from: number
  readonly to: number
  readonly rule: string | null
  readonly because: string
  readonly steps?: readonly string[]
}

const SERIES = [
  'load',
  'served',
  'lost',
  'refused',
  'backlog',
  'needed',
  'ready',
  'paid',
  'desired',
  'lowest',
  'highest',
] as const
type Series = (typeof SERIES)[number]

export function jsonReport(report: Report, options: JsonOptions = {}): JsonReport {
  const { title, subtitle, timeZone, loadUnit, facts, notes, contenders, table, courses, comparison } = report
  return {
    title,
    subtitle,
    timeZone,
    loadUnit,
    facts: Object.fromEntries(facts.map(({ label, value }) => [label, value])),
    notes,
    contenders: contenders.map(({ name, outOfCompetition = false }) => ({ name, outOfCompetition })),
    scores: Object.fromEntries(table.map(row => [row.key, scoreOf(row, report)])),
    courses: courses.map(course => courseOf(course, options)),
    ...(comparison === undefined
      ? {}
      : { changes: comparison.changes, partings: partingsOf(comparison.partings) }),
  }
}

function partingsOf({ count, sameRatio, listed }: Partings): JsonPartings {
  return {
    count,
    sameRatio,
    listed: listed.map(({ from, to, before, after, widest, beforeSaid, afterSaid }) => ({
      ...intervalOf({ from, to }),
      before,
      after,
      widest,
      beforeSaid: beforeSaid?.because ?? null,
      afterSaid: afterSaid?.because ?? null,
    })),
  }
}

function scoreOf({ label, unit, betterIs, values }: ScoreRow, { contenders }: Report): JsonScore {
  const byName = contenders.map(({ name }, column) => [name, finite(values[column])] as const)
  return { label, unit, betterIs, values: Object.fromEntries(byName) }
}

function courseOf(course: Course, { bins = false, steps = true }: JsonOptions): JsonCourse {
  const { name, startAt, stepMs, length, ticks, elapsedMs } = course
  return {
    name,
    from: isoOf(startAt),
    to: isoOf(startAt + stepMs * length),
    stepMs,
    length,
    ticks,
    elapsedMs,
    censored: course.censored.map(intervalOf),
    doubtful: course.doubtful.map(intervalOf),
    decisions: course.decisions.map(decision => decisionOf(decision, steps)),
    ...(bins ? { bins: binsOf(course) } : {}),
  }
}

function binsOf(course: Course): Record<Series, readonly (number | null)[]> {
  const numbers = (series: Series) => Array.from(course[series], finite)
  return {
    load: numbers('load'),
    served: numbers('served'),
    lost: numbers('lost'),
    refused: numbers('refused'),
    backlog: numbers('backlog'),
    needed: numbers('needed'),
    ready: numbers('ready'),
    paid: numbers('paid'),
    desired: numbers('desired'),
    lowest: numbers('lowest'),
    highest: numbers('highest'),
  }
}

function decisionOf(made: CourseDecision, steps: boolean): JsonDecision {
  const { at, from, to, rule, because, decision } = made
  const told = steps && decision !== null ? { steps: explainDecision(decision) } : {}
  return { at: isoOf(at), from, to, rule, because, ...told }
}

/** JSON knows neither gaps nor the infinite; "no highest" is the largest whole number inside. */
function finite(value: number | null | undefined): number | null {
  if (value === undefined || value === null) return null
  return Number.isFinite(value) && value < Number.MAX_SAFE_INTEGER ? value : null
}

function intervalOf({ from, to }: Interval): JsonInterval {
  return { from: isoOf(from), to: isoOf(to) }
}

function isoOf(at: number): string {
  return new Date(at).toISOString()
}
