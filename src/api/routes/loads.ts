/**
 * The door instances report their load by, and learn whether they may take sessions.
 *
 * Example: `PUT /v1/fleets/rooms/instances/rooms-3/load` with `{ "slots": 3 }` answers `{ "admission": "open", "close": null }`.
 */
import { z } from 'zod'
import type { LoadReport } from '../../plugins/routers/agent/reports.ts'
import { noReports } from '../failure.ts'
import { type App, FleetParams } from '../route.ts'
import type { Served } from '../served.ts'
import { attempt, doorOf, goneAway } from '../session-failure.ts'
import { fleetNamed } from '../views.ts'
import { Failure, POST_FAILURES } from '../wire/failure.ts'
import { AdmittedWire, LoadReportBody } from '../wire/load.ts'

export function loadRoutes(app: App, served: Served, limit: object): void {
  app.put(
    '/v1/fleets/:fleet/instances/:instance/load',
    {
      config: limit,
      schema: {
        summary: 'Report the load of an instance',
        description:
          'By the instance itself, or an agent beside it, where the fleet has a router of type agent. One that is answered 404 is not known (any more) and should take no sessions.',
        tags: ['sessions'],
        params: FleetParams.extend({ instance: z.string().min(1).max(200) }),
        body: LoadReportBody,
        response: {
          200: AdmittedWire,
          ...POST_FAILURES,
          409: Failure.describe('Another incarnation has its id now.'),
        },
      },
    },
    async (request, reply) => {
      const { fleet, instance } = request.params
      const spec = fleetNamed(served, fleet)
      const reports = doorOf(reply, spec, 'agent', served.reports(fleet), noReports)
      const { waitMs = 0, ...said } = request.body
      const answer = await attempt(reply, () => reports.report(instance, reportOf(said)))
      const known = said.closed ?? null
      if (waitMs === 0 || answer.close !== known) return answer
      return attempt(reply, () => reports.awaitChange(instance, known, waitMs, goneAway(reply)))
    },
  )
}

type Said = Omit<z.output<typeof LoadReportBody>, 'waitMs'>

function reportOf({ slots, lease, remainingMs, worth, incarnation, closed }: Said): LoadReport {
  return {
    slots,
    ...(lease === undefined ? {} : { leaseMs: lease }),
    ...(remainingMs === undefined ? {} : { remainingMs }),
    ...(worth === undefined ? {} : { worth }),
    ...(incarnation === undefined ? {} : { incarnation }),
    ...(closed === undefined ? {} : { closed }),
  }
}
