/**
 * What operators changed at run time, what they were asked, and the record of their acts, over the wire.
 *
 * Example: `{ "id": "...", "fleet": "web", "who": "ada", "why": "sale", "until": "2026-11-21T14:00:00.000Z",
 *   "change": { "kind": "capacity", "count": 12 } }`.
 */
import { z } from 'zod'
import type { Approval } from '../../model/approval.ts'
import type { OperatorAct, Override } from '../../model/override.ts'
import { type Covers, component } from './components.ts'
import { Time } from './time.ts'

export const ModeWire = z.enum(['scale', 'notify', 'scale-and-notify', 'recommend'])

/** More instances than any fleet has; a slip of the keyboard is not an order. */
const MOST_INSTANCES = 100_000
const HIGHEST_RANK = 1_000_000

export const CountWire = z.number().int().min(0).max(MOST_INSTANCES)
export const RankWire = z.number().int().min(-HIGHEST_RANK).max(HIGHEST_RANK)

export const OverrideChangeWire = component(
  'OverrideChange',
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('pause') }),
    z.object({ kind: z.literal('mode'), mode: ModeWire }),
    z.object({ kind: z.literal('capacity'), count: CountWire }),
    z.object({ kind: z.literal('rule-enabled'), rule: z.string(), enabled: z.boolean() }),
    z.object({ kind: z.literal('rule-rank'), rule: z.string(), rank: RankWire }),
    z.object({
      kind: z.literal('instance'),
      instance: z.string(),
      order: z.enum(['keep', 'drain']),
      incarnation: z.string().nullable().exactOptional().describe('Which of those that had the id is meant.'),
    }),
    z.object({ kind: z.literal('unfreeze') }),
  ]),
)

export const OverrideWire = component(
  'Override',
  z.object({
    id: z.string(),
    fleet: z.string(),
    at: Time.describe('When it was set.'),
    who: z.string(),
    why: z.string(),
    until: Time.nullable().describe('It is in force before this moment; null until it is cleared.'),
    change: OverrideChangeWire,
  }),
)
export type OverrideCovered = Covers<Override, z.output<typeof OverrideWire>>

export const ApprovalWire = component(
  'Approval',
  z.object({
    id: z.string(),
    at: Time.describe('When it was asked for.'),
    current: z.number(),
    desired: z.number(),
    direction: z
      .enum(['out', 'in', 'none'])
      .describe('none: the count stays, and what was lost is to be replaced.'),
    rule: z.string().nullable(),
    because: z.string(),
    expiresAt: Time,
    state: z.enum(['waiting', 'approved', 'rejected']),
  }),
)
export type ApprovalCovered = Covers<Approval, z.output<typeof ApprovalWire>>

export const AskedApprovalWire = component('AskedApproval', ApprovalWire.extend({ fleet: z.string() }))

const frame = {
  id: z.number().int().describe('Grows with every act.'),
  fleet: z.string().nullable().describe('null: it concerns the whole configuration.'),
  at: Time,
  who: z.string(),
  why: z.string(),
}

export const OperatorActWire = component(
  'OperatorAct',
  z.discriminatedUnion('act', [
    z.object({ ...frame, act: z.enum(['set', 'cleared', 'ended']), override: OverrideWire }),
    z.object({ ...frame, act: z.enum(['approved', 'rejected']), approval: z.string() }),
    z.object({ ...frame, act: z.enum(['applied', 'rolled-back']), digest: z.string(), from: z.string() }),
  ]),
)
export type OperatorActCovered = Covers<OperatorAct, z.output<typeof OperatorActWire>>
