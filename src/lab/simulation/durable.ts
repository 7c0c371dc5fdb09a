/**
 * What outlives a replica: the state store and the session log, refusing and losing answers on the way to it, and the
 * oracle of what was committed.
 *
 * Example: a commit that fails with `store-reply-lost` was stored; the tick that made it does not know.
 */
import type { JournalEntry } from '../../model/journal.ts'
import type { Memory } from '../../model/memory.ts'
import { PluginError } from '../../ports/plugin.ts'
import type { SessionLog } from '../../ports/session-log.ts'
import type { StateStore } from '../../ports/state-store.ts'
import type { Faults } from './faults.ts'
import type { Replica } from './replica.ts'

export interface Committed {
  readonly epoch: number
  readonly memory: Memory
  readonly entry: JournalEntry | null
}

export function storeFor(
  replica: Replica,
  store: StateStore,
  faults: Faults,
  onCommit: (committed: Committed) => void,
): StateStore {
  const refusing = <T>(what: string, call: () => Promise<T>): Promise<T> =>
    replica.call(what, async () => {
      if (faults.strikes('store-refuses')) throw new PluginError('unavailable', `${what}: the disk is full`)
      return call()
    })
  return {
    ...store,
    close: async () => undefined,
    load: fleet => refusing('load', () => store.load(fleet)),
    commit: commit =>
      refusing('commit', async () => {
        await store.commit(commit)
        onCommit(commit)
        if (faults.strikes('store-reply-lost')) throw new PluginError('unavailable', 'commit: no answer')
      }),
    acquireLease: (...args) => refusing('lease', () => store.acquireLease(...args)),
    readOverrides: fleet => refusing('overrides', () => store.readOverrides(fleet)),
  }
}

export function logFor(replica: Replica, log: SessionLog, faults: Faults): SessionLog {
  return {
    check: signal => log.check(signal),
    close: async () => undefined,
    open: (fleet, holder, succeeds) => replica.call('open the log', () => log.open(fleet, holder, succeeds)),
    confirm: (fleet, epoch) => replica.call('confirm', () => log.confirm(fleet, epoch)),
    append: (fleet, epoch, records) =>
      replica.call('append', async () => {
        if (faults.strikes('log-slow')) await slowly(replica)
        if (faults.strikes('log-refuses')) throw new PluginError('unavailable', 'append: the disk is full')
        await log.append(fleet, epoch, records)
        if (faults.strikes('log-reply-lost')) throw new PluginError('unavailable', 'append: no answer')
      }),
  }
}

/** A disk that is busy with something else; longer than the deadline of the log at times. */
function slowly(replica: Replica): Promise<void> {
  return new Promise(resolve => replica.clock.after(replica.random.whole(100, 6_000), resolve))
}
