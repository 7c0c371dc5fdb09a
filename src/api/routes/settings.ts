/**
 * What the settings are now, and how they came to be so.
 *
 * Example: `GET /v1/settings/web` answers `{ "fleet": "web", "version": 5, "settings": { "reports": false }, ... }` with an
 * ETag; asked again with `If-None-Match` it answers 304 until a value changes.
 */
import { z } from 'zod'
import type { Runtime } from '../../loop/runtime.ts'
import type { SettingsBoard } from '../../loop/settings-board.ts'
import { hasAlready } from '../etag.ts'
import { type App, FleetParams, limitQuery } from '../route.ts'
import { askPast, fleetNamed, settingsView } from '../views.ts'
import { COMMON_FAILURES, NAMED_FAILURES } from '../wire/failure.ts'
import { FleetSettingsWire, SettingChangeWire } from '../wire/settings.ts'

const NOT_MODIFIED = z.undefined().describe('As before: the answer with the ETag of If-None-Match.')
const WITH_ETAG = 'Answers an ETag; with If-None-Match, 304 until something changed.'

export function settingsRoutes(app: App, runtime: Runtime, board: SettingsBoard): void {
  app.get(
    '/v1/settings',
    {
      schema: {
        summary: 'The settings of all fleets',
        description: `What applications are told. ${WITH_ETAG}`,
        tags: ['settings'],
        response: {
          200: z.object({ fleets: z.array(FleetSettingsWire) }).describe('In the order of the file.'),
          304: NOT_MODIFIED,
          ...COMMON_FAILURES,
        },
      },
    },
    async (request, reply) => {
      const fleets = Object.values(runtime.spec().fleets)
      const views = (await Promise.all(fleets.map(fleet => board.of(fleet)))).map(settingsView)
      if (hasAlready(request, reply, views)) return reply.code(304).send()
      return { fleets: views }
    },
  )

  app.get(
    '/v1/settings/:fleet',
    {
      schema: {
        summary: 'The settings of a fleet',
        description: `What applications are told. ${WITH_ETAG}`,
        tags: ['settings'],
        params: FleetParams,
        response: { 200: FleetSettingsWire, 304: NOT_MODIFIED, ...NAMED_FAILURES },
      },
    },
    async (request, reply) => {
      const view = settingsView(await board.of(fleetNamed(runtime, request.params.fleet)))
      if (hasAlready(request, reply, view)) return reply.code(304).send()
      return view
    },
  )

  app.get(
    '/v1/settings/:fleet/history',
    {
      schema: {
        summary: 'Changes of settings, newest first',
        tags: ['settings'],
        params: FleetParams,
        querystring: z.object({
          limit: limitQuery(50, 500),
          before: z.coerce
            .number()
            .int()
            .min(0)
            .optional()
            .describe('Changes with a smaller version: the `next` of the page before.'),
        }),
        response: {
          200: z.object({
            changes: z.array(SettingChangeWire),
            next: z
              .number()
              .int()
              .nullable()
              .describe('Pass it as `before` for the following page; null: no more.'),
          }),
          ...NAMED_FAILURES,
        },
      },
    },
    async request => {
      const { fleet } = request.params
      const { limit, before } = request.query
      await askPast(runtime, fleet)
      const found = await runtime.store.readSettingChanges({
        fleet,
        limit: limit + 1,
        ...(before === undefined ? {} : { before }),
      })
      const changes = found.slice(0, limit)
      return { changes, next: found.length > limit ? (changes.at(-1)?.version ?? null) : null }
    },
  )
}
