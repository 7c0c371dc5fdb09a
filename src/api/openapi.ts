/**
 * The OpenAPI 3.1 document, made from the schemas of the routes themselves.
 *
 * Example: `Time` is a number inside; in the document it is `{ "type": "string", "format": "date-time" }`.
 */
import fastifySwagger from '@fastify/swagger'
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { globalRegistry, type z } from 'zod'
import type { App } from './route.ts'
import { tidy } from './tidy-document.ts'
import { component, components } from './wire/components.ts'
import { AnySample, PushedSampleWire } from './wire/sample.ts'
import { Time } from './wire/time.ts'

component('PushedSample', PushedSampleWire)

type Override = NonNullable<NonNullable<Parameters<typeof z.toJSONSchema>[1]>['override']>

/** Times are text on the wire; descriptions live in zod's own registry; a pushed sample is let in as anything. */
const override: Override = ({ zodSchema, jsonSchema }) => {
  if (zodSchema === Time) Object.assign(jsonSchema, { type: 'string', format: 'date-time' })
  if (zodSchema === AnySample) Object.assign(jsonSchema, { $ref: '#/components/schemas/PushedSampleInput' })
  const description = globalRegistry.get(zodSchema)?.description
  if (description !== undefined) jsonSchema.description ??= description
}

const settings = { schemaRegistry: components, zodToJsonConfig: { override } }

const namedSchemas = createJsonSchemaTransformObject(settings)

export async function describeRoutes(app: App, version: string, asksForToken: boolean): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Plimsoll',
        version,
        description: 'What the fleets are, what was decided and why; samples in. Times are ISO-8601, UTC.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/' }],
      tags: [
        { name: 'fleets', description: 'The fleets as they are now.' },
        { name: 'history', description: 'What was decided and seen.' },
        { name: 'settings', description: 'What applications are told: settings, also as feature flags.' },
        { name: 'samples', description: 'Measurements in.' },
        { name: 'sessions', description: 'Users’ sessions: placed on instances, kept and ended.' },
        { name: 'operating', description: 'What operators do by hand.' },
        { name: 'configuration', description: 'What is configured.' },
        { name: 'events', description: 'What happens, as it happens.' },
        { name: 'health', description: 'Of Plimsoll itself.' },
      ],
      ...(asksForToken
        ? {
            components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
            security: [{ token: [] }],
          }
        : {}),
    },
    transform: createJsonSchemaTransform(settings),
    transformObject: document => tidy(namedSchemas(document)),
  })
}

export function documentRoute(app: App): void {
  app.get('/openapi.json', { schema: { hide: true } }, (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(app.swagger()),
  )
}
