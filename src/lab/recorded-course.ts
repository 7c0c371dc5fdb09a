/**
 * What really happened, by the model of a replay: the recorded instances under the recorded load. What had no room then is lost, or
 * waits and is refused, as it is for those it is compared with.
 *
 * Example: 2 recorded instances of 100 each under a load of 250 a minute lose 50 in each; with `queue=30s` up to 100 wait, so that of
 * three minutes 50 are refused, all of them in the third.
 */
import type { Course, CourseDecision } from './course.ts'
import type { Feeds } from './feeds.ts'
import { instancesFor, type ServiceModel } from './service-model.ts'
import type { LoadTrace } from './trace.ts'

export const AS_RECORDED = 'as recorded'

export function recordedCourse(
  trace: LoadTrace,
  { load }: Feeds,
  ready: Float64Array,
  model: ServiceModel,
): Course {
  const { startAt, stepMs, length } = trace
  const none = (): Float64Array => new Float64Array(length).fill(Number.NaN)
  return {
    name: AS_RECORDED,
    startAt,
    stepMs,
    length,
    load,
    ...servedBy(ready, load, model, stepMs),
    needed: load.map(value => (Number.isNaN(value) ? Number.NaN : instancesFor(value, model.perInstance))),
    ready,
    paid: ready.map((count, bin) => count + (trace.columns.pending?.[bin] ?? 0)),
    desired: trace.columns.desired ?? ready,
    lowest: none(),
    highest: none(),
    decisions: changesOf(ready, trace),
    censored: [],
    doubtful: [],
    ticks: length,
    elapsedMs: 0,
  }
}

type Served = Pick<Course, 'served' | 'lost' | 'refused' | 'backlog'>

/**
 * Counts are averages of a bin and may be broken, so whole instances are not simulated. A bin whose load is a gap brings nothing; one
 * whose count is, has as many as the one before it.
 */
function servedBy(
  ready: Float64Array,
  load: Float64Array,
  { perInstance, excess }: ServiceModel,
  stepMs: number,
): Served {
  const zero = () => new Float64Array(load.length)
  const [served, lost, refused, backlog] = [zero(), zero(), zero(), zero()]
  let waited = 0
  let count = ready.find(value => !Number.isNaN(value)) ?? 0
  load.forEach((arriving, bin) => {
    const now = ready[bin] ?? Number.NaN
    if (!Number.isNaN(now)) count = now
    const room = count * perInstance
    const waiting = waited + (arriving || 0)
    const done = Math.min(waiting, room)
    const most = excess.kind === 'lost' ? 0 : Math.max(waited, (room * excess.longestMs) / stepMs)
    waited = Math.min(waiting - done, most)
    served[bin] = done
    const gone = excess.kind === 'lost' ? lost : refused
    gone[bin] = waiting - done - waited
    backlog[bin] = waited
  })
  return { served, lost, refused, backlog }
}

/** Where the whole count was another. */
export function changesOf(
  ready: Float64Array,
  { startAt, stepMs }: Pick<Course, 'startAt' | 'stepMs'>,
): CourseDecision[] {
  const changes: CourseDecision[] = []
  let before = Number.NaN
  ready.forEach((count, bin) => {
    const to = Math.round(count)
    if (to !== before && !Number.isNaN(before) && !Number.isNaN(to)) {
      const at = startAt + bin * stepMs
      changes.push({ at, from: before, to, rule: null, because: 'as it was recorded', decision: null })
    }
    if (!Number.isNaN(to)) before = to
  })
  return changes
}
