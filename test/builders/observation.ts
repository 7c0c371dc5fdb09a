/**
 * Observations for tests and benchmarks.
 *
 * Example: `observation({ open: 4, values: { 'avg(cpu, 5m)': 83.2, 'last(orders)': null } })`; null is a gap.
 */
import { NO_SESSIONS, type Observation, type OperandReading } from '../../src/model/observation.ts'
import type { Interval } from '../../src/model/time.ts'

/** Noon on 21 November 2026, UTC. */
export const NOON = 1_795_262_400_000

export interface ObservationWords {
  readonly at?: number
  readonly open?: number
  readonly pending?: number
  readonly draining?: number
  readonly replacing?: number
  readonly values?: Readonly<Record<string, number | null>>
  readonly readings?: Readonly<Record<string, OperandReading>>
  readonly windows?: Readonly<Record<string, Interval | null>>
  readonly external?: Observation['external']
  readonly targetHighest?: number
  readonly overrides?: Observation['overrides']
  readonly fleets?: Observation['fleets']
  readonly sessions?: Partial<Observation['sessions']>
  readonly outlooks?: Observation['outlooks']
}

export function observation(words: ObservationWords = {}): Observation {
  const stated = Object.entries(words.values ?? {}).map(([key, value]): [string, OperandReading] => [
    key,
    value === null ? { gap: 'stated as a gap' } : { stated: value },
  ])
  return {
    at: words.at ?? NOON,
    fleet: 'web',
    capacity: {
      open: words.open ?? 4,
      pending: words.pending ?? 0,
      draining: words.draining ?? 0,
      replacing: words.replacing ?? 0,
    },
    capacityGap: null,
    external: words.external ?? null,
    sessions: { ...NO_SESSIONS, ...words.sessions },
    readings: { ...Object.fromEntries(stated), ...words.readings },
    windows: words.windows ?? {},
    targetHighest: words.targetHighest ?? null,
    overrides: words.overrides ?? [],
    fleets: words.fleets ?? {},
    ...(words.outlooks === undefined ? {} : { outlooks: words.outlooks }),
  }
}
