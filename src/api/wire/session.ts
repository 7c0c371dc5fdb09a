/**
 * Sessions over the wire: what is asked for, what is placed, and what became of it. Lengths of time are texts such as
 * "2m" or milliseconds where they are asked for, milliseconds where they are answered.
 *
 * Example: `{ "session": "match-7", "instance": "rooms-3", "address": "http://127.0.0.1:41231", "slots": 2, "ended": null, ... }`.
 */
import { z } from 'zod'
import { parseDuration } from '../../config/expression/units.ts'
import {
  LONGEST_LEASE_MS,
  MOST_AT_ONCE,
  MOST_ID_CHARACTERS,
  MOST_LABEL_NAME_CHARACTERS,
  MOST_LABEL_VALUE_CHARACTERS,
  MOST_LABELS,
  SHORTEST_LEASE_MS,
} from '../../sessions/limits.ts'
import type { PlaceRequest, SessionView } from '../../sessions/session-broker.ts'
import { component } from './components.ts'
import { Failure } from './failure.ts'
import { Time } from './time.ts'

const LONGEST_DURATION_TEXT = 20
/** The broker waits no longer than the fleet allows; this only bounds the number. */
const LONGEST_WAIT_MS = 3_600_000

export const SessionId = z
  .string()
  .regex(new RegExp(`^[\\x21-\\x7e]{1,${MOST_ID_CHARACTERS}}$`), 'expected visible ASCII characters')
  .describe(`1 to ${MOST_ID_CHARACTERS} visible ASCII characters.`)

/** "2m", or milliseconds. */
export const Span = z.union([
  z
    .string()
    .max(LONGEST_DURATION_TEXT)
    .transform((text, context) => {
      const ms = parseDuration(text)
      if (ms !== null) return ms
      context.issues.push({
        code: 'custom',
        input: text,
        message: 'expected a length of time such as 90s or 2m',
      })
      return z.NEVER
    }),
  z.number(),
])

const placeFields = {
  sessionId: SessionId.optional().describe(
    'The same id again answers the same instance and places nothing. One is made up where it is left out.',
  ),
  slots: z.number().int().min(1).optional().describe('Room it takes; 1 when left out.'),
  ttl: Span.pipe(z.number().min(SHORTEST_LEASE_MS).max(LONGEST_LEASE_MS))
    .nullable()
    .optional()
    .describe(
      'Its lease: without a heartbeat for so long it is over. "2m", or milliseconds; null for none; the fleet’s own when left out.',
    ),
  labels: z
    .record(z.string().min(1).max(MOST_LABEL_NAME_CHARACTERS), z.string().max(MOST_LABEL_VALUE_CHARACTERS))
    .refine(labels => Object.keys(labels).length <= MOST_LABELS, `at most ${MOST_LABELS} labels are taken`)
    .optional()
    .describe('Kept, listed and filtered by; they have no part in the choice of an instance.'),
  zone: z.string().min(1).max(200).optional().describe('Only an instance of this zone will do.'),
  waitMs: z
    .number()
    .min(0)
    .max(LONGEST_WAIT_MS)
    .optional()
    .describe('Waits so long for room, at most as long as the fleet allows.'),
}

export const PlaceBody = component('PlaceSession', z.strictObject(placeFields))
export type PlaceAsked = z.output<typeof PlaceBody>

export const sessionFields = {
  session: z.string().describe('Its id.'),
  number: z.number().int().describe('The order in which sessions were placed.'),
  instance: z.string(),
  incarnation: z.string().nullable(),
  address: z.string().nullable().describe('null: its instance is not known any more.'),
  zone: z.string().nullable(),
  slots: z.number(),
  labels: z.record(z.string(), z.string()),
  ttlMs: z.number().nullable().describe('Its lease; null: none.'),
  ttlLeftMs: z.number().nullable().describe('What is left of its lease.'),
  placedAt: Time,
  ended: z
    .object({
      end: z.enum(['released', 'expired', 'lost']).describe('lost: its instance ended.'),
      at: Time,
      why: z.string(),
    })
    .nullable()
    .describe('null: it goes on.'),
}

export const SessionWire = component('Session', z.object(sessionFields))
export type SessionTold = z.output<typeof SessionWire>

export const PlacedWire = component(
  'PlacedSession',
  z.object({ ...sessionFields, again: z.boolean().describe('It was there already.') }),
)

const retryAfter = z.number().describe('Seconds; ask again then.')

/** No room: the usual error, and when to ask again. */
export const NoRoomWire = component('NoRoom', Failure.extend({ retryAfter: retryAfter.optional() }))

export const BatchBody = component(
  'SessionBatch',
  z.strictObject({
    release: z.array(SessionId).max(MOST_AT_ONCE).default([]).describe('Ids to end; done first.'),
    place: z.array(PlaceBody).max(MOST_AT_ONCE).default([]),
    why: z.string().max(200).optional().describe('Why those to end are ended.'),
  }),
)

const FailedWire = z.object({
  error: z.object({ code: z.string(), message: z.string(), hint: z.string() }),
  retryAfter: retryAfter.optional(),
})

export const BatchAnswer = component(
  'SessionBatchAnswer',
  z.object({
    released: z
      .array(
        z.union([
          z.object({ session: z.string(), released: z.enum(['released', 'ended', 'unknown']) }),
          FailedWire.extend({ session: z.string() }),
        ]),
      )
      .describe('One for each of `release`, in its order.'),
    placed: z.array(z.union([PlacedWire, FailedWire])).describe('One for each of `place`, in its order.'),
  }),
)

export const ReleasedWire = component(
  'ReleasedSession',
  z.object({
    session: z.string(),
    released: z.enum(['released', 'ended']).describe('ended: it had ended before.'),
  }),
)

/** Gone: the usual error, with the session as it was. */
export const EndedWire = component('EndedSession', Failure.extend({ session: SessionWire }))

export function requestOf({ ttl, ...asked }: PlaceAsked): PlaceRequest {
  return {
    ...(asked.sessionId === undefined ? {} : { sessionId: asked.sessionId }),
    ...(asked.slots === undefined ? {} : { slots: asked.slots }),
    ...(ttl === undefined ? {} : { ttlMs: ttl }),
    ...(asked.labels === undefined ? {} : { labels: asked.labels }),
    ...(asked.zone === undefined ? {} : { zone: asked.zone }),
    ...(asked.waitMs === undefined ? {} : { waitMs: asked.waitMs }),
  }
}

export function sessionTold({ id, leaseMs, leaseLeftMs, labels, ...view }: SessionView): SessionTold {
  return { ...view, session: id, labels: { ...labels }, ttlMs: leaseMs, ttlLeftMs: leaseLeftMs }
}
