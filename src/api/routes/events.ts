/**
 * `GET /v1/events`: the loop's events as they happen. Nothing is kept for those who were away: after a
 * reconnect (a `Last-Event-ID` is tolerated) a reader asks the other routes what it missed.
 *
 * Example: `event: tick`, `data: {"fleet":{"name":"web","current":5,"desired":6,...},"point":{...},"changed":true}`.
 */
import { z } from 'zod'
import type { Runtime } from '../../loop/runtime.ts'
import type { LoopEvent, TickReport } from '../../loop/world.ts'
import { changedSomething, timelinePoint } from '../../plugins/stores/commit-rules.ts'
import type { EventStream } from '../event-stream.ts'
import type { App } from '../route.ts'
import { fleetSummary } from '../views.ts'
import { GapEvent, LostEvent, SamplesEvent, SpecEvent, TickEvent } from '../wire/event.ts'
import { COMMON_FAILURES } from '../wire/failure.ts'

/** Samples of one batch that are sent; older ones of a larger batch are left out. */
const MAX_SAMPLES_PER_EVENT = 500

const DESCRIPTION = `Server-sent events, one schema each: \`tick\` (TickEvent), \`samples\` (SamplesEvent), \`gap\` (GapEvent),
\`lost\` (LostEvent), \`spec\` (SpecEvent). Every event has an id; a comment is sent every 15 s. A client that does not
keep up is disconnected; at most 64 may follow.`

export const EVENTS_PATH = '/v1/events'

export function eventRoutes(app: App, runtime: Runtime, stream: EventStream): void {
  const unsubscribe = runtime.subscribe(event => {
    if (stream.clients > 0) sendEvent(runtime, stream, event)
  })
  app.addHook('onClose', async () => unsubscribe())

  app.get(
    EVENTS_PATH,
    {
      schema: {
        summary: 'Follow what happens',
        description: DESCRIPTION,
        tags: ['events'],
        response: {
          200: {
            description: 'An endless stream of events.',
            content: { 'text/event-stream': { schema: z.string() } },
          },
          ...COMMON_FAILURES,
        },
      },
    },
    (_request, reply) => {
      stream.askRoom()
      const headers = reply.getHeaders()
      reply.hijack()
      stream.follow(reply.raw, headers)
    },
  )
}

function sendEvent(runtime: Runtime, stream: EventStream, event: LoopEvent): void {
  switch (event.type) {
    case 'tick':
      return sendTick(runtime, stream, event.report)
    case 'samples': {
      const samples = event.samples.slice(-MAX_SAMPLES_PER_EVENT)
      const leftOut = event.samples.length - samples.length
      return send(stream, 'samples', SamplesEvent, {
        fleet: event.fleet,
        metric: event.metric,
        samples,
        leftOut,
      })
    }
    case 'gap-began':
      return send(stream, 'gap', GapEvent, { ...event, state: 'began' as const })
    case 'gap-ended':
      return send(stream, 'gap', GapEvent, { ...event, state: 'ended' as const, gap: null })
    case 'lost':
      return send(stream, 'lost', LostEvent, event)
    case 'spec-applied':
      return send(stream, 'spec', SpecEvent, {
        at: event.at,
        state: 'applied',
        digest: event.digest,
        problems: null,
      })
    case 'spec-refused':
      return send(stream, 'spec', SpecEvent, {
        at: event.at,
        state: 'refused',
        digest: null,
        problems: event.problems,
      })
  }
}

function sendTick(runtime: Runtime, stream: EventStream, report: TickReport): void {
  const fleet = runtime.spec().fleets[report.fleet]
  if (fleet === undefined) return
  const entry = report.outcome === 'ticked' ? report.entry : null
  send(stream, 'tick', TickEvent, {
    fleet: fleetSummary(runtime, fleet),
    point: entry === null ? null : timelinePoint(entry),
    changed: entry !== null && changedSomething(entry),
  })
}

function send<Schema extends z.ZodType>(
  stream: EventStream,
  name: string,
  schema: Schema,
  data: z.output<Schema>,
): void {
  stream.send(name, JSON.stringify(z.encode(schema, data)))
}
