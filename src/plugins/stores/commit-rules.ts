/**
 * What every state store holds a commit to, and the numbers it keeps beside each journal entry. One place, so
 * that two stores cannot differ in what they refuse.
 *
 * Example: stored revision 41 and lease epoch 3. A commit with `parentRevision: 41, epoch: 3` whose memory is
 * revision 42 passes; with `parentRevision: 40` or `epoch: 2` it is a conflict; with memory revision 44 it is refused.
 */
import type { Verdict } from '../../model/approval.ts'
import type { Step } from '../../model/decision.ts'
import { type Instance, PLAIN_TARGET } from '../../model/inventory.ts'
import type { JournalEntry } from '../../model/journal.ts'
import { NO_SESSIONS, type SessionCounts } from '../../model/observation.ts'
import { type NewAct, NO_OVERRIDES } from '../../model/override.ts'
import type { Outcome } from '../../model/plan.ts'
import { PluginError } from '../../ports/plugin.ts'
import type { Commit, SessionsPoint, TimelinePoint } from '../../ports/state-store.ts'
import { presentMemory } from './sqlite/memory-form.ts'

/** What is stored for the fleet now. `epoch` is 0 when its lease was never given. */
export interface Stored {
  readonly revision: number
  readonly epoch: number
}

/** Throws `refused` when the commit contradicts itself: a defect of the caller, whatever is stored. */
export function requireConsistent(commit: Commit): void {
  const contradiction = findContradiction(commit)
  if (contradiction !== null) {
    throw new PluginError(
      'refused',
      `PLM-410 commit of fleet "${commit.fleet}" refused, nothing was stored: ${contradiction}`,
    )
  }
}

/** Throws `conflict` when someone else committed, or holds the lease, since this commit was made. */
export function requireCurrent(commit: Commit, stored: Stored): void {
  if (commit.epoch < stored.epoch) {
    throw new PluginError(
      'conflict',
      `PLM-409 commit of fleet "${commit.fleet}" refused, nothing was stored: it was made under lease epoch ` +
        `${commit.epoch}, and another process has taken over with epoch ${stored.epoch}`,
    )
  }
  if (commit.parentRevision !== stored.revision) {
    throw new PluginError(
      'conflict',
      `PLM-408 commit of fleet "${commit.fleet}" refused, nothing was stored: it was made from revision ` +
        `${commit.parentRevision}, and revision ${stored.revision} is stored; load it and decide again`,
    )
  }
}

function findContradiction(commit: Commit): string | null {
  const { memory, entry } = commit
  if (memory.revision !== commit.parentRevision + 1) {
    return `its memory is revision ${memory.revision}, its parent revision ${commit.parentRevision}; revisions grow by one`
  }
  if (entry !== null && entry.revision !== memory.revision) {
    return `its journal entry is revision ${entry.revision}, its memory revision ${memory.revision}`
  }
  if (entry !== null && entry.fleet !== commit.fleet) {
    return `its journal entry is of fleet "${entry.fleet}"`
  }
  for (const { metric, samples } of commit.samples) {
    const odd = samples.find(sample => !Number.isFinite(sample.at) || !Number.isFinite(sample.value))
    if (odd !== undefined) return `metric "${metric}" has a sample of ${odd.value} at ${odd.at}`
  }
  return null
}

/** An approval is answered once; whoever comes second is told. */
export function answeredAlready({ approval, verdict, who }: Verdict): PluginError {
  return new PluginError(
    'conflict',
    `PLM-416 ${approval} was ${verdict} by ${who} already; nothing was stored`,
  )
}

/** The word an act says on an approval; `null` for any other act. */
export function verdictOf(act: NewAct): Verdict | null {
  if (act.act !== 'approved' && act.act !== 'rejected') return null
  return { approval: act.approval, verdict: act.act, at: act.at, who: act.who, why: act.why }
}

/** What fields say that were added to the journal since this entry was stored. */
export function completeEntry(stored: JournalEntry): JournalEntry {
  const { observation, memory, decision, inventory } = stored
  return {
    ...stored,
    approval: stored.approval ?? null,
    observation: {
      ...observation,
      overrides: observation.overrides ?? NO_OVERRIDES,
      fleets: observation.fleets ?? {},
      sessions: completeSessions(observation.sessions),
    },
    memory: presentMemory(memory),
    inventory: {
      ...inventory,
      instances: inventory.instances.map(completeInstance),
      orders: inventory.orders.map(order => ({ ...order, zone: order.zone ?? null })),
      target: inventory.target ?? PLAIN_TARGET,
    },
    decision: {
      ...decision,
      settings: decision.settings ?? {},
      effects: decision.effects ?? [],
      steps: decision.steps.map(completeStep),
    },
  }
}

/** Sessions were counted on all ready instances together. */
function completeSessions(stored: SessionCounts): SessionCounts {
  const { inUseOpen = stored.inUse } = stored
  return { ...NO_SESSIONS, ...stored, inUseOpen }
}

function completeInstance(stored: Instance): Instance {
  return {
    ...stored,
    incarnation: stored.incarnation ?? null,
    listed: stored.listed ?? true,
    order: stored.order ?? null,
    access: stored.access ?? [],
  }
}

function completeStep(step: Step): Step {
  if (step.stage !== 'operands' || step.outcome !== 'value') return step
  return { ...step, dividedBy: step.dividedBy ?? null }
}

/** Did this tick change anything, or want to, or begin anything beside? */
export function changedSomething({ plan, decision }: JournalEntry): boolean {
  return plan.actions.length > 0 || decision.desired !== decision.current || decision.effects.length > 0
}

/** The outcomes of an entry after more have come: one per action, the latest. */
export function withOutcomes(before: readonly Outcome[], more: readonly Outcome[]): readonly Outcome[] {
  if (before.length === 0) return more
  const newer = new Set(more.map(({ action }) => action))
  return [...before.filter(({ action }) => !newer.has(action)), ...more]
}

export function timelinePoint(entry: JournalEntry): TimelinePoint {
  const { observation, decision } = entry
  return {
    at: entry.at,
    revision: entry.revision,
    open: observation.capacity?.open ?? null,
    pending: observation.capacity?.pending ?? null,
    draining: observation.capacity?.draining ?? null,
    desired: decision.desired,
    lowest: decision.bounds.lowest,
    highest: decision.bounds.highest,
    rule: decision.direction === 'none' ? null : decision.rule,
    sessions: sessionsPoint(observation.sessions),
  }
}

function sessionsPoint({ inUse, slots, waiting }: SessionCounts): SessionsPoint | null {
  return slots === null && waiting === 0 ? null : { inUse, slots, waiting }
}
