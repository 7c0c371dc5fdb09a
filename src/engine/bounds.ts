/**
 * Stage 1: between which counts may the fleet stand now? The highest-ranked active constraint wins whole: its min
 * and max together, never an intersection with another's.
 *
 * Example: "capacity" 2..5 (rank 0) and "Peak" 4..6 (rank 100, 08:00-10:00): at 09:00 the bounds are 4..6, at 10:00 2..5.
 */
import type { Bounds, Step } from '../model/decision.ts'
import type { ConstraintRule, FleetSpec } from '../model/spec.ts'
import { contains, type EpochMs, type Interval } from '../model/time.ts'

type Windows = Readonly<Record<string, Interval | null>>

/** In force at `at`: always-on, or inside its window. */
export function isActive(schedule: string | null, at: EpochMs, windows: Windows): boolean {
  if (schedule === null) return true
  const window = windows[schedule]
  return window !== undefined && window !== null && contains(window, at)
}

function isInForce({ enabled, schedule }: ConstraintRule, at: EpochMs, windows: Windows): boolean {
  return enabled && isActive(schedule, at, windows)
}

function winnerOf(constraints: readonly ConstraintRule[], at: EpochMs, windows: Windows): ConstraintRule {
  let winner: ConstraintRule | null = null
  for (const constraint of constraints) {
    if (winner !== null && constraint.rank <= winner.rank) continue
    if (isInForce(constraint, at, windows)) winner = constraint
  }
  return winner ?? UNBOUNDED
}

function boundsOf(constraint: ConstraintRule, windows: Windows): Bounds {
  const window = constraint.schedule === null ? null : windows[constraint.schedule]
  return {
    lowest: constraint.min,
    highest: constraint.max,
    default: constraint.default ?? constraint.min,
    constraint: constraint.name,
    until: constraint.until ?? window?.to ?? null,
  }
}

/** No constraint is in force, and the fleet is told to stay as it is then. */
export function isHeldWithoutConstraint({ guards }: FleetSpec, { constraint }: Bounds): boolean {
  return constraint === NO_CONSTRAINT && guards.withoutConstraint === 'hold'
}

/** The bounds in force. A fleet without any active constraint is unbounded from 0 up. */
export function boundsAt(spec: FleetSpec, at: EpochMs, windows: Windows): Bounds {
  return decideBounds(spec, at, windows).bounds
}

export function decideBounds(spec: FleetSpec, at: EpochMs, windows: Windows): { bounds: Bounds; step: Step } {
  const winner = winnerOf(spec.constraints, at, windows)
  const bounds = boundsOf(winner, windows)
  const over: string[] = []
  const tied: string[] = []
  for (const other of spec.constraints) {
    if (other === winner || !isInForce(other, at, windows)) continue
    if (other.rank < winner.rank) over.push(other.name)
    else tied.push(other.name)
  }
  return {
    bounds,
    step: {
      stage: 'bounds',
      outcome: 'set',
      constraint: winner.name,
      rank: winner.rank,
      lowest: bounds.lowest,
      highest: bounds.highest,
      default: bounds.default,
      schedule: winner.schedule,
      until: bounds.until,
      over,
      tied,
    },
  }
}

/** Stands for a constraint where none is in force. */
export const NO_CONSTRAINT = 'no constraint'

const UNBOUNDED: ConstraintRule = {
  name: NO_CONSTRAINT,
  rank: 0,
  enabled: true,
  min: 0,
  max: Number.MAX_SAFE_INTEGER,
  default: 0,
  schedule: null,
}
