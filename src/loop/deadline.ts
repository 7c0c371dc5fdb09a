/**
 * Every call to the outside has a deadline on the world's clock (so that a simulation owns it too).
 *
 * Example: `await withDeadline(world.clock, 10_000, 'list the instances of web', signal => target.listInstances(signal))`
 * throws `PluginError('unavailable', 'list the instances of web: no answer within 10 s')` after ten seconds, even when
 * the adapter ignores its signal.
 */
import type { Clock } from '../ports/clock.ts'
import { PluginError } from '../ports/plugin.ts'

export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  what: string,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  let cancel = (): void => undefined
  const expired = new Promise<never>((_, reject) => {
    cancel = clock.after(ms, () => {
      const error = new PluginError('unavailable', `${what}: no answer within ${ms / 1000} s`)
      controller.abort(error)
      reject(error)
    })
  })
  try {
    return await Promise.race([call(controller.signal), expired])
  } finally {
    cancel()
  }
}

/** What went wrong, in words; adapters are asked to throw `PluginError`, but anything may come. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
