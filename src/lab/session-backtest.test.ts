import { describe, expect, it } from 'vitest'
import { parseConfig } from '../config/load.ts'
import type { Spec } from '../model/spec.ts'
import { createCalendar } from '../plugins/calendars/temporal.ts'
import { createMemoryStore } from '../plugins/stores/memory.ts'
import type { MeasuredBoot, SaidModel } from './assumed-model.ts'
import { backtestSessions } from './session-backtest.ts'
import type { PlayedSession, SessionTrace } from './trace.ts'

const MINUTE = 60_000
const DAY = Date.UTC(2026, 10, 21)

function specOf(reserve: string, more = ''): Spec {
  const text = `plimsoll: 1
metrics:
  cpu: { source: push, kind: perInstance }
fleets:
  rooms:
    target: { type: process, command: [node, rooms.mjs] }
    router: { type: broker }
    capacity: { min: 1, max: 40 }
    sessions: { slotsPerInstance: 4, reserve: ${reserve} }
    cooldown: { out: 0s, in: 0s }
    stabilization: { out: 0s, in: 0s }
${more}`
  const result = parseConfig(text, { file: 'rooms.yaml', env: {}, readFile: () => '' })
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.loaded.spec
}

/** So many there at the beginning, who leave one by one, a minute apart. */
function leaving(count: number, more: Partial<SessionTrace> = {}): SessionTrace {
  const sessions: PlayedSession[] = Array.from({ length: count }, (_, index) => ({
    atMs: 0,
    lengthMs: (index + 1) * MINUTE,
  }))
  return { kind: 'sessions', name: 'people', startAt: DAY, sessions, repairs: [], ...more }
}

const line = (...values: number[]) => Float64Array.from(values)
const recorded = (initial: number): Partial<SessionTrace> => ({
  lengthMs: 40 * MINUTE,
  recorded: {
    initial,
    ready: line(initial),
    paid: line(initial),
    desired: line(initial),
    lost: 0,
    notes: [],
  },
})

interface Playing {
  readonly spec?: Spec
  readonly trace: SessionTrace
  readonly model?: SaidModel
  readonly measured?: MeasuredBoot
}

async function play({ spec = specOf('25%'), trace, model = {}, measured }: Playing) {
  return backtestSessions({
    spec,
    fleet: 'rooms',
    trace,
    model,
    measured: measured ?? null,
    calendar: createCalendar(),
    seed: 1,
    store: createMemoryStore(),
  })
}

describe('a replay of recorded sessions', () => {
  it('begins with the instances there were, so that nobody who was there is turned away', async () => {
    const { score, assumed } = await play({ trace: leaving(20, recorded(7)) })
    expect(score).toMatchObject({ sessions: 20, refused: 0, lost: 0 })
    expect(score.course.ready[0]).toBe(7)
    expect(assumed.join()).not.toContain('It begins with')
    expect((await play({ trace: leaving(20) })).score.refused).toBeGreaterThan(0)
  })

  it('begins with more where those could not hold them, and says so', async () => {
    const { score, assumed } = await play({ trace: leaving(20, recorded(2)) })
    expect(score).toMatchObject({ sessions: 20, refused: 0, lost: 0 })
    expect(assumed).toContain(
      'It begins with 5 instances instead of the 2 that were recorded: fewer could not hold the 20 sessions that were there.',
    )
  })

  it('lasts as long as the record, also when nobody is there any more', async () => {
    const { score } = await play({ trace: leaving(20, recorded(7)) })
    expect(score.course.length).toBe(40)
    expect(score.course.ready.at(-1)).toBe(1)
    expect((await play({ trace: leaving(20) })).score.course.length).toBe(20)
  })

  it('may begin with a number that is said', async () => {
    const { score } = await play({ trace: leaving(20), model: { initial: 6 } })
    expect(score).toMatchObject({ sessions: 20, refused: 0 })
    const { score: fewer } = await play({ trace: leaving(20, recorded(7)), model: { initial: 4 } })
    expect(fewer.course.ready[0]).toBe(4)
  })

  it('boots as was recorded, unless it is said', async () => {
    const measured: MeasuredBoot = { boot: { kind: 'constant', ms: 20_000 }, launches: 3 }
    const trace = leaving(20, recorded(7))
    const { model, assumed } = await play({ trace, measured })
    expect(model.boot).toEqual(measured.boot)
    expect(assumed).toContain('An instance boots as the 3 recorded launches did: 20 s.')
    const said = await play({ trace, measured, model: { boot: { kind: 'constant', ms: 5_000 } } })
    expect(said.model.boot).toEqual({ kind: 'constant', ms: 5_000 })
    expect(said.assumed).toEqual([])
  })
})

describe('a rule that goes by metrics, where sessions are played', () => {
  const BUSY = `    rules:
      - { name: Busy, when: "avg(cpu, 5m) > 80%", scale: { by: 1 } }
      - { name: Room, when: "free_slots < 2", scale: { by: 1 } }
`

  it('is left out and named; the others decide as they would without it', async () => {
    const trace = leaving(20, recorded(7))
    const alone = await play({ trace })
    const { score, assumed } = await play({ trace, spec: specOf('25%', BUSY) })
    expect(assumed).toContain('Not played: "Busy", which goes by metrics. A record of sessions has none.')
    expect(score.closes).toBeGreaterThan(0)
    expect(score.course.ready.at(-1)).toBe(alone.score.course.ready.at(-1))
  })
})
