/**
 * How long a record is in bins, and its beginnings: what is tried first is tried on little.
 *
 * Example: `loadBeginning(trace, 1440)` looks at its first 1,440 bins, and copies none of them.
 */
import type { LoadTrace, SessionTrace, Trace } from '../trace.ts'

/** Sessions are played by the minute. */
export const SESSION_STEP_MS = 60_000

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
  if (sessions.length === trace.sessions.length) return trace
  const { lengthMs } = trace
  return {
    ...trace,
    sessions,
    ...(lengthMs === undefined ? {} : { lengthMs: Math.min(lengthMs, bins * SESSION_STEP_MS) }),
  }
}
