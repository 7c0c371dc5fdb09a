/**
 * Something in between that passes requests on, until it is told to do worse: to cut a connection, to say nothing, or to answer
 * itself.
 *
 * Example: `between.meets({ status: 503, headers: { 'retry-after': '0' } }, 'cut')`: the next request is answered 503, the one after it
 * is cut off, and all others pass.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'

export type Trouble =
  | 'cut'
  /** Passed on, and its answer is cut off in the middle. */
  | 'cut-answer'
  | 'hang'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }

export interface Between {
  readonly port: number
  /** What came by, e.g. `GET /devstoreaccount1/orders?comp=metadata`. */
  readonly seen: readonly string[]
  meets(...troubles: readonly Trouble[]): void
  /** For requests whose path holds the text, until it is said otherwise. */
  always(text: string, trouble: Trouble | null): void
  /** From now on to another port. */
  leadTo(port: number): void
  close(): void
}

export async function openBetween(port: number): Promise<Between> {
  let to = port
  const next: Trouble[] = []
  const standing = new Map<string, Trouble>()
  const seen: string[] = []
  const server = createServer((incoming, outgoing) => {
    const url = incoming.url ?? '/'
    seen.push(`${incoming.method} ${decodeURIComponent(url)}`)
    const always = [...standing].find(([text]) => url.includes(text))?.[1]
    meet(always ?? next.shift() ?? null, incoming, outgoing, to)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    seen,
    meets: (...troubles) => next.push(...troubles),
    always(text, trouble) {
      if (trouble === null) standing.delete(text)
      else standing.set(text, trouble)
    },
    leadTo(other) {
      to = other
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function meet(
  trouble: Trouble | null,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  to: number,
): void {
  if (trouble === 'cut') incoming.socket.destroy()
  else if (trouble === 'hang') incoming.resume()
  else if (trouble !== null && trouble !== 'cut-answer') {
    incoming.resume()
    outgoing.writeHead(trouble.status, trouble.headers ?? {}).end()
  } else pass(incoming, outgoing, to, trouble === 'cut-answer')
}

function pass(incoming: IncomingMessage, outgoing: ServerResponse, to: number, isCut: boolean): void {
  const { method, url: path, headers } = incoming
  const options = { host: '127.0.0.1', port: to, method, path, headers, agent: false } as const
  const onward = request(options, answer => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    if (isCut) {
      outgoing.flushHeaders()
      incoming.socket.destroy()
    } else answer.pipe(outgoing)
  })
  onward.on('error', () => incoming.socket.destroy())
  incoming.pipe(onward)
}
