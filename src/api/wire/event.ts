/**
 * What the event stream sends: one schema per kind of event.
 *
 * Example: `event: gap`, `data: {"fleet":"web","operand":"avg(cpu, 45m)","at":"...","state":"began","gap":"no samples"}`.
 */
import { z } from 'zod'
import { component } from './components.ts'
import { FleetSummaryWire } from './fleet.ts'
import { TimelinePointWire } from './journal.ts'
import { ApprovalWire } from './override.ts'
import { SampleWire } from './sample.ts'
import { FleetSettingsWire, SettingChangeWire } from './settings.ts'
import { Time } from './time.ts'

export const TickEvent = component(
  'TickEvent',
  z.object({
    fleet: FleetSummaryWire,
    point: TimelinePointWire.nullable().describe('Null when the tick decided nothing (standby, failed).'),
    changed: z.boolean().describe('The tick wants another count than it found, or has actions.'),
  }),
)

export const SamplesEvent = component(
  'SamplesEvent',
  z.object({
    fleet: z.string(),
    metric: z.string(),
    samples: z.array(SampleWire).readonly(),
    leftOut: z.number().int().describe('Older samples of this batch that were not sent.'),
  }),
)

export const GapEvent = component(
  'GapEvent',
  z.object({
    fleet: z.string(),
    operand: z.string(),
    at: Time,
    state: z.enum(['began', 'ended']),
    gap: z.string().nullable(),
  }),
)

export const LostEvent = component(
  'LostEvent',
  z.object({ fleet: z.string(), instance: z.string(), at: Time, detail: z.string() }),
)

export const FreezeEvent = component(
  'FreezeEvent',
  z
    .object({
      fleet: z.string(),
      at: Time,
      state: z.enum(['froze', 'thawed']),
      cause: z.enum(['unhealthy', 'silent', 'replacements-fail']),
      because: z.string(),
      since: Time,
      until: Time.describe('It ends then at the latest.'),
    })
    .describe('So much fails at once that everything destructive is held back; and the end of that.'),
)

export const SettingsEvent = component(
  'SettingsEvent',
  FleetSettingsWire.extend({
    at: Time,
    changed: z
      .array(SettingChangeWire)
      .readonly()
      .describe('Empty when only the rule that holds a value is another.'),
  }),
)

export const TroubleEvent = component(
  'TroubleEvent',
  z
    .object({ fleet: z.string(), at: Time, what: z.string() })
    .describe('Something did not go as it should; the loop goes on.'),
)

export const ApprovalEvent = component(
  'ApprovalEvent',
  z
    .object({
      fleet: z.string(),
      at: Time,
      news: z.enum(['approval-wanted', 'approval-withdrawn', 'approved', 'rejected', 'expired']),
      approval: ApprovalWire,
    })
    .describe('A person is asked, was asked in vain, or has answered (mode notify).'),
)

export const RunEvent = component(
  'RunEvent',
  z
    .object({
      fleet: z.string(),
      at: Time,
      id: z.string(),
      revision: z.number().int().describe('Of the journal entry that began it.'),
      rule: z.string(),
      action: z.string(),
      state: z.enum(['done', 'failed']),
      said: z.string().describe('Its output, or why it failed.'),
    })
    .describe('A custom action ended.'),
)

export const DeliveryEvent = component(
  'DeliveryEvent',
  z
    .object({
      fleet: z.string(),
      at: Time,
      notifier: z.string(),
      notice: z.string(),
      event: z.string(),
      title: z.string(),
      state: z.enum(['sent', 'retrying', 'failed']),
      detail: z.string(),
    })
    .describe('What became of telling somebody.'),
)

export const SpecEvent = component(
  'SpecEvent',
  z.object({
    at: Time,
    state: z.enum(['applied', 'refused']),
    digest: z.string().nullable(),
    problems: z.string().nullable(),
  }),
)
