import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Contender, Seen } from './contender.ts'
import { replay } from './replay.ts'
import type { ServiceModel } from './service-model.ts'

const MINUTE = 60_000

const model = (change: Partial<ServiceModel> = {}): ServiceModel => ({
  perInstance: 100,
  boot: { kind: 'constant', ms: 60_000 },
  warmupMs: 0,
  warmupShare: 1,
  excess: { kind: 'lost' },
  drainMs: 0,
  metricDelayMs: 0,
  everyMs: MINUTE,
  initial: null,
  ...change,
})

function play(load: readonly number[], contender: Contender, change: Partial<ServiceModel> = {}) {
  return replay(
    { startAt: 0, stepMs: MINUTE, load: Float64Array.from(load), model: model(change), seed: 1 },
    contender,
  )
}

const scripted = (counts: readonly number[]): Contender => {
  let turn = 0
  return { name: 'scripted', next: () => counts[turn++] ?? counts.at(-1) ?? 1 }
}

/** Wants what the last known load needs, and keeps what it saw. */
function watching(): Contender & { readonly seen: Seen[] } {
  const seen: Seen[] = []
  return {
    name: 'watching',
    seen,
    next: now => {
      seen.push({ ...now })
      return Math.max(1, Math.ceil((Number.isNaN(now.load) ? 100 : now.load) / 100))
    },
  }
}

describe('a replay', () => {
  it('serves what was ordered once it has booted', () => {
    const { ready, paid, lost, decisions } = play([100, 300, 300, 300], scripted([3, 3, 3, 3]))
    expect([...ready]).toEqual([1, 1, 3, 3])
    expect([...paid]).toEqual([1, 3, 3, 3])
    expect([...lost]).toEqual([0, 200, 0, 0])
    expect(decisions).toMatchObject([{ at: MINUTE, from: 1, to: 3, rule: null }])
  })

  it('shows the bin that just ended, and with late metrics an earlier one', () => {
    const prompt = watching()
    play([100, 200, 300], prompt)
    expect(prompt.seen.map(({ bin, load }) => [bin, load])).toEqual([
      [0, 100],
      [1, 200],
      [2, 300],
    ])
    const late = watching()
    play([100, 200, 300], late, { metricDelayMs: MINUTE })
    expect(late.seen.map(({ bin, load }) => [bin, load])).toEqual([
      [-1, Number.NaN],
      [0, 100],
      [1, 200],
    ])
  })

  it('decides as often as it is told, also within a bin', () => {
    const often = watching()
    const { ticks } = play([100, 200], often, { everyMs: 15_000 })
    expect(ticks).toBe(8)
    expect(often.seen.map(({ atMs, bin }) => [atMs / 1_000, bin])).toEqual(
      [15, 30, 45, 60, 75, 90, 105, 120].map(second => [second, second < 60 ? -1 : second < 120 ? 0 : 1]),
    )
  })

  it('knows nothing of a gap, and needs nobody there', () => {
    const course = play([100, Number.NaN, 300], watching())
    expect([...course.needed]).toEqual([1, Number.NaN, 3])
    expect([...course.served].map((served, bin) => served + (course.lost[bin] ?? 0))).toEqual([100, 0, 300])
  })

  it('accounts for all demand: served, lost, refused, or still waiting', () => {
    const loads = fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 50 })
    const counts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 50 })
    const queueMs = fc.option(fc.integer({ min: 0, max: 300_000 }))
    fc.assert(
      fc.property(loads, counts, queueMs, (load, wanted, longestMs) => {
        const excess =
          longestMs === null ? ({ kind: 'lost' } as const) : ({ kind: 'queued', longestMs } as const)
        const course = play(load, scripted(wanted), { excess, everyMs: 20_000 })
        const sum = (line: Float64Array): number => line.reduce((total, value) => total + value, 0)
        const accounted =
          sum(course.served) + sum(course.lost) + sum(course.refused) + (course.backlog.at(-1) ?? 0)
        expect(accounted).toBeCloseTo(sum(course.load), 6)
      }),
    )
  })

  it('is the same again with the same seed', () => {
    const boot = { kind: 'distribution', shares: [0, 1], ms: [10_000, 200_000] } as const
    const load = Array.from({ length: 60 }, (_, bin) => 100 + ((bin * 37) % 900))
    const [one, other] = [play(load, watching(), { boot }), play(load, watching(), { boot })]
    expect({ ...one, elapsedMs: 0 }).toEqual({ ...other, elapsedMs: 0 })
  })
})
