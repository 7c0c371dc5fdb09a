/**
 * The keys of rules and of what they act on: conditions, steps, tracking, scaling, settings and groups.
 *
 * Example: `{ name: Follow, track: { metric: "avg(cpu, 5m)", target: 60% } }` reads as a rule whose target is still the
 * text `60%`: what it comes to depends on the unit of `cpu`.
 */
import { z } from 'zod'
import { CODES } from './codes.ts'
import { key } from './key.ts'
import { reserveSchema } from './schema-sessions.ts'
import {
  amount,
  by,
  duration,
  expression,
  fleetName,
  integer,
  MAX_COUNT,
  name,
  refusal,
  settingValue,
  share,
  timeZone,
  word,
} from './values.ts'

export const count = integer(0, MAX_COUNT)
export const rank = integer(-1_000_000, 1_000_000)
/** Cooldowns and windows of a fleet. */
export const wait = duration({ max: 7 * 86_400_000 })

/** The keys of which a rule has exactly one: what makes it propose. */
export const RULE_KINDS = ['when', 'steps', 'track', 'match', 'reserve', 'serve', 'forecast'] as const
export type RuleKind = (typeof RULE_KINDS)[number]

export const scaleSchema = z.strictObject({
  by: key(
    by.optional(),
    'Instances to add (negative: remove), or a percentage of the current count.',
    1,
    '-20%',
  ),
  to: key(count.optional(), 'The count to go to. Either this or `by`.', 10),
  atLeast: key(integer(1, MAX_COUNT).optional(), 'With a percentage: at least this many instances.', 2),
  fleet: key(
    fleetName.optional(),
    'The fleet to scale, where it is another one. The rule then joins its rules there, as `web/Scale db`.',
    'db',
  ),
})

export const bandSchema = z.strictObject({
  from: key(
    amount.nullable().optional(),
    'Where the band begins, counted from the threshold (negative: below it); without it, it has no end on that side.',
    0,
  ),
  to: key(amount.nullable().optional(), 'Where the band ends, counted likewise.', 10),
  by: key(
    by.optional(),
    'Instances to add (negative: remove), or a percentage of the current count.',
    1,
    '10%',
  ),
  count: key(count.optional(), 'The count to go to. Either this or `by`.', 10),
  atLeast: key(integer(1, MAX_COUNT).optional(), 'With a percentage: at least this many instances.', 2),
})

export const ROUNDINGS = ['up', 'towards-zero'] as const

export const stepsSchema = z.strictObject({
  of: key(expression, 'What is looked at, in quotes.', 'avg(cpu, 5m)'),
  threshold: key(amount, 'Where the distances of the bands are counted from.', '60%'),
  rounding: key(
    z.enum(ROUNDINGS).default('up'),
    'How a percentage becomes a count: up, or towards-zero as in AWS (at least one).',
    'towards-zero',
  ),
  bands: key(
    z.array(bandSchema).min(1).max(50),
    'How far to go at which distance. At or above the threshold a band holds its lower end, below it its upper end.',
    [
      { from: 0, to: 10, by: 1 },
      { from: 10, by: '30%' },
    ],
  ),
})

const tolerance = z.union([share, z.strictObject(perSide('10%', '10%'))], {
  error: () =>
    refusal(
      CODES.wrongType,
      'expected a share or { out, in }, found {value}',
      'write 10%, or { out: 0%, in: 10% }',
    ),
})

function perSide(out: string, inward: string) {
  return {
    out: key(share.prefault(out), 'Above the target.', out),
    in: key(share.prefault(inward), 'Below the target.', inward),
  }
}

export const trackSchema = z.strictObject({
  metric: key(expression, 'What is kept near the target, in quotes.', 'avg(cpu, 5m)'),
  target: key(amount, 'The value to keep it near.', '60%'),
  tolerance: key(
    tolerance.prefault('10%'),
    'Within this share of the target nothing is asked: one share, or one per side of it.',
    '10%',
  ),
  wholePercents: key(
    z.boolean().default(false),
    'Cut a percentage to whole percents before it is compared, as the Kubernetes HPA does.',
    true,
  ),
})

/** A share of which neither half nor all can be promised: 99.5 %, 95 %. */
const highShare = (example: string) =>
  share.refine(ratio => ratio > 0.5 && ratio < 1, {
    error: () => refusal(CODES.range, '{value} is not between 50% and 100%', `write ${example}`),
  })

const boot = duration({ min: 1, max: 86_400_000 })

const demandClock = key(
  timeZone.optional(),
  'Whose clock the days and weeks of the demand follow when it is set forward or back. Default: UTC.',
  'Europe/London',
)

