/**
 * A broker's hold on its session log: whether it may speak for the sessions of the fleet, and whether what it decides can be
 * stored. It is opened by a tick, lost to whoever opens the log after us, and in doubt while the log does not answer.
 *
 * Example: an append fails: in doubt. 100 ms later the log is opened anew, unless somebody else has opened it since; that fails:
 * again after 200 ms, then 400 ms, and every 5 s in the end. It opens: what it says was stored is so.
 */
import type { EpochMs } from '../model/time.ts'
import type { Clock } from '../ports/clock.ts'
import { type CheckResult, PluginError } from '../ports/plugin.ts'
import type { OpenedLog, SessionLog, SessionRecord } from '../ports/session-log.ts'
import { notReady } from './faults.ts'
import { within } from './writer.ts'

/**
 * `doubtful`: the log failed, and what it stored is not known yet. `fenced`: another broker opened the log; only a tick, which
 * holds the fleet's lease, opens it again.
 */
export type Phase = 'unopened' | 'open' | 'doubtful' | 'fenced' | 'closed'

export interface HoldOptions {
  readonly fleet: string
  readonly log: SessionLog
  readonly clock: Clock
  /** Who opens the log, for people who look into it. */
  readonly holder: string
  readonly deadlineMs: number
}

/** Told at once, and with the phase as it is then. */
export interface HoldOwner {
  /** All that is known is what the log says. */
  opened(opened: OpenedLog): void
  /** What the log says is so; what was only on its way is undone. */
  recovered(opened: OpenedLog): void
  /** Whoever opened the log since knows better. */
  fenced(failure: PluginError): void
}

const FIRST_RECOVERY_MS = 100
const LONGEST_RECOVERY_MS = 5_000
/** It may have a million sessions to read. */
const OPEN_TAKES_LONGER = 12
/** Much shorter than any lease of a session. */
const CONFIRMED_FOR_MS = 2_000

export class LogHold {
  readonly #options: HoldOptions
  readonly #owner: HoldOwner
  #phase: Phase = 'unopened'
  #epoch = 0
  #confirmedAt: EpochMs = 0
  #recoveryMs = FIRST_RECOVERY_MS
  /** Openings and lists, one after the other. */
  #inTurn: Promise<unknown> = Promise.resolve()
  #cancelRecovery: () => void = () => undefined

  constructor(options: HoldOptions, owner: HoldOwner) {
    this.#options = options
    this.#owner = owner
  }

  get phase(): Phase {
    return this.#phase
  }

  /** `null` while it may not speak for the sessions. */
  get epoch(): number | null {
    return this.#isKnowing ? this.#epoch : null
  }

