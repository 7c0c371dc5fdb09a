/**
 * The door clients and matchmakers come in by: place a session, keep it alive, end it, see which there are. Everything is
 * durable when it is answered; the same session id again answers the same instance.
 *
 * Example: `POST /v1/fleets/rooms/sessions` with `{ "sessionId": "match-7", "waitMs": 5000 }` answers 201
 * `{ "session": "match-7", "instance": "rooms-3", "address": "http://127.0.0.1:41231", ... }`; the same again 200. Without
 * room within 5 s it answers 409 with `Retry-After`.
 */
import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { MOST_PER_PAGE } from '../../sessions/limits.ts'
import type { PlaceOutcome, SessionBroker, SessionView } from '../../sessions/session-broker.ts'
import { badRequest, noBroker, noSuchSession, sessionEnded } from '../failure.ts'
import type { Metrics, PlacingOutcome } from '../metrics.ts'
import { type App, FleetParams } from '../route.ts'
import type { Served } from '../served.ts'
import {
  attempt,
  doorOf,
  goneAway,
  noRoom,
  refuse,
  type SessionFailure,
  sessionFailure,
} from '../session-failure.ts'
import { fleetNamed } from '../views.ts'
import { NAMED_FAILURES, POST_FAILURES } from '../wire/failure.ts'
import {
  BatchAnswer,
  BatchBody,
  EndedWire,
  NoRoomWire,
  PlaceBody,
  PlacedWire,
  ReleasedWire,
  requestOf,
  SessionId,
  SessionWire,
  sessionTold,
} from '../wire/session.ts'

const SessionParams = FleetParams.extend({ session: SessionId })
const MOST_LABEL_FILTERS = 16
const USUAL_PAGE = 100

const tags = ['sessions']

