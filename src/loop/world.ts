/**
 * What a tick touches, all of it through ports. Production, the backtester and the fault simulator are three
 * worlds around the same `tick`.
 *
 * Example: a test gives a world a clock it advances, a memory store and a simulated target, then calls `tick(world, 'web')`.
 */
import type { Approval } from '../model/approval.ts'
import type { Freeze } from '../model/health.ts'
import type { JournalEntry } from '../model/journal.ts'
import type { OperatorAct } from '../model/override.ts'
import type { Outcome } from '../model/plan.ts'
import type { Run } from '../model/run.ts'
import type { Sample } from '../model/sample.ts'
import type { SettingChange, SettingsInForce } from '../model/settings.ts'
import type { NoticeEvent, SettingValue, Spec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import type { Calendar } from '../ports/calendar.ts'
import type { Clock } from '../ports/clock.ts'
import type { HealthWatch } from '../ports/health-probe.ts'
import type { MetricSource } from '../ports/metric-source.ts'
import type { SessionRouter } from '../ports/session-router.ts'
import type { StateStore } from '../ports/state-store.ts'
import type { Target } from '../ports/target.ts'
import type { ActionRuns } from './action-runs.ts'

export interface FleetPorts {
  readonly target: Target
  readonly router: SessionRouter | null
  /** Left out or `null`: its instances are not probed. */
  readonly health?: HealthWatch | null
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
  /** The entry of a fleet's last tick here; `null` before the first. */
  latest(fleet: string): JournalEntry | null
  /** By the name a metric's `source` says. */
  source(name: string): MetricSource
  /** This process holds the fleet's lease anew, and its tick is about to go on. Left out: there is nothing else to take over. */
  takeOver?(fleet: string): Promise<void>
  /** Custom actions, carried out beside the ticks that began them. */
  readonly runs: ActionRuns
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
  | {
      readonly type: 'gap-ended'
      readonly fleet: string
      readonly operand: string
      readonly at: EpochMs
      /** When it began: the `at` of its beginning. */
      readonly since: EpochMs
    }
  | {
      readonly type: 'lost'
      readonly fleet: string
      readonly instance: string
      readonly at: EpochMs
      readonly detail: string
    }
  /** So much fails at once that everything destructive is held back; and the end of that. */
  | {
      readonly type: 'froze' | 'thawed'
      readonly fleet: string
      readonly at: EpochMs
      readonly freeze: Freeze
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
  /** A custom action ended, or was found cut off by a restart. */
  | { readonly type: 'ran'; readonly fleet: string; readonly run: Run; readonly outcome: Outcome }
  /** What became of telling somebody: once when it is taken, when it must be tried again, and when it is given up. */
  | {
      readonly type: 'delivery'
      readonly fleet: string
      readonly at: EpochMs
      readonly notifier: string
      /** Id of the notice. */
      readonly notice: string
      readonly event: NoticeEvent
      readonly title: string
      readonly state: 'sent' | 'retrying' | 'failed'
      /** Why it was not taken; empty when it was. */
      readonly detail: string
    }
  | { readonly type: 'trouble'; readonly fleet: string; readonly at: EpochMs; readonly what: string }
  | { readonly type: 'spec-applied'; readonly digest: string; readonly at: EpochMs }
  | { readonly type: 'spec-refused'; readonly problems: string; readonly at: EpochMs }
