/**
 * Tells people. At least once; `id` lets the receiver drop repeats.
 *
 * Example: `send({ id: 'web/42/scaled', at, fleet: 'web', event: 'scaled', title: 'web 5 -> 6', text: '...',
 * change: { from: 5, to: 6, rule: 'Scale up' }, withdraws: null }, signal)`.
 */
import type { NoticeEvent } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import type { Plugin } from './plugin.ts'

export interface Notice {
  readonly id: string
  readonly at: EpochMs
  readonly fleet: string
  readonly event: NoticeEvent
  /** One line. */
  readonly title: string
  /** A few sentences in the operator's words. */
  readonly text: string
  /** Where a change is told: counts before and after, and who asked. */
  readonly change: { readonly from: number; readonly to: number; readonly rule: string | null } | null
  /** Id of an earlier notice that this one ends or takes back ("no longer needed"). */
  readonly withdraws: string | null
}

export interface Notifier extends Plugin {
  /** The only events it has words for; left out: all. */
  readonly tells?: readonly NoticeEvent[]
  /** Throws `PluginError` when it was not taken; `unavailable` and `throttled` are tried again, all else is final. */
  send(notice: Notice, signal: AbortSignal): Promise<void>
}
