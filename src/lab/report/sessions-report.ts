/**
 * A replay of sessions as a report: who found no place, who was cut off (nobody may be), what it cost against the least that could
 * have held them, and how long instances took to drain.
 *
 * Example: `sessions lost 0`, `sessions refused 0 of 52,318`, `instance-hours above the bound 5.7 %`.
 */

import { boundSaid, repairsSaid } from '../caveats.ts'
import type { Course } from '../course.ts'
import { partingsOf } from '../parting.ts'
import { AS_RECORDED } from '../recorded-course.ts'
import { instancesCourse } from '../recorded-instances-course.ts'
import type { SessionBacktest } from '../session-backtest.ts'
import { bootText, numberText, spanText } from '../span-text.ts'
import { counted } from '../traces/repair-notes.ts'
import { dateText } from './backtest-report.ts'
import { type ComparedReport, type DiffReportOptions, MET_MS, partingsText } from './diff-report.ts'
import { AFTER, BEFORE } from './parting-text.ts'
import type { Report, ScoreRow } from './report.ts'

export interface SessionsReportOptions {
  readonly timeZone: string
  readonly pricePerHour: number | null
}

export function sessionsReport(played: SessionBacktest, options: SessionsReportOptions): Report {
  return reportOf(played, options, averagesOf(played, [{ name: 'now', score: played.score }]))
}

function reportOf(
  played: SessionBacktest,
  options: SessionsReportOptions,
  averages: readonly string[],
): Report {
  const { name, trace, slotsPerInstance, model, score, assumed } = played
  const { timeZone, pricePerHour } = options
  const { course } = score
  const begun = dateText(trace.startAt, timeZone)
  const sessions = counted(trace.sessions.length, 'session')
  const span = spanText(course.length * course.stepMs)
  const boot = bootText(model.boot)
  const then = recordedOf(played)
  return {
    title: `${name} on ${trace.name}`,
    subtitle: `${sessions} in ${span} from ${begun}; an instance has ${slotsPerInstance} slots, boots for ${boot}`,
    timeZone,
    loadUnit: 'slots in use',
    facts: [
      { label: 'Record', value: `${trace.name}: ${sessions} from ${begun}` },
      { label: 'An instance holds', value: `${slotsPerInstance} sessions` },
      { label: 'Boot', value: boot },
      { label: 'Played', value: 'one by one through the session broker and the production tick' },
    ],
    notes: [
      LEAST_POSSIBLE,
      ...averages,
      ...assumed,
      ...boundSaid(course),
      ...(trace.recorded?.notes ?? []),
      ...repairsSaid(trace.repairs),
    ],
    contenders: [{ name }, ...then.map(() => ({ name: AS_RECORDED }))],
    table: rowsOf([score, ...then], pricePerHour),
    courses: [course, ...then.map(recorded => recorded.course)],
  }
}

/** What really happened, where that is known: who had found no place then is not. */
function recordedOf({ trace, score }: SessionBacktest): readonly Score[] {
  if (trace.recorded === undefined) return []
  const course = instancesCourse(trace.recorded, score.course)
  const hours = course.paid.reduce((sum, count) => sum + (count || 0), 0) * (course.stepMs / 3_600_000)
  return [{ sessions: trace.sessions.length, lost: trace.recorded.lost, instanceHours: hours, course }]
}

function averageSaid(paid: Float64Array, when: string): string {
  const known = paid.filter(count => !Number.isNaN(count))
  return `${numberText(known.reduce((sum, count) => sum + count, 0) / known.length)} ${when}`
}

/** Beside what there were then; where that is not known the hours say it. */
function averagesOf(
  played: SessionBacktest,
  by: readonly { readonly name: string; readonly score: Score }[],
): readonly string[] {
  const then = recordedOf(played).map(score => ({ name: AS_RECORDED, score }))
  if (then.length === 0) return []
  const said = [...then, ...by].map(({ name, score }) => averageSaid(score.course.paid, name))
  return [`Instances on average, from the order to the end: ${said.join(', ')}.`]
}

const LEAST_POSSIBLE =
  'The least possible is the fewest instances that could hold the sessions of each moment, their reserve, and the lowest count.'

