/**
 * The keys of what holds a change back: rate limits, the paid hour, sudden drops of the load.
 *
 * Example: `rateLimits: { out: [{ instances: 4, per: 1m }, { percent: 100%, per: 1m }], select: max }`: four more, or
 * twice as many, in any minute, whichever is more.
 */
import { z } from 'zod'
import { CODES } from './codes.ts'
import { key } from './key.ts'
import { duration, expression, integer, MAX_COUNT, percentage, refusal, share } from './values.ts'

export const rateLimitSchema = z.strictObject({
  instances: key(integer(0, MAX_COUNT).optional(), 'At most this many instances.', 4),
  percent: key(
    percentage.optional(),
    'At most this percentage of the count the period began with. Either this or `instances`.',
    '100%',
  ),
  per: key(duration({ min: 1000, max: 86_400_000 }), 'The period.', '1m'),
})

const SELECTS = ['max', 'min'] as const

function selectPer(direction: string) {
  return key(z.enum(SELECTS).default('max'), `Which of the limits counts on the way ${direction}.`, 'max')
}

const select = z.union([z.enum(SELECTS), z.strictObject({ out: selectPer('out'), in: selectPer('in') })], {
  error: () =>
    refusal(
      CODES.wrongType,
      'expected max, min or { out, in }, found {value}',
      'write max, min or { out: max, in: min }',
    ),
})

function limits(direction: string) {
  return key(
    z.array(rateLimitSchema).max(20).default([]),
    `How fast the count may change on the way ${direction}; none is no limit.`,
    [
      { instances: 4, per: '1m' },
      { percent: '100%', per: '1m' },
    ],
  )
}

export const rateLimitsSchema = z.strictObject({
  out: limits('out (more instances)'),
  in: limits('in (fewer instances)'),
  select: key(
    select.default('max'),
    'Of several limits the loosest counts (max) or the tightest (min); one word, or one per direction.',
    'max',
    { out: 'max', in: 'min' },
  ),
})

const withinTheHour = duration({ min: 1000, max: 3_600_000 })

export const billingHourSchema = z.strictObject({
  by: key(
    z.enum(['wall-clock', 'age']).default('wall-clock'),
    "Whose hour: that of the clock (UTC), or every instance's own, from its launch.",
    'age',
  ),
  outFirst: key(
    withinTheHour.optional(),
    'Grow only in the first so many minutes of the hour. Default: always. Not with `by: age`.',
    '15m',
  ),
  inLast: key(
    withinTheHour.optional(),
    'Shrink only in the last so many minutes of the hour. Default: always.',
    '10m',
  ),
})

export const outageGuardSchema = z.strictObject({
  of: key(expression, 'What tells the load, in quotes.', 'avg(requests, 1m)'),
  drop: key(share, 'A drop by this share of its highest value, or more ...', '80%'),
  within: key(duration({ min: 1000, max: 86_400_000 }), '... within this time ...', '5m'),
  hold: key(duration({ min: 1000, max: 7 * 86_400_000 }), '... holds shrinking for this time.', '15m'),
})

export const approvalSchema = z.strictObject({
  expires: key(
    duration({ min: 1000, max: 7 * 86_400_000 }).prefault('30m'),
    'In mode `notify`, a decision nobody approved in this time lapses.',
    '30m',
  ),
})
