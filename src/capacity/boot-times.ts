/**
 * How long do instances take from their order until they help? Measured on each one that becomes ready, by our own clock; the
 * last fifty are remembered, and nine of ten were not slower than what is counted with.
 *
 * Example: 170 s, 175 s, 180 s and once 300 s were measured: counted with is 300 s; of twenty, the second slowest.
 */
import type { Mark, Memory } from '../model/memory.ts'
import type { EpochMs } from '../model/time.ts'

const MOST_KEPT = 50
const SLOW_SHARE = 0.9
/** Of one that became ready between two looks that are so far apart nobody knows when it did. */
const LONG_PAUSE_MS = 60_000
const PAUSE_SHARE = 0.5

/** The times of those that became ready just now, and the marks, which then say no more of it. */
export function withBoots(
  { at: before, boots = NONE }: Pick<Memory, 'at' | 'boots'>,
  marks: Memory['marks'],
  at: EpochMs,
): Pick<Memory, 'marks' | 'boots'> {
  const measured: number[] = []
  const settled: Record<string, Mark> = {}
  for (const [id, booted] of Object.entries(marks)) {
    if (booted.orderedAt === undefined || booted.readyAt === null) continue
    const { orderedAt, ...mark } = booted
    settled[id] = mark
    if (mark.readyAt === at && isKnown(at - orderedAt, at - before)) measured.push(at - orderedAt)
  }
  const kept = measured.length === 0 ? boots : [...boots, ...measured].slice(-MOST_KEPT)
  const told = Object.keys(settled).length === 0 ? marks : { ...marks, ...settled }
  return kept.length === 0 ? { marks: told } : { marks: told, boots: kept }
}

const NONE: readonly number[] = Object.freeze([])

function isKnown(bootMs: number, pauseMs: number): boolean {
  return bootMs >= 0 && (pauseMs <= LONG_PAUSE_MS || pauseMs <= PAUSE_SHARE * bootMs)
}

/** `null` before one was measured. */
export function bootTimeOf(boots: readonly number[] | undefined): number | null {
  if (boots === undefined || boots.length === 0) return null
  const sorted = [...boots].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(SLOW_SHARE * sorted.length))] ?? null
}