/** Two sets of rules over the same sessions: their scores side by side, and where they part. */
export function sessionsDiffReport(
  before: SessionBacktest,
  after: SessionBacktest,
  options: DiffReportOptions,
): ComparedReport {
  const averages = averagesOf(after, [
    { name: BEFORE, score: before.score },
    { name: AFTER, score: after.score },
  ])
  const told = reportOf(after, options, averages)
  const [old, next] = [before.score.course, after.score.course]
  const partings = partingsOf(old, next, options.mostPartings, MET_MS)
  return {
    ...told,
    title: `${told.title}: before and after`,
    notes: [partingsText(partings), OWN_LEAST, ...told.notes],
    contenders: [{ name: AFTER }, { name: BEFORE }],
    table: rowsOf([after.score, before.score], options.pricePerHour).map(comparable),
    courses: [
      { ...next, name: AFTER },
      { ...old, name: BEFORE },
    ],
    comparison: { changes: options.changes, partings },
  }
}

const OWN_LEAST =
  'With another reserve the least possible is another: each is held against its own, and the picture shows that of after.'

/** What is held against two different bounds says nothing of which is better; the hours do. */
function comparable(row: ScoreRow): ScoreRow {
  if (row.key === 'wastePercent') return { ...row, betterIs: 'neither', isHeadline: false }
  return row.key === 'instanceHours' ? { ...row, isHeadline: true } : row
}

/** Of what really happened only some is known. */
type Score = Partial<Omit<SessionBacktest['score'], 'course'>> & { readonly course: Course }
type Row = Omit<ScoreRow, 'values' | 'unit' | 'betterIs'> &
  Partial<Pick<ScoreRow, 'unit' | 'betterIs'>> & { readonly read: (score: Score) => number | null }

const ROWS: readonly Row[] = [
  {
    key: 'sessionsPlaced',
    label: 'sessions placed',
    group: 'Service',
    betterIs: 'neither',
    read: ({ sessions = null }) => sessions,
  },
  {
    key: 'sessionsRefused',
    label: 'sessions refused',
    group: 'Service',
    isHeadline: true,
    means: 'Found no place in the time they wait.',
    read: ({ refused = null }) => refused,
  },
  {
    key: 'sessionsLost',
    label: 'sessions lost',
    group: 'Service',
    isHeadline: true,
    means: 'Ended with their instance. There may be none.',
    read: ({ lost = null }) => lost,
  },
  {
    key: 'instanceHours',
    label: 'instance-hours',
    unit: 'h',
    group: 'Cost',
    read: ({ instanceHours = null }) => instanceHours,
  },
  {
    key: 'wastePercent',
    label: 'above the least possible',
    unit: '%',
    group: 'Cost',
    isHeadline: true,
    means: 'Instance-hours above the fewest that could hold the sessions and their reserve at each moment.',
    read: ({ instanceHours = 0, boundHours = 0 }) =>
      boundHours === 0 ? null : 100 * (instanceHours / boundHours - 1),
  },
  {
    key: 'drainP50S',
    label: 'drain, half within',
    unit: 's',
    group: 'Calm',
    read: ({ drainsMs }) => quantile(drainsMs, 0.5),
  },
  {
    key: 'drainP95S',
    label: 'drain, 95 % within',
    unit: 's',
    group: 'Calm',
    read: ({ drainsMs }) => quantile(drainsMs, 0.95),
  },
  { key: 'closes', label: 'instances closed', group: 'Calm', read: ({ closes = null }) => closes },
  {
    key: 'reopens',
    label: 'instances reopened',
    group: 'Calm',
    betterIs: 'neither',
    read: ({ reopens = null }) => reopens,
  },
  {
    key: 'ticksPerSecond',
    label: 'decisions a second',
    group: 'Replay',
    betterIs: 'neither',
    decimals: 0,
    isAside: true,
    read: ({ course: { ticks, elapsedMs } }) => (elapsedMs === 0 ? null : (1000 * ticks) / elapsedMs),
  },
]

/** A price stands below the hours it is of. */
function rowsOf(scores: readonly Score[], pricePerHour: number | null): readonly ScoreRow[] {
  const price: Row = {
    key: 'price',
    label: 'price',
    group: 'Cost',
    read: ({ instanceHours = 0 }) => instanceHours * (pricePerHour ?? 0),
  }
  const rows = ROWS.flatMap(row =>
    row.key === 'instanceHours' && pricePerHour !== null ? [row, price] : [row],
  )
  return rows.map(({ read, ...row }) => ({ unit: '', betterIs: 'lower', ...row, values: scores.map(read) }))
}

function quantile(sorted: readonly number[] = [], share: number): number | null {
  const ms = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
  return ms === undefined ? null : Math.round(ms / 1_000)
}
