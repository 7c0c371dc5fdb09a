/**
 * The clock of the machine, behind the port.
 *
 * Example: `systemClock.after(1000, wake)` wakes in a second.
 */
import type { Clock } from '../../ports/clock.ts'

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, wake) => {
    const timer = setTimeout(wake, ms)
    return () => clearTimeout(timer)
  },
}
