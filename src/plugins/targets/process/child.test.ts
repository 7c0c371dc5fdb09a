import { describe, expect, it } from 'vitest'
import type { Clock } from '../../../ports/clock.ts'
import { startChild } from './child.ts'

/** Real time, and how many wake-ups are still to come. */
function watchedClock(): { clock: Clock; waiting: () => number } {
  const timers = new Set<NodeJS.Timeout>()
  const clock: Clock = {
    now: () => Date.now(),
    after(ms, wake) {
      const timer = setTimeout(() => {
        timers.delete(timer)
        wake()
      }, ms)
      timers.add(timer)
      return () => {
        timers.delete(timer)
        clearTimeout(timer)
      }
    },
  }
  return { clock, waiting: () => timers.size }
}

const order = {
  command: [process.execPath, '-e', ''],
  env: {},
  cwd: '.',
  stopGraceMs: 60_000,
  mark: 'PLIMSOLL_INSTANCE=child-test-1',
}

describe('a child that is gone', () => {
  it('is not waited for when it is terminated then: its process id may be another’s by the time', async () => {
    const { clock, waiting } = watchedClock()
    const child = startChild(order, clock, () => {})
    expect(await child.ended).toMatchObject({ kind: 'exited', code: 0 })
    await child.gone
    const before = waiting()
    child.terminate()
    expect(waiting()).toBe(before)
  })

  it('leaves nothing to come when it was terminated before', async () => {
    const { clock, waiting } = watchedClock()
    const child = startChild(
      { ...order, command: [process.execPath, '-e', 'setInterval(() => {}, 1000)'] },
      clock,
      () => {},
    )
    expect(await child.started).toBe(true)
    child.terminate()
    await child.gone
    // Only short waits for late output may be left, never the one for the end of the grace.
    expect(waiting()).toBeLessThanOrEqual(2)
  })
})
