/**
 * The observation file of `plimsoll decide`, read at the door: its shape checked, every problem named by its path.
 *
 * Example: `{ "at": "2026-11-21T12:00:00Z", "fleets": { "web": { "open": 4, "values": { "avg(cpu, 45m)": 83.2 } } } }`;
 * with `"open": -1` it is `fleets.web.open: Too small: expected number to be >=0`.
 */
import { z } from 'zod'
import { parseDuration } from '../config/expression/units.ts'
import { LONGEST_LABEL, MOST_LABELS } from '../model/sample.ts'
import { CliError, messageOf } from './cli-error.ts'
import { parseIso } from './instant.ts'

const Time = z.union([z.string(), z.number()]).transform((given, context) => {
  const at = typeof given === 'number' ? given : parseIso(given, 'UTC')
  if (at !== null && Number.isSafeInteger(at)) return at
  const said = 'expected a time such as 2026-11-21T12:00:00Z, or whole milliseconds since the epoch'
  context.issues.push({ code: 'custom', input: given, message: said })
  return z.NEVER
})

/** Milliseconds. */
const Age = z.string().transform((given, context) => {
  const ms = parseDuration(given)
  if (ms !== null) return ms
  const message = 'expected an age such as 52m, with one of ms s m h d w'
  context.issues.push({ code: 'custom', input: given, message })
  return z.NEVER
})

/** More instances than any fleet has; keeps a slip of the finger from filling the memory. */
const MOST_INSTANCES = 100_000

const Count = z.number().int().min(0).max(MOST_INSTANCES)
const Name = z.string().min(1).max(200)

const InstanceInput = z.strictObject({
  id: Name,
  lifecycle: z.enum(['requested', 'booting', 'ready', 'terminating', 'gone', 'lost']).default('ready'),
  admission: z.enum(['open', 'closing', 'closed', 'opening']).default('open'),
  health: z.enum(['unknown', 'healthy', 'suspect', 'unhealthy']).default('healthy'),
  sealed: z.boolean().default(false),
  zone: z.string().nullable().default(null),
  /** Slots in use; `null` is unknown; left out, unknown with a router and untracked without. */
  load: z
    .union([z.number().min(0), z.literal('untracked')])
    .nullable()
    .optional(),
  launchedAt: Time.nullable().default(null),
  closedAt: Time.nullable().default(null),
})

const LabelsInput = z
  .record(Name, z.string().max(LONGEST_LABEL))
  .refine(labels => Object.keys(labels).length <= MOST_LABELS, `at most ${MOST_LABELS} labels are taken`)

/** Time, value, then perhaps an instance and labels. */
const SampleInput = z.union([
  z.tuple([Time, z.number()]),
  z.tuple([Time, z.number(), Name.nullable()]),
  z.tuple([Time, z.number(), Name.nullable(), LabelsInput]),
])

const ChangeInput = z.strictObject({
  at: Time,
  direction: z.enum(['out', 'in']),
  rule: z.string().nullable().default(null),
  from: Count.optional(),
  to: Count.optional(),
})

/** More than any window of a guard holds at one tick per second. */
const MOST_REMEMBERED = 10_000

/** What was recommended, and what was changed, before: what stabilization windows and rate limits look at. */
const RecommendationInput = z.strictObject({ at: Time, count: Count })
const CountChangeInput = z.strictObject({ at: Time, from: Count, to: Count })

/** Of a serve rule `capacity`, of a forecast `atMost`; `null` is unknown. */
const OutlookInput = z
  .strictObject({
    demand: z.number().min(0).optional(),
    capacity: z.number().min(0).optional(),
    expected: z.number().min(0).optional(),
    atMost: z.number().min(0).optional(),
    /** How far ahead. */
    lead: Age.optional(),
  })
  .nullable()

const FleetInput = z.strictObject({
  open: Count.nullable().optional(),
  pending: Count.optional(),
  draining: Count.optional(),
  replacing: Count.optional(),
  /** Of the made-up instances: first the open ones, then the pending ones. */
  ages: z.array(Age).max(MOST_INSTANCES).optional(),
  instances: z.array(InstanceInput).max(MOST_INSTANCES).optional(),
  values: z.record(z.string(), z.number().nullable()).default({}),
  samples: z.record(z.string(), z.array(SampleInput)).default({}),
  sessions: z
    .strictObject({
      inUse: z.number().nullable(),
      slots: z.number().nullable().optional(),
      waiting: z.number().default(0),
      silent: Count.default(0),
    })
    .optional(),
  lastChange: ChangeInput.nullable().default(null),
  recommendations: z.array(RecommendationInput).max(MOST_REMEMBERED).default([]),
  changes: z.array(CountChangeInput).max(MOST_REMEMBERED).default([]),
  desired: Count.nullable().default(null),
  trueSince: z.record(z.string(), Time).default({}),
  targetHighest: Count.nullable().default(null),
  outlooks: z.record(z.string(), OutlookInput).default({}),
})

const ObservationInput = z.strictObject({ at: Time, fleets: z.record(z.string(), FleetInput) })

export type FleetWhatIf = z.output<typeof FleetInput>
export type OutlookWhatIf = z.output<typeof OutlookInput>
export type InstanceWhatIf = z.output<typeof InstanceInput>
export type WhatIf = z.output<typeof ObservationInput>

/** Most problems that are listed; the rest is counted. */
const MOST_SHOWN = 20

/** Throws `CliError` PLM-508 that names every problem by its path. `source` names the file. */
export function parseWhatIf(text: string, source: string): WhatIf {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new CliError('PLM-508', `${source} is not JSON: ${messageOf(error)}`)
  }
  const parsed = ObservationInput.safeParse(json)
  if (parsed.success) return parsed.data
  throw unusable(
    source,
    parsed.error.issues.flatMap(issue => describe(issue)),
  )
}

/** One error for several problems. */
export function unusable(source: string, problems: readonly string[]): CliError {
  const rest = problems.length - MOST_SHOWN
  const lines = problems.slice(0, MOST_SHOWN).map(problem => `\n  ${problem.replaceAll('\n', '\n  ')}`)
  const more = rest > 0 ? `\n  and ${rest} more` : ''
  return new CliError('PLM-508', `${source} cannot be used as an observation:${lines.join('')}${more}`)
}

function describe(issue: z.core.$ZodIssue, prefix: readonly PropertyKey[] = []): string[] {
  const path = [...prefix, ...issue.path]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => `${pathOf([...path, key])}: unknown key`)
  }
  if (issue.code === 'invalid_union') {
    // The branch that got furthest says most.
    const [closest] = [...issue.errors].sort((a, b) => a.length - b.length)
    if (closest !== undefined && closest.length > 0) return closest.flatMap(inner => describe(inner, path))
  }
  return [`${pathOf(path)}: ${issue.message}`]
}

/** `['fleets', 'web', 'values', 'avg(cpu, 5m)']` is `fleets.web.values["avg(cpu, 5m)"]`. */
export function pathOf(path: readonly PropertyKey[]): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/^[A-Za-z_][\w-]*$/.test(String(step))) text += text === '' ? String(step) : `.${String(step)}`
    else text += `[${JSON.stringify(String(step))}]`
  }
  return text === '' ? 'the whole' : text
}
