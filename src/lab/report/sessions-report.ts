/**
 * A replay of sessions as a report: who found no place, who was cut off (nobody may be), what it cost against the least that could
 * have held them, and how long instances took to drain.
 *
 * Example: `sessions lost 0`, `sessions refused 0 of 52,318`, `instance-hours above the bound 5.7 %`.
 */

import { boundSaid, repairsSaid } from '../caveats.ts'
import type { Course } from '../course.ts'
import type { SessionBacktest } from '../session-backtest.ts'
import { bootText, spanText } from '../span-text.ts'
import { dateText } from './backtest-report.ts'
import type { Report, ScoreRow } from './report.ts'

export interface SessionsReportOptions {
  readonly timeZone: string
  readonly pricePerHour: number | null
}

export function sessionsReport(played: SessionBacktest, options: SessionsReportOptions): Report {
  const { name, trace, slotsPerInstance, model, score, assumed } = played
  const { timeZone, pricePerHour } = options
  const { course } = score
  const begun = dateText(trace.startAt, timeZone)
  const sessions = `${trace.sessions.length} sessions`
  const span = spanText(course.length * course.stepMs)
  const boot = bootText(model.boot)
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
    notes: [LEAST_POSSIBLE, ...assumed, ...boundSaid(course), ...repairsSaid(trace.repairs)],
    contenders: [{ name }],
    table: [...serviceRows(score), ...costRows(score, pricePerHour), ...calmRows(score), speedRow(course)],
    courses: [course],
  }
}

const LEAST_POSSIBLE =
  'The least possible is the fewest instances that could hold the sessions of each moment, their reserve, and the lowest count.'

type Score = SessionBacktest['score']

function serviceRows({ sessions, refused, lost }: Score): readonly ScoreRow[] {
  const group = 'Service'
  return [
    row('sessionsPlaced', 'sessions placed', sessions, { group, betterIs: 'neither' }),
    row('sessionsRefused', 'sessions refused', refused, {
      group,
      isHeadline: true,
      means: 'Found no place in the time they wait.',
    }),
    row('sessionsLost', 'sessions lost', lost, {
      group,
      isHeadline: true,
      means: 'Ended with their instance. There may be none.',
    }),
  ]
}

function costRows({ instanceHours, boundHours }: Score, pricePerHour: number | null): readonly ScoreRow[] {
  const group = 'Cost'
  const waste = boundHours === 0 ? null : 100 * (instanceHours / boundHours - 1)
  return [
    row('instanceHours', 'instance-hours', instanceHours, { group, unit: 'h' }),
    ...(pricePerHour === null ? [] : [row('price', 'price', instanceHours * pricePerHour, { group })]),
    row('wastePercent', 'above the least possible', waste, {
      group,
      unit: '%',
      isHeadline: true,
      means: 'Instance-hours above the fewest that could hold the sessions and their reserve at each moment.',
    }),
  ]
}

function calmRows({ drainsMs, closes, reopens }: Score): readonly ScoreRow[] {
  const group = 'Calm'
  return [
    row('drainP50S', 'drain, half within', quantile(drainsMs, 0.5), { group, unit: 's' }),
    row('drainP95S', 'drain, 95 % within', quantile(drainsMs, 0.95), { group, unit: 's' }),
    row('closes', 'instances closed', closes, { group }),
    row('reopens', 'instances reopened', reopens, { group, betterIs: 'neither' }),
  ]
}

function speedRow({ ticks, elapsedMs }: Course): ScoreRow {
  return row('ticksPerSecond', 'decisions a second', (1000 * ticks) / elapsedMs, {
    group: 'Replay',
    betterIs: 'neither',
    decimals: 0,
    isAside: true,
  })
}

/** Of the one contender there is. */
function row(key: string, label: string, value: number | null, more: Partial<ScoreRow> = {}): ScoreRow {
  return { key, label, unit: '', betterIs: 'lower', values: [value], ...more }
}

function quantile(sorted: readonly number[], share: number): number | null {
  const ms = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
  return ms === undefined ? null : Math.round(ms / 1_000)
}
