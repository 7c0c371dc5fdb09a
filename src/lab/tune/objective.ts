/**
 * What a tuning is for: one measure as small as possible, and others that must stay within a bound. Every measure is one of the
 * scores of a replay, and of each less is better.
 *
 * Example: `parseObjective('cost, slo<=1%')` minimises the instance-hours (as a multiple of the oracle's) among the configurations that
 * lose or refuse at most 1 % of the demand; `lost<=now` allows as much as the file as it is loses.
 */

import { nearest } from '../../config/expression/nearest.ts'
import { parseDuration } from '../../config/expression/units.ts'
import { LabError } from '../lab-error.ts'
import type { Scores } from '../scores.ts'

export interface Measure {
  /** As it is written in an objective. */
  readonly name: string
  /** Behind its numbers: `%`, `x`, `h`, `ms`, or nothing. */
  readonly unit: string
  /** In a sentence: `it costs 1.4 x`. */
  readonly means: string
  read(scores: Scores): number
}

export interface Constraint {
  readonly measure: Measure
  /** `now`: no worse than the file as it is. */
  readonly most: number | 'now'
}

export interface Objective {
  readonly text: string
  readonly minimise: Measure
  readonly constraints: readonly Constraint[]
  /** What is set against what is minimised, in the table and the picture. */
  readonly against: Measure
}

/** A constraint whose bound is known. */
export interface Bound {
  readonly measure: Measure
  readonly most: number
}

export const USUAL_OBJECTIVE = 'cost, lost<=now'

const COST = measure('cost', 'x', "instance-hours, as a multiple of the oracle's", s => s.costVsOracleRatio)
const LOST = measure(
  'lost',
  '%',
  'share of the demand lost or refused',
  s => s.lostPercent + s.refusedPercent,
)

export const MEASURES: readonly Measure[] = [
  COST,
  LOST,
  measure('hours', 'h', 'instance-hours', s => s.instanceHours),
  measure('refused', '%', 'share of the demand refused', s => s.refusedPercent),
  measure('short', '%', 'share of the demand above ready capacity', s => s.demandShortPercent),
  measure('queued', '%', 'share of the time with a queue', s => s.timeQueuedPercent),
  measure('wait', 'ms', 'average wait', s => s.averageWaitMs),
  measure('actions', '', 'changes of the count', s => s.actions),
  measure('actions-per-day', '', 'changes of the count a day', s => s.actionsPerDay),
  measure('reversals', '', 'changes the other way than the one before', s => s.reversals),
  measure('under', '%', 'share of the time with too few (tau U)', s => s.tauUPercent),
  measure('over', '%', 'share of the time with too many (tau O)', s => s.tauOPercent),
  measure('shortfall', '%', 'average shortfall (theta U)', s => s.thetaUPercent),
  measure('surplus', '%', 'average surplus (theta O)', s => s.thetaOPercent),
  measure(
    'instability',
    '%',
    'share of steps in which supply and need part (upsilon)',
    s => s.upsilonPercent,
  ),
  measure('deviation', '%', 'all five measures of elasticity in one (sigma)', s => s.sigmaPercent),
]

/** Other names, and those of the scores themselves, in small letters. */
const ALIASES: Readonly<Record<string, string>> = {
  slo: 'lost',
  loss: 'lost',
  lostpercent: 'lost',
  refusedpercent: 'refused',
  demandshortpercent: 'short',
  timequeuedpercent: 'queued',
  averagewaitms: 'wait',
  instancehours: 'hours',
  costvsoracleratio: 'cost',
  actionsperday: 'actions-per-day',
  tauu: 'under',
  tauupercent: 'under',
  timeshortpercent: 'under',
  tauo: 'over',
  tauopercent: 'over',
  thetau: 'shortfall',
  thetaupercent: 'shortfall',
  thetao: 'surplus',
  thetaopercent: 'surplus',
  upsilon: 'instability',
  upsilonpercent: 'instability',
  sigma: 'deviation',
  sigmapercent: 'deviation',
}

/** @throws LabError PLM-743 */
export function parseObjective(text: string): Objective {
  const [first = '', ...rest] = text.split(',').map(part => part.trim())
  if (first === '') throw refused(text, 'it is empty')
  const constrained = /[<>=]/.exec(first)
  if (constrained !== null) {
    throw refused(text, `it begins with what is to be as small as possible, and "${first}" is a bound`)
  }
  const minimise = measureNamed(text, first)
  const constraints = rest.map(part => parseConstraint(text, part))
  const against = constraints[0]?.measure ?? (minimise === LOST ? COST : LOST)
  return { text, minimise, constraints, against: against === minimise ? otherThan(minimise) : against }
}

