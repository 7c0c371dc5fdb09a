/**
 * Where the session broker writes down which sessions there are, before it tells anybody: a log of its own, since it is
 * written for every session and not for every tick.
 *
 * Example: `open('rooms', 'a')` answers epoch 3 and two live sessions. `append('rooms', 3, [{ kind: 'placed', session },
 * { kind: 'released', id: 's1', number: 8, ... }])` stores both or neither. After `open('rooms', 'b')` answered
 * epoch 4, an append with epoch 3 is refused.
 *
 * Signs of life are not recorded: whoever opens the log gives every lease its whole time again, since while nobody had
 * it open no client could give a sign.
 */
import type { EpochMs } from '../model/time.ts'
import type { Plugin } from './plugin.ts'

export interface LoggedSession {
  readonly id: string
  /** Grows with every session of the fleet: the order in which they were placed. No two have the same. */
  readonly number: number
  readonly instance: string
  readonly incarnation: string | null
  readonly slots: number
  readonly labels: Readonly<Record<string, string>>
  /** Without a sign of life for so long it has ended; `null`: it ends when it is released. */
  readonly leaseMs: number | null
  readonly placedAt: EpochMs
}

/** `lost`: its instance ended. */
export type SessionEnd = 'released' | 'expired' | 'lost'

/** An end of a session that is not there is no mistake; it changes nothing. */
export type SessionRecord =
  | { readonly kind: 'placed'; readonly session: LoggedSession }
  | {
      readonly kind: SessionEnd
      readonly id: string
      /** Of the session that ended: its id may be in use again. */
      readonly number: number
      readonly at: EpochMs
      readonly why: string
    }

export interface EndedSession {
  readonly session: LoggedSession
  readonly end: SessionEnd
  readonly at: EpochMs
  readonly why: string
}

export interface OpenedLog {
  readonly epoch: number
  /** Everything recorded and still true, by number. */
  readonly sessions: readonly LoggedSession[]
  /** The latest of those that ended, oldest first: a bounded number. */
  readonly ended: readonly EndedSession[]
}

export interface SessionLog extends Plugin {
  /**
   * Every epoch given out before is refused from now on. With `succeeds`: only where that is still the latest epoch;
   * otherwise `PluginError('conflict')`, and nothing is changed.
   */
  open(fleet: string, holder: string, succeeds?: number): Promise<OpenedLog>
  /**
   * All of them, in their order, or none; durable when it resolves. Throws `PluginError('conflict')` for an epoch that is
   * not the latest: then nothing was stored. After any other error it is not known whether they were; the next `open` tells.
   */
  append(fleet: string, epoch: number, records: readonly SessionRecord[]): Promise<void>
  /** Throws `PluginError('conflict')` when the epoch is not the latest any more. Changes nothing. */
  confirm(fleet: string, epoch: number): Promise<void>
}
