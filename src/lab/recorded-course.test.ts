import { describe, expect, it } from 'vitest'
import type { Course } from './course.ts'
import type { Feeds } from './feeds.ts'
import { recordedCourse } from './recorded-course.ts'
import type { Excess, ServiceModel } from './service-model.ts'
import type { LoadTrace } from './trace.ts'

const GAP = Number.NaN
const MINUTE = 60_000
const QUEUE: Excess = { kind: 'queued', longestMs: 30_000 }
const LOST: Excess = { kind: 'lost' }

function recorded(load: readonly number[], ready: readonly number[], excess: Excess): Course {
  const columns = { requests: Float64Array.from(load) }
  const trace: LoadTrace = {
    kind: 'load',
    name: 'made-up',
    startAt: 0,
    stepMs: MINUTE,
    length: load.length,
    columns,
    repairs: [],
  }
  const feeds: Feeds = {
    load: columns.requests,
    loadColumn: 'requests',
    perInstance: null,
    feeds: [],
    recorded: null,
    censored: [],
    notes: [],
  }
  const model: ServiceModel = {
    perInstance: 100,
    boot: { kind: 'constant', ms: 0 },
    warmupMs: 0,
    warmupShare: 0,
    excess,
    drainMs: 0,
    metricDelayMs: 0,
    everyMs: MINUTE,
    initial: null,
  }
  return recordedCourse(trace, feeds, Float64Array.from(ready), model)
}

describe('what was recorded', () => {
  it.each([
    ['loses what has no room', [250, 250, 250, 0], LOST, [50, 50, 50, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
    [
      'lets it wait as the model says',
      [250, 250, 250, 0],
      QUEUE,
      [0, 0, 0, 0],
      [0, 0, 50, 0],
      [50, 100, 100, 0],
    ],
    ['brings nothing in a gap', [250, GAP, 250, 0], QUEUE, [0, 0, 0, 0], [0, 0, 0, 0], [50, 0, 50, 0]],
  ])('%s', (_what, load, excess, lost, refused, backlog) => {
    const course = recorded(load, [2, 2, 2, 2], excess)
    expect([...course.lost]).toEqual(lost)
    expect([...course.refused]).toEqual(refused)
    expect([...course.backlog]).toEqual(backlog)
  })

  it('has as many as before where the count is a gap, and none of it is called lost for that', () => {
    const course = recorded([150, 150, 150], [GAP, 2, GAP], LOST)
    expect([...course.lost]).toEqual([0, 0, 0])
    expect([...course.served]).toEqual([150, 150, 150])
  })

  it('keeps what comes in: served, lost, refused or waiting', () => {
    const load = [250, 90, 410, 33, 0, 700]
    const course = recorded(load, [2, 1.5, 3, 0, 1, 2], QUEUE)
    const sum = (bins: Float64Array): number => bins.reduce((total, value) => total + value, 0)
    const out = sum(course.served) + sum(course.lost) + sum(course.refused) + (course.backlog.at(-1) ?? 0)
    expect(out).toBeCloseTo(load.reduce((total, value) => total + value, 0))
  })
})
