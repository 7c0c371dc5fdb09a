/**
 * What would be decided later, or with another value? Asks `decide` itself, over a copy of the observation in which time
 * went on and everything that was read stayed as it is.
 *
 * Example: at 12:01 a cut is held by a cooldown until 12:10; the decision asked for at 12:10 is 5 -> 4.
 */
import type { Decision } from '../../model/decision.ts'
import type { Memory } from '../../model/memory.ts'
import {
  type CapacityCounts,
  MOST_LAUNCHES,
  type Observation,
  type OperandReading,
} from '../../model/observation.ts'
import type { Outlook as Forecast } from '../../model/outlook.ts'
import type { FleetSpec } from '../../model/spec.ts'
import type { EpochMs } from '../../model/time.ts'
import { decide } from '../decide.ts'
import { rememberDecision } from '../remember.ts'
import type { Knob } from './knobs.ts'

export type Windows = Observation['windows']

/** One number turned, if any. */
export interface Change {
  readonly knob: Knob
  readonly value: number
}

/** Every decision costs microseconds; a fleet of many rules and operands must not stop a daemon. */
const MOST_DECISIONS = 12_000

export class Spent extends Error {}

export class Outlook {
  readonly base: Decision
  /** How it stands after the tick, as far as the tick changed the count. */
  readonly after: { readonly observation: Observation; readonly memory: Memory }
  readonly #spec: FleetSpec
  readonly #observation: Observation
  readonly #memory: Memory
  readonly #windowsAt: (at: EpochMs) => Windows
  #left = MOST_DECISIONS

  constructor(
    spec: FleetSpec,
    observation: Observation,
    memory: Memory,
    windowsAt: (at: EpochMs) => Windows,
  ) {
    this.#spec = spec
    this.#observation = observation
    this.#memory = memory
    this.#windowsAt = windowsAt
    const based = decide(spec, observation, memory)
    this.base = based.decision
    this.after = afterwards(spec, observation, based.decision, based.memory)
  }

  /** The decision of the same tick with one number turned. */
  now({ knob, value }: Change): Decision {
    return this.#decide(knob.set(this.#observation, value), this.#memory).decision
  }

  /** The decision at a later time; a number that is turned is so from this tick on. */
  later(at: EpochMs, change: Change | null = null): Decision {
    const { observation, memory } = this.after
    const seen = change === null ? observation : change.knob.set(observation, change.value)
    const meanwhile = change === null ? memory : this.#decide(seen, memory).memory
    return this.#decide(movedTo(seen, at, this.#windowsAt(at)), meanwhile).decision
  }

  #decide(observation: Observation, memory: Memory) {
    this.#left -= 1
    if (this.#left < 0) throw new Spent('the search ended before everything was tried')
    return decide(this.#spec, observation, memory)
  }
}

/** A change that is carried out starts its cooldown, and the new count is what the next tick begins with. */
function afterwards(spec: FleetSpec, observation: Observation, decision: Decision, memory: Memory) {
  const { current, desired } = decision
  const quiet: Observation = { ...observation, external: null }
  if (current === null || desired === null || current === desired || observation.capacity === null) {
    return { observation: quiet, memory }
  }
  if (spec.mode !== 'scale' && spec.mode !== 'scale-and-notify') return { observation: quiet, memory }
  const capacity = withCount(observation.capacity, desired - current)
  return {
    observation: { ...quiet, capacity, ...withLaunches(observation, capacity) },
    memory: rememberDecision(spec, decision, memory),
  }
}

/** Those are gone whose paid hour ended first; what is ordered begins its own now. */
function withLaunches({ at, launches, capacity: before }: Observation, { open, pending }: CapacityCounts) {
  if (launches === undefined || before === null) return {}
  const ordered = Math.min(MOST_LAUNCHES, Math.max(0, pending - before.pending))
  const gone = Math.max(0, before.pending - pending)
  const booting = [...launches.booting.slice(gone), ...Array.from({ length: ordered }, () => at)]
  return { launches: { open: launches.open.slice(Math.max(0, before.open - open)), booting } }
}

/** More are ordered; fewer are first those that are not there yet. */
function withCount(capacity: CapacityCounts, change: number): CapacityCounts {
  if (change > 0) return { ...capacity, pending: capacity.pending + change }
  const replacing = Math.max(0, capacity.replacing + change)
  const left = change + capacity.replacing - replacing
  const pending = Math.max(0, capacity.pending + left)
  return {
    ...capacity,
    replacing,
    pending,
    open: Math.max(0, capacity.open + left + capacity.pending - pending),
  }
}

/** The same readings, as fresh as they were. */
function movedTo(observation: Observation, at: EpochMs, windows: Windows): Observation {
  const aged = at - observation.at
  const readings: Record<string, OperandReading> = {}
  for (const [key, reading] of Object.entries(observation.readings)) {
    readings[key] =
      'firstAt' in reading
        ? { ...reading, firstAt: reading.firstAt + aged, lastAt: reading.lastAt + aged }
        : reading
  }
  return { ...observation, at, windows, readings, ...movedOutlooks(observation.outlooks, aged) }
}

/** As far ahead as it was. */
function movedOutlooks(outlooks: Observation['outlooks'], aged: number): Pick<Observation, 'outlooks'> {
  if (outlooks === undefined) return {}
  const moved = Object.entries(outlooks).map(([rule, outlook]): [string, Forecast] => [
    rule,
    outlook.kind === 'forecast' ? { ...outlook, for: outlook.for + aged } : outlook,
  ])
  return { outlooks: Object.fromEntries(moved) }
}
