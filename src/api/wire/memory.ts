/**
 * A fleet's memory over the wire: part of a journal entry, so that a decision can be replayed elsewhere.
 *
 * Example: `{ "revision": 41, "lastChange": { "direction": "out", "rule": "Scale up", "from": 4, "to": 5, ... }, ... }`.
 */
import { z } from 'zod'
import type { Memory } from '../../model/memory.ts'
import { type Covers, component } from './components.ts'
import { AdmissionWire, OrderWire } from './inventory.ts'
import { ApprovalWire } from './override.ts'
import { SettingsInForceWire } from './settings.ts'
import { Time } from './time.ts'

const ChangeWire = z.object({
  at: Time,
  direction: z.enum(['out', 'in']),
  rule: z.string().nullable(),
  from: z.number(),
  to: z.number(),
  cooldownMs: z.number(),
})

const MarkWire = z.object({
  admission: AdmissionWire,
  closedAt: Time.nullable(),
  seal: z.enum(['none', 'sealing', 'sealed']),
  readyAt: Time.nullable(),
  seenAt: Time,
  orderedAt: Time.exactOptional(),
  incarnation: z.string().nullable(),
  health: z
    .object({
      state: z.enum(['unknown', 'healthy', 'suspect', 'unhealthy']),
      since: Time,
      failures: z.number(),
      successes: z.number(),
      probedAt: Time,
      detail: z.string(),
    })
    .nullable(),
  missingSince: Time.nullable(),
  goneAt: Time.nullable(),
  zone: z.string().nullable(),
})

const LaunchTroubleWire = z.object({ failures: z.number(), retryAt: Time, error: z.string() })

export const MemoryWire = component(
  'Memory',
  z.object({
    revision: z.number().int(),
    at: Time,
    trueSince: z.record(z.string(), Time),
    firingSince: z.record(z.string(), Time),
    kpis: z
      .record(z.string(), z.object({ state: z.enum(['green', 'red', 'unknown']), since: Time }))
      .default({}),
    lastChange: ChangeWire.nullable(),
    changes: z.array(ChangeWire).readonly(),
    load: z.object({
      peaks: z.array(z.object({ at: Time, value: z.number() })).readonly(),
      heldUntil: Time.nullable(),
    }),
    recommendations: z.array(z.object({ at: Time, count: z.number() })).readonly(),
    desired: z.number().nullable(),
    expected: z.number().nullable(),
    gaps: z.record(z.string(), Time),
    marks: z.record(z.string(), MarkWire),
    orders: z.array(OrderWire).readonly(),
    owed: z.number(),
    approval: ApprovalWire.nullable(),
    runs: z
      .array(
        z.object({
          id: z.string(),
          revision: z.number().int(),
          rule: z.string(),
          action: z.string(),
          at: Time,
        }),
      )
      .readonly(),
    launchTrouble: LaunchTroubleWire.nullable(),
    settings: SettingsInForceWire,
    freeze: z
      .object({
        since: Time,
        cause: z.enum(['unhealthy', 'silent', 'replacements-fail']),
        because: z.string(),
        until: Time,
      })
      .nullable(),
    zoneTrouble: z.record(z.string(), LaunchTroubleWire),
    repairs: z
      .array(
        z.object({
          at: Time,
          instance: z.string(),
          how: z.enum(['replace', 'restart', 'never-ready', 'move', 'reopen']),
          because: z.string(),
        }),
      )
      .readonly(),
    resize: z
      .object({
        token: z.string(),
        count: z.number(),
        at: Time,
        until: Time,
        acknowledged: z.boolean(),
      })
      .nullable()
      .exactOptional(),
    beside: z.number().exactOptional(),
    boots: z
      .array(z.number())
      .readonly()
      .exactOptional()
      .describe('How long the last instances took from their order until they were ready, in ms.'),
  }),
)
export type MemoryCovered = Covers<Memory, z.output<typeof MemoryWire>>
