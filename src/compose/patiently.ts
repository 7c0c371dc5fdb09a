/**
 * What a start needs and another process keeps from it for a moment is tried again for a while, less and less often; then it is
 * given up, which the reason says.
 *
 * Example: a backup holds the state file locked: it is tried after 250 ms, 500 ms, 1 s, and then every 2 s, and opened once the
 * backup is done. After 30 s the start has failed.
 */
import type { Clock } from '../ports/clock.ts'
import { PluginError } from '../ports/plugin.ts'

export interface Patience {
  readonly forMs?: number
  /** Called once, when the first try failed. */
  readonly onWait?: (because: string) => void
  /** Aborted when nobody wants it any more. */
  readonly signal?: AbortSignal
}

export const USUAL_PATIENCE_MS = 30_000
const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 2_000

/** @throws what `work` throws: at once, unless the error says when to come again */
export async function patiently<T>(
  { clock, forMs = USUAL_PATIENCE_MS, onWait, signal }: Patience & { readonly clock: Clock },
  work: () => Promise<T>,
): Promise<T> {
  const began = clock.now()
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(LONGEST_WAIT_MS, 2 * waitMs)) {
    try {
      return await work()
    } catch (error) {
      if (!mayPass(error)) throw error
      if (clock.now() - began + waitMs > forMs) throw givenUp(error, forMs)
      if (waitMs === FIRST_WAIT_MS) onWait?.(`${error.message}; trying again for up to ${forMs / 1000} s`)
      if (!(await pause(clock, waitMs, signal))) throw error
    }
  }
}

function mayPass(error: unknown): error is PluginError {
  return error instanceof PluginError && error.retryAfterMs !== undefined
}

function givenUp({ kind, message, cause }: PluginError, afterMs: number): PluginError {
  const text = `${message}; given up after ${afterMs / 1000} s: once that is over, start again`
  return new PluginError(kind, text, { cause })
}

/** @returns `false` when it was called off */
function pause(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  if (signal?.aborted === true) return Promise.resolve(false)
  return new Promise(resolve => {
    const callOff = (): void => {
      cancel()
      resolve(false)
    }
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', callOff)
      resolve(true)
    })
    signal?.addEventListener('abort', callOff, { once: true })
  })
}
