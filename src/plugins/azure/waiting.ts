/**
 * Waiting by the clock that is given, so that a simulation owns it: for a while, or for work that has only so long.
 *
 * Example: `await within(clock, 15_000, signal, late => client.get(..., { abortSignal: late }))` has its signal aborted after 15 s, with a
 * `TimeoutError` as the reason, and leaves no timer behind when it ends sooner.
 */
import type { Clock } from '../../ports/clock.ts'

type Waker = Pick<Clock, 'after'>

export async function within<T>(
  clock: Waker,
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  const cancel = clock.after(ms, () => late.abort(new DOMException(`not within ${ms} ms`, 'TimeoutError')))
  try {
    return await work(AbortSignal.any([signal, late.signal]))
  } finally {
    cancel()
  }
}

/** Ends sooner when it is called off; who called it off is for the caller to ask the signal. */
export function pause(clock: Waker, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) return resolve()
    const end = (): void => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.after(ms, end)
    signal.addEventListener('abort', end, { once: true })
  })
}
