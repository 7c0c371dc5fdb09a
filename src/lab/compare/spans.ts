/**
 * The time of a comparison, cut where something changes: which of the two counts was larger, or why that cannot be said. A tick speaks
 * for the time until the next one, but not for a silence: where nobody looked, nobody agreed.
 *
 * Example: ticks every 30 s, none from 12:00 to 12:20: the tick of 12:00 speaks until 12:00:30, and the rest is a gap of 19.5 min.
 */
import { kpiHoldsMs } from '../../engine/kpis.ts'
import type { EpochMs, Interval } from '../../model/time.ts'
import type { Sighting, Standing } from './sighting.ts'

/**
 * `same`: Plimsoll would have changed nothing. `more`, `fewer`: of what Plimsoll recommends. `unknown`: how many there were is not
 * known. `blind`: the rules had no data, which is no agreement. `gap`: nobody looked. The others as a sighting's standing has them.
 */
export type SpanKind = 'same' | 'more' | 'fewer' | 'unknown' | 'blind' | 'gap' | Exclude<Standing, 'compared'>

export const SPAN_KINDS: readonly SpanKind[] = [
  'same',
  'more',
  'fewer',
  'unknown',
  'blind',
  'gap',
  'itself',
  'paused',
  'ordered',
  'unrecorded',
]

export interface Span extends Interval {
  readonly kind: SpanKind
  /** `null` in a gap. */
  readonly sighting: Sighting | null
}

/** Of a record with a single tick. */
const USUAL_MS = 60_000

/** @param sightings sorted by time; the first may be from before the window */
export function spansOf(sightings: readonly Sighting[], window: Interval): readonly Span[] {
  const usual = usualSteps(sightings)
  const spans: Span[] = []
  const add = (from: EpochMs, to: EpochMs, kind: SpanKind, sighting: Sighting | null): void => {
    const [start, end] = [Math.max(from, window.from), Math.min(to, window.to)]
    if (end > start) spans.push({ from: start, to: end, kind, sighting })
  }
  const [first] = sightings
  if (first === undefined) return []
  add(window.from, first.at, 'gap', null)
  sightings.forEach((sighting, index) => {
    const next = sightings[index + 1]?.at ?? window.to
    const stepMs = usual(sighting.digest)
    const until = next - sighting.at > kpiHoldsMs(stepMs) ? sighting.at + stepMs : next
    add(sighting.at, until, kindOf(sighting), sighting)
    add(until, next, 'gap', null)
  })
  return spans
}

export function kindOf({ standing, theirs, ours, blind }: Sighting): SpanKind {
  if (standing !== 'compared') return standing
  if (theirs === null || ours === null) return 'unknown'
  return ours > theirs ? 'more' : ours < theirs ? 'fewer' : blind ? 'blind' : 'same'
}

export function isCompared(kind: SpanKind): kind is 'same' | 'more' | 'fewer' {
  return kind === 'same' || kind === 'more' || kind === 'fewer'
}

/** How far apart ticks usually are, by the configuration they went by, which may have changed it. */
export function usualSteps(sightings: readonly Sighting[]): (digest: string) => number {
  const apart = new Map<string, number[]>()
  const all: number[] = []
  sightings.forEach((sighting, index) => {
    const next = sightings[index + 1]
    if (next === undefined) return
    const ms = next.at - sighting.at
    all.push(ms)
    if (next.digest !== sighting.digest) return
    const those = apart.get(sighting.digest)
    if (those === undefined) apart.set(sighting.digest, [ms])
    else those.push(ms)
  })
  const steps = new Map([...apart].map(([digest, those]) => [digest, medianOf(those)]))
  const usual = medianOf(all)
  return digest => steps.get(digest) ?? usual
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.max(1, sorted[Math.floor((sorted.length - 1) / 2)] ?? USUAL_MS)
}
