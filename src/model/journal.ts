/**
 * One tick as it was: what was seen, decided, planned and done. With the spec of `specDigest` and the memory,
 * the same decision comes out again, byte for byte.
 *
 * Example: `plimsoll explain web --at 12:04` reads the newest entry with `at` <= 12:04.
 */
import type { Approval } from './approval.ts'
import type { Decision } from './decision.ts'
import type { Inventory } from './inventory.ts'
import type { Memory } from './memory.ts'
import type { Observation } from './observation.ts'
import type { Outcome, Plan } from './plan.ts'
import type { Mode } from './spec.ts'
import type { EpochMs } from './time.ts'

export interface JournalEntry {
  readonly fleet: string
  /** The memory revision this tick's intent was committed as. */
  readonly revision: number
  readonly at: EpochMs
  readonly specDigest: string
  /** The mode in force; `recommend` also where the target can be told nothing. Entries of before it was kept have none. */
  readonly mode?: Mode
  readonly observation: Observation
  /** The memory `decide` was given. */
  readonly memory: Memory
  readonly inventory: Inventory
  readonly decision: Decision
  readonly plan: Plan
  /** What a person was asked, as it stands after this tick; `null` where nothing was. */
  readonly approval: Approval | null
  /** Empty until the outcomes are committed. */
  readonly outcomes: readonly Outcome[]
}
