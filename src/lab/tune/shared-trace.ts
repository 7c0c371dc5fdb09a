/**
 * A record in memory that all threads see, so that a thousand replays on eight cores do not copy it once; and beginnings of it.
 *
 * Example: `sharedTrace(trace).columns.value.buffer` is a SharedArrayBuffer; `loadBeginning(trace, 1440)` looks at its first 1,440
 * bins.
 */
import type { LoadTrace, SessionTrace, Trace } from '../trace.ts'

/** Sessions are played by the minute. */
export const SESSION_STEP_MS = 60_000

/** Sessions are objects, and those are copied once to each thread. */
export function sharedTrace(trace: Trace): Trace {
  if (trace.kind === 'sessions') return trace
  const columns = Object.entries(trace.columns).map(([name, values]): [string, Float64Array] => {
    const shared = new Float64Array(new SharedArrayBuffer(values.byteLength))
    shared.set(values)
    return [name, shared]
  })
  return { ...trace, columns: Object.fromEntries(columns) }
}

/** How long a record is, for dividing it; of sessions up to the last beginning, so that none reaches over. */
export function binsOf(trace: Trace): { readonly stepMs: number; readonly length: number } {
  if (trace.kind === 'load') return { stepMs: trace.stepMs, length: trace.length }
  const lastAt = trace.sessions.at(-1)?.atMs ?? 0
  return { stepMs: SESSION_STEP_MS, length: Math.floor(lastAt / SESSION_STEP_MS) + 1 }
}

/** The same memory, seen only up to there. */
export function loadBeginning(trace: LoadTrace, bins: number): LoadTrace {
  if (bins >= trace.length) return trace
  const columns = Object.entries(trace.columns).map(([name, values]) => [name, values.subarray(0, bins)])
  return { ...trace, length: bins, columns: Object.fromEntries(columns) }
}

/** Those that begin up to there, each as long as it was. */
export function sessionsBeginning(trace: SessionTrace, bins: number): SessionTrace {
  const sessions = trace.sessions.filter(({ atMs }) => atMs < bins * SESSION_STEP_MS)
  return sessions.length === trace.sessions.length ? trace : { ...trace, sessions }
}
