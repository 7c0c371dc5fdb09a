/**
 * Journal entries and the timeline over the wire.
 *
 * Example: `{ "entries": [{ "revision": 42, "at": "2026-11-21T12:00:00.000Z", "decision": {...}, "plan": {...}, ... }], "next": 42 }`:
 * ask again with `before=42` for the page that follows.
 */
import { z } from 'zod'
import type { JournalEntry } from '../../model/journal.ts'
import type { TimelinePoint } from '../../ports/state-store.ts'
import { type Covers, component } from './components.ts'
import { DecisionWire } from './decision.ts'
import { InventoryWire } from './inventory.ts'
import { MemoryWire } from './memory.ts'
import { ObservationWire } from './observation.ts'
import { ApprovalWire } from './override.ts'
import { OutcomeWire, PlanWire } from './plan.ts'
import { Time } from './time.ts'

export const JournalEntryWire = component(
  'JournalEntry',
  z.object({
    fleet: z.string(),
    revision: z.number().int(),
    at: Time,
    specDigest: z.string(),
    mode: z
      .enum(['scale', 'notify', 'scale-and-notify', 'recommend'])
      .exactOptional()
      .describe('The mode in force; recommend also where the target can be told nothing.'),
    observation: ObservationWire,
    memory: MemoryWire,
    inventory: InventoryWire,
    decision: DecisionWire,
    plan: PlanWire,
    approval: ApprovalWire.nullable().describe('What a person was asked, as it stands after this tick.'),
    outcomes: z.array(OutcomeWire).readonly(),
  }),
)
export type JournalCovered = Covers<Omit<JournalEntry, 'decision'>, z.output<typeof JournalEntryWire>>

export const TimelinePointWire = component(
  'TimelinePoint',
  z.object({
    at: Time,
    revision: z.number().int(),
    open: z.number().nullable(),
    pending: z.number().nullable(),
    draining: z.number().nullable(),
    desired: z.number().nullable(),
    lowest: z.number(),
    highest: z.number(),
    rule: z.string().nullable(),
    sessions: z
      .object({ inUse: z.number().nullable(), slots: z.number().nullable(), waiting: z.number() })
      .nullable()
      .describe('Slots in use, slots of the open instances, requests that wait; null without slots.'),
  }),
)
export type TimelineCovered = Covers<TimelinePoint, z.output<typeof TimelinePointWire>>
