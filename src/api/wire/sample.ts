/**
 * Samples over the wire, out and in. Incoming ones are judged one by one, so that a bad one does not cost the others.
 *
 * Example: `{ "metric": "orders", "value": 120, "at": "2026-11-21T12:00:00Z" }` is taken; with `"value": "120"`
 * it is refused alone, because "value: expected a number, not text".
 */
import { z } from 'zod'
import { LONGEST_LABEL, MOST_LABELS, type Sample as ModelSample } from '../../model/sample.ts'
import { type Covers, component } from './components.ts'
import { Time } from './time.ts'

export const SampleWire = component(
  'Sample',
  z.object({
    at: Time,
    value: z.number(),
    instance: z.string().exactOptional(),
    labels: z.record(z.string(), z.string()).exactOptional(),
  }),
)
export type SampleCovered = Covers<ModelSample, z.output<typeof SampleWire>>

export const MAX_SAMPLES_PER_POST = 10_000
const NAME = z.string().min(1).max(200)

/** What one pushed sample must look like. */
export const PushedSampleWire = z.strictObject({
  metric: NAME.describe('Name of a metric of the configuration.'),
  value: z.number().describe('A finite number, in the unit the metric was configured with.'),
  at: z
    .union([z.string().max(40), z.number()])
    .optional()
    .describe('ISO-8601 with its offset, or milliseconds since the epoch. Default: now.'),
  instance: NAME.optional().describe('The instance it was measured on. Default: the fleet as a whole.'),
  fleet: NAME.optional().describe('Default: every fleet that uses the metric.'),
  labels: z
    .record(z.string().min(1).max(LONGEST_LABEL), z.string().max(LONGEST_LABEL))
    .refine(labels => Object.keys(labels).length <= MOST_LABELS, `at most ${MOST_LABELS} labels are taken`)
    .optional()
    .describe(`What else it is of, for metrics that filter by it: at most ${MOST_LABELS} texts by name.`),
})

/** Documented as `PushedSampleWire`, let through as anything: each is judged by itself. */
export const AnySample = z.unknown()

export const PushBody = component(
  'Samples',
  z.strictObject({ samples: z.array(AnySample).min(1).max(MAX_SAMPLES_PER_POST) }),
)

export const Refusals = z.array(
  z.object({
    index: z.number().int().describe('Position in the batch, from 0.'),
    because: z.string(),
  }),
)

export const PushAnswer = component('PushAnswer', z.object({ accepted: z.number().int(), refused: Refusals }))
