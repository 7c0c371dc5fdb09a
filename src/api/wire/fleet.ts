/**
 * A fleet at a glance, and in full.
 *
 * Example: `{ "name": "web", "mode": "scale", "current": 5, "desired": 6, "bounds": { "lowest": 4, "highest": 6, ... },
 *   "because": "\"Scale up\" fired: ...", ... }`. Before its first tick everything that a tick finds out is null.
 */
import { z } from 'zod'
import { component } from './components.ts'
import { BoundsWire, DirectionWire, JournalledDecisionWire, KpiStateWire } from './decision.ts'
import { CapacityWire } from './observation.ts'
import { ApprovalWire, ModeWire, OverrideWire } from './override.ts'
import { OutcomeWire, PlanWire } from './plan.ts'
import { Time } from './time.ts'

export const FreezeWire = component(
  'Freeze',
  z.object({
    since: Time,
    cause: z.enum(['unhealthy', 'silent', 'replacements-fail']),
    because: z.string(),
    until: Time.describe('It ends then at the latest.'),
  }),
)

export const FleetSummaryWire = component(
  'FleetSummary',
  z.object({
    name: z.string(),
    mode: ModeWire.describe('The one in force, which an operator may have changed.'),
    everyMs: z.number(),
    at: Time.nullable().describe('The last tick that decided; null before the first.'),
    revision: z.number().int().nullable(),
    current: z.number().nullable(),
    desired: z.number().nullable(),
    direction: DirectionWire.nullable(),
    bounds: BoundsWire.nullable(),
    because: z.string().nullable(),
    capacity: CapacityWire.nullable(),
    sessions: z
      .object({
        inUse: z.number().nullable().describe('Slots in use, on draining instances too.'),
        inUseOpen: z.number().nullable().describe('On the open ones.'),
        slots: z.number().nullable().describe('Of the open ones.'),
        waiting: z.number().describe('Requests for a session that wait for room.'),
      })
      .nullable(),
    slotsPerInstance: z.number().nullable().describe('null: its instances have no slots.'),
    freeze: FreezeWire.nullable().describe('While it is frozen: why nothing is closed, ended or restarted.'),
    kpis: z.record(z.string(), KpiStateWire),
    approval: ApprovalWire.nullable().describe('What a person was asked, as the last tick left it.'),
    overrides: z.array(OverrideWire).readonly().describe('What operators changed, as the last tick saw it.'),
    lastTick: z
      .object({
        at: Time,
        outcome: z.enum(['ticked', 'standby', 'failed']),
        code: z.string().nullable(),
        error: z.string().nullable(),
      })
      .nullable()
      .describe('What became of the last tick, also when it decided nothing.'),
  }),
)

export const MetricWire = component(
  'Metric',
  z.object({
    name: z.string(),
    kind: z.enum(['perInstance', 'total', 'independent']),
    unit: z.enum(['percent', 'ratio', 'ms', 's', 'bytes', 'count']).nullable(),
    source: z.string(),
    everyMs: z.number(),
  }),
)

export const RuleWire = component(
  'Rule',
  z.object({ name: z.string(), rank: z.number(), enabled: z.boolean(), when: z.string() }),
)

export const ConstraintWire = component(
  'Constraint',
  z.object({
    name: z.string(),
    rank: z.number(),
    enabled: z.boolean(),
    min: z.number(),
    max: z.number(),
    schedule: z.string().nullable(),
  }),
)

export const FleetWire = component(
  'Fleet',
  FleetSummaryWire.extend({
    decision: JournalledDecisionWire.nullable(),
    plan: PlanWire.nullable(),
    outcomes: z.array(OutcomeWire).readonly(),
    metrics: z.array(MetricWire),
    rules: z.array(RuleWire),
    constraints: z.array(ConstraintWire),
  }),
)
