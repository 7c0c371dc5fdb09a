/**
 * Another configuration for the running daemon: checked, kept as a version, in force and in the file; and back again.
 *
 * Example: `POST /v1/spec` with `{ "text": "plimsoll: 1 ...", "who": "ada", "why": "more at noon" }` answers
 * `{ "outcome": "applied", "digest": "9f2c...", "from": "71aa...", "warnings": [] }`, or 422 with every problem.
 */
import { z } from 'zod'
import type { Configured } from '../../loop/configuring.ts'
import type { Runtime } from '../../loop/runtime.ts'
import {
  configurationFailed,
  configurationRefused,
  noConfigurationFile,
  noSuchVersion,
  notTrusted,
} from '../failure.ts'
import { type App, limitQuery } from '../route.ts'
import { component } from '../wire/components.ts'
import { COMMON_FAILURES, Failure, POST_FAILURES } from '../wire/failure.ts'
import { byFields } from '../wire/operate.ts'
import { Time } from '../wire/time.ts'

const ProblemWire = component(
  'ConfigurationProblem',
  z.object({
    code: z.string(),
    severity: z.enum(['error', 'warning']),
    message: z.string(),
    hint: z.string().nullable(),
    line: z.number(),
    column: z.number(),
  }),
)

const ConfiguredWire = component(
  'Configured',
  z.object({
    outcome: z.enum(['applied', 'unchanged']),
    digest: z.string(),
    from: z.string().describe('The one before.'),
    warnings: z.array(ProblemWire).readonly(),
  }),
)

const RefusedWire = Failure.extend({
  problems: z.array(ProblemWire).readonly(),
  told: z.string().describe('All of them with their places, as a terminal shows them.'),
})

const responses = { 200: ConfiguredWire, ...POST_FAILURES, 409: Failure, 422: RefusedWire }
const tags = ['configuration']

/** @param trusted this API asks everyone for its token */
export function configuringRoutes(app: App, runtime: Runtime, trusted: boolean): void {
  const { configuring } = runtime

  app.post(
    '/v1/spec',
    {
      schema: {
        summary: 'Apply a configuration',
        description:
          'Checked as `plimsoll validate` does; then in force, kept as a version, and written over the file. Without a token it may not run or call anything new.',
        tags,
        body: z.strictObject({ text: z.string(), ...byFields }),
        response: responses,
      },
    },
    async (request, reply) => {
      const { text, ...by } = request.body
      const configured = await configuring.apply(text, by, trusted)
      if (configured.outcome === 'refused') {
        void reply.code(422)
        const { problems, told } = configured
        return { ...configurationRefused(problems.length).body(), problems, told }
      }
      return answerOf(configured, '')
    },
  )

  app.post(
    '/v1/spec/rollback',
    {
      schema: {
        summary: 'Go back to a configuration that was in force',
        tags,
        body: z.strictObject({
          version: z
            .string()
            .regex(/^[0-9a-f]{4,64}$/, 'at least the first four digits of a digest')
            .nullable()
            .default(null)
            .describe('The beginning of its digest; null is the one before this one.'),
          ...byFields,
        }),
        response: responses,
      },
    },
    async (request, reply) => {
      const { version, ...by } = request.body
      const configured = await configuring.rollBack(version, by, trusted)
      if (configured.outcome === 'refused') {
        void reply.code(422)
        const { problems, told } = configured
        return { ...configurationRefused(problems.length).body(), problems, told }
      }
      return answerOf(configured, version ?? '')
    },
  )

  app.get(
    '/v1/spec/versions',
    {
      schema: {
        summary: 'Configurations that were in force, newest first',
        description: 'Their digests and times; not their texts, which may hold secrets.',
        tags,
        querystring: z.object({ limit: limitQuery(50, 500) }),
        response: {
          200: z.object({
            inForce: z.string(),
            versions: z.array(z.object({ digest: z.string(), at: Time.describe('Last put in force.') })),
          }),
          ...COMMON_FAILURES,
        },
      },
    },
    async request => ({
      inForce: runtime.spec().digest,
      versions: [...(await configuring.versions(request.query.limit))],
    }),
  )
}

function answerOf(configured: Exclude<Configured, { outcome: 'refused' }>, version: string) {
  switch (configured.outcome) {
    case 'applied':
    case 'unchanged':
      return configured
    case 'not-trusted':
      throw notTrusted(configured.reaches)
    case 'no-file':
      throw noConfigurationFile()
    case 'failed':
      throw configurationFailed(configured.because)
    case 'no-such-version':
      throw noSuchVersion(
        version,
        configured.known.map(({ digest }) => digest),
      )
  }
}
