/**
 * A comparison for programs: times in ISO 8601, lengths in milliseconds, shares of 1, and every disagreement.
 *
 * Example: `{ "fleet": "web", "agreementRatio": 0.958, "shares": { "same": 0.958, "more": 0.042, ... }, ... }`.
 */
import type { EpochMs, Interval } from '../../model/time.ts'
import type { Comparison } from './comparison.ts'
import type { Disagreement } from './disagreements.ts'
import type { Move, Side } from './sides.ts'
import { notesOf, summaryOf } from './words.ts'

const iso = (at: EpochMs): string => new Date(at).toISOString()

const between = ({ from, to }: Interval) => ({ from: iso(from), to: iso(to) })

export function jsonComparison(comparison: Comparison, replay: string | null, timeZone: string) {
  const { fleet, asked, window, ticks, tickMs, timeMs, shares, comparedMs, agreementRatio } = comparison
  const { short, surplus, kpis, removals, gaps, configurations, owed, isCut } = comparison
  return {
    fleet,
    asked: between(asked),
    window: between(window),
    ticks,
    tickMs,
    comparedMs,
    agreementRatio,
    shares,
    timeMs,
    theirs: sideJson(comparison.theirs),
    ours: sideJson(comparison.ours),
    approved: comparison.approved.map(moveJson),
    short,
    surplus,
    kpis,
    disagreements: comparison.disagreements.map(disagreementJson),
    removals: removals.map(({ at, seenAt, ...more }) => ({ at: iso(at), seenAt: iso(seenAt), ...more })),
    gaps: gaps.map(between),
    configurations: configurations.map(({ digest, from }) => ({ digest, from: iso(from) })),
    owed,
    isCut,
    summary: summaryOf(comparison),
    notes: notesOf(comparison, replay, timeZone),
  }
}

function sideJson({ moves, ...side }: Side) {
  return { ...side, moves: moves.map(moveJson) }
}

function moveJson({ at, from, to }: Move) {
  return { at: iso(at), from, to }
}

function disagreementJson({ from, to, kpis, ...more }: Disagreement) {
  return {
    from: iso(from),
    to: iso(to),
    ...more,
    kpis: kpis.map(({ redAt, ...kpi }) => ({ ...kpi, redAt: redAt === null ? null : iso(redAt) })),
  }
}
