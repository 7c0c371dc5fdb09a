/**
 * Decisions over the wire: the model's, with a sentence at every step.
 *
 * Example: `{ "revision": 42, "current": 5, "desired": 6, "direction": "out", "because": "...", "steps": [...] }`.
 */
import { z } from 'zod'
import type { Decision } from '../../model/decision.ts'
import { type Covers, component } from './components.ts'
import { ActionWire } from './plan.ts'
import { SettingValueWire, StepWire } from './step.ts'
import { Time } from './time.ts'

export const BoundsWire = component(
  'Bounds',
  z.object({
    lowest: z.number(),
    highest: z.number(),
    default: z.number(),
    constraint: z.string().describe('The constraint in force.'),
    until: Time.nullable().describe('When its window ends; null for one that is always on.'),
  }),
)

export const KpiStateWire = z.enum(['green', 'red', 'unknown'])
export const DirectionWire = z.enum(['out', 'in', 'none'])

export const DecisionWire = component(
  'Decision',
  z.object({
    fleet: z.string(),
    at: Time,
    current: z
      .number()
      .nullable()
      .describe('Instances that count now; null when the target could not be asked.'),
    desired: z.number().nullable(),
    direction: DirectionWire,
    rule: z.string().nullable().describe('The rule or constraint that won; null when nothing changes.'),
    bounds: BoundsWire,
    because: z.string(),
    kpis: z.record(z.string(), KpiStateWire),
    settings: z.record(z.string(), SettingValueWire),
    effects: z
      .array(z.object({ kind: z.enum(['notify', 'run']), rule: z.string(), name: z.string() }))
      .readonly(),
    steps: z.array(StepWire).readonly(),
  }),
)
/** The steps differ on purpose (sentences), all else must be there. */
export type DecisionCovered = Covers<Omit<Decision, 'steps'>, z.output<typeof DecisionWire>>

export const JournalledDecisionWire = component(
  'JournalledDecision',
  DecisionWire.extend({
    revision: z.number().int().describe('The journal entry it belongs to.'),
    actions: z.array(ActionWire).readonly().describe('What was planned to carry it out.'),
  }),
)
