/**
 * A backtest as a report: the fleet's own rules first, the others beside them, all scored alike.
 *
 * Example: `backtestReport(played, trace, { timeZone: 'UTC', pricePerHour: null }).title` is `web on nasa_http_1995_07`.
 */

import type { EpochMs } from '../../model/time.ts'
import { formatDate, formatMinute } from '../../pictures/zone-time.ts'
import type { Backtest } from '../backtest.ts'
import { BASELINES } from '../baselines/registry.ts'
import { scoresOf } from '../scores.ts'
import { bootQuantileMs } from '../service.ts'
import type { ServiceModel } from '../service-model.ts'
import { bootText, numberText, spanText } from '../span-text.ts'
import type { LoadTrace } from '../trace.ts'
import type { Fact, Report } from './report.ts'
import { scoreRows } from './score-rows.ts'

/** The boot time that an oracle is told where it is not constant. */
const USUAL_BOOT_SHARE = 0.5

export interface BacktestReportOptions {
  readonly timeZone: string
  readonly pricePerHour: number | null
}

export function backtestReport(
  { fleet, model, courses, notes }: Backtest,
  trace: LoadTrace,
  { timeZone, pricePerHour }: BacktestReportOptions,
): Report {
  const scores = courses.map(course => scoresOf(course, scoreSettingOf(model, pricePerHour)))
  return {
    title: `${fleet.name} on ${trace.name}`,
    subtitle: `${spanText(trace.length * trace.stepMs)} from ${dateText(trace.startAt, timeZone)} in bins of ${spanText(trace.stepMs)}; ${modelText(model)}`,
    timeZone,
    loadUnit: `per ${spanText(trace.stepMs)}`,
    facts: factsOf(model, trace, timeZone),
    notes,
    contenders: courses.map(({ name }, column) => ({
      name,
      outOfCompetition: column > 0 && isOutOfCompetition(name),
    })),
    table: scoreRows(scores),
    courses,
  }
}

export function scoreSettingOf(model: ServiceModel, pricePerHour: number | null) {
  return {
    perInstance: model.perInstance,
    bootMs: bootQuantileMs(model.boot, USUAL_BOOT_SHARE),
    pricePerHour,
  }
}

function isOutOfCompetition(name: string): boolean {
  return BASELINES.some(baseline => baseline.name === name.split(/=| /)[0] && baseline.outOfCompetition)
}

/** `1 Jul 1995 04:01 (UTC)` */
export function dateText(at: EpochMs, timeZone: string): string {
  return `${formatDate(at, timeZone)} ${formatMinute(at, timeZone)} (${timeZone})`
}

function modelText({ perInstance, boot }: ServiceModel): string {
  return `an instance serves ${numberText(perInstance)}, boots for ${bootText(boot)}`
}

function factsOf(model: ServiceModel, trace: LoadTrace, timeZone: string): readonly Fact[] {
  const { excess, warmupMs, warmupShare, drainMs, metricDelayMs, everyMs } = model
  return [
    {
      label: 'Record',
      value: `${trace.name}: ${trace.length} bins of ${spanText(trace.stepMs)} from ${dateText(trace.startAt, timeZone)}`,
    },
    { label: 'An instance serves', value: `${numberText(model.perInstance)} in ${spanText(trace.stepMs)}` },
    { label: 'Boot', value: bootText(model.boot) },
    ...(warmupMs > 0
      ? [{ label: 'Warm-up', value: `${spanText(warmupMs)} at ${Math.round(warmupShare * 100)} %` }]
      : []),
    {
      label: 'Excess',
      value:
        excess.kind === 'lost' ? 'is lost' : `waits for up to ${spanText(excess.longestMs)}, then is refused`,
    },
    ...(drainMs > 0 ? [{ label: 'Drain', value: spanText(drainMs) }] : []),
    ...(metricDelayMs > 0 ? [{ label: 'Metrics are late by', value: spanText(metricDelayMs) }] : []),
    { label: 'Decided', value: `every ${spanText(everyMs)}` },
  ]
}
