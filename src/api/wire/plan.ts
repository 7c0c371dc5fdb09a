/**
 * Plans and what became of their actions, over the wire.
 *
 * Example: `{ "actions": [{ "kind": "reopen", "id": "web/42/1", "instance": "web-3", "because": "..." }], "waiting": [] }`.
 */
import { z } from 'zod'
import type { Outcome, Plan } from '../../model/plan.ts'
import { type Covers, component } from './components.ts'
import { Time } from './time.ts'

const onInstance = { id: z.string(), instance: z.string(), because: z.string() }

export const ActionWire = component(
  'Action',
  z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('launch'),
      id: z.string(),
      zone: z.string().nullable(),
      because: z.string(),
    }),
    z.object({ kind: z.literal('reopen'), ...onInstance }),
    z.object({ kind: z.literal('close'), ...onInstance }),
    z.object({
      kind: z.literal('seal'),
      ...onInstance,
      force: z
        .literal(true)
        .exactOptional()
        .describe('Past its drain deadline, sessions and all, as configured.'),
    }),
    z.object({ kind: z.literal('terminate'), ...onInstance }),
    z.object({ kind: z.literal('restart'), ...onInstance }),
    z.object({ kind: z.literal('resize'), id: z.string(), count: z.number(), because: z.string() }),
  ]),
)

const WaitingWire = component(
  'Waiting',
  z
    .object({
      what: z.enum(['launch', 'terminate', 'close', 'repair', 'resize', 'everything']),
      instance: z.string().nullable(),
      because: z.string(),
      until: Time.nullable(),
    })
    .describe('Something the plan would do and does not do yet.'),
)

export const PlanWire = component(
  'Plan',
  z.object({
    fleet: z.string(),
    desired: z.number().nullable(),
    actions: z.array(ActionWire).readonly(),
    waiting: z.array(WaitingWire).readonly(),
  }),
)
export type PlanCovered = Covers<Plan, z.output<typeof PlanWire>>

export const OutcomeWire = component(
  'Outcome',
  z.discriminatedUnion('outcome', [
    z.object({
      action: z.string(),
      outcome: z.literal('done'),
      instance: z.string().nullable(),
      output: z.string().exactOptional().describe('What a custom action had to say.'),
      at: Time,
    }),
    z.object({
      action: z.string(),
      outcome: z.literal('failed'),
      kind: z.string(),
      error: z.string(),
      at: Time,
    }),
  ]),
)
export type OutcomeCovered = Covers<Outcome, z.output<typeof OutcomeWire>>
