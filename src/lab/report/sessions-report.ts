/**
 * A replay of sessions as a report: who found no place, who was cut off (nobody may be), what it cost against the least that could
 * have held them, and how long instances took to drain.
 *
 * Example: `sessions lost 0`, `sessions refused 0 of 52,318`, `instance-hours above the bound 5.7 %`.
 */

import { repairsSaid } from '../caveats.ts'
import type { SessionBacktest } from '../session-backtest.ts'
import { bootText, spanText } from '../span-text.ts'
import { dateText } from './backtest-report.ts'
import type { Report, ScoreRow } from './report.ts'

export interface SessionsReportOptions {
  readonly timeZone: string
  readonly pricePerHour: number | null
}

export function sessionsReport(
  { name, trace, slotsPerInstance, model, score, assumed }: SessionBacktest,
  { timeZone, pricePerHour }: SessionsReportOptions,
): Report {
  const { course, sessions, refused, lost, instanceHours, boundHours, drainsMs, closes, reopens } = score
  const row = (
    key: string,
    label: string,
    unit: string,
    value: number | null,
    more: Partial<ScoreRow> = {},
  ): ScoreRow => ({
    key,
    label,
    unit,
    betterIs: 'lower',
    values: [value],
    ...more,
  })
  const service = { group: 'Service' }
  const cost = { group: 'Cost' }
  const calm = { group: 'Calm' }
  return {
    title: `${name} on ${trace.name}`,
    subtitle: `${trace.sessions.length} sessions in ${spanText(course.length * course.stepMs)} from ${dateText(trace.startAt, timeZone)}; an instance has ${slotsPerInstance} slots, boots for ${bootText(model.boot)}`,
    timeZone,
    loadUnit: 'slots in use',
    facts: [
      {
        label: 'Record',
        value: `${trace.name}: ${trace.sessions.length} sessions from ${dateText(trace.startAt, timeZone)}`,
      },
      { label: 'An instance holds', value: `${slotsPerInstance} sessions` },
      { label: 'Boot', value: bootText(model.boot) },
      { label: 'Played', value: 'one by one through the session broker and the production tick' },
    ],
    notes: [
      'The least possible is the fewest instances that could hold the sessions of each moment, their reserve, and the lowest count.',
      ...assumed,
      ...repairsSaid(trace.repairs),
    ],
    contenders: [{ name }],
    table: [
      row('sessionsPlaced', 'sessions placed', '', sessions, { ...service, betterIs: 'neither' }),
      row('sessionsRefused', 'sessions refused', '', refused, {
        ...service,
        isHeadline: true,
        means: 'Found no place in the time they wait.',
      }),
      row('sessionsLost', 'sessions lost', '', lost, {
        ...service,
        isHeadline: true,
        means: 'Ended with their instance. There may be none.',
      }),
      row('instanceHours', 'instance-hours', 'h', instanceHours, cost),
      ...(pricePerHour === null ? [] : [row('price', 'price', '', instanceHours * pricePerHour, cost)]),
      row(
        'wastePercent',
        'above the least possible',
        '%',
        boundHours === 0 ? null : 100 * (instanceHours / boundHours - 1),
        {
          ...cost,
          isHeadline: true,
          means:
            'Instance-hours above the fewest that could hold the sessions and their reserve at each moment.',
        },
      ),
      row('drainP50S', 'drain, half within', 's', quantile(drainsMs, 0.5), calm),
      row('drainP95S', 'drain, 95 % within', 's', quantile(drainsMs, 0.95), calm),
      row('closes', 'instances closed', '', closes, calm),
      row('reopens', 'instances reopened', '', reopens, { ...calm, betterIs: 'neither' }),
      row('ticksPerSecond', 'decisions a second', '', (1000 * course.ticks) / course.elapsedMs, {
        group: 'Replay',
        betterIs: 'neither',
        decimals: 0,
        isAside: true,
      }),
    ],
    courses: [course],
  }
}

function quantile(sorted: readonly number[], share: number): number | null {
  const ms = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
  return ms === undefined ? null : Math.round(ms / 1_000)
}
