/**
 * The whole configuration file, once: every key, its type, default, meaning and an example. The loader, the JSON
 * Schema that editors use and the configuration reference are all made from this.
 *
 * Example: `configSchema().parse({ plimsoll: 1, fleets: { web: { capacity: { min: 2, max: 5 } } } })` gives the
 * fleet `web` with `everyMs`-ready numbers: `{ every: 15000, cooldown: { out: 180000, in: 600000 }, ... }`.
 *
 * No object here looks at two of its keys at once: such rules are in `check.ts`, so that one wrong key never hides
 * what is wrong with another.
 */
import { z } from 'zod'
import { CODES } from './codes.ts'
import { key } from './key.ts'
import { fleetSchema, groupSchema } from './schema-fleet.ts'
import { metricSchema } from './schema-metrics.ts'
import { actionSchema, notifierSchema } from './schema-notices.ts'
import { type Extensions, once } from './schema-plugins.ts'
import { scheduleSchema } from './schema-schedules.ts'
import { duration, fleetName, listen, name, refusal, secret, word } from './values.ts'

export const apiSchema = z.strictObject({
  listen: key(
    listen.prefault('127.0.0.1:7070'),
    'Where the API and the page are served. Other than this machine needs a token.',
    '127.0.0.1:7070',
  ),
  token: key(secret.optional(), 'Callers must send it as a bearer token.', '${env:PLIMSOLL_TOKEN}'),
})

export const stateSchema = z.strictObject({
  path: key(
    z.string().min(1).max(4096).prefault('.plimsoll/state.db'),
    "The state file, counted from the configuration file's folder.",
    '.plimsoll/state.db',
  ),
  samples: key(
    duration({ min: 60_000, max: 3660 * 86_400_000 }).prefault('7d'),
    'How long samples are kept.',
    '7d',
  ),
  journal: key(
    duration({ min: 60_000, max: 3660 * 86_400_000 }).prefault('30d'),
    'How long the journal is kept.',
    '30d',
  ),
})

export const configSchema = once(makeConfigSchema)

function makeConfigSchema(extensions: Extensions) {
  return z.strictObject({
    plimsoll: key(
      z.literal(1, {
        error: issue =>
          issue.input === undefined
            ? undefined
            : refusal(CODES.version, '{value} is not a version of the format', 'write "plimsoll: 1"'),
      }),
      'Version of the format.',
      1,
    ),
    api: key(apiSchema.prefault({}), 'The HTTP API and the page.', { listen: '127.0.0.1:7070' }),
    state: key(stateSchema.prefault({}), 'What is remembered, and where.', {
      path: '.plimsoll/state.db',
      samples: '7d',
    }),
    schedules: key(z.record(name, scheduleSchema).default({}), 'Named schedules, shared by all fleets.', {
      peak: { daily: true, start: '08:00', duration: '2h', timeZone: 'Europe/London' },
    }),
    metrics: key(z.record(word, metricSchema(extensions)).default({}), 'What is measured, by name.', {
      cpu: { source: 'process', read: 'cpu', unit: 'percent' },
    }),
    fleets: key(z.record(fleetName, fleetSchema(extensions)), 'The fleets, by name.', {
      web: { capacity: { min: 2, max: 5 } },
    }),
    groups: key(
      z.record(fleetName, groupSchema).default({}),
      'Fleets that scale together, in a fixed ratio.',
      {
        shop: { fleets: { web: 3, db: 1 }, constraints: [{ name: 'Peak', min: 1, max: 4 }] },
      },
    ),
    notifiers: key(z.record(name, notifierSchema).default({}), 'Who is told, and how.', {
      ops: {
        type: 'email',
        to: ['ops@example.org'],
        from: 'plimsoll@example.org',
        smtp: '${env:SMTP_URL}',
      },
    }),
    actions: key(z.record(name, actionSchema).default({}), 'Custom actions that rules run.', {
      provision: { type: 'command', command: ['./provision.sh'] },
    }),
  })
}

/** The file as written: what a host program may build in code. */
export type Config = z.input<ReturnType<typeof configSchema>>
/** The file as read, defaults filled in and in code units. */
export type ReadConfig = z.output<ReturnType<typeof configSchema>>
