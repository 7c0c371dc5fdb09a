/**
 * One configuration, replayed on the beginning of the record and scored on parts of it. Plain data in and out, so that any
 * process can do it.
 *
 * Example: `{ fleet, schedules, bins: 43200, parts: [[0, 30240], [30240, 43200]] }` comes back with two scores: of the part it was
 * tuned on, and of the one it was not.
 */
import type { FleetSpec, Spec } from '../../model/spec.ts'
import type { Calendar } from '../../ports/calendar.ts'
import type { StateStore } from '../../ports/state-store.ts'
import { type BacktestOptions, backtest } from '../backtest.ts'
import type { Course } from '../course.ts'
import type { FeedOptions } from '../feeds.ts'
import { type ScoreSetting, type Scores, scoresOf } from '../scores.ts'
import { bootQuantileMs } from '../service.ts'
import { type BootTime, instancesFor } from '../service-model.ts'
import { backtestSessions } from '../session-backtest.ts'
import type { Trace } from '../trace.ts'
import { loadBeginning, sessionsBeginning } from './beginnings.ts'

/** What all jobs of a search have in common. */
export interface JobSetting {
  readonly trace: Trace
  readonly feeds: FeedOptions
  /** What an instance serves is part of it: a configuration that says otherwise does not make instances stronger. */
  readonly model: BacktestOptions['model']
  readonly seed: number
}

export interface Job {
  readonly fleet: FleetSpec
  readonly schedules: Spec['schedules']
  /** How many of the first bins are replayed. */
  readonly bins: number
  /** What of them is scored: from a bin up to, and not including, another. */
  readonly parts: readonly (readonly [from: number, to: number])[]
}

/** What a replay needs of the outside. */
export interface JobPorts {
  readonly calendar: Calendar
  /** An empty one each time. */
  readonly createStore: () => StateStore
}

/** @returns one per part */
export async function runJob(job: Job, setting: JobSetting, ports: JobPorts): Promise<readonly Scores[]> {
  const { course, scored } = await played(job, setting, ports)
  return job.parts.map(([from, to]) => scoresOf(partOf(course, from, to), scored))
}

interface Played {
  readonly course: Course
  readonly scored: ScoreSetting
}

async function played(job: Job, setting: JobSetting, { calendar, createStore }: JobPorts): Promise<Played> {
  const { trace, feeds, model, seed } = setting
  const { fleet, schedules, bins } = job
  const common = { spec: specOf(fleet, schedules), fleet: fleet.name, model, calendar, seed }
  if (trace.kind === 'sessions') {
    const beginning = sessionsBeginning(trace, bins)
    const replayed = await backtestSessions({ ...common, trace: beginning, store: createStore() })
    const { slotsPerInstance } = replayed
    return {
      course: neededBySessions(replayed.score.course, slotsPerInstance),
      scored: scoreSetting(slotsPerInstance, replayed.model.boot),
    }
  }
  const replayed = backtest({
    ...common,
    trace: loadBeginning(trace, bins),
    feeds,
    against: [],
    reasons: false,
  })
  const [course] = replayed.courses
  if (course === undefined) throw new Error('a backtest came back without a course')
  return { course, scored: scoreSetting(replayed.model.perInstance, replayed.model.boot) }
}

/** What is needed is no more for a larger reserve: else each configuration would be held against an oracle of its own. */
function neededBySessions(course: Course, slotsPerInstance: number): Course {
  return { ...course, needed: course.load.map(slots => instancesFor(slots, slotsPerInstance)) }
}

function specOf(fleet: FleetSpec, schedules: Spec['schedules']): Spec {
  return {
    digest: '',
    fleets: { [fleet.name]: fleet },
    metrics: {},
    schedules,
    notifiers: {},
    actions: {},
  }
}

/** The boot time an oracle is told where it is not constant: that of half the launches. */
const ORACLE_BOOT_SHARE = 0.5

function scoreSetting(perInstance: number, boot: BootTime): ScoreSetting {
  return { perInstance, bootMs: bootQuantileMs(boot, ORACLE_BOOT_SHARE), pricePerHour: null }
}

/** The same memory, seen from one bin to another, with the decisions made there. */
export function partOf(course: Course, from: number, to: number): Course {
  const { startAt, stepMs, decisions } = course
  const part = (values: Float64Array): Float64Array => values.subarray(from, to)
  const [begin, end] = [startAt + from * stepMs, startAt + to * stepMs]
  return {
    ...course,
    startAt: begin,
    length: Math.max(0, Math.min(to, course.length) - from),
    load: part(course.load),
    served: part(course.served),
    lost: part(course.lost),
    refused: part(course.refused),
    backlog: part(course.backlog),
    needed: part(course.needed),
    ready: part(course.ready),
    paid: part(course.paid),
    desired: part(course.desired),
    lowest: part(course.lowest),
    highest: part(course.highest),
    decisions: decisions.filter(({ at }) => at > begin && at <= end),
  }
}
