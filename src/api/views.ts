/**
 * What the runtime knows, put together for a reader: fleets at a glance, decisions with their sentences, points of
 * the timeline. Only here are model and wire joined; times stay numbers until they are encoded.
 *
 * Example: `fleetSummary(runtime, web)` after a tick from 5 to 6 says `current: 5, desired: 6, direction: 'out'`.
 */
import { isFrozen } from '../capacity/brake.ts'
import { describeRule, explainStep } from '../engine/explain.ts'
import { applyOverrides } from '../engine/overrides.ts'
import type { Runtime } from '../loop/runtime.ts'
import type { FleetSettings } from '../loop/settings-board.ts'
import type { TickReport } from '../loop/world.ts'
import type { Decision, Step } from '../model/decision.ts'
import type { JournalEntry } from '../model/journal.ts'
import { isInForce, NO_OVERRIDES, type Override } from '../model/override.ts'
import type { FleetSpec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import { noSuchFleet, noSuchMetric } from './failure.ts'

/** The fleet as configured. Throws PLM-461. */
export function fleetNamed(runtime: Runtime, name: string): FleetSpec {
  const { fleets } = runtime.spec()
  const fleet = Object.hasOwn(fleets, name) ? fleets[name] : undefined
  if (fleet === undefined) throw noSuchFleet(name, Object.keys(fleets))
  return fleet
}

/** Throws PLM-461 unless the fleet is configured or has a past in the store. */
export async function askPast(runtime: Runtime, name: string): Promise<void> {
  if (Object.hasOwn(runtime.spec().fleets, name)) return
  const remembered = await runtime.store.listFleets()
  if (!remembered.includes(name)) throw noSuchFleet(name, Object.keys(runtime.spec().fleets))
}

/** Throws PLM-461 or PLM-462. */
export function askMetric(runtime: Runtime, fleetName: string, metric: string): void {
  const fleet = fleetNamed(runtime, fleetName)
  if (!Object.hasOwn(fleet.metrics, metric)) throw noSuchMetric(fleetName, metric, Object.keys(fleet.metrics))
}

/** As it goes by now: with what operators changed, as far as the last tick saw it unless they are given. */
function inForce(
  runtime: Runtime,
  fleet: FleetSpec,
  seen: readonly Override[] = runtime.latest(fleet.name)?.observation.overrides ?? NO_OVERRIDES,
): { spec: FleetSpec; overrides: readonly Override[] } {
  const now = runtime.clock.now()
  const overrides = seen.filter(override => isInForce(override, now))
  return { spec: applyOverrides(fleet, overrides, now), overrides }
}

export function fleetSummary(runtime: Runtime, fleet: FleetSpec, given?: readonly Override[]) {
  const entry = runtime.latest(fleet.name)
  const { spec, overrides } = inForce(runtime, fleet, given)
  const decision = entry?.decision ?? null
  return {
    name: fleet.name,
    mode: spec.mode,
    everyMs: fleet.everyMs,
    at: entry?.at ?? null,
    revision: entry?.revision ?? null,
    current: decision?.current ?? null,
    desired: decision?.desired ?? null,
    direction: decision?.direction ?? null,
    bounds: decision?.bounds ?? null,
    because: decision?.because ?? null,
    capacity: entry?.observation.capacity ?? null,
    sessions: entry?.observation.sessions ?? null,
    slotsPerInstance: spec.sessions.slotsPerInstance,
    freeze: entry !== null && isFrozen(entry.memory.freeze, entry.at) ? entry.memory.freeze : null,
    kpis: decision?.kpis ?? {},
    approval: entry?.approval ?? null,
    overrides,
    lastTick: lastTick(runtime.lastReport(fleet.name)),
  }
}

function lastTick(report: TickReport | null) {
  if (report === null) return null
  const failed = report.outcome === 'failed' ? report : null
  return { at: report.at, outcome: report.outcome, code: failed?.code ?? null, error: failed?.error ?? null }
}

/** @param overrides as they are stored now, so that a change shows before the tick that goes by it */
export function fleetInFull(runtime: Runtime, fleet: FleetSpec, overrides: readonly Override[]) {
  const entry = runtime.latest(fleet.name)
  return {
    ...fleetSummary(runtime, fleet, overrides),
    decision: entry === null ? null : journalledDecision(entry),
    plan: entry?.plan ?? null,
    outcomes: entry?.outcomes ?? [],
    metrics: Object.values(fleet.metrics).map(({ name, kind, unit, source, everyMs }) => ({
      name,
      kind,
      unit,
      source,
      everyMs,
    })),
    rules: inForce(runtime, fleet, overrides).spec.rules.map(rule => ({
      name: rule.name,
      rank: rule.rank,
      enabled: rule.enabled,
      when: describeRule(rule),
    })),
    constraints: fleet.constraints.map(({ name, rank, enabled, min, max, schedule }) => ({
      name,
      rank,
      enabled,
      min,
      max,
      schedule,
    })),
  }
}

export function narrated(decision: Decision) {
  return { ...decision, steps: decision.steps.map(step => narratedStep(step, decision.at)) }
}

function narratedStep(step: Step, at: EpochMs) {
  return { ...step, because: explainStep(step, at) }
}

export function journalledDecision(entry: JournalEntry) {
  return { ...narrated(entry.decision), revision: entry.revision, actions: entry.plan.actions }
}

export function narratedEntry(entry: JournalEntry) {
  return { ...entry, decision: narrated(entry.decision) }
}

export function settingsView({ fleet, version, applied, settings }: FleetSettings) {
  return {
    fleet,
    version,
    applied,
    settings: Object.fromEntries(settings.map(({ setting, value }) => [setting, value])),
    details: [...settings],
  }
}
