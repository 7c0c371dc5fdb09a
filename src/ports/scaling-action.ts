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
  /** Idempotency token; the same one is never sent twice by us. */
  readonly id: string
  readonly at: EpochMs
  readonly fleet: string
  readonly rule: string
  readonly action: string
  readonly decision: Decision
}

/** `output`: what it had to say, bounded. */
export interface ActionResult {
  readonly output: string
}

export interface ScalingAction extends Plugin {
  /** Throws `PluginError` when it failed. */
  run(request: ActionRequest, signal: AbortSignal): Promise<ActionResult>
}
