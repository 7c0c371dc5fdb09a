/**
 * What rules that look ahead have to expect, over the wire.
 *
 * Example: `{ "kind": "serve", "demand": 4100, "capacity": 4650, "leadMs": 195000, "boot": "measured", "sloRatio": 0.995, ... }`.
 */
import { z } from 'zod'
import type { Outlook } from '../../model/outlook.ts'
import { type Covers, component } from './components.ts'
import { Time } from './time.ts'

export const OutlookWire = component(
  'Outlook',
  z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('serve'),
      demand: z.number(),
      capacity: z.number().describe('Ready capacity to have when what is ordered now could be ready.'),
      leadMs: z.number(),
      boot: z.enum(['measured', 'stated', 'usual']),
      sloRatio: z.number(),
      servedRatio: z.number().nullable(),
      learntMs: z.number(),
    }),
    z.object({
      kind: z.literal('forecast'),
      demand: z.number(),
      for: Time,
      expected: z.number(),
      atMost: z.number(),
      by: z.string(),
      errorRatio: z.number().nullable(),
      state: z.enum(['used', 'off']),
    }),
    z.object({ kind: z.literal('none'), waitsFor: z.string() }),
  ]),
)
export type OutlookCovered = Covers<Outlook, z.output<typeof OutlookWire>>
