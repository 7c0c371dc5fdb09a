/**
 * A fleet's own history as a record: the state file of a daemon, also while it runs, or the configuration that names it.
 *
 * Example: `--journal plimsoll.yaml --fleet web --since 7d` is the last week of web.
 */

import { parseDuration } from '../config/expression/units.ts'
import type { LoadTrace } from '../lab/trace.ts'
import { readRecorded } from '../lab/traces/journal.ts'
import type { Interval } from '../model/time.ts'
import type { StateStore } from '../ports/state-store.ts'
import { CliError } from './cli-error.ts'
import { loadFile } from './config-file.ts'
import { parseInstant } from './instant.ts'
import { type Io, resolvePath } from './io.ts'
import { suggest } from './nearest.ts'
import { openReadOnly } from './reader/state-reader.ts'

export interface JournalOptions {
  readonly journal?: string
  readonly fleet?: string
  readonly since?: string
  readonly step?: string
}

export interface Recorded {
  readonly store: StateStore
  readonly fleet: string
  readonly window: Interval
}

const USUAL_SINCE = '7d'

/** Opens the state, uses it and always closes it. */
export async function withJournal<T>(
  io: Io,
  { journal = '', fleet, since = USUAL_SINCE }: JournalOptions,
  use: (recorded: Recorded) => Promise<T>,
): Promise<T> {
  const now = io.now()
  const from = parseInstant(since, '--since', { now, timeZone: io.timeZone })
  if (from >= now) throw new CliError('PLM-509', `--since ${since} is not in the past.`)
  const path = /\.ya?ml$/i.test(journal) ? (await loadFile(io, journal)).state.path : resolvePath(io, journal)
  const store = await openReadOnly(path, 'name it with --journal FILE')
  try {
    return await use({ store, fleet: await fleetOf(store, fleet), window: { from, to: now + 1 } })
  } finally {
    await store.close()
  }
}

/** The window read into bins. */
export async function journalTrace(
  { store, fleet, window }: Recorded,
  step: string | undefined,
): Promise<LoadTrace> {
  const stepMs = step === undefined ? null : parseDuration(step)
  if (stepMs === 0 || (stepMs === null && step !== undefined)) {
    throw new CliError('PLM-501', `--step ${step} is no duration; write 10s, 1m or 5m.`)
  }
  return readRecorded(store, { fleet, window, ...(stepMs === null ? {} : { stepMs }) })
}

/** The one that is named, or the only one there is. */
async function fleetOf(store: StateStore, name: string | undefined): Promise<string> {
  const names = await store.listFleets()
  const [only] = names
  if (name === undefined && only !== undefined && names.length === 1) return only
  if (name === undefined && names.length > 1) {
    throw new CliError('PLM-501', `The state has the fleets ${names.join(', ')}; say which one with --fleet.`)
  }
  if (name !== undefined && names.includes(name)) return name
  throw new CliError('PLM-507', `No fleet "${name ?? ''}" in the state. ${suggest(name ?? '', names)}`)
}
