/**
 * What the daemon and the thread with the file of sessions say to each other. Records travel as the text they are stored
 * as.
 *
 * Example: `{ id: 7, do: 'append', fleet: 'rooms', epoch: 3, count: 64, records: '[...]' }` is answered `{ id: 7, ok: true, value: null }`.
 */
import type { PluginErrorKind } from '../../../ports/plugin.ts'
import type { OpenedLog } from '../../../ports/session-log.ts'

export interface ThreadStart {
  readonly path: string
  readonly keepEnded: number
  readonly maxBytes: number | null
}

export type ThreadOrder = { readonly id: number } & (
  | { readonly do: 'open'; readonly fleet: string; readonly holder: string; readonly succeeds: number | null }
  | {
      readonly do: 'append'
      readonly fleet: string
      readonly epoch: number
      readonly count: number
      readonly records: string
    }
  | { readonly do: 'confirm'; readonly fleet: string; readonly epoch: number }
  | { readonly do: 'check' }
  | { readonly do: 'close' }
)

/** `value`: what was opened, or the number of sessions a check counted. */
export type ThreadAnswer = { readonly id: number } & (
  | { readonly ok: true; readonly value: OpenedLog | number | null }
  | {
      readonly ok: false
      /** `null`: a defect. */
      readonly kind: PluginErrorKind | null
      readonly message: string
      readonly retryAfterMs: number | null
    }
)
