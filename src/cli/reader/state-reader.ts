/**
 * Reads a state file, read only, also while a daemon writes to it.
 *
 * Example: `await openStateReader('.plimsoll/state.db', spec)` lists the fleets of the file and those of the spec that
 * have not ticked yet.
 */
import { access } from 'node:fs/promises'
import { explainEntry } from '../../api/explanation.ts'
import { ApiError, NO_SUCH_RULE } from '../../api/failure.ts'
import { narratedEntry } from '../../api/views.ts'
import type { Spec } from '../../model/spec.ts'
import { openSqliteStore } from '../../plugins/stores/sqlite.ts'
import type { StateStore } from '../../ports/state-store.ts'
import { CliError, messageOf } from '../cli-error.ts'
import { reasonOf } from '../files.ts'
import { type FleetNow, MOST_POINTS, type Reader } from './reader.ts'

/** `spec` adds what only the configuration knows; `null` where there is only the state file. */
export async function openStateReader(path: string, spec: Spec | null): Promise<Reader> {
  const store = await openReadOnly(path)
  return {
    from: `the state file ${path}`,
    async fleets() {
      const names = new Set([...(await store.listFleets()), ...Object.keys(spec?.fleets ?? {})])
      return Promise.all([...names].sort().map(name => fleetNow(store, name, spec)))
    },
    async ticks(query) {
      return (await store.readJournal(query)).map(narratedEntry)
    },
    async explain({ fleet, at, whyNot, next }) {
      const [entry] = await store.readJournal({ fleet, limit: 1, ...(at === undefined ? {} : { at }) })
      if (entry === undefined) return null
      try {
        return await explainEntry({ store, spec }, entry, { whyNot, next })
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        const code = error.code === NO_SUCH_RULE ? 'PLM-507' : 'PLM-513'
        throw new CliError(code, `${error.message} ${error.hint}`, { cause: error })
      }
    },
    timeline: (fleet, window) => store.readTimeline({ fleet, window, limit: MOST_POINTS }),
    close: () => store.close(),
  }
}

async function fleetNow(store: StateStore, fleet: string, spec: Spec | null): Promise<FleetNow> {
  const [entry] = await store.readJournal({ fleet, limit: 1 })
  return {
    fleet,
    tick: entry === undefined ? null : narratedEntry(entry),
    trouble: null,
    everyMs: spec?.fleets[fleet]?.everyMs ?? null,
  }
}

async function openReadOnly(path: string): Promise<StateStore> {
  try {
    await access(path)
  } catch (error) {
    throw new CliError(
      'PLM-510',
      `Tried to read the state file ${path}: ${reasonOf(error)}. Nothing has run with it yet (\`plimsoll run FILE\` ` +
        'creates it), or it is elsewhere: name it with --state, or a running daemon with --url.',
    )
  }
  try {
    return await openSqliteStore(path, { readOnly: true })
  } catch (error) {
    throw new CliError('PLM-510', `Tried to read the state file ${path}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
