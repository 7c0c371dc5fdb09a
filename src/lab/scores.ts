/**
 * What a course is worth: who was served, what it cost, and how well supply followed demand. Plain numbers with their units in
 * the names; bins that are gaps do not count.
 *
 * Elasticity by the measures of the SPEC Research Group (N. Herbst et al., "Ready for Rain? A View from SPEC Research on the Future of
 * Cloud Metrics", 2016; A. Ilyushkin et al., TOMPECS 2018; A. Bauer et al., "Chameleon", TPDS 2019): accuracy (theta) is the average
 * shortfall or surplus as a share of what is needed, timeshare (tau) how often there is one, instability (upsilon) how often supply
 * and need do not move the same way, and the deviation (sigma) is the 5-norm of these five.
 *
 * Example: needed 2 2 4 4, ready 2 3 3 4: short in one bin of four by a quarter, thetaU = 6.25 %, tauU = 25 %; above in one by a half,
 * thetaO = 12.5 %, tauO = 25 %; of three steps they agree in none, upsilon = 100 %.
 */
import type { Course, CourseDecision } from './course.ts'
import { oracleInstanceBins } from './oracle.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
/** Averages over a bin come with rounding dust. */
const ALIKE = 1e-9
/** Order of the norm in the deviation, as published. */
const NORM = 5
/** The speedup divides by measures that may be nothing: no less than this, in percent. */
const LEAST_PERCENT = 0.1

export interface ScoreSetting {
  /** What one ready instance serves in a bin. */
  readonly perInstance: number
  readonly bootMs: number
  /** Of one instance-hour, in any currency; `null`: nobody said. */
  readonly pricePerHour: number | null
}

export interface Scores {
  /** Share of the time in which fewer were ready than needed. */
  readonly timeShortPercent: number
  /** Share of the load that exceeded the ready capacity of its moment, whatever became of it. */
  readonly demandShortPercent: number
  readonly timeQueuedPercent: number
  /** Over all load, by Little's law. */
  readonly averageWaitMs: number
  readonly refusedPercent: number
  readonly lostPercent: number
  readonly instanceHours: number
  /** Of what the load needed in each bin, with no boot times. */
  readonly neededInstanceHours: number
  readonly oracleInstanceHours: number
  readonly price: number | null
  readonly costVsNeededRatio: number
  readonly costVsOracleRatio: number
  readonly costVsStaticPeakRatio: number
  readonly thetaUPercent: number
  readonly thetaOPercent: number
  readonly tauUPercent: number
  readonly tauOPercent: number
  readonly upsilonPercent: number
  readonly sigmaPercent: number
  /** Decisions that changed the count. */
  readonly actions: number
  readonly actionsPerDay: number
  /** Actions the other way than the one before. */
  readonly reversals: number
  /** `null` where nobody looked at the clock. */
  readonly ticksPerSecond: number | null
}

export function scoresOf(course: Course, setting: ScoreSetting): Scores {
  const { stepMs, decisions, ticks, elapsedMs } = course
  const service = serviceOf(course, setting)
  const elasticity = elasticityOf(course)
  const hoursPerBin = stepMs / HOUR_MS
  const { bins, paid, needed, highest } = service
  const oracle = oracleInstanceBins(course.needed, Math.ceil(setting.bootMs / stepMs))
  const actions = decisions.filter(({ from, to }) => from !== to)
  const days = (course.length * stepMs) / DAY_MS
  return {
    timeShortPercent: elasticity.tauUPercent,
    demandShortPercent: percentOf(service.short, service.load),
    timeQueuedPercent: percentOf(service.queuedBins, bins),
    averageWaitMs: service.load === 0 ? 0 : (service.backlog * stepMs) / service.load,
    refusedPercent: percentOf(service.refused, service.load),
    lostPercent: percentOf(service.lost, service.load),
    instanceHours: paid * hoursPerBin,
    neededInstanceHours: needed * hoursPerBin,
    oracleInstanceHours: oracle * hoursPerBin,
    price: setting.pricePerHour === null ? null : paid * hoursPerBin * setting.pricePerHour,
    costVsNeededRatio: paid / needed,
    costVsOracleRatio: paid / oracle,
    costVsStaticPeakRatio: paid / (highest * bins),
    ...elasticity,
    actions: actions.length,
    actionsPerDay: actions.length / days,
    reversals: reversalsOf(actions),
    ticksPerSecond: elapsedMs > 0 ? (1000 * ticks) / elapsedMs : null,
  }
}

