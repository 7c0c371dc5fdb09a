/**
 * One fleet's rules over one record, with whoever is to stand beside them: what is demand, what an instance serves, which course
 * each took.
 *
 * Example: `backtest({ spec, fleet: 'web', trace, against: ['hpa'], ... }).courses` holds the course of `web` and that of `hpa`.
 */
import type { FleetSpec, ReactiveRule, Spec } from '../model/spec.ts'
import type { Calendar } from '../ports/calendar.ts'
import { assumedModel, type MeasuredBoot, type SaidModel } from './assumed-model.ts'
import type { Baseline, BaselineSetting } from './baselines/baseline.ts'
import { caveatsOf, TRUSTED_TIMES } from './caveats.ts'
import type { Course } from './course.ts'
import { type Feed, type FeedOptions, type Feeds, feedsOf, stretches } from './feeds.ts'
import { LabError } from './lab-error.ts'
import { recordedCourse } from './recorded-course.ts'
import { type Replayed, replay } from './replay.ts'
import { rulesContender } from './rules-contender.ts'
import { bootQuantileMs } from './service.ts'
import type { ServiceModel } from './service-model.ts'
import { StandIn } from './stand-in.ts'
import type { LoadTrace } from './trace.ts'
import { Watched } from './watched.ts'

export interface BacktestOptions {
  readonly spec: Spec
  readonly fleet: string
  readonly trace: LoadTrace
  readonly feeds: FeedOptions
  /** What was said of the service model; the rest is found or usual. */
  readonly model: SaidModel
  /** Whose rules say what of the model nobody else says; the fleet's own unless given. */
  readonly modelRules?: readonly ReactiveRule[]
  /** Boot times of the record. */
  readonly measured?: MeasuredBoot | null
  readonly against: readonly Chosen[]
  readonly calendar: Calendar
  readonly seed: number
  /** `false`: of decisions only the counts are kept. */
  readonly reasons?: boolean
  /** Hears now and then which share of the own rules' replay is done. */
  readonly onProgress?: ((share: number) => void) | undefined
}

/** A baseline with its knob. */
export interface Chosen {
  readonly baseline: Baseline
  readonly knob: number
}

export interface Backtest {
  readonly fleet: FleetSpec
  readonly model: ServiceModel
  readonly feeds: Feeds
  /** The fleet's own first. */
  readonly courses: readonly Course[]
  /** What a reader must know before believing it. */
  readonly notes: readonly string[]
}

/** A baseline that must know a boot time is told the one that so many launches stay within. */
const USUAL_BOOT_SHARE = 0.9

export function backtest(options: BacktestOptions): Backtest {
  const { spec, trace, against, calendar, seed, modelRules, measured = null, reasons = true } = options
  const fleet = fleetOf(spec, options.fleet)
  const feeds = feedsOf(trace, fleet, options.feeds)
  // Of a beginning, which is scored and not told, all may be a gap.
  if (reasons && feeds.load.every(Number.isNaN)) throw withoutValues(trace, feeds)
  const { model, notes: assumed } = assumedModel(options.model, {
    fleet,
    rules: modelRules ?? fleet.rules,
    measured,
    feeds,
    trace,
  })
  const { startAt, stepMs } = trace
  const played = { startAt, stepMs, load: feeds.load, model, seed, reasons }
  const rules = rulesContender({
    // What learns from ticks must know how far apart they bring something new.
    fleet: { ...fleet, everyMs: Math.max(model.everyMs, stepMs) },
    feeds: withinBins(feeds.feeds, model, stepMs),
    calendar,
    schedules: spec.schedules,
    startAt,
    stepMs,
  })
  const { onProgress } = options
  const watched = onProgress === undefined ? rules : new Watched(rules, trace.length * stepMs, onProgress)
  const own = withTrust(replay(played, watched), trace, feeds)
  const others = against.map(chosen => {
    const course = replayBaseline(chosen, played, boundsOf(fleet))
    // Scores are told by name.
    return course.name === fleet.name ? { ...course, name: `${course.name} (baseline)` } : course
  })
  const then = feeds.recorded === null ? [] : [recordedCourse(trace, feeds, feeds.recorded, model)]
  const bounds = boundsOf(fleet)
  const notes = caveatsOf({ fleet, trace, feeds, model, assumed, course: own, against, bounds })
  return { fleet, model, feeds, courses: [own, ...then, ...others], notes }
}

/** Asked oftener than bins end, a utilization that never moved would be acted on again and again. */
function withinBins(
  feeds: readonly Feed[],
  { everyMs, perInstance }: ServiceModel,
  stepMs: number,
): readonly Feed[] {
  if (stepMs <= everyMs) return feeds
  return feeds.map(feed => (feed.within === undefined ? feed : { ...feed, read: feed.within(perInstance) }))
}

/** One decision a bin: nothing new is known in between. */
function replayBaseline({ baseline, knob }: Chosen, played: Replayed, bounds: StandIn['bounds']): Course {
  const { load, stepMs, startAt, model } = played
  const bootMs = bootQuantileMs(model.boot, USUAL_BOOT_SHARE)
  const setting: BaselineSetting = {
    perInstance: model.perInstance,
    stepMs,
    bootMs,
    leadBins: 1 + Math.ceil(bootMs / stepMs),
    startAt,
    load,
  }
  const initial = baseline.initial?.(knob, setting) ?? model.initial
  const course = replay(
    { ...played, model: { ...model, everyMs: stepMs, initial } },
    new StandIn(baseline.create(knob, setting), model.perInstance, bounds),
  )
  return { ...course, name: knob === baseline.knob.usual ? baseline.name : `${baseline.name}=${knob}` }
}

/** Those of the fleet that always hold; at least one instance, as all who are compared need. */
function boundsOf({ constraints }: FleetSpec): StandIn['bounds'] {
  const always = constraints.find(({ schedule, enabled }) => schedule === null && enabled)
  return { lowest: Math.max(1, always?.min ?? 1), highest: always?.max ?? Number.POSITIVE_INFINITY }
}

/** Code of the error that says that the demand is unknown throughout. */
export const NO_DEMAND = 'PLM-735'

/** Nothing could be scored; what was mended most likely says why. */
function withoutValues(trace: LoadTrace, { loadColumn }: Feeds): LabError {
  const mended = trace.repairs.filter(({ what }) => what !== 'gap').map(({ detail }) => ` ${detail}.`)
  return new LabError(
    NO_DEMAND,
    `Column ${loadColumn} of ${trace.name}, which is the demand, has no value in any of its ${trace.length} bins.${mended.join('')}`,
  )
}

export function fleetOf(spec: Spec, name: string): FleetSpec {
  const fleet = spec.fleets[name]
  if (fleet !== undefined) return fleet
  throw new LabError('PLM-724', `there is no fleet ${name}; there is ${Object.keys(spec.fleets).join(', ')}.`)
}

function withTrust(course: Course, trace: LoadTrace, { recorded, censored }: Feeds): Course {
  if (recorded === null) return { ...course, censored }
  const isFar = (bin: number): boolean => {
    const simulated = course.ready[bin] ?? 0
    const then = recorded[bin] ?? Number.NaN
    return simulated > then * TRUSTED_TIMES || simulated * TRUSTED_TIMES < then
  }
  return { ...course, censored, doubtful: stretches(trace, isFar) }
}
