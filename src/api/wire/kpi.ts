/**
 * KPIs over the wire: how they are, and how they were.
 *
 * Example: `{ "kpi": "busy", "goal": "avg(cpu, 45m) < 80%", "state": "red", "since": "2026-11-21T12:00:00.000Z", "found":
 * { "avg(cpu, 45m)": 83.2 } }`.
 */
import { z } from 'zod'
import { component } from './components.ts'
import { KpiStateWire } from './decision.ts'
import { Time } from './time.ts'

export const KpiNowWire = component(
  'KpiNow',
  z.object({
    kpi: z.string(),
    goal: z.string().describe('Green where it is true, red where it is false.'),
    state: KpiStateWire,
    since: Time.nullable().describe('Since when, as far as ticks saw it; null before the first.'),
    found: z.record(z.string(), z.number().nullable()).describe('What its operands read; null is a gap.'),
  }),
)

export const KpisWire = component(
  'Kpis',
  z.object({
    fleet: z.string(),
    at: Time.nullable().describe('Of the tick that saw them; null before the first.'),
    kpis: z.array(KpiNowWire).readonly(),
  }),
)

export const KpiIntervalWire = component(
  'KpiInterval',
  z.object({
    from: Time,
    to: Time,
    state: KpiStateWire,
    ticked: z.boolean().describe('false: nobody looked (no daemon ran, or the KPI was not there).'),
  }),
)

const share = z.number().min(0).max(1)

export const KpiHistoryWire = component(
  'KpiHistory',
  z.object({
    kpi: z.string(),
    window: z
      .object({ from: Time, to: Time })
      .describe('What is told of: shorter than what was asked for where `next` is not null.'),
    intervals: z.array(KpiIntervalWire).readonly().describe('Newest first, without a hole.'),
    share: z
      .object({ green: share, red: share, unknown: share })
      .describe("Of the window's time; they make 1."),
    next: Time.nullable().describe('Pass it as `until` for the following page; null: no more.'),
  }),
)
