/**
 * What a tick touches, all of it through ports. Production, the backtester and the fault simulator are three
 * worlds around the same `tick`.
 *
 * Example: a test gives a world a clock it advances, a memory store and a simulated target, then calls `tick(world, 'web')`.
 */
import type { Approval } from '../model/approval.ts'
import type { JournalEntry } from '../model/journal.ts'
import type { OperatorAct } from '../model/override.ts'
import type { Sample } from '../model/sample.ts'
import type { SettingChange, SettingsInForce } from '../model/settings.ts'
import type { SettingValue, Spec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import type { Calendar } from '../ports/calendar.ts'
import type { Clock } from '../ports/clock.ts'
import type { MetricSource } from '../ports/metric-source.ts'
import type { SessionRouter } from '../ports/session-router.ts'
import type { StateStore } from '../ports/state-store.ts'
import type { Target } from '../ports/target.ts'

export interface FleetPorts {
  readonly target: Target
  readonly router: SessionRouter | null
}

export interface World {
  readonly clock: Clock
  readonly calendar: Calendar
  readonly store: StateStore
  /** Names this process in leases. */
  readonly holder: string
  /** The configuration in force; a changed file shows at the next tick. */
  spec(): Spec
  ports(fleet: string): FleetPorts
  /** By the name a metric's `source` says. */
  source(name: string): MetricSource
  emit(event: LoopEvent): void
}

/** What became of one tick. */
export type TickReport =
  | { readonly outcome: 'ticked'; readonly fleet: string; readonly at: EpochMs; readonly entry: JournalEntry }
  | { readonly outcome: 'standby'; readonly fleet: string; readonly at: EpochMs }
  | {
      readonly outcome: 'failed'
      readonly fleet: string
      readonly at: EpochMs
      readonly code: string
      readonly error: string
    }

export type LoopEvent =
  | { readonly type: 'tick'; readonly report: TickReport }
  /** New samples, as they were taken up by a tick. */
  | {
      readonly type: 'samples'
      readonly fleet: string
      readonly metric: string
      readonly samples: readonly Sample[]
    }
  | {
      readonly type: 'gap-began'
      readonly fleet: string
      readonly operand: string
      readonly at: EpochMs
      readonly gap: string
    }
  | { readonly type: 'gap-ended'; readonly fleet: string; readonly operand: string; readonly at: EpochMs }
  | {
      readonly type: 'lost'
      readonly fleet: string
      readonly instance: string
      readonly at: EpochMs
      readonly detail: string
    }
  /** The settings in force changed: a value, or only the rule that holds one (then `changes` is empty). */
  | {
      readonly type: 'settings'
      readonly fleet: string
      readonly at: EpochMs
      readonly settings: SettingsInForce
      readonly changes: readonly SettingChange[]
      /** What the rules ask for, also where it is not applied. */
      readonly decided: Readonly<Record<string, SettingValue>>
    }
  /** What a person is asked, or was, and what became of it (mode `notify`). */
  | {
      readonly type: 'approval-wanted' | 'approval-withdrawn' | 'approved' | 'rejected' | 'expired'
      readonly fleet: string
      readonly at: EpochMs
      readonly approval: Approval
    }
  /** An operator changed something by hand, or the time of such a change was over. */
  | { readonly type: 'act'; readonly act: OperatorAct }
  | { readonly type: 'trouble'; readonly fleet: string; readonly at: EpochMs; readonly what: string }
  | { readonly type: 'spec-applied'; readonly digest: string; readonly at: EpochMs }
  | { readonly type: 'spec-refused'; readonly problems: string; readonly at: EpochMs }