export const serveSchema = z.strictObject({
  metric: key(
    expression,
    'The demand, in quotes: of the whole fleet, or of each instance.',
    'last(requests)',
  ),
  perInstance: key(amount, 'What one ready instance can serve, in the unit of the metric.', 100),
  slo: key(highShare('99.5%'), 'The share of the demand that is to find ready capacity.', '99.5%'),
  boot: key(
    boot.optional(),
    'From an order until the instance is ready, until that was measured. Default: 3m.',
    '3m',
  ),
  timeZone: demandClock,
})

export const forecastSchema = z.strictObject({
  metric: key(
    expression,
    'The demand, in quotes: of the whole fleet, or of each instance.',
    'last(requests)',
  ),
  perInstance: key(amount, 'What one ready instance can serve, in the unit of the metric.', 100),
  horizon: key(
    duration({ min: 1000, max: 7 * 86_400_000 }).optional(),
    'How far ahead. Default: as long as a new instance takes to be ready, as measured, and one tick.',
    '15m',
  ),
  quantile: key(
    highShare('95%').prefault('95%'),
    'How sure it is to be enough: this quantile of what is expected.',
    '95%',
  ),
  timeZone: demandClock,
})

const names = (meaning: string, example: string) =>
  key(
    z
      .union([name, z.array(name).max(20)], {
        error: () =>
          refusal(
            CODES.wrongType,
            'expected a name or a list of names, found {value}',
            `write ${example}, or [${example}]`,
          ),
      })
      .default([]),
    meaning,
    example,
    [example],
  )

export const ruleSchema = z.strictObject({
  name: key(name, 'Name, unique in the fleet.', 'Scale up'),
  rank: key(rank.default(0), 'Of the rules that fire, only those of the highest rank count.', 10),
  when: key(
    expression.optional(),
    'The condition, in quotes. A rule has exactly one of `when`, `steps`, `track`, `match`, `reserve`, `serve` and `forecast`.',
    'avg(cpu, 5m) > 80%',
    'busy is red',
  ),
  steps: key(stepsSchema.optional(), 'The further from a threshold, the larger the step.', {
    of: 'avg(cpu, 5m)',
    threshold: '60%',
    bands: [
      { from: 0, to: '10%', by: 1 },
      { from: '10%', by: '30%' },
    ],
  }),
  track: key(trackSchema.optional(), 'As many instances as keep something near a target.', {
    metric: 'avg(cpu, 5m)',
    target: '60%',
  }),
  match: key(
    expression.optional(),
    'As many instances as an expression says, rounded up; in quotes.',
    'last(queue) / 100',
  ),
  reserve: key(
    reserveSchema.optional(),
    'As many open instances as keep so many slots free; nothing takes that room, whatever its rank.',
    { slots: '25%' },
  ),
  serve: key(
    serveSchema.optional(),
    'As many ready instances as let so much of the demand find capacity; the headroom that takes is learnt.',
    { metric: 'last(requests)', perInstance: 100, slo: '99.5%' },
  ),
  forecast: key(
    forecastSchema.optional(),
    'At least as many as the forecast of the demand takes; it adds ahead of need, and takes nothing away.',
    { metric: 'last(requests)', perInstance: 100 },
  ),
  for: key(wait.prefault('0s'), 'The condition must have held this long without a break.', '30s'),
  during: key(name.optional(), 'Name of a schedule outside which the rule abstains.', 'business hours'),
  scale: key(
    scaleSchema.optional(),
    'What it asks for when its condition holds; it may be left out where it has other effects.',
    { by: 1 },
    { by: '-20%', atLeast: 2 },
    { to: 10 },
    { fleet: 'db', by: 1 },
  ),
  set: key(
    z.record(word, settingValue).default({}),
    'Settings it changes while it fires; then they return to their defaults.',
    { advancedStatistics: false },
  ),
  notify: names('Notifiers told when it begins to fire.', 'ops'),
  run: names('Custom actions run when it begins to fire.', 'provision'),
  cooldown: key(
    wait.optional(),
    "Overrides the fleet's cooldown for changes this rule asks for. A `serve` rule has none unless it says so here.",
    '5m',
  ),
  enabled: key(z.boolean().default(true), 'false switches it off.', true),
})

export const settingSchema = z.strictObject({
  default: key(
    settingValue,
    'Its value while no rule sets it; what rules set must be of the same type.',
    true,
  ),
  description: key(z.string().max(500).default(''), 'What it is for.', 'Whether statistics are computed'),
})

/** The default alone, or with a description. */
export const settingEntry = z.union([settingValue, settingSchema], {
  error: issue =>
    issue.input === undefined
      ? undefined
      : refusal(
          CODES.wrongType,
          'expected the default of a setting, found {value}',
          'write quality: high, or quality: { default: high, description: ... }',
        ),
})
