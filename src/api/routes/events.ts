/**
 * `GET /v1/events`: the loop's events as they happen. Nothing is kept for those who were away: after a
 * reconnect (a `Last-Event-ID` is tolerated) a reader asks the other routes what it missed.
 *
 * Example: `event: tick`, `data: {"fleet":{"name":"web","current":5,"desired":6,...},"point":{...},"changed":true}`.
 */
import { z } from 'zod'
import type { Runtime } from '../../loop/runtime.ts'
import { settingsNow } from '../../loop/settings-board.ts'
import type { LoopEvent, TickReport } from '../../loop/world.ts'
import { changedSomething, timelinePoint } from '../../plugins/stores/commit-rules.ts'
import type { EventStream } from '../event-stream.ts'
import type { App } from '../route.ts'
import { fleetSummary, settingsView } from '../views.ts'
import {
  ApprovalEvent,
  DeliveryEvent,
  FreezeEvent,
  GapEvent,
  LostEvent,
  RunEvent,
  SamplesEvent,
  SettingsEvent,
  SpecEvent,
  TickEvent,
  TroubleEvent,
} from '../wire/event.ts'
import { COMMON_FAILURES } from '../wire/failure.ts'
import { OperatorActWire } from '../wire/override.ts'

/** Samples of one batch that are sent; older ones of a larger batch are left out. */
const MAX_SAMPLES_PER_EVENT = 500

const DESCRIPTION = `Server-sent events, one schema each: \`tick\` (TickEvent), \`samples\` (SamplesEvent), \`gap\` (GapEvent),
\`settings\` (SettingsEvent), \`lost\` (LostEvent), \`freeze\` (FreezeEvent), \`trouble\` (TroubleEvent), \`spec\` (SpecEvent), \`ran\` (RunEvent),
\`delivery\` (DeliveryEvent). Every event has an id; a comment is sent every 15 s. A client that does not
keep up is disconnected; at most 64 may follow.`

export const EVENTS_PATH = '/v1/events'

export function eventRoutes(app: App, runtime: Runtime, stream: EventStream): void {
  const unsubscribe = runtime.subscribe(event => {
    if (stream.clients === 0) return
    const encoded = encodeEvent(runtime, event)
    if (encoded !== null) stream.send(encoded.name, encoded.data)
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

interface Encoded {
  readonly name: string
  readonly data: string
}

/** `null` for what concerns a fleet that is no longer configured. */
function encodeEvent(runtime: Runtime, event: LoopEvent): Encoded | null {
  switch (event.type) {
    case 'tick':
      return encodeTick(runtime, event.report)
    case 'samples': {
      const { fleet, metric } = event
      const samples = event.samples.slice(-MAX_SAMPLES_PER_EVENT)
      const leftOut = event.samples.length - samples.length
      return encode('samples', SamplesEvent, { fleet, metric, samples, leftOut })
    }
    case 'gap-began':
      return encode('gap', GapEvent, { ...event, state: 'began' })
    case 'gap-ended':
      return encode('gap', GapEvent, { ...event, state: 'ended', gap: null })
    case 'settings':
      return encodeSettings(runtime, event)
    case 'lost':
      return encode('lost', LostEvent, event)
    case 'froze':
    case 'thawed':
      return encode('freeze', FreezeEvent, {
        ...event.freeze,
        fleet: event.fleet,
        at: event.at,
        state: event.type,
      })
    case 'trouble':
      return encode('trouble', TroubleEvent, event)
    case 'approval-wanted':
    case 'approval-withdrawn':
    case 'approved':
    case 'rejected':
    case 'expired': {
      const { fleet, at, type, approval } = event
      return encode('approval', ApprovalEvent, { fleet, at, news: type, approval })
    }
    case 'act':
      return encode('act', OperatorActWire, event.act)
    case 'ran':
      return encode('ran', RunEvent, runView(event))
    case 'delivery':
      return encode('delivery', DeliveryEvent, event)
    case 'spec-applied':
      return encode('spec', SpecEvent, { ...event, state: 'applied', problems: null })
    case 'spec-refused':
      return encode('spec', SpecEvent, { ...event, state: 'refused', digest: null })
  }
}

function runView({ fleet, run, outcome }: Extract<LoopEvent, { type: 'ran' }>): z.output<typeof RunEvent> {
  const { id, revision, rule, action } = run
  const said = outcome.outcome === 'done' ? (outcome.output ?? '') : outcome.error
  return { fleet, at: outcome.at, id, revision, rule, action, state: outcome.outcome, said }
}

function encodeSettings(runtime: Runtime, event: Extract<LoopEvent, { type: 'settings' }>): Encoded | null {
  const fleet = runtime.spec().fleets[event.fleet]
  if (fleet === undefined) return null
  const now = settingsNow(fleet, event.settings, event.decided)
  return encode('settings', SettingsEvent, { ...settingsView(now), at: event.at, changed: event.changes })
}

function encodeTick(runtime: Runtime, report: TickReport): Encoded | null {
  const fleet = runtime.spec().fleets[report.fleet]
  if (fleet === undefined) return null
  const entry = report.outcome === 'ticked' ? report.entry : null
  return encode('tick', TickEvent, {
    fleet: fleetSummary(runtime, fleet),
    point: entry === null ? null : timelinePoint(entry),
    changed: entry !== null && changedSomething(entry),
  })
}

function encode<Schema extends z.ZodType>(name: string, schema: Schema, data: z.output<Schema>): Encoded {
  return { name, data: JSON.stringify(z.encode(schema, data)) }
}
