/**
 * When may the next launch be tried after some failed? Doubling waits from one second to five minutes, so that a broken
 * image or a full quota is asked again and again but not hammered.
 *
 * Example: after the third failure in a row the next launch waits 4 s.
 */
import type { LaunchTrouble } from '../model/memory.ts'
import type { EpochMs } from '../model/time.ts'

const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 300_000

export function launchFailed(before: LaunchTrouble | null, error: string, at: EpochMs): LaunchTrouble {
  const failures = (before?.failures ?? 0) + 1
  const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 20))
  return { failures, retryAt: at + waitMs, error }
}
