/**
 * Stretches in which Plimsoll would have had another count than the other autoscaler made: when, by how much, why, how each ended, and what
 * became of the KPIs.
 *
 * Example: from 09:12 to 09:47 they had 4 and Plimsoll recommended 6, since "Scale up" fired; the KPI `busy` turned red at 09:18 and was
 * red for 21 minutes; at 09:47 they had 6: `{ direction: 'more', theirs: 4, ours: 6, ended: 'they-came', kpis: [{ kpi: 'busy',
 * became: 'turned-red', redMs: 1260000, ... }] }`.
 */
import type { KpiState } from '../../model/expression.ts'
import type { EpochMs, Interval } from '../../model/time.ts'
import type { Sighting } from './sighting.ts'
import type { Span, SpanKind } from './spans.ts'

const HOUR_MS = 3_600_000
/** Who meets for less than this, and parts again the same way, has not met. */
export const MET_MS = 5 * 60_000
/** For so long after the end a KPI may still tell of it. */
export const AFTER_MS = 15 * 60_000

/**
 * `they-came`: to the count that was recommended. `we-came`: the recommendation went back to theirs. `both`: each moved. `turned`: from
 * more to fewer or back. `configuration`: another one came in force. `gap`, `unknown`, `blind`: then nobody knows. `stopped`: paused, ordered
 * by hand, or Plimsoll began to scale. `goes-on`: it had not ended yet.
 */
export type Ended =
  | 'they-came'
  | 'we-came'
  | 'both'
  | 'turned'
  | 'configuration'
  | 'gap'
  | 'unknown'
  | 'blind'
  | 'stopped'
  | 'goes-on'

export interface KpiMeanwhile {
  readonly kpi: string
  readonly atStart: KpiState
  /** `turned-red` is the one that got worse. */
  readonly became: 'turned-red' | 'stayed-red' | 'recovered' | 'stayed-green' | 'unknown'
  /** When it was first red after the start; `null`: never. */
  readonly redAt: EpochMs | null
  /** From the start until `AFTER_MS` after the end. */
  readonly redMs: number
}

export interface Disagreement extends Interval {
  /** What Plimsoll would have had. */
  readonly direction: 'more' | 'fewer'
  /** Of each when it began. */
  readonly theirs: number
  readonly ours: number
  /** Ours less theirs, where it was largest. */
  readonly widest: number
  /** Of `from` to `to`, the time in which they really differed. */
  readonly apartMs: number
  /** Ours less theirs. */
  readonly instanceHours: number
  readonly because: string
  readonly rule: string | null
  readonly step: string | null
  readonly ended: Ended
  readonly kpis: readonly KpiMeanwhile[]
}

/** Oldest first. */
export function disagreementsOf(spans: readonly Span[]): readonly Disagreement[] {
  const found: Disagreement[] = []
  for (let index = 0; index < spans.length; index += 1) {
    const open = openAt(spans, index)
    if (open === null) continue
    const last = lastApart(spans, index, open)
    found.push(told(spans, index, last, open))
    index = last
  }
  return found
}

interface Open {
  readonly kind: 'more' | 'fewer'
  readonly first: Sighting
}

function openAt(spans: readonly Span[], index: number): Open | null {
  const span = spans[index]
  if (span?.sighting == null) return null
  return span.kind === 'more' || span.kind === 'fewer' ? { kind: span.kind, first: span.sighting } : null
}

/** The last span of it that is apart; short meetings are inside. */
function lastApart(spans: readonly Span[], from: number, { kind, first }: Open): number {
  let last = from
  let metMs = 0
  for (let index = from + 1; index < spans.length; index += 1) {
    const span = spans[index]
    if (span?.sighting?.digest !== first.digest) break
    if (span.kind === kind) {
      last = index
      metMs = 0
      continue
    }
    if (span.kind !== 'same') break
    metMs += span.to - span.from
    if (metMs >= MET_MS) break
  }
  return last
}

function told(spans: readonly Span[], from: number, last: number, open: Open): Disagreement {
  const { kind, first } = open
  let widest = 0
  let apartMs = 0
  let instanceMs = 0
  for (let index = from; index <= last; index += 1) {
    const span = spans[index]
    if (span === undefined || span.kind !== kind) continue
    const apart = differenceOf(span)
    const lengthMs = span.to - span.from
    apartMs += lengthMs
    instanceMs += apart * lengthMs
    if (Math.abs(apart) > Math.abs(widest)) widest = apart
  }
  const interval = { from: spans[from]?.from ?? 0, to: spans[last]?.to ?? 0 }
  return {
    ...interval,
    direction: kind,
    theirs: first.theirs ?? 0,
    ours: first.ours ?? 0,
    widest,
    apartMs,
    instanceHours: instanceMs / HOUR_MS,
    because: first.because,
    rule: first.rule,
    step: first.step,
    ended: endedHow(open, spans[last], spans[last + 1]),
    kpis: kpisMeanwhile(spans, from, interval),
  }
}

/** Ours less theirs. */
export function differenceOf({ sighting }: Span): number {
  return (sighting?.ours ?? 0) - (sighting?.theirs ?? 0)
}

function endedHow(open: Open, last: Span | undefined, next: Span | undefined): Ended {
  if (next === undefined) return 'goes-on'
  const [before, after] = [last?.sighting, next.sighting]
  if (next.kind === 'gap' || before == null || after === null) return 'gap'
  if (before.digest !== after.digest) return 'configuration'
  return whereTo(next.kind, open, after)
}

/** Of the whole stretch: a load that is measured late makes the last tick of it want one more than there will be. */
function whereTo(kind: SpanKind, { kind: direction, first }: Open, after: Sighting): Ended {
  switch (kind) {
    case 'same': {
      const way = direction === 'more' ? 1 : -1
      const theyMoved = way * ((after.theirs ?? 0) - (first.theirs ?? 0)) > 0
      const weMoved = way * ((first.ours ?? 0) - (after.ours ?? 0)) > 0
      return theyMoved && weMoved ? 'both' : theyMoved ? 'they-came' : 'we-came'
    }
    case 'more':
    case 'fewer':
      return 'turned'
    case 'unknown':
    case 'blind':
    case 'gap':
      return kind
    case 'itself':
    case 'paused':
    case 'ordered':
    case 'unrecorded':
      return 'stopped'
  }
}

function kpisMeanwhile(spans: readonly Span[], from: number, { to }: Interval): readonly KpiMeanwhile[] {
  const begun = spans[from]
  return Object.entries(begun?.sighting?.kpis ?? {}).map(([kpi, atStart]) => {
    let redMs = 0
    let redAt: EpochMs | null = null
    let atEnd: KpiState = atStart
    for (let index = from; index < spans.length; index += 1) {
      const span = spans[index]
      if (span === undefined || span.from >= to + AFTER_MS) break
      const state = span.sighting?.kpis[kpi] ?? 'unknown'
      if (state !== 'unknown') atEnd = state
      if (state !== 'red') continue
      redMs += Math.min(span.to, to + AFTER_MS) - span.from
      redAt ??= span.from
    }
    return { kpi, atStart, became: becameWhat(atStart, atEnd, redMs), redAt, redMs }
  })
}

function becameWhat(atStart: KpiState, atEnd: KpiState, redMs: number): KpiMeanwhile['became'] {
  switch (atStart) {
    case 'green':
      return redMs > 0 ? 'turned-red' : 'stayed-green'
    case 'red':
      return atEnd === 'green' ? 'recovered' : 'stayed-red'
    case 'unknown':
      return 'unknown'
  }
}
