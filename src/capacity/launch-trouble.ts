/**
 * When may the next launch be tried after some failed? Doubling waits from one second to five minutes, so that a broken
 * image or a full quota is asked again and again but not hammered. A zone where launches fail has its own waits, and the
 * others go on.
 *
 * Example: after the third failure in a row the next launch waits 4 s; refused in zone c only, c waits and a and b do not.
 */
import type { LaunchTrouble, Memory } from '../model/memory.ts'
import type { EpochMs } from '../model/time.ts'

const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 300_000
/** More zones than any provider has; a target that names new ones all the time must not fill the memory. */
const MOST_ZONES = 64

export function launchFailed(before: LaunchTrouble | null, error: string, at: EpochMs): LaunchTrouble {
  const failures = (before?.failures ?? 0) + 1
  const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 20))
  return { failures, retryAt: at + waitMs, error }
}

export type Troubles = Pick<Memory, 'launchTrouble' | 'zoneTrouble'>

/** @param zone the one it was launched in; `null`: in none, and all launches wait */
export function troubleIn(
  { launchTrouble, zoneTrouble }: Troubles,
  zone: string | null,
  error: string,
  at: EpochMs,
): Troubles {
  if (zone === null) return { launchTrouble: launchFailed(launchTrouble, error, at), zoneTrouble }
  const others = Object.entries(zoneTrouble).filter(([name]) => name !== zone)
  const failed = launchFailed(zoneTrouble[zone] ?? null, error, at)
  return {
    launchTrouble,
    zoneTrouble: { ...Object.fromEntries(others.slice(-MOST_ZONES)), [zone]: failed },
  }
}
