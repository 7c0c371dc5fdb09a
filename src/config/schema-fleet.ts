/**
 * The keys of a fleet and of a group of fleets.
 *
 * Example: `web: { capacity: { min: 2, max: 5 } }` is looked at every 15 s, and waits 3 minutes after growing and 10 after shrinking.
 */
import { z } from 'zod'
import { CODES } from './codes.ts'
import { key } from './key.ts'
import { PRESETS } from './presets.ts'
import { approvalSchema, billingHourSchema, outageGuardSchema, rateLimitsSchema } from './schema-guards.ts'
import { settingsWebhookSchema } from './schema-notices.ts'
import { type Extensions, once } from './schema-plugins.ts'
import { routerSchema } from './schema-routers.ts'
import { count, rank, ruleSchema, settingEntry, wait } from './schema-rules.ts'
import { scheduleSchema } from './schema-schedules.ts'
import { healthSchema, repairSchema, sessionsSchema } from './schema-sessions.ts'
import { targetSchema } from './schema-targets.ts'
import { duration, expression, fleetName, integer, MAX_COUNT, name, refusal, share, word } from './values.ts'

export const capacitySchema = z.strictObject({
  min: key(count, 'Fewest instances.', 2),
  max: key(count, 'Most instances.', 5),
  default: key(count.optional(), 'Wanted when nothing is known. Default: `min`.', 2),
})

export const constraintSchema = z.strictObject({
  name: key(name, 'Name, unique in the fleet.', 'Peak'),
  rank: key(
    rank.default(1),
    'The active constraint of the highest rank wins whole; `capacity` has rank 0.',
    100,
  ),
  min: key(count, 'Fewest instances while it is in force.', 4),
  max: key(count, 'Most instances while it is in force.', 6),
  default: key(count.optional(), 'Wanted when nothing is known, while it is in force.', 4),
  schedule: key(
    z
      .union([name, scheduleSchema], {
        error: () =>
          refusal(
            CODES.wrongType,
            'expected a schedule, found {value}',
            'name one of `schedules`, or write one out: { daily: true, start: "08:00", duration: 2h }',
          ),
      })
      .optional(),
    'When it is in force: the name of a schedule, or one written out. Default: always.',
    'peak',
  ),
  enabled: key(z.boolean().default(true), 'false switches it off.', true),
})

export const kpiSchema = z.strictObject({
  goal: key(
    expression,
    'Green while true, red while false. It may not test another KPI.',
    'avg(cpu, 45m) < 80%',
  ),
})

function perDirection(out: string, inward: string, meaning: string) {
  const shape = {
    out: key(wait.prefault(out), `${meaning} on the way out (more instances).`, out),
    in: key(wait.prefault(inward), `${meaning} on the way in (fewer instances).`, inward),
  }
  return z.strictObject(shape).prefault({})
}

const perDirectionCooldown = perDirection('3m', '10m', 'Cooldown')
const cooldownSchema = z.union([wait, perDirectionCooldown], {
  error: () =>
    refusal(
      CODES.duration,
      'expected a duration or { out, in }, found {value}',
      'write 5m, or { out: 3m, in: 10m }',
    ),
})

/** More witnesses than this only slow a fleet down. */
export const MOST_ROUTERS = 4

export const fleetSchema = once(makeFleetSchema)

