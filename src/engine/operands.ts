/**
 * Stage 2: what every aggregate reads now, or why it is a gap. A window must be covered before its aggregate counts,
 * and a per-instance aggregate needs a quorum of the ready instances.
 *
 * Example: `avg(cpu, 45m)` over samples of the last five minutes only is a gap: nothing in the first 40 % of the window.
 */
import type { Step } from '../model/decision.ts'
import { FLEET_QUANTITIES, quantityKey } from '../model/expression.ts'
import {
  type FleetQuantities,
  NO_SESSIONS,
  type Observation,
  type OperandReading,
  type Reading,
} from '../model/observation.ts'
import { NO_OVERRIDES } from '../model/override.ts'
import type { FleetSpec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import { type CompiledFleet, type CompiledOperand, OWN_FLEET } from './compile.ts'
import type { Evidence } from './condition.ts'

/** From this length on, a window needs samples near both of its ends (the Application Block's rule). */
const LONG_WINDOW_MS = 600_000
const END_SHARE = 0.4

export interface Operands {
  readonly evidence: Evidence
  readonly gaps: readonly OperandGap[]
  /** By operand slot: how many instances the value stands for; NaN where the samples name none. */
  readonly reporting: ArrayLike<number>
}

export interface OperandGap {
  /** Its key. */
  readonly operand: string
  /** Why it is unknown. */
  readonly gap: string
}

export function readOperands(
  spec: FleetSpec,
  compiled: CompiledFleet,
  observation: Observation,
  bounds: { lowest: number; highest: number },
  steps: Step[],
): Operands {
  const values = compiled.unread.slice()
  const reporting = compiled.unread.slice()
  const gaps: OperandGap[] = []
  for (const compiledOperand of compiled.operands) {
    const { slot } = compiledOperand
    const { key } = compiledOperand.operand
    const reading = observation.readings[key]
    const gap = gapOf(spec, compiledOperand, observation, reading)
    if (gap !== null || reading === undefined || 'gap' in reading) {
      noteGap(gaps, steps, key, gap ?? 'no data')
      continue
    }
    const stated = 'stated' in reading
    const dividedBy = readyOf(compiledOperand.divisor, observation)
    const value = (stated ? reading.stated : reading.value) / (dividedBy ?? 1)
    values[slot] = value
    // A total divided by the ready ones stands for these, whoever reported it.
    if (!stated && reading.reporting !== null && dividedBy === null) reporting[slot] = reading.reporting
    steps.push({
      stage: 'operands',
      outcome: 'value',
      operand: key,
      value,
      samples: stated ? null : reading.samples,
      reporting: stated ? null : reading.reporting,
      dividedBy,
    })
  }
  readForeign(compiled, observation, values, gaps, steps)
  return { evidence: { operands: values, quantities: quantitiesOf(observation, bounds) }, gaps, reporting }
}

function noteGap(gaps: OperandGap[], steps: Step[], operand: string, gap: string): void {
  gaps.push({ operand, gap })
  steps.push({ stage: 'operands', outcome: 'gap', operand, gap })
}

/** The same without a word about it, where every operand can be read and no other fleet is asked; else `null`. */
export function readValues(
  spec: FleetSpec,
  compiled: CompiledFleet,
  observation: Observation,
  bounds: { lowest: number; highest: number },
): Operands | null {
  const values = compiled.unread.slice()
  const reporting = compiled.unread.slice()
  for (const compiledOperand of compiled.operands) {
    const { slot, divisor, operand } = compiledOperand
    const reading = observation.readings[operand.key]
    if (reading === undefined || !('value' in reading)) return null
    if (gapOf(spec, compiledOperand, observation, reading) !== null) return null
    const dividedBy = readyOf(divisor, observation)
    values[slot] = reading.value / (dividedBy ?? 1)
    if (reading.reporting !== null && dividedBy === null) reporting[slot] = reading.reporting
  }
  return {
    evidence: { operands: values, quantities: quantitiesOf(observation, bounds) },
    gaps: NO_GAPS,
    reporting,
  }
}

const NO_GAPS: readonly OperandGap[] = []

/** Quantities of other fleets, into the slots behind those of the operands. */
function readForeign(
  compiled: CompiledFleet,
  { fleets }: Observation,
  values: number[],
  gaps: OperandGap[],
  steps: Step[],
): void {
  compiled.foreign.forEach((foreign, index) => {
    const operand = quantityKey(foreign)
    const known = quantitiesOfFleet(fleets, foreign.fleet)
    const value = known?.[foreign.quantity] ?? null
    if (value !== null) {
      values[compiled.operands.length + index] = value
      steps.push({ stage: 'operands', outcome: 'value', operand, value, ...NOT_SAMPLED })
      return
    }
    const gap =
      known === null
        ? `fleet "${foreign.fleet}" has no recent tick`
        : `fleet "${foreign.fleet}" does not know it`
    noteGap(gaps, steps, operand, gap)
  })
}

const NOT_SAMPLED = { samples: null, reporting: null, dividedBy: null } as const

/** Entries written before fleets saw each other have no `fleets`. */
function quantitiesOfFleet(fleets: Observation['fleets'] | undefined, fleet: string): FleetQuantities | null {
  return fleets !== undefined && Object.hasOwn(fleets, fleet) ? (fleets[fleet] ?? null) : null
}

/** The ready instances an operand is divided by; `null` where it is not, or they are not known. */
function readyOf(divisor: string | null, { capacity, fleets }: Observation): number | null {
  if (divisor === null) return null
  return divisor === OWN_FLEET
    ? (capacity?.open ?? null)
    : (quantitiesOfFleet(fleets, divisor)?.ready ?? null)
}

/** Why a reading does not count; `null` when it does. */
function gapOf(
  spec: FleetSpec,
  { operand, kind, divisor, delayMs }: CompiledOperand,
  observation: Observation,
  reading: OperandReading | undefined,
): string | null {
  if (reading === undefined) return 'no data'
  if ('gap' in reading) return reading.gap
  const ready = readyOf(divisor, observation)
  if (divisor !== null && ready === null) return 'the ready instances to divide it by are not known'
  if (ready === 0) return 'no ready instance to divide it by'
  if ('stated' in reading) return Number.isFinite(reading.stated) ? null : 'not a finite number'
  if (!Number.isFinite(reading.value)) return 'not a finite number'
  if (operand.aggregate !== 'last' && operand.aggregate !== 'count') {
    const uncovered = uncoveredBecause(reading, operand.windowMs, observation.at - delayMs)
    if (uncovered !== null) return uncovered
  }
  if (kind !== 'perInstance' || reading.reporting === null) return null
  const open = observation.capacity?.open ?? 0
  return reading.reporting < spec.quorumRatio * open
    ? `only ${reading.reporting} of ${open} instances reported`
    : null
}

function uncoveredBecause(reading: Reading, windowMs: number, at: EpochMs): string | null {
  if (reading.samples < 2) return `only ${reading.samples} sample in the window`
  if (windowMs < LONG_WINDOW_MS) return null
  const from = at - windowMs
  if (reading.firstAt > from + windowMs * END_SHARE) return 'no samples in the first 40 % of the window'
  if (reading.lastAt < at - windowMs * END_SHARE) return 'no samples in the last 40 % of the window'
  return null
}

function quantitiesOf(
  observation: Observation,
  bounds: { lowest: number; highest: number },
): readonly number[] {
  const { capacity, sessions } = observation
  const inUse = sessions.inUse ?? Number.NaN
  const slots = sessions.slots ?? Number.NaN
  // The order of FLEET_QUANTITIES.
  return [
    capacity === null ? Number.NaN : capacity.open + capacity.pending + capacity.replacing,
    capacity?.open ?? Number.NaN,
    capacity?.pending ?? Number.NaN,
    capacity?.draining ?? Number.NaN,
    inUse,
    slots,
    // Where some are silent, `inUseOpen` is what it is at most: nothing to shrink by.
    sessions.silent > 0 ? Number.NaN : slots - (sessions.inUseOpen ?? Number.NaN),
    bounds.lowest,
    bounds.highest,
    sessions.waiting ?? Number.NaN,
  ]
}

/** What other fleets may know of this one. */
export function fleetQuantities(
  observation: Observation,
  bounds: { lowest: number; highest: number },
): FleetQuantities {
  const quantities = quantitiesOf(observation, bounds)
  const known = FLEET_QUANTITIES.map((quantity, index) => {
    const value = quantities[index] ?? Number.NaN
    return [quantity, Number.isNaN(value) ? null : value] as const
  })
  return Object.fromEntries(known) as FleetQuantities
}

/**
 * The count as an expression says it, for a target that has no instances of its own to list.
 * @returns a whole number, or `null` when an operand of it is a gap
 */
export function countFromReadings(
  spec: FleetSpec,
  compiled: CompiledFleet,
  readings: Observation['readings'],
  at: EpochMs,
  fleets: Observation['fleets'] = {},
): number | null {
  if (compiled.count === null) return null
  const blind: Observation = { ...BLIND, at, fleet: spec.name, readings, fleets }
  const { evidence } = readOperands(spec, compiled, blind, { lowest: Number.NaN, highest: Number.NaN }, [])
  const count = compiled.count(evidence)
  return Number.isFinite(count) ? Math.max(0, Math.round(count)) : null
}

const BLIND = {
  capacity: null,
  capacityGap: null,
  external: null,
  sessions: NO_SESSIONS,
  readings: {},
  windows: {},
  targetHighest: null,
  overrides: NO_OVERRIDES,
} as const
