/**
 * What a tick saw, over the wire.
 *
 * Example: `{ "capacity": { "open": 4, ... }, "readings": { "avg(cpu, 45m)": { "value": 83.2, "samples": 9, ... } }, ... }`.
 */
import { z } from 'zod'
import type { Observation } from '../../model/observation.ts'
import { type Covers, component } from './components.ts'
import { OutlookWire } from './outlook.ts'
import { OverrideWire } from './override.ts'
import { Time } from './time.ts'

export const CapacityWire = component(
  'CapacityCounts',
  z.object({ open: z.number(), pending: z.number(), draining: z.number(), replacing: z.number() }),
)

const ReadingWire = z.union([
  z.object({
    value: z.number(),
    samples: z.number(),
    firstAt: Time,
    lastAt: Time,
    reporting: z.number().nullable(),
  }),
  z.object({ gap: z.string() }),
  z.object({ stated: z.number() }),
])

const quantity = z.number().nullable()
const FleetQuantitiesWire = z.object({
  instances: quantity,
  ready: quantity,
  pending: quantity,
  draining: quantity,
  sessions: quantity,
  slots: quantity,
  free_slots: quantity,
  waiting_sessions: quantity.default(null),
  lowest: quantity,
  highest: quantity,
})

export const ObservationWire = component(
  'Observation',
  z.object({
    at: Time,
    fleet: z.string(),
    capacity: CapacityWire.nullable(),
    capacityGap: z.string().nullable(),
    launches: z
      .object({ open: z.array(Time).readonly(), booting: z.array(Time).readonly() })
      .exactOptional()
      .describe(
        'When instances were launched, where paid hours go by age; the end of an hour nearest first.',
      ),
    external: z.object({ from: z.number(), to: z.number() }).nullable(),
    sessions: z.object({
      inUse: z.number().nullable(),
      inUseOpen: z.number().nullable(),
      slots: z.number().nullable(),
      waiting: z.number(),
      silent: z.number(),
    }),
    readings: z.record(z.string(), ReadingWire),
    windows: z.record(z.string(), z.object({ from: Time, to: Time }).nullable()),
    targetHighest: z.number().nullable(),
    fleets: z.record(z.string(), FleetQuantitiesWire).default({}),
    overrides: z.array(OverrideWire).readonly().describe('What operators changed at run time.'),
    outlooks: z
      .record(z.string(), OutlookWire)
      .exactOptional()
      .describe('By rule that looks ahead: what it expects of the demand.'),
  }),
)
export type ObservationCovered = Covers<Observation, z.output<typeof ObservationWire>>
