import { describe, expect, it } from 'vitest'
import { SimulatedClock } from '../../test/simulated/clock.ts'
import { Pace } from './pace.ts'

function started() {
  const clock = new SimulatedClock(1_000_000)
  const steps: number[] = []
  const reports: number[] = []
  const pace = new Pace({
    clock,
    stepMs: 50,
    step: passedMs => steps.push(passedMs),
    report: sinceMs => reports.push(sinceMs),
  })
  return { clock, steps, reports, pace }
}

describe('the pace of a demonstration', () => {
  it('is small steps, and a report a second', async () => {
    const { clock, steps, reports, pace } = started()
    await clock.advance(2_000)
    expect([steps.length, new Set(steps), reports]).toEqual([40, new Set([50]), [1_000, 1_000]])
    expect(pace.elapsedMs).toBe(2_000)
  })

  it('makes up for half a second of a pause at most, and for nothing of a clock that is set back', async () => {
    let nowMs = 1_000_000
    const due: (() => void)[] = []
    const steps: number[] = []
    const after = (_: number, wake: () => void) => {
      due.push(wake)
      return () => undefined
    }
    const options = { stepMs: 50, step: (passedMs: number) => steps.push(passedMs), report: () => undefined }
    new Pace({ ...options, clock: { now: () => nowMs, after } })
    for (const ms of [3_600_000, -60_000, 50]) {
      nowMs += ms
      due.shift()?.()
    }
    expect(steps).toEqual([500, 0, 50])
  })

  it('ends at once, with all that is waited for', async () => {
    const { clock, steps, pace } = started()
    const seen: string[] = []
    void pace.pause(100).then(() => seen.push('paused'))
    const stopFirst = pace.every(30, () => seen.push('first'))
    pace.every(40, () => seen.push('second'))
    await clock.advance(45)
    stopFirst()
    await clock.advance(50)
    pace.stop()
    await clock.advance(10_000)
    expect(seen).toEqual(['first', 'second', 'second'])
    expect(steps).toHaveLength(1)
  })
})
