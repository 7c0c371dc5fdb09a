/**
 * The steps of a decision over the wire: the numbers of the model's step, and the sentence they make.
 *
 * Example: `{ "stage": "proposals", "outcome": "want", "rule": "Scale up", "rank": 10, "want": 6,
 *   "because": "\"Scale up\" wants 6." }`.
 */
import { z } from 'zod'
import { component } from './components.ts'
import { OutlookWire } from './outlook.ts'
import { OverrideChangeWire } from './override.ts'
import { Time } from './time.ts'

const because = z.string().describe('The step in words.')
const found = z.record(z.string(), z.number().nullable())
const names = z.array(z.string()).readonly()
export const SettingValueWire = z.union([z.boolean(), z.number(), z.string()])

const BoundsStep = z.object({
  stage: z.literal('bounds'),
  outcome: z.literal('set'),
  constraint: z.string(),
  rank: z.number(),
  lowest: z.number(),
  highest: z.number(),
  default: z.number(),
  schedule: z.string().nullable(),
  until: Time.nullable(),
  over: names,
  tied: names,
  because,
})

const OverridesStep = z.object({
  stage: z.literal('overrides'),
  outcome: z.literal('in-force'),
  who: z.string(),
  why: z.string(),
  until: Time.nullable(),
  change: OverrideChangeWire,
  because,
})

const OperandsStep = z.discriminatedUnion('outcome', [
  z.object({
    stage: z.literal('operands'),
    outcome: z.literal('value'),
    operand: z.string(),
    value: z.number(),
    samples: z.number().nullable(),
    reporting: z.number().nullable(),
    dividedBy: z.number().nullable().default(null),
    because,
  }),
  z.object({
    stage: z.literal('operands'),
    outcome: z.literal('gap'),
    operand: z.string(),
    gap: z.string(),
    because,
  }),
])

const KpisStep = z.object({
  stage: z.literal('kpis'),
  outcome: z.enum(['green', 'red', 'unknown']),
  kpi: z.string(),
  goal: z.string(),
  found,
  since: Time.exactOptional().describe('Since when it has been so.'),
  until: Time.exactOptional().describe('Until when it is taken to be so, if no tick comes.'),
  because,
})

const ConditionsStep = z.object({
  stage: z.literal('conditions'),
  outcome: z.enum(['true', 'false', 'unknown']),
  rule: z.string(),
  condition: z.string(),
  found,
  since: Time.nullable(),
  because,
})

const DemandStep = z.object({
  stage: z.literal('demand'),
  outcome: z.enum(['want', 'hold', 'nothing', 'unknown']),
  rule: z.string(),
  operand: z.string(),
  against: z.number().nullable(),
  want: z.number().nullable(),
  found: z.record(z.string(), z.number().nullable()),
  outlook: OutlookWire.exactOptional().describe('Of a rule that looks ahead: what it expects.'),
  because,
})

const ProposalsStep = z.discriminatedUnion('outcome', [
  z.object({
    stage: z.literal('proposals'),
    outcome: z.literal('want'),
    rule: z.string(),
    rank: z.number(),
    want: z.number(),
    because,
  }),
  z.object({
    stage: z.literal('proposals'),
    outcome: z.literal('abstain'),
    rule: z.string(),
    reason: z.enum(['disabled', 'outside-schedule', 'false', 'unknown', 'not-long-enough', 'holds']),
    until: Time.nullable(),
    because,
  }),
])