/**
 * How many times as elastic one is as another, by the geometric mean of how much better its accuracies and timeshares are; none
 * counts as less than 0.1 %.
 *
 * Example: half the shortfall, a quarter of the surplus, the same times: (2 * 4 * 1 * 1) ^ 1/4 = 1.68.
 */
export function elasticSpeedup(one: Elasticity, other: Elasticity): number {
  const better = (mine: number, theirs: number): number =>
    Math.max(theirs, LEAST_PERCENT) / Math.max(mine, LEAST_PERCENT)
  const product =
    better(one.thetaUPercent, other.thetaUPercent) *
    better(one.thetaOPercent, other.thetaOPercent) *
    better(one.tauUPercent, other.tauUPercent) *
    better(one.tauOPercent, other.tauOPercent)
  return product ** 0.25
}

export type Elasticity = Pick<
  Scores,
  'thetaUPercent' | 'thetaOPercent' | 'tauUPercent' | 'tauOPercent' | 'upsilonPercent' | 'sigmaPercent'
>

interface Service {
  bins: number
  load: number
  short: number
  refused: number
  lost: number
  queuedBins: number
  backlog: number
  paid: number
  needed: number
  /** Most needed in a bin. */
  highest: number
}

function serviceOf(course: Course, { perInstance }: ScoreSetting): Service {
  const sums: Service = {
    bins: 0,
    load: 0,
    short: 0,
    refused: 0,
    lost: 0,
    queuedBins: 0,
    backlog: 0,
    paid: 0,
    needed: 0,
    highest: 0,
  }
  for (let bin = 0; bin < course.length; bin += 1) {
    const load = course.load[bin] ?? Number.NaN
    if (Number.isNaN(load)) continue
    const needed = course.needed[bin] ?? 0
    const backlog = course.backlog[bin] ?? 0
    sums.bins += 1
    sums.load += load
    sums.short += Math.max(0, load - (course.ready[bin] ?? 0) * perInstance)
    sums.refused += course.refused[bin] ?? 0
    sums.lost += course.lost[bin] ?? 0
    sums.queuedBins += backlog > ALIKE ? 1 : 0
    sums.backlog += backlog
    sums.paid += course.paid[bin] ?? 0
    sums.needed += needed
    sums.highest = Math.max(sums.highest, needed)
  }
  return sums
}

/** @param course only what was needed and what was ready */
export function elasticityOf({ needed, ready }: Pick<Course, 'needed' | 'ready'>): Elasticity {
  let bins = 0
  let steps = 0
  let short = 0
  let above = 0
  let shortBins = 0
  let aboveBins = 0
  let apart = 0
  let neededBefore = Number.NaN
  let readyBefore = Number.NaN
  for (let bin = 0; bin < needed.length; bin += 1) {
    const need = needed[bin] ?? Number.NaN
    const have = ready[bin] ?? 0
    if (!Number.isNaN(need)) {
      const surplus = Math.abs(have - need) < ALIKE ? 0 : have - need
      bins += 1
      short += Math.max(0, -surplus) / need
      above += Math.max(0, surplus) / need
      shortBins += surplus < 0 ? 1 : 0
      aboveBins += surplus > 0 ? 1 : 0
      if (!Number.isNaN(neededBefore)) {
        steps += 1
        apart += directionOf(need - neededBefore) === directionOf(have - readyBefore) ? 0 : 1
      }
    }
    neededBefore = need
    readyBefore = have
  }
  const thetaUPercent = percentOf(short, bins)
  const thetaOPercent = percentOf(above, bins)
  const tauUPercent = percentOf(shortBins, bins)
  const tauOPercent = percentOf(aboveBins, bins)
  const upsilonPercent = percentOf(apart, steps)
  const parts = [thetaUPercent, thetaOPercent, tauUPercent, tauOPercent, upsilonPercent]
  const sigmaPercent = parts.reduce((sum, part) => sum + part ** NORM, 0) ** (1 / NORM)
  return { thetaUPercent, thetaOPercent, tauUPercent, tauOPercent, upsilonPercent, sigmaPercent }
}

function directionOf(change: number): number {
  return Math.abs(change) < ALIKE ? 0 : Math.sign(change)
}

function reversalsOf(actions: readonly CourseDecision[]): number {
  let reversals = 0
  let before = 0
  for (const { from, to } of actions) {
    const direction = Math.sign(to - from)
    if (before !== 0 && direction !== before) reversals += 1
    before = direction
  }
  return reversals
}

function percentOf(part: number, whole: number): number {
  return whole === 0 ? 0 : (100 * part) / whole
}