function makeFleetSchema(extensions: Extensions) {
  return z.strictObject({
    target: key(
      targetSchema(extensions).prefault({ type: 'none' }),
      'Who lists, launches and terminates the instances. Default: nobody, advice only.',
      { type: 'process', command: ['node', 'app.mjs'] },
    ),
    router: key(
      z
        .union([routerSchema(extensions), z.array(routerSchema(extensions)).min(1).max(MOST_ROUTERS)], {
          error: () =>
            refusal(
              CODES.wrongType,
              'expected a router or a list of routers, found {value}',
              'write { type: broker }, or [{ type: broker }, { type: haproxy, ... }]',
            ),
        })
        .optional(),
      'Who places sessions and requests on the instances. Several are witnesses: an instance is empty only when all say so. Default with `sessions`: the broker.',
      { type: 'proxy', listen: '127.0.0.1:8080' },
      { type: 'broker' },
    ),
    sessions: key(
      sessionsSchema.optional(),
      'What becomes of sessions: the room for them, where they are placed, how long a closed instance waits for them.',
      { slotsPerInstance: 20, reserve: '25%' },
    ),
    health: key(
      healthSchema.optional(),
      'How each ready instance is asked whether it is well; without it only the target says so.',
      { http: '/healthz', every: '5s' },
    ),
    repair: key(repairSchema.prefault({}), 'How what is unhealthy is mended, and when nothing is touched.', {
      how: 'replace',
      atOnce: 1,
      maxUnhealthy: '40%',
    }),
    preset: key(
      z.enum(PRESETS).optional(),
      'The defaults of another autoscaler, so that rules brought from there behave as they did; every key written out here wins over them.',
      'azure',
    ),
    capacity: key(
      capacitySchema.optional(),
      'The bounds that always hold: a constraint of rank 0. Only with `preset: wasabi` may it be left out.',
      { min: 2, max: 5, default: 2 },
    ),
    constraints: key(
      z.array(constraintSchema).max(200).default([]),
      'Further bounds, by schedule and rank.',
      [{ name: 'Peak', rank: 100, min: 4, max: 6, schedule: 'peak' }],
    ),
    kpis: key(z.record(word, kpiSchema).default({}), 'Named goals, to use in conditions (`busy is red`).', {
      busy: { goal: 'avg(cpu, 45m) < 80%' },
    }),
    settings: key(
      z.record(word, settingEntry).default({}),
      'Values the application reads and rules change, each with its default.',
      { advancedStatistics: true, quality: { default: 'high', description: 'Of the pictures' } },
    ),
    settingsWebhook: key(settingsWebhookSchema.optional(), 'Told when settings change.', {
      url: 'http://127.0.0.1:3000/settings',
    }),
    rules: key(z.array(ruleSchema).max(200).default([]), 'When to scale, and by how much.', [
      { name: 'Scale up', rank: 10, when: 'busy is red', scale: { by: 1 } },
    ]),
    cooldown: key(
      cooldownSchema.prefault({}),
      'Wait after a change: one duration, or one per direction.',
      { out: '3m', in: '10m' },
      '5m',
    ),
    cooldownFrom: key(
      z.enum(['own', 'last']).default('own'),
      'Whose cooldown counts: that of the rule that asks (own), or of the rule that acted last (last).',
      'own',
    ),
    stabilization: key(
      perDirection('0s', '5m', 'Stabilization window'),
      'In, the largest count wanted during this window holds; out, the smallest. A fleet that is scaled by `serve` alone has none unless it says so.',
      { out: '0s', in: '5m' },
    ),
    scaleIn: key(
      z.enum(['all', 'any']).default('all'),
      'all: every shrink rule must agree before the fleet shrinks; any: one is enough.',
      'all',
    ),
    flapping: key(
      z.boolean().default(true),
      'Do not shrink to a count at which a grow rule would fire.',
      true,
    ),
    rateLimits: key(rateLimitsSchema.prefault({}), 'How fast the count may change.', {
      out: [
        { instances: 4, per: '1m' },
        { percent: '100%', per: '1m' },
      ],
      select: 'max',
    }),
    billingHour: key(
      billingHourSchema.optional(),
      'Change the count where the paid hour makes it cheapest.',
      {
        outFirst: '15m',
        inLast: '10m',
      },
    ),
    outageGuard: key(outageGuardSchema.optional(), 'Do not shrink when the load vanishes at once.', {
      of: 'avg(requests, 1m)',
      drop: '80%',
      within: '5m',
      hold: '15m',
    }),
    quota: key(
      integer(1, MAX_COUNT).optional(),
      'Never more instances than this, whatever the bounds say.',
      20,
    ),
    every: key(
      duration({ min: 100, max: 3_600_000 }).prefault('15s'),
      'How often the fleet is looked at.',
      '15s',
    ),
    quorum: key(
      share.prefault('50%'),
      'Share of ready instances that must report before a perInstance metric counts.',
      '50%',
    ),
    warmup: key(wait.prefault('0s'), 'Samples of an instance ready for less than this are left out.', '30s'),
    growDuringWarmup: key(
      z.boolean().default(true),
      'false: growth by so many counts from the instances there were before the last `warmup`, so that none is ordered twice; it takes the place of a cooldown.',
      true,
    ),
    bootTimeout: key(
      duration({ min: 100, max: 86_400_000 }).prefault('5m'),
      'An instance not ready after this is replaced.',
      '5m',
    ),
    launchBatch: key(integer(1, 10_000).default(10), 'Most launches at one tick.', 10),
    mode: key(
      z.enum(['scale', 'notify', 'scale-and-notify', 'recommend']).default('scale'),
      'scale: act; notify: ask for approval first; scale-and-notify: act and tell; recommend: decide and record, change nothing.',
      'scale',
    ),
    approval: key(approvalSchema.prefault({}), 'How decisions wait for approval.', { expires: '30m' }),
  })
}

/** What a group's rules and constraints are multiplied by for each of its fleets. */
const ratio = integer(1, 1000)

export const groupSchema = z.strictObject({
  fleets: key(
    z.record(fleetName, ratio),
    'The fleets of the group, each with its ratio: counts are multiplied by it, percentages are not.',
    { web: 3, db: 1 },
  ),
  constraints: key(
    z.array(constraintSchema).max(200).default([]),
    'Bounds of every fleet of the group, times its ratio.',
    [{ name: 'Peak', rank: 100, min: 1, max: 4, schedule: 'peak' }],
  ),
  rules: key(
    z.array(ruleSchema).max(200).default([]),
    'Rules of every fleet of the group; they read its metrics and settings.',
    [{ name: 'Scale up', when: 'avg(cpu, 5m) > 80%', scale: { by: 1 } }],
  ),
})
