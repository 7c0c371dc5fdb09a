/**
 * KPIs: how they are, and for how much of the time they were green.
 *
 * Example: `GET /v1/fleets/web/kpis/busy/history?since=2026-11-21T00:00:00Z` answers the intervals of that day, newest first,
 * and `share: { green: 0.91, red: 0.06, unknown: 0.03 }`.
 */
import { z } from 'zod'
import type { Runtime } from '../../loop/runtime.ts'
import type { JournalEntry } from '../../model/journal.ts'
import { badRequest, noSuchKpi } from '../failure.ts'
import { kpiHistory, kpisNow } from '../kpis.ts'
import { type App, FleetParams, limitQuery } from '../route.ts'
import { askPast } from '../views.ts'
import { NAMED_FAILURES } from '../wire/failure.ts'
import { KpiHistoryWire, KpisWire } from '../wire/kpi.ts'
import { isoTime, TimeQuery } from '../wire/time.ts'

/** Looked back when no `since` is given. */
const USUAL_WINDOW_MS = 86_400_000

export function kpiRoutes(app: App, runtime: Runtime): void {
  app.get(
    '/v1/fleets/:fleet/kpis',
    {
      schema: {
        summary: 'The KPIs of a fleet',
        description: 'State, goal, what its operands read, and since when it is so.',
        tags: ['history'],
        params: FleetParams,
        response: { 200: KpisWire, ...NAMED_FAILURES },
      },
    },
    async request => {
      const { fleet } = request.params
      const entry = await newest(runtime, fleet)
      return { fleet, at: entry?.at ?? null, kpis: kpisOf(runtime, fleet, entry) }
    },
  )

  app.get(
    '/v1/fleets/:fleet/kpis/:kpi/history',
    {
      schema: {
        summary: 'How a KPI was, newest first',
        description:
          'From the journal: intervals of one state, and the share of the time in each. What no tick saw is unknown.',
        tags: ['history'],
        params: FleetParams.extend({ kpi: z.string().min(1).max(200).describe('Name of the KPI.') }),
        querystring: z.object({
          since: TimeQuery.optional().describe('From here on; a day before `until` unless said.'),
          until: TimeQuery.optional().describe('Up to here; now unless said, and never later.'),
          limit: limitQuery(200, 1000),
        }),
        response: { 200: KpiHistoryWire, ...NAMED_FAILURES },
      },
    },
    async request => {
      const { fleet, kpi } = request.params
      const known = kpisOf(runtime, fleet, await newest(runtime, fleet)).map(now => now.kpi)
      if (!known.includes(kpi)) throw noSuchKpi(fleet, kpi, known)
      const now = runtime.clock.now()
      const to = Math.min(request.query.until ?? now, now)
      const from = request.query.since ?? to - USUAL_WINDOW_MS
      if (from > to)
        throw badRequest(`since (${isoTime(from)}) is after until (${isoTime(to)}).`, 'Swap them.')
      const { limit } = request.query
      return kpiHistory(runtime.store, { fleet, kpi, window: { from, to }, limit })
    },
  )
}

/** Also of a fleet that only has a past. */
async function newest(runtime: Runtime, fleet: string): Promise<JournalEntry | null> {
  const latest = runtime.latest(fleet)
  if (latest !== null) return latest
  await askPast(runtime, fleet)
  const [entry] = await runtime.store.readJournal({ fleet, limit: 1 })
  return entry ?? null
}

function kpisOf(runtime: Runtime, fleet: string, entry: JournalEntry | null) {
  const { fleets } = runtime.spec()
  return kpisNow(entry, Object.hasOwn(fleets, fleet) ? (fleets[fleet]?.kpis ?? []) : [])
}
