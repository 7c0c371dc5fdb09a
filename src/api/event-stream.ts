/**
 * Server-sent events: what the loop does, as it does it, to everyone who follows. Bounded on both sides: at
 * most 64 clients, and a client that does not read fast enough is disconnected instead of filling our memory.
 *
 * Example: a tick of "web" is sent to all as
 * `id: 17`, `event: tick`, `data: {"fleet":{"name":"web",...},...}`; every 15 s of silence a comment keeps the way open.
 */
import type { ServerResponse } from 'node:http'
import { tooManyClients } from './failure.ts'

export const MAX_CLIENTS = 64
export const HEARTBEAT_MS = 15_000
/** Unsent bytes of one client; beyond it the client is too slow. */
export const MAX_UNSENT_BYTES = 1024 * 1024

export type HeaderValues = Readonly<Record<string, string | number | readonly string[] | undefined>>

export interface EventStream {
  /** Takes over the response. Throws PLM-465 when there are too many clients already, before anything is sent. */
  follow(response: ServerResponse, headers: HeaderValues): void
  /** Throws PLM-465 where `follow` would. */
  askRoom(): void
  send(event: string, data: string): void
  readonly clients: number
  close(): void
}

export function createEventStream(onSlow: (unsentBytes: number) => void): EventStream {
  const clients = new Set<ServerResponse>()
  let nextId = 1
  let heartbeat: NodeJS.Timeout | null = null

  function drop(client: ServerResponse): void {
    clients.delete(client)
    if (clients.size === 0) stopHeartbeat()
  }

  function write(client: ServerResponse, text: string): void {
    client.write(text)
    if (client.writableLength <= MAX_UNSENT_BYTES) return
    onSlow(client.writableLength)
    drop(client)
    client.destroy()
  }

  function startHeartbeat(): void {
    heartbeat ??= setInterval(() => {
      for (const client of clients) write(client, ': still here\n\n')
    }, HEARTBEAT_MS).unref()
  }

  function stopHeartbeat(): void {
    if (heartbeat !== null) clearInterval(heartbeat)
    heartbeat = null
  }

  function askRoom(): void {
    if (clients.size >= MAX_CLIENTS) throw tooManyClients(MAX_CLIENTS)
  }

  return {
    askRoom,
    follow(response, headers) {
      askRoom()
      response.on('close', () => drop(response))
      response.on('error', () => drop(response))
      for (const [name, value] of Object.entries(headers)) {
        if (value !== undefined) response.setHeader(name, value)
      }
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      })
      clients.add(response)
      startHeartbeat()
      write(response, 'retry: 2000\n: plimsoll\n\n')
    },
    send(event, data) {
      const text = `id: ${nextId}\nevent: ${event}\ndata: ${data}\n\n`
      nextId += 1
      for (const client of clients) write(client, text)
    },
    get clients() {
      return clients.size
    },
    close() {
      stopHeartbeat()
      for (const client of clients) client.end()
      clients.clear()
    },
  }
}
