/**
 * Why it has as many instances as it has, why a rule did not win, and what the next step would take.
 *
 * Example: `GET /v1/fleets/web/explain?at=2026-11-21T12:04:00Z&whyNot=Scale%20up&next=true`.
 */
import { z } from 'zod'
import type { Runtime } from '../../loop/runtime.ts'
import { explainEntry } from '../explanation.ts'
import { nothingRecorded } from '../failure.ts'
import { type App, FleetParams } from '../route.ts'
import { askPast } from '../views.ts'
import { ExplanationWire } from '../wire/explanation.ts'
import { Failure, NAMED_FAILURES } from '../wire/failure.ts'
import { TimeQuery } from '../wire/time.ts'

export function explainRoutes(app: App, runtime: Runtime): void {
  app.get(
    '/v1/fleets/:fleet/explain',
    {
      schema: {
        summary: 'A decision explained',
        description:
          'The newest decision, or the one of a time: why a rule did not win, and which one value, or how much time, would change the count.',
        tags: ['history'],
        params: FleetParams,
        querystring: z.object({
          at: TimeQuery.optional().describe('The newest decision of this time or earlier; now unless said.'),
          whyNot: z.string().min(1).max(200).optional().describe('Name of a rule: why it did not win.'),
          next: z
            .enum(['true', 'false'])
            .default('false')
            .describe('true: also what the next step up and down would take.'),
        }),
        response: { 200: ExplanationWire, ...NAMED_FAILURES, 409: Failure },
      },
    },
    async request => {
      const { fleet } = request.params
      const { at, whyNot, next } = request.query
      await askPast(runtime, fleet)
      const [entry] = await runtime.store.readJournal({
        fleet,
        limit: 1,
        ...(at === undefined ? {} : { at }),
      })
      if (entry === undefined) throw nothingRecorded(fleet)
      const source = { store: runtime.store, spec: runtime.spec() }
      return explainEntry(source, entry, { whyNot: whyNot ?? null, next: next === 'true' })
    },
  )
}
