/**
 * What one of the two comes to: instance-hours of the time compared, and how often its count changed. In `notify` mode a change that
 * a person approved was carried out by Plimsoll: it is neither theirs nor a recommendation.
 *
 * Example: a count of 4, at noon 5, at 12:10 4 again: two changes, of which the second is a flap, since it takes the first back within
 * half an hour.
 */
import type { EpochMs } from '../../model/time.ts'
import type { Sighting } from './sighting.ts'
import { isCompared, type Span } from './spans.ts'

const HOUR_MS = 3_600_000
/** A change the other way within this is a flap. */
export const FLAP_MS = 30 * 60_000
/** For so long after it was carried out an approved change may show. */
const SHOWS_MS = 30 * 60_000

export interface Move {
  readonly at: EpochMs
  readonly from: number
  readonly to: number
}

export interface Side {
  readonly instanceHours: number
  readonly changes: number
  readonly flaps: number
  readonly lowest: number | null
  readonly highest: number | null
  /** The changes themselves, oldest first. */
  readonly moves: readonly Move[]
}

export interface Moves {
  readonly theirs: readonly Move[]
  readonly ours: readonly Move[]
  readonly approved: readonly Move[]
}

/** Between ticks that can be compared; over a gap too, where only the outcome was seen. */
export function movesOf(sightings: readonly Sighting[]): Moves {
  const moves = { theirs: [] as Move[], ours: [] as Move[], approved: [] as Move[] }
  let before: Sighting | null = null
  let actedAt = Number.NEGATIVE_INFINITY
  for (const sighting of sightings) {
    const { at, standing, theirs, ours, acted } = sighting
    if (standing !== 'compared') {
      before = null
      actedAt = Number.NEGATIVE_INFINITY
      continue
    }
    if (theirs !== null && ours !== null) {
      const was = before?.theirs ?? theirs
      const wasOurs = before?.ours ?? ours
      if (was !== theirs) {
        const isApproved = at - actedAt <= SHOWS_MS
        moves[isApproved ? 'approved' : 'theirs'].push({ at, from: was, to: theirs })
        actedAt = Number.NEGATIVE_INFINITY
      }
      if (wasOurs !== ours) moves.ours.push({ at, from: wasOurs, to: ours })
      before = sighting
    }
    if (acted > 0) actedAt = at
  }
  return moves
}

export function sideOf(
  spans: readonly Span[],
  moves: readonly Move[],
  count: (sighting: Sighting) => number | null,
): Side {
  let instanceMs = 0
  let lowest: number | null = null
  let highest: number | null = null
  for (const { kind, from, to, sighting } of spans) {
    if (!isCompared(kind) || sighting === null) continue
    const instances = count(sighting) ?? 0
    instanceMs += instances * (to - from)
    lowest = Math.min(lowest ?? instances, instances)
    highest = Math.max(highest ?? instances, instances)
  }
  return {
    instanceHours: instanceMs / HOUR_MS,
    changes: moves.length,
    flaps: flapsOf(moves),
    lowest,
    highest,
    moves,
  }
}

export function flapsOf(moves: readonly Move[]): number {
  let flaps = 0
  for (const [index, { at, from, to }] of moves.entries()) {
    const before = moves[index - 1]
    if (before === undefined || at - before.at > FLAP_MS) continue
    if (Math.sign(to - from) === -Math.sign(before.to - before.from)) flaps += 1
  }
  return flaps
}