const ReconciliationStep = z.discriminatedUnion('outcome', [
  z.object({
    stage: z.literal('reconciliation'),
    outcome: z.enum(['grow', 'shrink', 'keep']),
    rule: z.string(),
    rank: z.number(),
    want: z.number(),
    over: names,
    because,
  }),
  z.object({
    stage: z.literal('reconciliation'),
    outcome: z.literal('vetoed'),
    rule: z.string(),
    want: z.number(),
    by: z.string(),
    reason: z.enum(['did-not-fire', 'holds', 'unknown', 'waits-to-grow']),
    because,
  }),
  z.object({
    stage: z.literal('reconciliation'),
    outcome: z.literal('default'),
    want: z.number(),
    because,
  }),
  z.object({
    stage: z.literal('reconciliation'),
    outcome: z.enum(['nothing-fired', 'no-constraint']),
    because,
  }),
  z.object({
    stage: z.literal('reconciliation'),
    outcome: z.literal('count-unknown'),
    gap: z.string(),
    because,
  }),
  z.object({
    stage: z.literal('reconciliation'),
    outcome: z.literal('paused'),
    who: z.string(),
    why: z.string(),
    until: Time.nullable(),
    because,
  }),
])

const guard = { stage: z.literal('guards'), from: z.number(), to: z.number(), because }

const GuardsStep = z.discriminatedUnion('guard', [
  z.object({
    ...guard,
    guard: z.literal('flapping'),
    outcome: z.enum(['passed', 'lessened', 'held']),
    projections: z
      .array(
        z.object({
          instances: z.number(),
          rule: z.string(),
          operand: z.string(),
          value: z.number().nullable(),
        }),
      )
      .readonly(),
  }),
  z.object({
    ...guard,
    guard: z.literal('cooldown'),
    outcome: z.enum(['passed', 'held']),
    lastChangeAt: Time.nullable(),
    cooldownMs: z.number(),
    until: Time.nullable(),
  }),
  z.object({
    ...guard,
    guard: z.literal('stabilization'),
    outcome: z.enum(['passed', 'lessened', 'held']),
    windowMs: z.number(),
    until: Time.nullable(),
  }),
  z.object({
    ...guard,
    guard: z.literal('rate-limit'),
    outcome: z.enum(['passed', 'lessened', 'held']),
    allowed: z.number(),
  }),
  z.object({
    ...guard,
    guard: z.literal('billing-hour'),
    outcome: z.enum(['passed', 'lessened', 'held']),
    until: Time.nullable(),
    ages: z
      .object({
        lastMinutes: z.number(),
        mayGo: z.number(),
        waitsFor: z.enum(['last-minutes', 'booting', 'launches']),
      })
      .exactOptional()
      .describe('Where the paid hours go by age, of a cut: who may go now, and what the others wait for.'),
  }),
  z.object({
    ...guard,
    guard: z.literal('outage'),
    outcome: z.enum(['passed', 'held']),
    operand: z.string(),
    value: z.number().nullable(),
    peak: z.number().nullable(),
    until: Time.nullable(),
  }),
  z.object({
    ...guard,
    guard: z.literal('warm-up'),
    outcome: z.enum(['passed', 'lessened', 'held']),
    warming: z.number(),
    warmupMs: z.number(),
  }),
])

const SettingsStep = z.object({
  stage: z.literal('settings'),
  outcome: z.literal('set'),
  setting: z.string(),
  value: SettingValueWire,
  rule: z.string(),
  over: names,
  because,
})

const EffectsStep = z.object({
  stage: z.literal('effects'),
  outcome: z.enum(['notify', 'run']),
  rule: z.string(),
  name: z.string(),
  because,
})

const FloorsStep = z.object({
  stage: z.literal('floors'),
  outcome: z.literal('raised'),
  rule: z.string(),
  reason: z.enum(['room', 'unknown']),
  from: z.number(),
  to: z.number(),
  because,
})

const LimitsStep = z.object({
  stage: z.literal('limits'),
  outcome: z.enum(['raised', 'lowered']),
  limit: z.enum(['lowest', 'highest', 'target', 'quota']),
  from: z.number(),
  to: z.number(),
  because,
})

export const StepWire = component(
  'Step',
  z.discriminatedUnion('stage', [
    OverridesStep,
    BoundsStep,
    OperandsStep,
    KpisStep,
    ConditionsStep,
    DemandStep,
    ProposalsStep,
    ReconciliationStep,
    GuardsStep,
    FloorsStep,
    LimitsStep,
    SettingsStep,
    EffectsStep,
  ]),
)
