/**
 * The OpenFeature Remote Evaluation Protocol: what a flag evaluation asks and answers.
 *
 * Example: `POST /ofrep/v1/evaluate/flags/reports` with `{ "context": { "fleet": "web" } }` answers `{ "key": "reports",
 * "value": false, "reason": "TARGETING_MATCH", "variant": "false", "metadata": { "rule": "Shed load", ... } }`.
 */
import { z } from 'zod'
import { component } from './components.ts'
import { Failure } from './failure.ts'
import { SettingValueWire } from './step.ts'

export const EvaluationRequest = z
  .object({
    context: z
      .record(z.string(), z.unknown())
      .nullish()
      .describe('Of it only `fleet` is read: the name of the fleet whose setting is meant.'),
  })
  .nullish()

export const EvaluationWire = component(
  'FlagEvaluation',
  z.object({
    key: z.string(),
    value: SettingValueWire,
    reason: z
      .enum(['STATIC', 'TARGETING_MATCH'])
      .describe('STATIC: at its default. TARGETING_MATCH: a rule holds it.'),
    variant: z.string().describe('The value as text.'),
    metadata: z
      .record(z.string(), SettingValueWire)
      .describe('fleet, setting, version, default, rule, since.'),
  }),
)

export const BulkEvaluationWire = component('FlagEvaluations', z.object({ flags: z.array(EvaluationWire) }))

/** The protocol's own fields beside those every failure has. */
export const EvaluationFailure = component(
  'FlagFailure',
  Failure.extend({
    key: z.string().optional().describe('The flag that was asked for.'),
    errorCode: z.enum(['PARSE_ERROR', 'INVALID_CONTEXT', 'FLAG_NOT_FOUND', 'GENERAL']),
    errorDetails: z.string(),
  }),
)

export const BULK_EVALUATION_FAILURES = {
  400: EvaluationFailure,
  401: EvaluationFailure,
  403: EvaluationFailure,
  413: EvaluationFailure,
  415: EvaluationFailure,
  421: EvaluationFailure,
  429: EvaluationFailure,
  500: EvaluationFailure,
  503: EvaluationFailure,
} as const

export const EVALUATION_FAILURES = { ...BULK_EVALUATION_FAILURES, 404: EvaluationFailure } as const
