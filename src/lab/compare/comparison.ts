/**
 * Plimsoll beside another autoscaler, from the journal of a fleet that only recommends: for how long the two would have had the same
 * count, what each comes to, where they differed and what followed. Nothing here is replayed: a recommendation is an answer to the
 * count that the other one had made.
 *
 * Example: a week in which they had 4 throughout and Plimsoll recommended 5 for 7 of 168 hours: `shares.same` is 0.958,
 * `shares.more` 0.042, `theirs.instanceHours` 672, `ours.instanceHours` 679.
 */
import type { KpiState } from '../../model/expression.ts'
import type { EpochMs, Interval } from '../../model/time.ts'
import { type Disagreement, disagreementsOf } from './disagreements.ts'
import type { Removal } from './record.ts'
import { type Move, movesOf, type Side, sideOf } from './sides.ts'
import type { Sighting } from './sighting.ts'
import { isCompared, SPAN_KINDS, type Span, type SpanKind, spansOf, usualSteps } from './spans.ts'

export interface Compared {
  readonly fleet: string
  /** Asked for. */
  readonly window: Interval
  /** Oldest first, those of the window. */
  readonly sightings: readonly Sighting[]
  /** The last one before the window; `null`: the record begins in it. */
  readonly before: Sighting | null
  readonly removals: readonly Removal[]
  /** Older ticks of the window were left out. */
  readonly isCut: boolean
}

export type Relation = 'same' | 'more' | 'fewer'

export interface KpiCompared {
  readonly kpi: string
  /** Of the time compared, by what Plimsoll would have had meanwhile. */
  readonly ms: Readonly<Record<Relation, Readonly<Record<KpiState, number>>>>
}

/** Time in which the rules and bounds asked for a change of the count that they had made. */
export interface Asked {
  readonly ms: number
  /** Of it, the time in which Plimsoll's own guards withheld the whole change. */
  readonly heldMs: number
}

export interface Comparison {
  readonly fleet: string
  readonly asked: Interval
  /** What is told of: from the first record on. */
  readonly window: Interval
  readonly ticks: number
  /** How far apart ticks usually were, at the end. */
  readonly tickMs: number
  readonly timeMs: Readonly<Record<SpanKind, number>>
  /** Of the window; they make 1. */
  readonly shares: Readonly<Record<SpanKind, number>>
  readonly comparedMs: number
  /** Share of the time compared in which Plimsoll would have changed nothing; `null`: nothing was compared. */
  readonly agreementRatio: number | null
  readonly theirs: Side
  /** Of the recommendations. */
  readonly ours: Side
  /** Changes of the count that were approved and carried out by Plimsoll; in neither side. */
  readonly approved: readonly Move[]
  /** The rules asked for more than they had, and for fewer. */
  readonly short: Asked
  readonly surplus: Asked
  readonly kpis: readonly KpiCompared[]
  /** Oldest first. */
  readonly disagreements: readonly Disagreement[]
  readonly removals: readonly Removal[]
  readonly gaps: readonly Interval[]
  /** In force after one another: from when. */
  readonly configurations: readonly { readonly digest: string; readonly from: EpochMs }[]
  /** The most places that counted as lost: more than a few tell of a target that is said to be scaled by nobody else. */
  readonly owed: number
  readonly isCut: boolean
  readonly spans: readonly Span[]
}

/** @param compared with at least one tick */
export function compare(compared: Compared): Comparison {
  const { fleet, sightings, before, removals, isCut } = compared
  const from = before === null || isCut ? (sightings[0]?.at ?? compared.window.from) : compared.window.from
  const window = { from, to: compared.window.to }
  const all = before === null || isCut ? sightings : [before, ...sightings]
  const spans = spansOf(all, window)
  const timeMs = timesOf(spans)
  const comparedMs = timeMs.same + timeMs.more + timeMs.fewer
  const lengthMs = window.to - window.from
  const moves = movesOf(all)
  return {
    fleet,
    asked: compared.window,
    window,
    ticks: sightings.length,
    tickMs: usualSteps(all)(all.at(-1)?.digest ?? ''),
    timeMs,
    shares: byKind(kind => (lengthMs === 0 ? 0 : timeMs[kind] / lengthMs)),
    comparedMs,
    agreementRatio: comparedMs === 0 ? null : timeMs.same / comparedMs,
    theirs: sideOf(spans, moves.theirs, ({ theirs }) => theirs),
    ours: sideOf(spans, moves.ours, ({ ours }) => ours),
    approved: moves.approved,
    short: askedTime(spans, 'grow'),
    surplus: askedTime(spans, 'shrink'),
    kpis: kpisOf(spans),
    disagreements: disagreementsOf(spans),
    removals: removals.filter(({ at }) => at >= window.from),
    gaps: stretchesOf(spans, 'gap'),
    configurations: configurationsOf(all, window),
    owed: all.reduce((most, { owed, standing }) => Math.max(most, standing === 'compared' ? owed : 0), 0),
    isCut,
    spans,
  }
}

function byKind(value: (kind: SpanKind) => number): Record<SpanKind, number> {
  return {
    same: value('same'),
    more: value('more'),
    fewer: value('fewer'),
    unknown: value('unknown'),
    blind: value('blind'),
    gap: value('gap'),
    itself: value('itself'),
    paused: value('paused'),
    ordered: value('ordered'),
    unrecorded: value('unrecorded'),
  }
}

function timesOf(spans: readonly Span[]): Record<SpanKind, number> {
  const sums = new Map<SpanKind, number>(SPAN_KINDS.map(kind => [kind, 0]))
  for (const { kind, from, to } of spans) sums.set(kind, (sums.get(kind) ?? 0) + to - from)
  return byKind(kind => sums.get(kind) ?? 0)
}

function askedTime(spans: readonly Span[], asked: 'grow' | 'shrink'): Asked {
  let ms = 0
  let heldMs = 0
  for (const { kind, from, to, sighting } of spans) {
    if (!isCompared(kind) || sighting?.asked !== asked) continue
    ms += to - from
    if (sighting.held) heldMs += to - from
  }
  return { ms, heldMs }
}

function kpisOf(spans: readonly Span[]): readonly KpiCompared[] {
  const found = new Map<string, Record<Relation, Record<KpiState, number>>>()
  for (const { kind, from, to, sighting } of spans) {
    if (!isCompared(kind)) continue
    for (const [kpi, state] of Object.entries(sighting?.kpis ?? {})) {
      const ms = found.get(kpi) ?? { same: noTime(), more: noTime(), fewer: noTime() }
      ms[kind][state] += to - from
      found.set(kpi, ms)
    }
  }
  return [...found].map(([kpi, ms]) => ({ kpi, ms }))
}

function noTime(): Record<KpiState, number> {
  return { green: 0, red: 0, unknown: 0 }
}

/** Those that touch are one. */
export function stretchesOf(spans: readonly Span[], wanted: SpanKind): readonly Interval[] {
  const found: { from: EpochMs; to: EpochMs }[] = []
  for (const { kind, from, to } of spans) {
    if (kind !== wanted) continue
    const last = found.at(-1)
    if (last?.to === from) last.to = to
    else found.push({ from, to })
  }
  return found
}

function configurationsOf(
  sightings: readonly Sighting[],
  { from }: Interval,
): readonly { readonly digest: string; readonly from: EpochMs }[] {
  const found: { digest: string; from: EpochMs }[] = []
  for (const { digest, at } of sightings) {
    if (found.at(-1)?.digest !== digest) found.push({ digest, from: Math.max(at, from) })
  }
  return found
}
