/**
 * What one tick says of two autoscalers: how many instances there were, which is what the other one did, and how many Plimsoll
 * recommended there. Plimsoll saw their count and decided from it, so a recommendation is an answer to their count, not a course
 * of its own.
 *
 * Example: four instances, "Scale up" fires and asks for one more: `{ theirs: 4, ours: 5, asked: 'grow', held: false }`. In the
 * cooldown after a change of theirs it is `{ theirs: 4, ours: 4, asked: 'grow', held: true }`.
 */
import { explainStep } from '../../engine/explain.ts'
import { orderOf, pauseOf } from '../../engine/overrides.ts'
import type { Decision, Step } from '../../model/decision.ts'
import type { KpiState } from '../../model/expression.ts'
import type { Instance, Inventory } from '../../model/inventory.ts'
import type { JournalEntry } from '../../model/journal.ts'
import type { Mode } from '../../model/spec.ts'
import type { EpochMs } from '../../model/time.ts'

/** What of a journal entry is looked at. */
export type SeenTick = Pick<
  JournalEntry,
  'at' | 'revision' | 'specDigest' | 'mode' | 'observation' | 'inventory' | 'outcomes' | 'decision'
> & { readonly memory: { readonly owed: number } }

/**
 * May the two counts be held against each other? `itself`: Plimsoll scaled, so there is no other. `paused`, `ordered`: it went by a
 * person's word instead of its rules. `unrecorded`: the entry does not say the mode (an older version wrote it).
 */
export type Standing = 'compared' | 'itself' | 'paused' | 'ordered' | 'unrecorded'

export interface Sighting {
  readonly at: EpochMs
  readonly digest: string
  readonly mode: Mode | null
  readonly standing: Standing
  /** Instances that were there or on their way; `null`: the target could not be asked. */
  readonly theirs: number | null
  readonly ours: number | null
  /** What the rules and bounds asked for, before any guard. */
  readonly asked: 'grow' | 'shrink' | 'keep'
  /** A rule had no data, and nothing changes: whether it would have is not known. */
  readonly blind: boolean
  /** Guards withheld all of it. */
  readonly held: boolean
  readonly kpis: Readonly<Record<string, KpiState>>
  readonly lowest: number
  readonly highest: number
  /** Why ours is what it is, in the operator's words. */
  readonly because: string
  readonly rule: string | null
  /** The step that asked for it, with its numbers in a sentence. */
  readonly step: string | null
  /** Actions of Plimsoll that were carried out in this tick: approved ones. */
  readonly acted: number
  /** Places that count as lost and are kept. */
  readonly owed: number
}

export function sightingOf(tick: SeenTick): Sighting {
  const { at, decision, observation, inventory, outcomes, memory } = tick
  const theirs = observation.capacity === null ? null : theirCount(observation.capacity, inventory)
  const ours = theirs === null ? null : decision.desired
  const asked = askedOf(decision)
  const apart = theirs !== null && ours !== null && ours !== theirs
  return {
    at,
    digest: tick.specDigest,
    mode: modeOf(tick),
    standing: standingOf(tick),
    theirs,
    ours,
    asked,
    blind: decision.direction === 'none' && decision.steps.some(isUnknown),
    held: asked !== 'keep' && decision.desired === decision.current,
    kpis: decision.kpis,
    lowest: decision.bounds.lowest,
    highest: decision.bounds.highest,
    because: apart ? becauseOf(decision, memory.owed, theirs) : '',
    rule: apart ? decision.rule : null,
    step: apart ? stepOf(decision) : null,
    acted: outcomes.filter(({ outcome }) => outcome === 'done').length,
    owed: memory.owed,
  }
}

/** An entry without it is of a version that did not say so; what an operator set is in its overrides. */
function modeOf({ mode, at, observation }: SeenTick): Mode | null {
  if (mode !== undefined) return mode
  const set = observation.overrides.findLast(
    ({ change, until }) => change.kind === 'mode' && (until === null || at < until),
  )
  return set?.change.kind === 'mode' ? set.change.mode : null
}

function standingOf(tick: SeenTick): Standing {
  const { at, observation } = tick
  if (pauseOf(observation.overrides, at) !== null) return 'paused'
  switch (modeOf(tick)) {
    case 'scale':
    case 'scale-and-notify':
      return 'itself'
    case 'notify':
    case 'recommend':
      return orderOf(observation.overrides, at) === null ? 'compared' : 'ordered'
    case null:
      return 'unrecorded'
  }
}

/**
 * As their own console would count: an unhealthy instance is one, a lost one is not. A target without a list has only its count.
 */
function theirCount(
  { open, pending }: { readonly open: number; readonly pending: number },
  { instances, orders }: Inventory,
): number {
  if (instances.length === 0 && orders.length === 0) return open + pending
  return instances.filter(isThere).length + orders.length
}

/** Neither on its way out nor gone. */
export function isThere({ lifecycle, admission }: Instance): boolean {
  switch (lifecycle) {
    case 'requested':
    case 'booting':
    case 'ready':
      return admission === 'open' || admission === 'opening'
    case 'terminating':
    case 'gone':
    case 'lost':
      return false
  }
}

/** By the rules' own measure: what they and the bounds want of the count they saw, whatever guards make of it. */
function askedOf({ current, bounds, steps }: Decision): Sighting['asked'] {
  if (current === null) return 'keep'
  let wanted = current
  for (const step of steps) {
    if (step.stage === 'floors') wanted = Math.max(wanted, step.to)
    if (step.stage !== 'reconciliation') continue
    if (step.outcome === 'no-constraint' || step.outcome === 'paused') return 'keep'
    if (step.outcome === 'grow' || step.outcome === 'shrink' || step.outcome === 'default') wanted = step.want
  }
  wanted = Math.max(bounds.lowest, Math.min(bounds.highest, wanted))
  return wanted > current ? 'grow' : wanted < current ? 'shrink' : 'keep'
}

/** It abstains for want of data, not since it is switched off or not its time. */
function isUnknown(step: Step): boolean {
  return step.stage === 'proposals' && step.outcome === 'abstain' && step.reason === 'unknown'
}

function becauseOf({ desired, current, because }: Decision, owed: number, theirs: number): string {
  if (desired !== current || current === null || current === theirs) return because
  const places = current - theirs
  if (places < 0) return because
  const many =
    places === 1 ? 'one instance is lost, and its place' : `${places} instances are lost, and their places`
  return `${many} would be filled again${owed > 0 ? ' (the target is said to be scaled by nobody else: `exclusive`)' : ''}`
}

/** The condition or demand of the rule that won; else the bounds or the floor that did. */
function stepOf({ at, rule, steps }: Decision): string | null {
  const asks = (step: Step): boolean => {
    switch (step.stage) {
      case 'conditions':
      case 'demand':
        return step.rule === rule
      case 'floors':
        return step.rule === rule
      case 'bounds':
        return step.constraint === rule
      default:
        return false
    }
  }
  const found = steps.find(asks)
  return found === undefined ? null : explainStep(found, at)
}
