/**
 * What a reader must know of a replay before believing it, a sentence each: which column is what, what was assumed, what was
 * mended, and where the record says little about the simulated fleet.
 *
 * Example: "Trust: for 4.2 % of the time the simulated count is more than twice the recorded one, or less than half of it; ..."
 */
import { type FleetSpec, looksAhead } from '../model/spec.ts'
import type { Interval } from '../model/time.ts'
import type { Chosen } from './backtest.ts'
import type { Course } from './course.ts'
import type { Feeds } from './feeds.ts'
import type { ServiceModel } from './service-model.ts'
import { numberText, spanText } from './span-text.ts'
import type { StandIn } from './stand-in.ts'
import type { LoadTrace, Repair } from './trace.ts'

export interface Told {
  readonly fleet: FleetSpec
  readonly trace: LoadTrace
  readonly feeds: Feeds
  readonly model: ServiceModel
  /** Of the model. */
  readonly assumed: readonly string[]
  /** The fleet's own. */
  readonly course: Course
  readonly against: readonly Chosen[]
  /** That those beside it keep to as well. */
  readonly bounds: StandIn['bounds']
}

/** A simulated count more than twice the recorded one, or less than half of it, is another world than the recorded one. */
export const TRUSTED_TIMES = 2

export function caveatsOf(told: Told): readonly string[] {
  const { fleet, trace, feeds, assumed, against } = told
  return [
    ...feeds.notes,
    ...reservesSaid(fleet),
    ...assumed,
    ...strengthSaid(told),
    ...coarseBins(told),
    ...baselinesSaid(against),
    ...oracleSaid(told),
    ...boundSaid(told.course),
    ...repairsSaid(trace.repairs),
    ...gapsSaid(told.course),
    ...censoredSaid(trace, feeds),
    ...trustSaid(trace, told.course),
  ]
}

function reservesSaid({ rules }: FleetSpec): readonly string[] {
  const reserves = rules
    .filter(({ kind, enabled }) => kind === 'reserve' && enabled)
    .map(({ name }) => `"${name}"`)
  if (reserves.length === 0) return []
  return [
    `Not played: ${reserves.join(', ')}, which goes by sessions. A record of load has none; a list of sessions (start,end) has, and a journal may: --play sessions.`,
  ]
}

/** A rule that counts on stronger instances than there are loses what it says it serves, and nothing else would say why. */
function strengthSaid({ fleet, feeds, model: { perInstance } }: Told): readonly string[] {
  const demands = new Set(feeds.feeds.filter(({ isDemand }) => isDemand).map(({ metric }) => metric.name))
  return fleet.rules.flatMap(rule => {
    if (!rule.enabled || !looksAhead(rule)) return []
    const { operand, name } = rule
    if (operand.node !== 'aggregate' || !demands.has(operand.metric)) return []
    if (Math.abs(rule.perInstance / perInstance - 1) < ALIKE_RATIO) return []
    const counts = `counts on ${numberText(rule.perInstance)} an instance, the model serves ${numberText(perInstance)}`
    const wants = rule.perInstance > perInstance ? 'too few' : 'too many'
    return [
      `Rule "${name}" ${counts}: it wants ${wants}. Change the one that is wrong (plimsoll fit finds it).`,
    ]
  })
}

/** Less than this is no difference in strength. */
const ALIKE_RATIO = 0.02

function coarseBins({ trace: { stepMs }, model: { everyMs } }: Told): readonly string[] {
  if (stepMs <= everyMs) return []
  return [
    `A bin of ${spanText(stepMs)} is longer than the ${spanText(everyMs)} between two decisions: within it, the values of the last one are seen again.`,
  ]
}

function baselinesSaid(against: readonly Chosen[]): readonly string[] {
  const competing = against.filter(({ baseline }) => !baseline.outOfCompetition)
  if (competing.length === 0) return []
  const knobs = competing.map(
    ({ baseline, knob }) => `${baseline.name} at ${baseline.knob.name} ${numberText(knob)}`,
  )
  return [
    `Beside it, between the same lowest and highest count and with one decision a bin: ${knobs.join(', ')}.`,
  ]
}

/** Two oracles of different cost in one table want a reason. */
function oracleSaid({ against, bounds: { lowest, highest }, course: { needed } }: Told): readonly string[] {
  const binds = needed.some(need => need < lowest || need > highest)
  if (!binds || !against.some(({ baseline }) => baseline.name === 'oracle')) return []
  const range = highest === Number.POSITIVE_INFINITY ? `at least ${lowest}` : `${lowest} to ${highest}`
  return [
    `The oracle beside it keeps to the same ${range} instances; the one that cost is held against does not.`,
  ]
}

/** Where no rule could have had enough. */
export function boundSaid({ needed, highest, length }: Course): readonly string[] {
  let bins = 0
  let most = 0
  for (let bin = 0; bin < length; bin += 1) {
    const need = needed[bin] ?? 0
    if (need > (highest[bin] ?? Number.POSITIVE_INFINITY)) bins += 1
    if (need > most) most = need
  }
  if (bins === 0) return []
  return [
    `Bound: for ${percentText(bins / length)} of the time the load needs more than the highest count in force allows, up to ${most}.`,
  ]
}

/** Columns of one record often have their gaps together: told whole of the first, and counted of the others. */
export function repairsSaid(repairs: readonly Repair[]): readonly string[] {
  const [first, ...alike] = repairs.filter(({ what }) => what === 'gap')
  const others = repairs.filter(({ what }) => what !== 'gap').map(({ detail }) => `Repaired: ${detail}.`)
  if (first === undefined) return others
  const counts = alike.map(({ count, detail }) => `${/"[^"]*"/.exec(detail)?.[0] ?? 'another'} ${count}`)
  const so = counts.length === 0 ? '' : ` Gaps of other columns: ${counts.join(', ')}.`
  return [...others, `Repaired: ${first.detail}.${so}`]
}

function gapsSaid({ load, length }: Course): readonly string[] {
  const gaps = load.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0)
  return gaps === 0 ? [] : [`Gaps: ${gaps} of ${length} bins have no value; nothing is scored there.`]
}

function censoredSaid(trace: LoadTrace, { censored }: Feeds): readonly string[] {
  if (censored.length === 0) return []
  return [
    `Censored: for ${shareOf(censored, trace)} of the time the recorded utilization stood at its ceiling; the true demand was at least what is replayed.`,
  ]
}

function trustSaid(trace: LoadTrace, { doubtful }: Course): readonly string[] {
  if (doubtful.length === 0) return []
  return [
    `Trust: for ${shareOf(doubtful, trace)} of the time the simulated count is more than twice the recorded one, or less than half of it; what was measured then says little about it.`,
  ]
}

function shareOf(stretches: readonly Interval[], { length, stepMs }: LoadTrace): string {
  return percentText(stretches.reduce((sum, { from, to }) => sum + to - from, 0) / (length * stepMs))
}

/** A little is not nothing. */
function percentText(share: number): string {
  return share < 0.0005 ? 'less than 0.1 %' : `${(100 * share).toFixed(1)} %`
}
