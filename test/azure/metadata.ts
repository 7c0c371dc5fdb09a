/**
 * What Azure tells a VM about itself, over plain HTTP on 127.0.0.1: its name and what is planned, which changes as a test says; and what
 * was approved.
 *
 * Example: `const metadata = await openMetadata('web-1')`, `metadata.plan({ EventId: 'e1', EventType: 'Terminate', Resources: ['web-1'], ... })`; an agent that
 * asks `metadata.address` is told of it, and `metadata.approved` has `e1` once it may begin.
 */
import { createServer, type ServerResponse } from 'node:http'
import { z } from 'zod'

export interface Planned {
  readonly EventId: string
  readonly EventType: string
  readonly Resources: readonly string[]
  readonly EventStatus?: string
  readonly NotBefore?: string
}

export interface FakeMetadata {
  readonly address: string
  /** Ids, in the order they were approved. */
  readonly approved: readonly string[]
  /** How often events were asked for. */
  readonly looks: number
  /** Answers every call so, instead of what it should. */
  status: number | null
  /** Holds its answers back until it is false again. */
  isSlow: boolean
  /** The document has just these, under another incarnation. */
  plan(...events: readonly Planned[]): void
  close(): void
}

const EVENTS = '/metadata/scheduledevents'
const SELF = '/metadata/instance/compute'
const approval = z.strictObject({
  StartRequests: z.array(z.strictObject({ EventId: z.string() })).length(1),
})

export async function openMetadata(name: string): Promise<FakeMetadata> {
  const approved: string[] = []
  const held: (() => void)[] = []
  let events: readonly Planned[] = []
  let incarnation = 1
  let looks = 0
  let isSlow = false

  const self = { name, vmId: '6F1C0000-0000-4000-8000-000000000001', vmScaleSetName: name.split('_')[0] }

  /** `null`: it is refused. */
  function answer(method: string | undefined, { pathname, searchParams }: URL, text: string): string | null {
    if (pathname === SELF && searchParams.get('format') === 'json') return JSON.stringify(self)
    if (pathname !== EVENTS || searchParams.get('api-version') !== '2020-07-01') return null
    if (method === 'GET') return JSON.stringify({ DocumentIncarnation: incarnation, Events: events })
    const ids = approval.parse(JSON.parse(text)).StartRequests.map(({ EventId }) => EventId)
    if (!ids.every(id => events.some(event => event.EventId === id))) return null
    approved.push(...ids)
    return ''
  }

  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', chunk => parts.push(Buffer.from(chunk)))
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://vm')
      if (url.pathname === EVENTS && request.method === 'GET') looks += 1
      const send = () => {
        const isRefused = fake.status !== null || request.headers.metadata !== 'true'
        const text = isRefused ? null : answer(request.method, url, Buffer.concat(parts).toString('utf8'))
        end(response, text === null ? (fake.status ?? 400) : 200, text ?? '')
      }
      if (isSlow) held.push(send)
      else send()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const at = server.address()

  const fake: FakeMetadata = {
    address: `http://127.0.0.1:${typeof at === 'object' && at !== null ? at.port : 0}`,
    approved,
    status: null,
    get looks() {
      return looks
    },
    get isSlow() {
      return isSlow
    },
    set isSlow(slow) {
      isSlow = slow
      if (!slow) for (const send of held.splice(0)) send()
    },
    plan(...planned) {
      events = planned
      incarnation += 1
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
  return fake
}

function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(text)
}
