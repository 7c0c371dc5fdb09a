/**
 * The configuration in force, in short. Options of plugins and references to secrets are left out.
 *
 * Example: `{ "digest": "9f2c...", "fleets": [{ "name": "web", "target": "process", ... }], "metrics": [...], "schedules": ["peak"] }`.
 */
import { z } from 'zod'
import type { Runtime } from '../../loop/runtime.ts'
import type { App } from '../route.ts'
import { component } from '../wire/components.ts'
import { COMMON_FAILURES } from '../wire/failure.ts'

const SpecWire = component(
  'Spec',
  z.object({
    digest: z.string().describe('Identifies the text of the configuration.'),
    fleets: z.array(
      z.object({
        name: z.string(),
        mode: z.enum(['scale', 'notify', 'scale-and-notify', 'recommend']),
        target: z.string().describe('Type of its target.'),
        router: z.string().nullable(),
        everyMs: z.number(),
        min: z.number(),
        max: z.number(),
        rules: z.array(z.string()),
        constraints: z.array(z.string()),
        kpis: z.array(z.string()),
        metrics: z.array(z.string()),
      }),
    ),
    metrics: z.array(z.object({ name: z.string(), source: z.string() })),
    schedules: z.array(z.string()),
  }),
)

export function specRoutes(app: App, runtime: Runtime): void {
  app.get(
    '/v1/spec',
    {
      schema: {
        summary: 'The configuration in force, in short',
        description: 'Names and types only: no options of plugins, no secrets.',
        tags: ['configuration'],
        response: { 200: SpecWire, ...COMMON_FAILURES },
      },
    },
    () => {
      const spec = runtime.spec()
      return {
        digest: spec.digest,
        fleets: Object.values(spec.fleets).map(fleet => ({
          name: fleet.name,
          mode: fleet.mode,
          target: fleet.target.type,
          router: fleet.routers.map(({ type }) => type).join(' + ') || null,
          everyMs: fleet.everyMs,
          min: fleet.constraints[0]?.min ?? 0,
          max: fleet.constraints[0]?.max ?? 0,
          rules: fleet.rules.map(rule => rule.name),
          constraints: fleet.constraints.map(constraint => constraint.name),
          kpis: fleet.kpis.map(kpi => kpi.name),
          metrics: Object.keys(fleet.metrics),
        })),
        metrics: Object.values(spec.metrics).map(({ name, source }) => ({ name, source })),
        schedules: Object.keys(spec.schedules),
      }
    },
  )
}
