/**
 * What the author of a target, router, source, store, notifier or action needs: the contracts and their nouns.
 *
 * Example: `import type { Target } from 'plimsoll/plugin'`; its acceptance suite is in `plimsoll/testing`.
 */
export type { Health, Lifecycle, Load } from './model/inventory.ts'
export type { Gap } from './model/observation.ts'
export type { Sample } from './model/sample.ts'
export type { MetricSpec } from './model/spec.ts'
export type { EpochMs, Interval } from './model/time.ts'
export type { Calendar } from './ports/calendar.ts'
export type { Clock, Random } from './ports/clock.ts'
export type { MetricAnswer, MetricQuery, MetricSource } from './ports/metric-source.ts'
export type { Notice, Notifier } from './ports/notifier.ts'
export { type CheckResult, type Plugin, PluginError, type PluginErrorKind } from './ports/plugin.ts'
export type { ActionRequest, ActionResult, ScalingAction } from './ports/scaling-action.ts'
export type {
  EndedSession,
  LoggedSession,
  OpenedLog,
  SessionLog,
  SessionRecord,
} from './ports/session-log.ts'
export type { EndedGroup, RoutedInstance, SessionRouter } from './ports/session-router.ts'
export type { Commit, Lease, StateStore } from './ports/state-store.ts'
export type {
  LaunchOrder,
  LaunchResult,
  Target,
  TargetCapabilities,
  TargetInstance,
  TerminateResult,
} from './ports/target.ts'
