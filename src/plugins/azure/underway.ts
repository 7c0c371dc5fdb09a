/**
 * What Azure accepted and is still doing: asked now and then how it goes, never waited for.
 *
 * Example: a raise is accepted with an operation to ask about; `isDone` answers `false` twice, then throws PLM-767 since the zone
 * has no room. Where the question itself fails (403, a broken connection), it is not known how it goes, which is `unavailable`.
 */
import { PluginError } from '../../ports/plugin.ts'
import type { Calls } from './calls.ts'
import { answeredBy } from './failure.ts'

export interface Underway {
  /** @throws PluginError `refused` when it has failed for good; false: not done yet */
  isDone(signal: AbortSignal): Promise<boolean>
}

/** What of a poller of Microsoft's clients is used. */
interface Poller {
  readonly isDone: boolean
  poll(options: { readonly abortSignal: AbortSignal }): Promise<{
    readonly status: string
    readonly error?: Error | undefined
  }>
}

/** @param gaveUp what is said when Azure gives up, given what it said */
export function follow(
  calls: Pick<Calls<never>, 'within' | 'failureOf'>,
  poller: Poller,
  what: string,
  gaveUp: (saw: string) => string,
): Underway {
  const failed = (error: unknown): PluginError => {
    const saw = error instanceof Error ? error.message.replace(/\s+/g, ' ') : 'no reason given'
    return new PluginError('refused', gaveUp(saw), { cause: error })
  }
  return {
    isDone: signal =>
      calls.within(signal, async late => {
        try {
          const { status, error } = await poller.poll({ abortSignal: late })
          if (status === 'failed' || status === 'canceled') throw failed(error)
          return status === 'succeeded'
        } catch (error) {
          if (error instanceof PluginError) throw error
          if (isAnswer(error, late)) throw failed(error)
          const { message } = calls.failureOf(error, what, late, true)
          throw new PluginError('unavailable', message, { cause: error })
        }
      }),
  }
}

/** That it failed for good is only what an answer to a poll says, which has no status of its own; anything else leaves it open. */
function isAnswer(error: unknown, signal: AbortSignal): boolean {
  return !signal.aborted && answeredBy(error).status === null && !isBroken(error)
}

/** The connection, not the operation. */
export function isBroken(error: unknown): boolean {
  const { code } = answeredBy(error)
  return code !== null && /^(REQUEST_SEND_ERROR|PARSE_ERROR|E[A-Z]+)$/.test(code)
}
