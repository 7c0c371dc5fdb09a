/**
 * Everything HAProxy knows of a backend at one time, and what that says of the load of each server.
 *
 * Example: stick table with 3 entries for `rooms:web-3`, whose server serves 1 request now: 3 slots in use. Served 2
 * WebSockets whose users' entries have expired: 2.
 */
import type { Load } from '../../../model/inventory.ts'
import type { EpochMs } from '../../../model/time.ts'
import type { Server } from './servers.ts'
import type { Serving } from './serving.ts'

export interface Snapshot {
  /** When it began to be read. */
  readonly at: EpochMs
  readonly servers: ReadonlyMap<string, Server>
  readonly serving: Serving
  /** What processes of before the last reload still serve; a text: why that is not known. */
  readonly old: readonly Serving[] | string
  /** Stick entries by the number of their server; a text: why that is not known. `null`: connections are what counts. */
  readonly entries: ReadonlyMap<number, number> | string | null
}

export function loadOf(name: string, { at, servers, serving, old, entries }: Snapshot): Load {
  const server = servers.get(name)
  const now = serving.get(name)
  if (server === undefined || now === undefined) {
    return {
      kind: 'unknown',
      because: 'HAProxy does not have it (was it reloaded?); the next tick adds it again',
    }
  }
  if (typeof old === 'string') return { kind: 'unknown', because: old }
  if (typeof entries === 'string') return { kind: 'unknown', because: entries }
  const connections = old.reduce((sum, before) => sum + (before.get(name)?.serving ?? 0), now.serving)
  return { kind: 'known', slots: Math.max(connections, entries?.get(server.number) ?? 0), at }
}

/** Why it is not known to be empty; `null`: it is. */
export function whyNotEmpty(name: string, snapshot: Snapshot): string | null {
  const load = loadOf(name, snapshot)
  if (load.kind === 'unknown') return `its load is unknown: ${load.because}`
  if (load.kind === 'known' && load.slots === 0) return null
  return load.kind === 'known'
    ? `it holds ${load.slots} ${load.slots === 1 ? 'session' : 'sessions'}`
    : 'it is not tracked'
}
