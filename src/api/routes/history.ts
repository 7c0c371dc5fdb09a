/**
 * What was: decisions, journal, timeline and samples of a fleet, paged and bounded.
 *
 * Example: `GET /v1/fleets/web/decisions?limit=2` answers the two newest decisions that changed something and
 * `next: 40`; `?limit=2&before=40` answers the two before them. `next` is null on the last page.
 */
import { z } from 'zod'
import type { Runtime } from '../../loop/runtime.ts'
import type { JournalEntry } from '../../model/journal.ts'
import type { EpochMs, Interval } from '../../model/time.ts'
import type { JournalQuery } from '../../ports/state-store.ts'
import { badRequest } from '../failure.ts'
import { type App, FleetParams, limitQuery } from '../route.ts'
import { askMetric, askPast, journalledDecision, narratedEntry } from '../views.ts'
import { JournalledDecisionWire } from '../wire/decision.ts'
import { NAMED_FAILURES } from '../wire/failure.ts'
import { JournalEntryWire, TimelinePointWire } from '../wire/journal.ts'
import { SampleWire } from '../wire/sample.ts'
import { isoTime, TimeQuery } from '../wire/time.ts'

/** Looked back when no `since` is given. */
const USUAL_WINDOW_MS = 3_600_000

const before = z.coerce
  .number()
  .int()
  .min(0)
  .optional()
  .describe('Entries with a smaller revision: the `next` of the page before.')
const next = z
  .number()
  .int()
  .nullable()
  .describe('Pass it as `before` for the following page; null: no more.')

const windowQuery = {
  since: TimeQuery.optional().describe('From here on; one hour before `until` unless said.'),
  until: TimeQuery.optional().describe('Up to and including; now unless said.'),
}

export function historyRoutes(app: App, runtime: Runtime): void {
  app.get(
    '/v1/fleets/:fleet/decisions',
    {
      schema: {
        summary: 'Past decisions, newest first',
        tags: ['history'],
        params: FleetParams,
        querystring: z.object({
          limit: limitQuery(50, 500),
          before,
          changesOnly: z
            .enum(['true', 'false'])
            .default('true')
            .describe('false: also the ticks in which nothing changed, with the reason.'),
        }),
        response: { 200: z.object({ decisions: z.array(JournalledDecisionWire), next }), ...NAMED_FAILURES },
      },
    },
    async request => {
      const { limit, before, changesOnly } = request.query
      const page = await readPage(runtime, {
        fleet: request.params.fleet,
        limit,
        changesOnly: changesOnly === 'true',
        ...(before === undefined ? {} : { before }),
      })
      return { decisions: page.entries.map(journalledDecision), next: page.next }
    },
  )

  app.get(
    '/v1/fleets/:fleet/journal',
    {
      schema: {
        summary: 'The journal, newest first',
        description: 'Every tick as it was: observation, memory, decision, plan and outcomes.',
        tags: ['history'],
        params: FleetParams,
        querystring: z.object({
          limit: limitQuery(20, 200),
          before,
          at: TimeQuery.optional().describe('Entries of this time or earlier.'),
          since: TimeQuery.optional().describe('Entries of this time or later.'),
          changesOnly: z
            .enum(['true', 'false'])
            .default('false')
            .describe('true: only the ticks that changed something.'),
        }),
        response: { 200: z.object({ entries: z.array(JournalEntryWire), next }), ...NAMED_FAILURES },
      },
    },
    async request => {
      const { limit, before, at, since, changesOnly } = request.query
      const page = await readPage(runtime, {
        fleet: request.params.fleet,
        limit,
        changesOnly: changesOnly === 'true',
        ...(before === undefined ? {} : { before }),
        ...(at === undefined ? {} : { at }),
        ...(since === undefined ? {} : { since }),
      })
      return { entries: page.entries.map(narratedEntry), next: page.next }
    },
  )

  app.get(
    '/v1/fleets/:fleet/timeline',
    {
      schema: {
        summary: 'One point per tick, oldest first',
        tags: ['history'],
        params: FleetParams,
        querystring: z.object({ ...windowQuery, limit: limitQuery(2000, 10_000) }),
        response: { 200: z.object({ points: z.array(TimelinePointWire).readonly() }), ...NAMED_FAILURES },
      },
    },
    async request => {
      const { fleet } = request.params
      const window = windowOf(request.query, runtime.clock.now())
      await askPast(runtime, fleet)
      return { points: await runtime.store.readTimeline({ fleet, window, limit: request.query.limit }) }
    },
  )

  app.get(
    '/v1/fleets/:fleet/metrics/:metric/samples',
    {
      schema: {
        summary: 'Samples of a metric, oldest first',
        tags: ['history'],
        params: FleetParams.extend({ metric: z.string().min(1).max(200) }),
        querystring: z.object({ ...windowQuery, limit: limitQuery(2000, 20_000) }),
        response: { 200: z.object({ samples: z.array(SampleWire).readonly() }), ...NAMED_FAILURES },
      },
    },
    async request => {
      const { fleet, metric } = request.params
      const window = windowOf(request.query, runtime.clock.now())
      askMetric(runtime, fleet, metric)
      return {
        samples: await runtime.store.readSamples({ fleet, metric, window, limit: request.query.limit }),
      }
    },
  )
}

/** Asks for one more than the page holds, to know whether there is another page. */
async function readPage(
  runtime: Runtime,
  query: JournalQuery,
): Promise<{ entries: readonly JournalEntry[]; next: number | null }> {
  await askPast(runtime, query.fleet)
  const found = await runtime.store.readJournal({ ...query, limit: query.limit + 1 })
  const entries = found.slice(0, query.limit)
  return { entries, next: found.length > query.limit ? (entries.at(-1)?.revision ?? null) : null }
}

/** The store's windows are half-open; `until` is meant to belong to it. */
function windowOf(
  query: { since?: EpochMs | undefined; until?: EpochMs | undefined },
  now: EpochMs,
): Interval {
  const until = query.until ?? Math.max(now, query.since ?? now)
  const since = query.since ?? until - USUAL_WINDOW_MS
  if (since > until) {
    throw badRequest(`since (${isoTime(since)}) is after until (${isoTime(until)}).`, 'Swap them.')
  }
  return { from: since, to: until + 1 }
}