/** The bounds where `now` is what the file as it is comes to. */
export function boundsOf({ constraints }: Objective, asItIs: Scores): readonly Bound[] {
  return constraints.map(({ measure, most }) => ({
    measure,
    most: most === 'now' ? measure.read(asItIs) : most,
  }))
}

/** @param more digits after the point than usual */
export function measureText({ unit }: Measure, value: number, more = 0): string {
  const digits = value === 0 || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  const least = 10 ** -(2 + more)
  const isTiny = value !== 0 && Math.abs(value) < least / 2
  const said = isTiny ? `<${least.toFixed(2 + more)}` : value.toFixed(value === 0 ? 0 : digits + more)
  return unit === '' ? String(Number(value.toFixed(1 + more))) : `${said} ${unit}`
}

const MOST_MORE = 3

/** Two of one measure, with as many digits as it takes to tell them apart: `0.123 %` and `0.119 %`. */
export function measureTexts(
  measure: Measure,
  one: number,
  other: number,
): readonly [one: string, other: string] {
  const said = (more: number) => [measureText(measure, one, more), measureText(measure, other, more)] as const
  for (let more = 0; more < MOST_MORE; more += 1) {
    const [first, second] = said(more)
    if (first !== second) return [first, second]
  }
  const isAlike = Math.abs(one - other) <= 1e-4 * Math.max(Math.abs(one), Math.abs(other))
  return said(isAlike ? 0 : MOST_MORE)
}

export function boundText({ measure, most }: Constraint): string {
  return most === 'now'
    ? `${measure.name} no worse than now`
    : `${measure.name} <= ${plain(most)}${gap(measure)}`
}

function gap({ unit }: Measure): string {
  return unit === '' ? '' : ` ${unit}`
}

function plain(value: number): string {
  return String(Number(value.toPrecision(6)))
}

function parseConstraint(text: string, part: string): Constraint {
  const match = /^([\w-]+)\s*(<=|<|>=|>)\s*(\S+)$/.exec(part)
  if (match === null) {
    const isMeasure = MEASURES.some(({ name }) => name === part)
    throw refused(
      text,
      isMeasure
        ? `only one measure can be the smallest; give "${part}" a bound, as in ${part}<=1`
        : `"${part}" is no bound`,
    )
  }
  const [, name = '', sign = '', bound = ''] = match
  const measure = measureNamed(text, name)
  if (bound === 'now') return { measure, most: 'now' }
  const most = boundOf(text, measure, bound)
  if (sign.startsWith('<')) return { measure, most }
  // An objective of service is often said the other way round: 99 % of the demand are served.
  if (measure === LOST && most >= 50 && most <= 100)
    return { measure, most: Number((100 - most).toPrecision(12)) }
  throw refused(text, `of ${measure.name} less is better: write ${measure.name}<=${bound}`)
}

function boundOf(text: string, { name, unit }: Measure, written: string): number {
  const match = /^(\d+(?:\.\d+)?)(%|x|h|ms)?$/.exec(written)
  const isOwn = match !== null && (match[2] === undefined || match[2] === unit)
  if (isOwn) return Number(match[1])
  const ms = unit === 'ms' ? parseDuration(written) : null
  if (ms !== null) return ms
  throw refused(
    text,
    `"${written}" is no bound for ${name}${unit === '' ? '' : `, which is counted in ${unit}`}`,
  )
}

function measureNamed(text: string, name: string): Measure {
  const word = name.toLowerCase()
  const found = MEASURES.find(each => each.name === (ALIASES[word] ?? word))
  if (found !== undefined) return found
  const names = MEASURES.map(each => each.name)
  const meant = nearest(word, [...names, ...Object.keys(ALIASES)])
  const hint = meant === null ? '' : ` Did you mean ${meant}?`
  throw refused(text, `there is no measure "${name}".${hint} There is ${names.join(', ')}`)
}

function otherThan(measure: Measure): Measure {
  return measure === LOST ? COST : LOST
}

function measure(name: string, unit: string, means: string, read: Measure['read']): Measure {
  return { name, unit, means, read }
}

function refused(text: string, because: string): LabError {
  return new LabError(
    'PLM-743',
    `The objective "${text}" cannot be read: ${because}. Write the measure to minimise and bounds for others: "cost, slo<=1%".`,
  )
}
