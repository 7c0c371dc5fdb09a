/**
 * A session log that lives as long as the process: for simulations, tests, and fleets whose sessions need not outlive it.
 * What becomes of an append can be decided from outside, as a disk decides it.
 *
 * Example: `createMemorySessionLog({ decide: () => 'store-and-fail' })` stores every append and answers none of them.
 */
import { PluginError } from '../ports/plugin.ts'
import type {
  EndedSession,
  LoggedSession,
  OpenedLog,
  SessionLog,
  SessionRecord,
} from '../ports/session-log.ts'

/** `refuse`: nothing is stored. `store-and-fail`: it is stored, and the caller learns of a failure. */
export type AppendFate = 'store' | 'refuse' | 'store-and-fail'

export interface MemorySessionLogOptions {
  /** Sessions that ended and are still told of, per fleet. */
  readonly keepEnded?: number
  /** Asked before each append, with the records; a simulation answers when and how it likes. */
  decide?(fleet: string, records: readonly SessionRecord[]): AppendFate | Promise<AppendFate>
  /** Asked before each open; `false` fails it. */
  mayOpen?(fleet: string): boolean | Promise<boolean>
}

interface FleetLog {
  epoch: number
  readonly live: Map<number, LoggedSession>
  ended: EndedSession[]
}

const KEEP_ENDED = 10_000

export function createMemorySessionLog(options: MemorySessionLogOptions = {}): SessionLog {
  const fleets = new Map<string, FleetLog>()
  const keepEnded = options.keepEnded ?? KEEP_ENDED
  let closed = false

  function requireOpen(): void {
    if (closed) throw new PluginError('unavailable', 'PLM-421 the session log is closed')
  }

  function logOf(fleet: string): FleetLog {
    const known = fleets.get(fleet)
    if (known !== undefined) return known
    const fresh: FleetLog = { epoch: 0, live: new Map(), ended: [] }
    fleets.set(fleet, fresh)
    return fresh
  }

  function store(log: FleetLog, records: readonly SessionRecord[]): void {
    for (const record of records) {
      if (record.kind === 'placed') {
        log.live.set(record.session.number, record.session)
        continue
      }
      const session = log.live.get(record.number)
      if (session === undefined) continue
      log.live.delete(record.number)
      log.ended.push({ session, end: record.kind, at: record.at, why: record.why })
    }
    if (log.ended.length > 2 * keepEnded) log.ended = latest(log.ended, keepEnded)
  }

  return {
    async check() {
      return closed
        ? { ok: false, detail: 'the session log is closed' }
        : { ok: true, detail: `in memory, ${fleets.size} fleets; nothing survives a restart` }
    },

    async close() {
      closed = true
    },

    async open(fleet, _holder, succeeds): Promise<OpenedLog> {
      requireOpen()
      if ((await options.mayOpen?.(fleet)) === false) throw failed(`open the session log of "${fleet}"`)
      const log = logOf(fleet)
      if (succeeds !== undefined && succeeds !== log.epoch) throw fenced(fleet, succeeds, log.epoch)
      log.epoch += 1
      return {
        epoch: log.epoch,
        sessions: [...log.live.values()].sort((a, b) => a.number - b.number),
        ended: latest(log.ended, keepEnded),
      }
    },

    async append(fleet, epoch, records) {
      requireOpen()
      const fate = (await options.decide?.(fleet, records)) ?? 'store'
      const log = logOf(fleet)
      if (epoch !== log.epoch) throw fenced(fleet, epoch, log.epoch)
      if (fate !== 'refuse') store(log, records)
      if (fate !== 'store') throw failed(`append to the session log of "${fleet}"`)
    },

    async confirm(fleet, epoch) {
      requireOpen()
      const log = logOf(fleet)
      if (epoch !== log.epoch) throw fenced(fleet, epoch, log.epoch)
    },
  }
}

function latest<T>(all: readonly T[], most: number): T[] {
  return most === 0 ? [] : all.slice(-most)
}

export function fenced(fleet: string, epoch: number, latestEpoch: number): PluginError {
  return new PluginError(
    'conflict',
    `PLM-420 the session log of "${fleet}" was opened by another broker since: epoch ${epoch} is over, ${latestEpoch} is in ` +
      'force; nothing was stored; the daemon that holds the lease of the fleet places its sessions',
  )
}

function failed(doing: string): PluginError {
  return new PluginError('unavailable', `PLM-422 cannot ${doing}: it was told to refuse; ask again later`)
}
