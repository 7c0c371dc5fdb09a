/**
 * Reads a state file, read only, also while a daemon writes to it.
 *
 * Example: `await openStateReader('.plimsoll/state.db', spec)` lists the fleets of the file and those of the spec that
 * have not ticked yet.
 */
import { access } from 'node:fs/promises'
import { explainEntry } from '../../api/explanation.ts'
import { ApiError, NO_SUCH_RULE } from '../../api/failure.ts'
import { kpiHistory, kpisNow } from '../../api/kpis.ts'
import { narratedEntry } from '../../api/views.ts'
import { settingsNow } from '../../loop/settings-board.ts'
import type { JournalEntry } from '../../model/journal.ts'
import type { Spec } from '../../model/spec.ts'
import type { Interval } from '../../model/time.ts'
import { openSqliteStore } from '../../plugins/stores/sqlite.ts'
import type { StateStore } from '../../ports/state-store.ts'
import { CliError, messageOf } from '../cli-error.ts'
import { reasonOf } from '../files.ts'
import { type FleetNow, MOST_INTERVALS, MOST_POINTS, type Reader, type SettingsTold } from './reader.ts'

/** `spec` adds what only the configuration knows; `null` where there is only the state file. */
export async function openStateReader(path: string, spec: Spec | null): Promise<Reader> {
  const store = await openReadOnly(path)
  return {
    from: `the state file ${path}`,
    fleets: async () => Promise.all((await fleetNames(store, spec)).map(name => fleetNow(store, name, spec))),
    settings: async () =>
      Promise.all((await fleetNames(store, spec)).map(name => settingsTold(store, name, spec))),
    settingChanges: (fleet, limit) => store.readSettingChanges({ fleet, limit }),
    async ticks(query) {
      return (await store.readJournal(query)).map(narratedEntry)
    },
    eachTick: (fleet, window, take) => eachEntry(store, fleet, window, take),
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
    async kpis(fleet) {
      const [entry] = await store.readJournal({ fleet, limit: 1 })
      return entry === undefined ? null : kpisNow(entry, spec?.fleets[fleet]?.kpis ?? [])
    },
    kpiHistory: (fleet, kpi, window) => kpiHistory(store, { fleet, kpi, window, limit: MOST_INTERVALS }),
    timeline: (fleet, window) => store.readTimeline({ fleet, window, limit: MOST_POINTS }),
    close: () => store.close(),
  }
}

/** Entries asked for at once: some ten megabytes of large ones. */
const ENTRIES_PER_PAGE = 500

async function eachEntry(
  store: StateStore,
  fleet: string,
  { from, to }: Interval,
  take: (entry: JournalEntry) => boolean,
): Promise<void> {
  for (let before: number | undefined; ; ) {
    const page = await store.readJournal({
      fleet,
      since: from,
      at: to - 1,
      limit: ENTRIES_PER_PAGE,
      ...(before === undefined ? {} : { before }),
    })
    if (!page.every(take) || page.length < ENTRIES_PER_PAGE) return
    before = page.at(-1)?.revision
  }
}

/** Those of the file and those of the spec, sorted. */
async function fleetNames(store: StateStore, spec: Spec | null): Promise<string[]> {
  return [...new Set([...(await store.listFleets()), ...Object.keys(spec?.fleets ?? {})])].sort()
}

async function settingsTold(store: StateStore, name: string, spec: Spec | null): Promise<SettingsTold> {
  const { settings } = await store.load(name)
  const [entry] = await store.readJournal({ fleet: name, limit: 1 })
  const decided = entry?.decision.settings ?? null
  const fleet = spec?.fleets[name]
  if (fleet !== undefined) return settingsNow(fleet, settings, decided)
  const { version, applied, values } = settings
  return {
    fleet: name,
    version,
    applied,
    settings: Object.entries(values).map(([setting, now]) => ({
      setting,
      ...now,
      default: null,
      description: '',
      decided: decided?.[setting] ?? null,
    })),
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

/** @throws CliError PLM-510 where there is no such file */
/** @param elsewhere what to do where it is not there but in another place */
export async function openReadOnly(
  path: string,
  elsewhere = 'name it with --state, or a running daemon with --url',
): Promise<StateStore> {
  try {
    await access(path)
  } catch (error) {
    throw new CliError(
      'PLM-510',
      `Tried to read the state file ${path}: ${reasonOf(error)}. Nothing has run with it yet (\`plimsoll run FILE\` ` +
        `creates it), or it is elsewhere: ${elsewhere}.`,
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
