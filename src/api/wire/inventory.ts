/**
 * Instances and launch orders over the wire, as the model has them, times as ISO text.
 *
 * Example: `{ "id": "web-3", "lifecycle": "ready", "admission": "closed", "load": { "kind": "known", "slots": 2, ... }, ... }`.
 */
import { z } from 'zod'
import type { Instance, Inventory, Order } from '../../model/inventory.ts'
import { type Covers, component } from './components.ts'
import { Time } from './time.ts'

export const AdmissionWire = z.enum(['open', 'closing', 'closed', 'opening'])

export const LoadWire = component(
  'Load',
  z
    .discriminatedUnion('kind', [
      z.object({
        kind: z.literal('known'),
        slots: z.number(),
        at: Time,
        remainingMs: z.number().exactOptional(),
        worth: z.number().exactOptional(),
      }),
      z.object({ kind: z.literal('unknown'), because: z.string() }),
      z.object({ kind: z.literal('untracked') }),
    ])
    .describe('Slots in use. Unknown is never zero; untracked: nobody places sessions on this fleet.'),
)

export const InstanceWire = component(
  'Instance',
  z.object({
    id: z.string(),
    incarnation: z.string().nullable(),
    lifecycle: z.enum(['requested', 'booting', 'ready', 'terminating', 'gone', 'lost']),
    admission: AdmissionWire,
    health: z.enum(['unknown', 'healthy', 'suspect', 'unhealthy']),
    sealed: z.boolean(),
    listed: z.boolean(),
    order: z.enum(['keep', 'drain']).nullable().describe('What an operator asked of it.'),
    load: LoadWire,
    zone: z.string().nullable(),
    address: z.string().nullable(),
    launchedAt: Time.nullable(),
    readyAt: Time.nullable(),
    closedAt: Time.nullable(),
    detail: z.string().nullable().describe('Why it is lost or unhealthy, in the target’s words.'),
    access: z.array(z.object({ name: z.string(), address: z.string() })).readonly(),
  }),
)
export type InstanceCovered = Covers<Instance, z.output<typeof InstanceWire>>

export const OrderWire = component(
  'Order',
  z
    .object({
      token: z.string(),
      at: Time,
      expiresAt: Time,
      zone: z.string().nullable(),
      instance: z.string().nullable(),
    })
    .describe('A launch that was ordered and not yet seen in the target’s list.'),
)
export type OrderCovered = Covers<Order, z.output<typeof OrderWire>>

export const InventoryWire = z.object({
  instances: z.array(InstanceWire).readonly(),
  orders: z.array(OrderWire).readonly(),
  target: z.object({
    choosesVictim: z.boolean(),
    restarts: z.boolean(),
    zones: z.array(z.string()).readonly(),
    highest: z.number().nullable().exactOptional(),
  }),
})
export type InventoryCovered = Covers<Inventory, z.output<typeof InventoryWire>>
