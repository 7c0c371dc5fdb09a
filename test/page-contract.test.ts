/**
 * What the page reads is what the API sends: the page's own types against the wire's schemas. The types are compared
 * by the compiler (`npm run typecheck`), the run below only keeps the list of them honest.
 */
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import type * as page from '../dashboard/src/wire.ts'
import type { JournalledDecisionWire } from '../src/api/wire/decision.ts'
import type {
  DeliveryEvent,
  FreezeEvent,
  GapEvent,
  LostEvent,
  RunEvent,
  SamplesEvent,
  SettingsEvent,
  SpecEvent,
  TickEvent,
  TroubleEvent,
} from '../src/api/wire/event.ts'
import type { FleetSummaryWire, FleetWire, FreezeWire, MetricWire } from '../src/api/wire/fleet.ts'
import type { InstanceWire, OrderWire } from '../src/api/wire/inventory.ts'
import type { TimelinePointWire } from '../src/api/wire/journal.ts'
import type { KpiHistoryWire } from '../src/api/wire/kpi.ts'
import type { ApprovalWire, OverrideWire } from '../src/api/wire/override.ts'
import type { ActionWire } from '../src/api/wire/plan.ts'
import type { SampleWire } from '../src/api/wire/sample.ts'
import type { FleetSettingsWire } from '../src/api/wire/settings.ts'
import type { StepWire } from '../src/api/wire/step.ts'

/** Does not compile where the API sends less, or something else, than the page reads. */
type Reads<Page, Sent extends Page> = [Page, Sent]

type Contract = {
  fleetSummary: Reads<page.FleetSummary, z.input<typeof FleetSummaryWire>>
  approval: Reads<page.Approval, z.input<typeof ApprovalWire>>
  override: Reads<page.Override, z.input<typeof OverrideWire>>
  fleet: Reads<page.Fleet, z.input<typeof FleetWire>>
  metric: Reads<page.Metric, z.input<typeof MetricWire>>
  decision: Reads<page.Decision, z.input<typeof JournalledDecisionWire>>
  action: Reads<page.Action, z.input<typeof ActionWire>>
  step: Reads<page.Step, z.input<typeof StepWire>>
  instance: Reads<page.Instance, z.input<typeof InstanceWire>>
  order: Reads<page.Order, z.input<typeof OrderWire>>
  timelinePoint: Reads<page.TimelinePoint, z.input<typeof TimelinePointWire>>
  sample: Reads<page.Sample, z.input<typeof SampleWire>>
  tick: Reads<page.TickEvent, z.input<typeof TickEvent>>
  samples: Reads<page.SamplesEvent, z.input<typeof SamplesEvent>>
  gap: Reads<page.GapEvent, z.input<typeof GapEvent>>
  lost: Reads<page.LostEvent, z.input<typeof LostEvent>>
  freeze: Reads<page.Freeze, z.input<typeof FreezeWire>>
  froze: Reads<page.FreezeEvent, z.input<typeof FreezeEvent>>
  trouble: Reads<page.TroubleEvent, z.input<typeof TroubleEvent>>
  fleetSettings: Reads<page.FleetSettings, z.input<typeof FleetSettingsWire>>
  kpiHistory: Reads<page.KpiHistory, z.input<typeof KpiHistoryWire>>
  settings: Reads<page.SettingsEvent, z.input<typeof SettingsEvent>>
  ran: Reads<page.RunEvent, z.input<typeof RunEvent>>
  delivery: Reads<page.DeliveryEvent, z.input<typeof DeliveryEvent>>
  spec: Reads<page.SpecEvent, z.input<typeof SpecEvent>>
}

const COMPARED: Readonly<Record<keyof Contract, true>> = {
  fleetSummary: true,
  approval: true,
  override: true,
  fleet: true,
  metric: true,
  decision: true,
  action: true,
  step: true,
  instance: true,
  order: true,
  timelinePoint: true,
  sample: true,
  tick: true,
  samples: true,
  gap: true,
  lost: true,
  freeze: true,
  froze: true,
  trouble: true,
  fleetSettings: true,
  kpiHistory: true,
  settings: true,
  ran: true,
  delivery: true,
  spec: true,
}

describe('the page and the API', () => {
  it('are compared in everything the page reads', () => {
    expect(Object.keys(COMPARED)).toHaveLength(25)
  })
})
