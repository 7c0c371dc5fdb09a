/**
 * Carries out deletions one after the other, each until it is gone or its time is over. What a lost reply leaves open is found out by
 * looking; what is in use by something that is still going is tried again; the first that fails for good ends it, with what is left.
 *
 * Example: the reply to the deletion of `web-lb` is lost. It is looked at: it is there and not being deleted, so it is asked for once more;
 * a second later it is gone, and `web-ip` is next.
 */
import { type Deletion, type Home, isOurs } from '../infrastructure/deletions.ts'
import { answeredBy } from '../plugins/azure/failure.ts'
import type { Found, Resources, Which } from '../plugins/azure/resources.ts'
import type { Underway } from '../plugins/azure/underway.ts'
import { pause } from '../plugins/azure/waiting.ts'
import type { Clock } from '../ports/clock.ts'
import { PluginError } from '../ports/plugin.ts'

/** `gone`: it was not there. `foreign`: something else has its name. */
export type Ended = 'deleted' | 'gone' | 'foreign'

export interface DeletingContext {
  readonly resources: Pick<Resources, 'find' | 'remove'>
  readonly clock: Clock
  /** Between two looks, at first; then longer, up to `longestPauseMs`. */
  readonly pauseMs: number
  readonly longestPauseMs: number
  /** Told now and then, with how long it has taken. */
  readonly onProgress: (deletion: Deletion, seconds: number) => void
}

/** Asked for so often, and still there: nobody deletes it. */
const MOST_TRIES = 6

export class DeletionLate extends Error {}

export function whichOf({ id, apiVersion, what, name }: Deletion): Which {
  return { id, apiVersion, what: `the ${what} ${name}` }
}

/** @throws PluginError, DeletionLate */
export async function endOne(
  deletion: Deletion,
  home: Home,
  context: DeletingContext,
  signal: AbortSignal,
): Promise<Ended> {
  return new Ending(deletion, home, context, signal).run()
}

class Ending {
  readonly #deletion: Deletion
  readonly #home: Home
  readonly #context: DeletingContext
  readonly #signal: AbortSignal
  readonly #beganAt: number
  #tries = 0
  #pauses = 0
  #lastTrouble: PluginError | null = null

  constructor(deletion: Deletion, home: Home, context: DeletingContext, signal: AbortSignal) {
    this.#deletion = deletion
    this.#home = home
    this.#context = context
    this.#signal = signal
    this.#beganAt = context.clock.now()
  }

  async run(): Promise<Ended> {
    for (;;) {
      const found = await this.#look()
      if (found === 'unknown') continue
      if (found === null) return this.#tries === 0 ? 'gone' : 'deleted'
      if (!isOurs(this.#deletion, this.#home, found)) return 'foreign'
      const isGoing = this.#tries > 0 && found.state === 'deleting'
      const removal = isGoing ? null : await this.#ask()
      if (removal !== null) await this.#follow(removal)
      await this.#pause()
    }
  }

  async #look(): Promise<Found | null | 'unknown'> {
    try {
      return await this.#context.resources.find(whichOf(this.#deletion), this.#signal)
    } catch (error) {
      await this.#bear(error)
      return 'unknown'
    }
  }

  async #ask(): Promise<Underway | null> {
    if (this.#tries >= MOST_TRIES) throw this.#lastTrouble ?? stillThere(this.#deletion)
    try {
      const removal = await this.#context.resources.remove(whichOf(this.#deletion), this.#signal)
      this.#tries += 1
      return removal
    } catch (error) {
      if (!(error instanceof PluginError && error.kind === 'throttled')) this.#tries += 1
      await this.#bear(error)
      return null
    }
  }

  async #follow(removal: Underway): Promise<void> {
    for (;;) {
      try {
        if (await removal.isDone(this.#signal)) return
      } catch (error) {
        if (!(error instanceof PluginError) || error.kind !== 'unavailable') throw error
        // It may be done all the same: looking at it tells.
        this.#lastTrouble = error
        return
      }
      await this.#pause()
    }
  }

  /** Waits out what passes by itself; throws what does not. */
  async #bear(error: unknown): Promise<void> {
    if (this.#signal.aborted || !(error instanceof PluginError) || !passes(error)) throw error
    this.#lastTrouble = error
    await this.#pause(error.retryAfterMs)
  }

  async #pause(atLeastMs = 0): Promise<void> {
    const { clock, pauseMs, longestPauseMs, onProgress } = this.#context
    const wanted = Math.max(atLeastMs, Math.min(longestPauseMs, pauseMs * 2 ** this.#pauses))
    this.#pauses += 1
    const spentMs = clock.now() - this.#beganAt
    const leftMs = this.#deletion.deadlineMs - spentMs
    if (leftMs <= 0) throw new DeletionLate(this.#lastTrouble?.message ?? 'Azure is still deleting it')
    onProgress(this.#deletion, Math.round(spentMs / 1000))
    await pause(clock, Math.min(wanted, leftMs), this.#signal)
    this.#signal.throwIfAborted()
  }
}

/** No answer, asked to wait, or in use by what is still going. A lock does not pass. */
function passes({ kind, cause }: PluginError): boolean {
  if (kind === 'unavailable' || kind === 'throttled') return true
  const { code } = answeredBy(cause)
  if (code !== null && /lock/i.test(code)) return false
  return (
    kind === 'conflict' ||
    (kind === 'refused' && code !== null && /InUse|CannotBeDeleted|InProgress/.test(code))
  )
}

function stillThere({ what, name }: Deletion): PluginError {
  return new PluginError(
    'refused',
    `Azure was asked ${MOST_TRIES} times to delete the ${what} ${name}, said yes, and it is still there`,
  )
}
