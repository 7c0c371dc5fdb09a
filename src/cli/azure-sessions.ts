/**
 * Whether anybody is still on the instances of a fleet, as far as its state file knows: to delete them ends their sessions.
 *
 * Example: the newest tick of rooms, a minute ago, counted 12 slots in use: `cleanup --yes` is refused with PLM-803, and with
 * `--cut-sessions` it goes on.
 */
import { existsSync } from 'node:fs'
import type { JournalEntry } from '../model/journal.ts'
import type { FleetSpec } from '../model/spec.ts'
import { CliError } from './cli-error.ts'
import type { Io } from './io.ts'
import { openReadOnly } from './reader/state-reader.ts'

/** A tick this much older than its interval says that no daemon runs. */
const INTERVALS = 3
const LEAST_MS = 60_000

/** @throws CliError PLM-803 */
export async function requireNoSessions(
  fleet: FleetSpec,
  statePath: string,
  mayCut: boolean,
  io: Io,
): Promise<void> {
  const tick = await lastTick(fleet.name, statePath)
  if (tick === null) return
  const agoMs = Math.max(0, io.now() - tick.at)
  if (agoMs < Math.max(LEAST_MS, INTERVALS * fleet.everyMs)) {
    io.stderr.write(
      `note a daemon scaled ${fleet.name} ${Math.round(agoMs / 1000)} s ago: stop it, or it launches again what is deleted\n`,
    )
  }
  const { inUse } = tick.observation.sessions
  const hasNone = inUse === 0 || (inUse === null && fleet.routers.length === 0)
  if (hasNone || mayCut) return
  const saw = inUse === null ? 'how many sessions there are was not known' : `${inUse} slots were in use`
  throw new CliError(
    'PLM-803',
    `When ${fleet.name} was last looked at (${new Date(tick.at).toISOString()}), ${saw}, and to delete the instances ends their sessions: nothing was deleted. Let them go first (\`plimsoll set-capacity ${fleet.name} 0\`), or say --cut-sessions.`,
  )
}

async function lastTick(fleet: string, statePath: string): Promise<JournalEntry | null> {
  if (!existsSync(statePath)) return null
  const store = await openReadOnly(statePath)
  try {
    const [entry] = await store.readJournal({ fleet, limit: 1 })
    return entry ?? null
  } finally {
    await store.close()
  }
}
