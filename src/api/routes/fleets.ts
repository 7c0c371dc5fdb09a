/**
 * The fleets: at a glance, one in full, its instances.
 *
 * Example: `GET /v1/fleets` answers `{ "fleets": [{ "name": "web", "current": 5, "desired": 6, ... }] }`.
 */
import { z } from 'zod'
import type { Runtime } from '../../loop/runtime.ts'
import { type App, FleetParams } from '../route.ts'
import { fleetInFull, fleetNamed, fleetSummary } from '../views.ts'
import { COMMON_FAILURES, NAMED_FAILURES } from '../wire/failure.ts'
import { FleetSummaryWire, FleetWire } from '../wire/fleet.ts'
import { InstanceWire, OrderWire } from '../wire/inventory.ts'
import { Time } from '../wire/time.ts'

export function fleetRoutes(app: App, runtime: Runtime): void {
  app.get(
    '/v1/fleets',
    {
      schema: {
        summary: 'All fleets at a glance',
        description: 'Mode, counts, bounds and the reason of the last decision of every configured fleet.',
        tags: ['fleets'],
        response: {
          200: z.object({ fleets: z.array(FleetSummaryWire) }).describe('In the order of the file.'),
          ...COMMON_FAILURES,
        },
      },
    },
    () => ({ fleets: Object.values(runtime.spec().fleets).map(fleet => fleetSummary(runtime, fleet)) }),
  )

  app.get(
    '/v1/fleets/:fleet',
    {
      schema: {
        summary: 'One fleet in full',
        description:
          'With its last decision and every step that led there, the plan, and the rules and metrics behind it.',
        tags: ['fleets'],
        params: FleetParams,
        response: { 200: FleetWire, ...NAMED_FAILURES },
      },
    },
    async request => {
      const fleet = fleetNamed(runtime, request.params.fleet)
      return fleetInFull(runtime, fleet, await runtime.operator.overrides(fleet.name))
    },
  )

  app.get(
    '/v1/fleets/:fleet/instances',
    {
      schema: {
        summary: 'The instances of a fleet',
        description: 'As the last tick saw them, with the launches that were ordered and not yet seen.',
        tags: ['fleets'],
        params: FleetParams,
        response: {
          200: z.object({
            fleet: z.string(),
            at: Time.nullable().describe('When they were seen; null before the first tick.'),
            instances: z.array(InstanceWire).readonly(),
            orders: z.array(OrderWire).readonly(),
          }),
          ...NAMED_FAILURES,
        },
      },
    },
    request => {
      const fleet = fleetNamed(runtime, request.params.fleet)
      const entry = runtime.latest(fleet.name)
      return {
        fleet: fleet.name,
        at: entry?.at ?? null,
        instances: entry?.inventory.instances ?? [],
        orders: entry?.inventory.orders ?? [],
      }
    },
  )
}
