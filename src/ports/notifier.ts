/**
 * Tells people. At least once; `id` lets the receiver drop repeats.
 *
 * Example: `send({ id: 'web/42/scaled', at, fleet: 'web', event: 'scaled', title: 'web 5 -> 6', text: '...' }, signal)`.
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
}

export interface Notifier extends Plugin {
  /** Throws `PluginError` when it was not taken; `unavailable` and `throttled` are tried again. */
  send(notice: Notice, signal: AbortSignal): Promise<void>
}
