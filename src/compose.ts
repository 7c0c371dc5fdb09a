/**
 * A loaded configuration and the host's own plugins become a daemon, with its state in the file the configuration names.
 *
 * Example: `const daemon = await compose(loaded, { log })`, `await daemon.start()`, ..., `await daemon.stop()`.
 */
import { Daemon, type DaemonOptions } from './compose/daemon.ts'
import { patiently } from './compose/patiently.ts'
import type { Loaded } from './config/load.ts'
import { systemClock } from './plugins/clocks/system.ts'
import { openSqliteSessionLog } from './plugins/stores/session-log.ts'
import { openSqliteStore } from './plugins/stores/sqlite.ts'
import type { StateStore } from './ports/state-store.ts'

export { Daemon } from './compose/daemon.ts'

export interface ComposeOptions extends DaemonOptions {
  /** Instead of the SQLite file the configuration names. */
  readonly store?: StateStore
}

/** @throws PluginError when the state file cannot be opened */
export async function compose(loaded: Loaded, options: ComposeOptions = {}): Promise<Daemon> {
  const patience = { ...options.patience, clock: systemClock }
  const store = options.store ?? (await patiently(patience, () => openSqliteStore(loaded.state.path)))
  // Sessions need not outlive a state that is forgotten at the end.
  const openSessionLog =
    options.store === undefined ? () => openSqliteSessionLog(`${loaded.state.path}.sessions`) : undefined
  return new Daemon(loaded, store, openSessionLog === undefined ? options : { openSessionLog, ...options })
}
