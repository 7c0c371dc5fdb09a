/**
 * What really happened to a fleet whose sessions are replayed: the instances there were, minute by minute, beside the course of the
 * replay. Who found no place then is not recorded, so everybody counts as served.
 *
 * Example: 4 instances for an hour and 5 for another beside a replay of two hours: 9 instance-hours, and one change.
 */
import type { Course } from './course.ts'
import { AS_RECORDED, changesOf } from './recorded-course.ts'
import type { RecordedInstances } from './trace.ts'

export function instancesCourse(recorded: RecordedInstances, played: Course): Course {
  const { length, load, needed } = played
  const ready = fitted(recorded.ready, length)
  const none = (value: number): Float64Array => new Float64Array(length).fill(value)
  return {
    ...played,
    name: AS_RECORDED,
    load,
    served: load,
    lost: none(0),
    refused: none(0),
    backlog: none(0),
    needed,
    ready,
    paid: fitted(recorded.paid, length),
    desired: fitted(recorded.desired, length),
    lowest: none(Number.NaN),
    highest: none(Number.NaN),
    decisions: changesOf(ready, played),
    ticks: length,
    elapsedMs: 0,
  }
}

/** A replay may last a little longer than its record. */
function fitted(values: Float64Array, length: number): Float64Array {
  return Float64Array.from({ length }, (_, bin) => values[bin] ?? Number.NaN)
}
