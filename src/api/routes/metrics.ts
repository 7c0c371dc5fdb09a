/**
 * `GET /metrics`, in the text format of Prometheus.
 *
 * Example: `curl -s http://127.0.0.1:7070/metrics | grep plimsoll_fleet_desired`.
 */
import { z } from 'zod'
import type { Metrics } from '../metrics.ts'
import type { App } from '../route.ts'
import { COMMON_FAILURES } from '../wire/failure.ts'

export function metricsRoutes(app: App, metrics: Metrics): void {
  app.addHook('onClose', async () => metrics.close())
  app.get(
    '/metrics',
    {
      schema: {
        summary: 'Figures for Prometheus',
        tags: ['health'],
        response: {
          200: { description: 'Text exposition format.', content: { 'text/plain': { schema: z.string() } } },
          ...COMMON_FAILURES,
        },
      },
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()),
  )
}
