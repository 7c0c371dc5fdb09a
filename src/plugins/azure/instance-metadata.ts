/**
 * What Azure tells a VM about itself, from within: who it is, and what is planned for it and its neighbours.
 *
 * Example: `events()` answers `{ incarnation: '7', events: [{ id: 'f020...', type: 'Terminate', resources: ['rooms_7'], notBefore: 1795348800000,
 * hasStarted: false }] }`; `approve('f020...')` lets Azure begin before that moment.
 *
 * It is asked over plain HTTP at an address that no other machine answers at. Its first answer may take two minutes, while Azure switches the
 * service on; so may one after a day without a question.
 */
import { Agent, request } from 'undici'
import { z } from 'zod'
import type { EpochMs } from '../../model/time.ts'
import { PluginError } from '../../ports/plugin.ts'

export const METADATA_ADDRESS = 'http://169.254.169.254'

export interface ScheduledEvent {
  readonly id: string
  /** `Freeze`, `Reboot`, `Redeploy`, `Preempt`, `Terminate`, or what Azure invents next. */
  readonly type: string
  /** Names of VMs, in small letters. */
  readonly resources: readonly string[]
  /** It does not begin before, unless it is approved; `null`: not said. */
  readonly notBefore: EpochMs | null
  readonly hasStarted: boolean
}

export interface EventsDocument {
  /** Another one whenever anything in it changed. */
  readonly incarnation: string
  readonly events: readonly ScheduledEvent[]
}

export interface Self {
  /** As its scale set calls it: `rooms_7`. */
  readonly name: string
  /** Azure's unique id, in small letters. */
  readonly vmId: string
  /** `null` where it is in none. */
  readonly scaleSet: string | null
}

export interface InstanceMetadata {
  self(signal: AbortSignal): Promise<Self>
  events(signal: AbortSignal): Promise<EventsDocument>
  approve(eventId: string, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

const EVENTS = '/metadata/scheduledevents?api-version=2020-07-01'
const SELF = '/metadata/instance/compute?api-version=2021-02-01&format=json'
export interface Patience {
  readonly firstAnswerMs: number
  readonly answerMs: number
}

/** The first: Azure says two minutes. */
const USUAL: Patience = { firstAnswerMs: 130_000, answerMs: 10_000 }
const MOST_BYTES = 256 * 1024
const MOST_EVENTS = 100
const MOST_RESOURCES = 1_000

const selfWire = z.object({
  name: z.string().min(1).max(200),
  vmId: z.string().min(1).max(200),
  vmScaleSetName: z.string().max(200).default(''),
})

const eventsWire = z.object({
  DocumentIncarnation: z.union([z.number(), z.string().max(200)]),
  Events: z
    .array(
      z.object({
        EventId: z.string().min(1).max(200),
        EventType: z.string().max(100),
        EventStatus: z.string().max(100).default('Scheduled'),
        Resources: z.array(z.string().max(500)).max(MOST_RESOURCES).default([]),
        NotBefore: z.string().max(100).nullable().default(null),
      }),
    )
    .max(MOST_EVENTS),
})

export function createInstanceMetadata(
  address: string,
  { firstAnswerMs, answerMs }: Patience = USUAL,
): InstanceMetadata {
  const agent = new Agent({ connections: 4, maxResponseSize: MOST_BYTES })
  /** It is switched on, and quick from then on. */
  let isAwake = false

  async function ask(path: string, body: object | null, timeoutMs: number, signal: AbortSignal) {
    const what = `${body === null ? 'GET' : 'POST'} ${address}${path.split('?')[0]}`
    const deadline = AbortSignal.timeout(timeoutMs)
    try {
      const { statusCode, body: answer } = await request(new URL(path, address), {
        method: body === null ? 'GET' : 'POST',
        dispatcher: agent,
        headers: {
          Metadata: 'true',
          'user-agent': 'plimsoll',
          ...(body === null ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === null ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.any([signal, deadline]),
      })
      const text = await answer.text()
      if (statusCode >= 200 && statusCode <= 299) return text
      throw new Error(`answered ${statusCode}`)
    } catch (error) {
      const saw = deadline.aborted ? `did not answer within ${timeoutMs / 1000} s` : messageOf(error)
      throw new PluginError('unavailable', `${what}: ${saw}`, { cause: error })
    }
  }

  return {
    async self(signal) {
      const parsed = selfWire.safeParse(jsonOf(await ask(SELF, null, firstAnswerMs, signal)))
      if (!parsed.success) throw notAsExpected('what the VM is', parsed.error)
      const { name, vmId, vmScaleSetName } = parsed.data
      return { name, vmId: vmId.toLowerCase(), scaleSet: vmScaleSetName === '' ? null : vmScaleSetName }
    },

    async events(signal) {
      const wasAwake = isAwake
      isAwake = false
      const text = await ask(EVENTS, null, wasAwake ? answerMs : firstAnswerMs, signal)
      isAwake = true
      return documentIn(text)
    },

    async approve(eventId, signal) {
      await ask(EVENTS, { StartRequests: [{ EventId: eventId }] }, answerMs, signal)
    },

    close: () => agent.destroy(),
  }
}

/** @throws PluginError when it is none */
export function documentIn(text: string): EventsDocument {
  const parsed = eventsWire.safeParse(jsonOf(text))
  if (!parsed.success) throw notAsExpected('the list of scheduled events', parsed.error)
  const { DocumentIncarnation, Events } = parsed.data
  return {
    incarnation: String(DocumentIncarnation),
    events: Events.map(({ EventId, EventType, EventStatus, Resources, NotBefore }) => ({
      id: EventId,
      type: EventType,
      resources: Resources.map(name => name.toLowerCase()),
      notBefore: momentOf(NotBefore),
      hasStarted: EventStatus.toLowerCase() !== 'scheduled',
    })),
  }
}

function notAsExpected(what: string, error: z.ZodError): PluginError {
  return new PluginError('unavailable', `${what} is not as expected: ${z.prettifyError(error)}`)
}

/** `Mon, 19 Sep 2026 18:29:47 GMT`; empty once it has begun. */
function momentOf(text: string | null): EpochMs | null {
  const at = Date.parse(text ?? '')
  return Number.isNaN(at) ? null : at
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text.slice(0, 100)
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message === '' && 'code' in error ? String(error.code) : error.message
}
