/**
 * People at the sessions of a real daemon's fleet `rooms`.
 *
 * Example: `const { address } = await placeIn(daemon, 'a')`, `await askRooms(daemon, 'DELETE', 'sessions/a')`.
 */
import type { RunningDaemon } from './real.ts'
import { until } from './until.ts'

export interface Placed {
  readonly session: string
  readonly instance: string
  readonly address: string
}

export async function askRooms(daemon: RunningDaemon, method: string, at: string, body?: unknown) {
  const response = await fetch(`${await daemon.url()}/v1/fleets/rooms/${at}`, {
    method,
    signal: AbortSignal.timeout(15_000),
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  return { status: response.status, body: await response.json() }
}

/** However long the fleet takes to have room. */
export async function placeIn(daemon: RunningDaemon, sessionId: string): Promise<Placed> {
  return until(`${sessionId} is placed`, async () => {
    const { status, body } = await askRooms(daemon, 'POST', 'sessions', { sessionId, waitMs: 5_000 })
    return status === 200 || status === 201 ? body : null
  })
}