  append(records: readonly SessionRecord[]): Promise<void> {
    const { log, fleet } = this.#options
    return log.append(fleet, this.#epoch, records)
  }

  /** One after the other, whatever became of the one before. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#inTurn.then(work)
    this.#inTurn = done.catch(() => undefined)
    return done
  }

  /** For a list that was just given: opens what is not open, and settles doubt. @throws PLM-430 */
  async take(isOurs: () => Promise<boolean>, settled: () => Promise<void>): Promise<void> {
    if (this.#phase === 'closed') throw this.notReady()
    if (this.#phase === 'unopened' || this.#phase === 'fenced') await this.#open(isOurs, settled)
    if (this.#phase === 'doubtful') await this.#recover()
  }

  /** The log failed. */
  doubt(): void {
    this.#phase = 'doubtful'
    this.#recoverLater()
  }

  fence(): void {
    if (!this.#isKnowing) return
    this.#phase = 'fenced'
    this.#cancelRecovery()
    this.#owner.fenced(this.fencedOff())
  }

  /** @returns whether it was not closed already */
  close(): boolean {
    if (this.#phase === 'closed') return false
    this.#phase = 'closed'
    this.#cancelRecovery()
    return true
  }

  /**
   * Another daemon may have opened the log since, and know sessions that this one does not: what protects or denies a
   * session is said only after asking the log who the last one was.
   */
  async confirm(): Promise<void> {
    this.requireKnowing()
    const { log, fleet, clock } = this.#options
    const epoch = this.#epoch
    try {
      await within(this.#options, log.confirm(fleet, epoch))
      this.#confirmedAt = clock.now()
    } catch (error) {
      if (!isConflict(error) || epoch !== this.#epoch)
        throw notReady(fleet, `its log does not answer (${said(error)})`)
      this.fence()
    }
    this.requireKnowing()
  }

  /** As of a moment ago. */
  async requireCurrent(): Promise<void> {
    const agoMs = this.#options.clock.now() - this.#confirmedAt
    if (agoMs < 0 || agoMs > CONFIRMED_FOR_MS) await this.confirm()
    else this.requireKnowing()
  }

  /** What it knows of sessions is so. */
  requireKnowing(): void {
    if (!this.#isKnowing) throw this.notReady()
  }

  /** And what it decides can be stored. */
  requireReady(): void {
    if (this.#phase !== 'open') throw this.notReady()
  }

  notReady(): PluginError {
    const because: Record<Phase, string> = {
      unopened: 'it has not been told of any instance yet',
      open: 'it is finding out what became of this session',
      doubtful: 'its log failed, and it is finding out what was stored',
      fenced: 'another daemon places the sessions of this fleet now',
      closed: 'it is ending',
    }
    return notReady(this.#options.fleet, because[this.#phase])
  }

  fencedOff(): PluginError {
    return notReady(this.#options.fleet, 'another daemon places the sessions of this fleet now')
  }

  /** @param open what there is to say when all is well */
  check(open: () => string): CheckResult {
    switch (this.#phase) {
      case 'open':
        return { ok: true, detail: open() }
      case 'unopened':
        return { ok: true, detail: 'not told of any instance yet: it opens its log with the first tick' }
      case 'doubtful':
        return { ok: false, detail: 'the session log failed; nothing is placed until it answers again' }
      case 'fenced':
        return { ok: false, detail: 'another broker has opened the session log; this one stands by' }
      case 'closed':
        return { ok: false, detail: `the broker of fleet "${this.#options.fleet}" is closed` }
    }
  }

  get #isKnowing(): boolean {
    return this.#phase === 'open' || this.#phase === 'doubtful'
  }

  async #open(isOurs: () => Promise<boolean>, settled: () => Promise<void>): Promise<void> {
    const { log, fleet, holder } = this.#options
    // What is under way was begun under another epoch, and must be answered under it.
    await settled()
    let opened: OpenedLog
    try {
      opened = await within(this.#openDeadline(), log.open(fleet, holder))
    } catch (error) {
      throw notReady(fleet, `its log cannot be opened (${said(error)})`)
    }
    await this.#requireOurs(isOurs)
    if (this.#phase === 'closed') return
    this.#isOpen(opened)
    this.#owner.opened(opened)
  }

  /**
   * Another daemon may have taken the fleet over before the log was opened, and have ended instances that our list has open. Asked
   * after the opening: whoever takes over from here on opens the log after us, and learns of every session we place.
   */
  async #requireOurs(isOurs: () => Promise<boolean>): Promise<void> {
    let ours: boolean
    try {
      ours = await within(this.#options, isOurs())
    } catch (error) {
      throw notReady(this.#options.fleet, `whose fleet it is cannot be asked (${said(error)})`)
    }
    if (!ours) throw this.fencedOff()
  }

  async #recover(): Promise<void> {
    const { log, fleet, holder } = this.#options
    this.#cancelRecovery()
    let opened: OpenedLog
    try {
      opened = await within(this.#openDeadline(), log.open(fleet, holder, this.#epoch))
    } catch (error) {
      if (this.#phase !== 'doubtful') return
      if (isConflict(error)) this.fence()
      else this.#recoverLater()
      return
    }
    if (this.#phase !== 'doubtful') return
    this.#isOpen(opened)
    this.#owner.recovered(opened)
  }

  #isOpen({ epoch }: OpenedLog): void {
    this.#phase = 'open'
    this.#epoch = epoch
    this.#recoveryMs = FIRST_RECOVERY_MS
  }

  #recoverLater(): void {
    this.#cancelRecovery()
    this.#cancelRecovery = this.#options.clock.after(this.#recoveryMs, () => {
      void this.inTurn(async () => {
        if (this.#phase === 'doubtful') await this.#recover()
      })
    })
    this.#recoveryMs = Math.min(LONGEST_RECOVERY_MS, 2 * this.#recoveryMs)
  }

  #openDeadline(): { clock: Clock; deadlineMs: number } {
    const { clock, deadlineMs } = this.#options
    return { clock, deadlineMs: OPEN_TAKES_LONGER * deadlineMs }
  }
}

export function isConflict(error: unknown): boolean {
  return error instanceof PluginError && error.kind === 'conflict'
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
