import { describe, expect, it } from 'vitest'
import { DAY_MS } from './curve.ts'
import { arrivalsAt, LONGEST_STAY_MS, stayMs } from './evening.ts'

const STEPS = 10_000
const shares = Array.from({ length: STEPS }, (_, step) => step / STEPS)

describe('the people of the demonstration', () => {
  it.each([
    [0, 0.25],
    [30_000, 0.25],
    [38_500, 1.9],
    [45_000, 3.5],
    [54_100, 1.9],
    [70_000, 0.25],
  ])('%i ms after the start about %d come every second', (elapsedMs, perSecond) => {
    expect(arrivalsAt(elapsedMs)).toBeCloseTo(perSecond, 0)
  })

  it('come as a crowd once a day, which is over within a minute', () => {
    const crowded = shares.map(share => share * DAY_MS).filter(ms => arrivalsAt(ms) > 1)
    expect(Math.min(...crowded)).toBeGreaterThan(30_000)
    expect(Math.max(...crowded)).toBeLessThan(60_000)
    for (const ms of [0, 12_345, 45_000]) expect(arrivalsAt(ms + DAY_MS)).toBeCloseTo(arrivalsAt(ms), 9)
  })

  it('stay for seconds mostly, for long now and then, never for more than 75 s', () => {
    const stays = shares.map(stayMs)
    const sorted = [...stays].sort((one, other) => one - other)
    const at = (share: number) => sorted[Math.floor(share * STEPS)]
    expect(at(0)).toBe(4000)
    expect(at(0.5)).toBeLessThan(7_200)
    expect(at(0.95)).toBeGreaterThan(45_000)
    expect(at(0.9999)).toBe(LONGEST_STAY_MS)
  })
})
