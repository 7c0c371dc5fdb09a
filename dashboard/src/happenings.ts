/**
 * What happened, as a list to read: decisions and notes by time, with runs of the same decision told once.
 *
 * Example: 40 ticks in recommend mode that all say 3 → 4 because of "Scale up" become one line, "40 times".
 */
import type { Note } from './fleet-feed.ts'
import type { Decision } from './wire.ts'

export type Happening =
  | {
      readonly kind: 'decision'
      /** The newest of the run. */
      readonly decision: Decision
      readonly times: number
    }
  | { readonly kind: 'note'; readonly note: Note }

const SHOWN = 60

/** Newest first, like what goes in. */
export function happenings(decisions: readonly Decision[], notes: readonly Note[]): Happening[] {
  const all = [...runs(decisions), ...notes.map((note): Happening => ({ kind: 'note', note }))]
  return all.sort((one, other) => timeOf(other) - timeOf(one)).slice(0, SHOWN)
}

export function runs(
  decisions: readonly Decision[],
): { kind: 'decision'; decision: Decision; times: number }[] {
  const told: { kind: 'decision'; decision: Decision; times: number }[] = []
  for (const decision of decisions) {
    const last = told.at(-1)
    if (last !== undefined && sameChange(last.decision, decision)) last.times += 1
    else told.push({ kind: 'decision', decision, times: 1 })
  }
  return told
}

/** Actions without a change of the count each have something of their own to tell. */
function sameChange(one: Decision, other: Decision): boolean {
  if (one.direction === 'none' && one.actions.length + other.actions.length > 0) return false
  return one.current === other.current && one.desired === other.desired && one.rule === other.rule
}

function timeOf(happening: Happening): number {
  return Date.parse(happening.kind === 'decision' ? happening.decision.at : happening.note.at)
}
