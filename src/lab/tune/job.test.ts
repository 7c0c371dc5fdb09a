import { describe, expect, it } from 'vitest'
import { fleetSpec, RULE_FRAME } from '../../../test/builders/spec.ts'
import { createCalendar } from '../../plugins/calendars/temporal.ts'
import { createMemoryStore } from '../../plugins/stores/memory.ts'
import { backtest } from '../backtest.ts'
import { type Scores, scoresOf } from '../scores.ts'
import type { LoadTrace, SessionTrace } from '../trace.ts'
import { binsOf, loadBeginning, sessionsBeginning } from './beginnings.ts'
import { type JobPorts, type JobSetting, runJob } from './job.ts'

const BINS = 600

const trace: LoadTrace = {
  kind: 'load',
  name: 'wave',
  startAt: 1_000_000_000,
  stepMs: 60_000,
  length: BINS,
  columns: { value: Float64Array.from({ length: BINS }, (_, bin) => 500 + 450 * Math.sin(bin / 40)) },
  repairs: [],
}

const sessions: SessionTrace = {
  kind: 'sessions',
  name: 'rides',
  startAt: 1_000_000_000,
  sessions: Array.from({ length: 90 }, (_, index) => ({ atMs: index * 60_000, lengthMs: 600_000 })),
  repairs: [],
}

const fleet = fleetSpec({
  min: 1,
  max: 20,
  rules: [
    { name: 'up', when: 'avg(cpu, 5m) > 75%', by: 1 },
    { name: 'down', when: 'avg(cpu, 5m) < 40%', by: -1 },
  ],
})

const setting: JobSetting = {
  trace,
  feeds: { loadColumn: null, instancesColumn: null, sources: {} },
  model: { perInstance: 100 },
  seed: 1,
}
const ports: JobPorts = { calendar: createCalendar(), createStore: createMemoryStore }

function timeless(scores: Scores | undefined): object {
  return { ...scores, ticksPerSecond: null }
}

describe('a job', () => {
  it('scores as a backtest with all its reasons would', async () => {
    const [scores] = await runJob({ fleet, schedules: {}, bins: BINS, parts: [[0, BINS]] }, setting, ports)
    const { courses } = backtest({
      ...setting,
      trace,
      spec: {
        digest: '',
        fleets: { [fleet.name]: fleet },
        metrics: {},
        schedules: {},
        notifiers: {},
        actions: {},
      },
      fleet: fleet.name,
      against: [],
      calendar: ports.calendar,
    })
    const [course] = courses
    if (course === undefined) throw new Error('no course')
    expect(course.decisions.some(({ decision }) => decision !== null)).toBe(true)
    expect(timeless(scores)).toEqual(
      timeless(scoresOf(course, { perInstance: 100, bootMs: 180_000, pricePerHour: null })),
    )
  })

  it('divides the whole into its parts', async () => {
    const parts = [
      [0, BINS],
      [0, 400],
      [400, BINS],
    ] as const
    const [whole, first, second] = await runJob({ fleet, schedules: {}, bins: BINS, parts }, setting, ports)
    for (const key of ['instanceHours', 'actions', 'neededInstanceHours'] as const) {
      expect((first?.[key] ?? 0) + (second?.[key] ?? 0)).toBeCloseTo(whole?.[key] ?? 0, 6)
    }
    expect(whole?.actions).toBeGreaterThan(5)
  })

  it('on a beginning comes to what the beginning of the whole came to', async () => {
    const parts = [[0, 400]] as const
    const [short] = await runJob({ fleet, schedules: {}, bins: 400, parts }, setting, ports)
    const [long] = await runJob({ fleet, schedules: {}, bins: BINS, parts }, setting, ports)
    expect(timeless(short)).toEqual(timeless(long))
  })

  it('plays sessions one by one, and holds every reserve against one oracle', async () => {
    const played: JobSetting = { ...setting, trace: sessions, model: {} }
    const hours = await Promise.all(
      [0.1, 0.6].map(async ratio => {
        const rooms = fleetSpec({ min: 1, max: 20 })
        const spec = {
          ...rooms,
          sessions: { ...rooms.sessions, slotsPerInstance: 4 },
          rules: [
            {
              kind: 'reserve',
              name: 'room',
              ...RULE_FRAME,
              reserve: { kind: 'ratio', ratio },
              slotsPerInstance: 4,
            },
          ],
        } as const
        const [scores] = await runJob(
          { fleet: spec, schedules: {}, bins: 90, parts: [[0, 90]] },
          played,
          ports,
        )
        return { paid: scores?.instanceHours ?? 0, oracle: scores?.oracleInstanceHours ?? 0 }
      }),
    )
    expect(hours[1]?.paid).toBeGreaterThan(hours[0]?.paid ?? 0)
    expect(hours[1]?.oracle).toBeGreaterThan(0)
    // What could not be placed was needed, too; nearly all was placed.
    expect(Math.abs((hours[1]?.oracle ?? 0) - (hours[0]?.oracle ?? 0))).toBeLessThan(0.4)
  })
})

describe('the beginning of a record', () => {
  it('is seen in the same memory', () => {
    expect(loadBeginning(trace, 10).columns.value?.buffer).toBe(trace.columns.value?.buffer)
    expect(loadBeginning(trace, 10)).toMatchObject({ length: 10 })
    expect(loadBeginning(trace, BINS)).toBe(trace)
  })

  it('of sessions ends with the last that begins', () => {
    expect(binsOf(sessions)).toEqual({ stepMs: 60_000, length: 90 })
    expect(sessionsBeginning(sessions, 30).sessions).toHaveLength(30)
    expect(sessionsBeginning(sessions, 90)).toBe(sessions)
  })
})
