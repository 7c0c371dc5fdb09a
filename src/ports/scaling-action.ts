/**
 * A custom action that a rule runs when it begins to fire. Its outcome is journalled; it never holds up a tick.
 *
 * Example: `run({ id: 'web/42/run/1', fleet: 'web', rule: 'Backlog', action: 'provision', at, decision }, signal)` answers
 * `{ output: 'queue orders-low created' }`.
 */
import type { Decision } from '../model/decision.ts'
import type { EpochMs } from '../model/time.ts'
import type { Plugin } from './plugin.ts'

export interface ActionRequest {
  /** Idempotency token; `run` is called with it once. What retries within a call carries it every time. */
  readonly id: string
  readonly at: EpochMs
  readonly fleet: string
  readonly rule: string
  readonly action: string
  readonly decision: Decision
}

/** `output`: what it had to say, bounded by the action (`MOST_OUTPUT`). */
export interface ActionResult {
  readonly output: string
}

/** Characters of output an action may answer. */
export const MOST_OUTPUT = 4_000

export interface ScalingAction extends Plugin {
  /** Throws `PluginError` when it failed. Ends soon after the signal does. */
  run(request: ActionRequest, signal: AbortSignal): Promise<ActionResult>
}