/** @param limit of requests, for each route that places */
export function sessionRoutes(
  app: App,
  served: Served,
  limit: object,
  metrics: Pick<Metrics, 'placing'>,
): void {
  const brokerOf = (fleet: string, reply: FastifyReply): SessionBroker =>
    doorOf(reply, fleetNamed(served, fleet), 'broker', served.broker(fleet), noBroker)

  app.post(
    '/v1/fleets/:fleet/sessions',
    {
      config: limit,
      schema: {
        summary: 'Place a session',
        description:
          'On an open instance with room. Idempotent by session id. With `waitMs` it waits for room, and adding an instance is begun at once; who goes away does not wait any more.',
        tags,
        params: FleetParams,
        body: PlaceBody,
        response: {
          200: PlacedWire.describe('It was placed before.'),
          201: PlacedWire.describe('Placed now.'),
          ...POST_FAILURES,
          409: NoRoomWire.describe('No room; or the session is there already with other slots or labels.'),
        },
      },
    },
    async (request, reply) => {
      const { fleet } = request.params
      const broker = brokerOf(fleet, reply)
      const signal = goneAway(reply)
      const result = await attempt(reply, () =>
        broker.place(requestOf(request.body), signal).catch(error => {
          metrics.placing(fleet, 'failed')
          throw error
        }),
      )
      metrics.placing(fleet, outcomeOf(result))
      if (!result.placed) {
        const refusal = noRoom(result)
        refuse(reply, refusal)
        void reply.code(409)
        return told(refusal)
      }
      const { session, again } = result
      // Nobody can know an id that was made up and never told.
      if (signal.aborted && request.body.sessionId === undefined) {
        await broker.release(session.id, 'its client went away before it was told')
      }
      void reply.code(again ? 200 : 201)
      return { ...sessionTold(session), again }
    },
  )

  app.post(
    '/v1/fleets/:fleet/sessions/batch',
    {
      config: limit,
      schema: {
        summary: 'Place and release many sessions',
        description:
          'Each is judged by itself: the others are done when one is refused. Releases come before placements.',
        tags,
        params: FleetParams,
        body: BatchBody,
        response: { 200: BatchAnswer, ...POST_FAILURES },
      },
    },
    async (request, reply) => {
      const broker = brokerOf(request.params.fleet, reply)
      const { release, place, why } = request.body
      const signal = goneAway(reply)
      const { fleet } = request.params
      const released = release.length === 0 ? [] : await broker.releaseMany(release, why)
      const placed = place.length === 0 ? [] : await broker.placeMany(place.map(requestOf), signal)
      for (const outcome of placed) metrics.placing(fleet, outcomeOf(outcome))
      return {
        released: released.map((outcome, index) => {
          const session = release[index] ?? ''
          return typeof outcome === 'string'
            ? { session, released: outcome }
            : { session, ...told(sessionFailure(outcome.error)) }
        }),
        placed: placed.map(outcomeTold),
      }
    },
  )

  app.get(
    '/v1/fleets/:fleet/sessions',
    {
      schema: {
        summary: 'The sessions of a fleet',
        description: 'Those that go on, in the order they were placed, a page at a time.',
        tags,
        params: FleetParams,
        querystring: z.object({
          instance: z.string().min(1).max(200).optional().describe('Only those on this instance.'),
          label: z
            .union([z.string(), z.array(z.string()).max(MOST_LABEL_FILTERS)])
            .optional()
            .describe('Only those with this label, `name=value`; several: with all of them.'),
          after: z.string().max(20).optional().describe('`next` of the page before.'),
          limit: z.coerce.number().int().min(1).max(MOST_PER_PAGE).default(USUAL_PAGE),
        }),
        response: {
          200: z.object({
            sessions: z.array(SessionWire),
            next: z.string().nullable().describe('Pass it as `after`; null: no more.'),
          }),
          ...NAMED_FAILURES,
        },
      },
    },
    async (request, reply) => {
      const broker = brokerOf(request.params.fleet, reply)
      const { instance, label = [], after, limit } = request.query
      const query = {
        limit,
        labels: labelsOf(typeof label === 'string' ? [label] : label),
        ...(instance === undefined ? {} : { instance }),
        ...(after === undefined ? {} : { after }),
      }
      const page = await attempt(reply, () => broker.list(query))
      return { sessions: page.sessions.map(sessionTold), next: page.next }
    },
  )

  app.get(
    '/v1/fleets/:fleet/sessions/:session',
    {
      schema: {
        summary: 'One session',
        description: 'Also one that ended not long ago; `ended` says how.',
        tags,
        params: SessionParams,
        response: { 200: SessionWire, ...NAMED_FAILURES },
      },
    },
    async (request, reply) => {
      const { fleet, session } = request.params
      const broker = brokerOf(fleet, reply)
      const view = await attempt(reply, () => broker.get(session))
      if (view === null) throw noSuchSession(fleet, session)
      return sessionTold(view)
    },
  )

  app.delete(
    '/v1/fleets/:fleet/sessions/:session',
    {
      config: limit,
      schema: {
        summary: 'End a session',
        description: 'Idempotent. Ends the waiting of one that waits for room.',
        tags,
        params: SessionParams,
        querystring: z.object({ why: z.string().max(200).optional() }),
        response: { 200: ReleasedWire, ...NAMED_FAILURES },
      },
    },
    async (request, reply) => {
      const { fleet, session } = request.params
      const broker = brokerOf(fleet, reply)
      const released = await attempt(reply, () => broker.release(session, request.query.why))
      if (released === 'unknown') throw noSuchSession(fleet, session)
      return { session, released }
    },
  )

  app.post(
    '/v1/fleets/:fleet/sessions/:session/heartbeat',
    {
      config: limit,
      schema: {
        summary: 'A sign of life',
        description: 'The lease of the session begins anew. Takes no body.',
        tags,
        params: SessionParams,
        response: { 200: SessionWire, ...POST_FAILURES, 410: EndedWire.describe('It is over.') },
      },
    },
    async (request, reply) => {
      const { fleet, session } = request.params
      const broker = brokerOf(fleet, reply)
      const beat = await attempt(reply, () => broker.heartbeat(session))
      if (beat.alive) return sessionTold(beat.session)
      const { ended } = beat
      if (ended === null) throw noSuchSession(fleet, session)
      void reply.code(410)
      return { ...sessionEnded(fleet, session, howOf(ended)).body(), session: sessionTold(ended) }
    },
  )
}

function outcomeOf(outcome: PlaceOutcome): PlacingOutcome {
  if (outcome.placed) return outcome.again ? 'again' : 'placed'
  return 'error' in outcome ? 'failed' : outcome.because
}

function outcomeTold(outcome: PlaceOutcome) {
  if (outcome.placed) return { ...sessionTold(outcome.session), again: outcome.again }
  return told('error' in outcome ? sessionFailure(outcome.error) : noRoom(outcome))
}

function told({ failure, retryAfter }: SessionFailure) {
  return retryAfter === null ? failure.body() : { ...failure.body(), retryAfter }
}

function howOf({ ended }: SessionView): string {
  return ended === null ? 'it ended' : `${ended.end}, ${ended.why}`
}

function labelsOf(filters: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    filters.map(filter => {
      const at = filter.indexOf('=')
      if (at < 1) throw badRequest(`label "${filter.slice(0, 80)}" is not name=value.`)
      return [filter.slice(0, at), filter.slice(at + 1)]
    }),
  )
}
