/**
 * An explanation over the wire: the decision, why a rule did not win, and what the next step up and down would take.
 *
 * Example: `{ "fleet": "web", "at": "...", "whyNot": { "rule": "Scale up", "won": false, "reasons": [{ "reason": "held",
 *   "because": "cooldown: held for another 2m ...", "by": "cooldown", "until": "...", ... }] }, "next": null, ... }`.
 */
import { z } from 'zod'
import type { Next } from '../../engine/next.ts'
import { WHY_NOT_REASONS, type WhyNot } from '../../engine/why-not.ts'
import { type Covers, component } from './components.ts'
import { JournalledDecisionWire } from './decision.ts'
import { Time } from './time.ts'

export const WhyNotWire = component(
  'WhyNot',
  z.object({
    rule: z.string(),
    won: z.boolean().describe('The count changed its way.'),
    reasons: z
      .array(
        z.object({
          reason: z.enum(WHY_NOT_REASONS),
          because: z.string(),
          by: z
            .string()
            .nullable()
            .describe('What stood in the way: a rule, guard, constraint, operand or person.'),
          since: Time.nullable(),
          until: Time.nullable(),
          found: z.record(z.string(), z.number().nullable()).describe('Numbers it rests on; null is a gap.'),
        }),
      )
      .readonly(),
  }),
)
export type WhyNotCovered = Covers<WhyNot, z.output<typeof WhyNotWire>>

const NextStepWire = component(
  'NextStep',
  z.object({
    ways: z
      .array(
        z.object({
          kind: z.enum(['value', 'time']),
          operand: z.string().nullable(),
          from: z.number().nullable().describe('What it reads now; null is a gap.'),
          to: z.number().nullable(),
          inclusive: z.boolean().describe('At `to` itself; false: only beyond it.'),
          move: z.enum(['rise', 'fall']).nullable(),
          at: Time.nullable().describe('When the count would change; null: at once.'),
          waitsFor: z.string().nullable(),
          desired: z.number(),
          rule: z.string().nullable(),
          because: z.string(),
        }),
      )
      .readonly(),
    nothing: z.string().nullable().describe('Why there is no way; null when there is.'),
  }),
)

export const NextWire = component(
  'Next',
  z.object({
    at: Time,
    desired: z.number().nullable().describe('From where the steps count: what this tick wanted.'),
    up: NextStepWire,
    down: NextStepWire,
  }),
)
export type NextCovered = Covers<Next, z.output<typeof NextWire>>

export const ExplanationWire = component(
  'Explanation',
  z.object({
    fleet: z.string(),
    at: Time,
    revision: z.number().int(),
    decision: JournalledDecisionWire,
    whyNot: WhyNotWire.nullable(),
    next: NextWire.nullable(),
    remark: z
      .string()
      .nullable()
      .describe('What to keep in mind: the rules kept do not give that decision again.'),
  }),
)
