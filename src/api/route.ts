/**
 * What every group of routes is given, and the query parameters they share.
 *
 * Example: `limitQuery(50, 500)` reads `?limit=20` as 20, no limit as 50, and refuses 501.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Runtime } from '../loop/runtime.ts'

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>

export type Routes = (app: App, runtime: Runtime) => void

export function limitQuery(usual: number, most: number) {
  return z.coerce
    .number()
    .int()
    .min(1)
    .max(most)
    .default(usual)
    .describe(`The newest this many; ${usual} unless said, at most ${most}.`)
}

export const FleetParams = z.object({ fleet: z.string().min(1).max(200).describe('Name of the fleet.') })
