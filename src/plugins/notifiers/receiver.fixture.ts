/**
 * A real HTTP server on 127.0.0.1 that takes posts and answers as a test says, for notifiers and actions.
 *
 * Example: `const receiver = await startReceiver(); receiver.answerNext({ status: 429, headers: { 'retry-after': '5' } })`.
 */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'

export interface TakenPost {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Answer {
  /** `silent`: it reads the request and never answers. */
  readonly status: number | 'silent'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Receiver {
  readonly url: string
  /** Every post, whatever it was answered. */
  readonly posts: TakenPost[]
  /** Those answered with success. */
  readonly taken: TakenPost[]
  /** Answers in order; after them everything is answered with 200. */
  answerNext(...answers: readonly Answer[]): void
  /** Takes everything from now on. */
  answerAll(): void
  close(): Promise<void>
}

export async function startReceiver(path = '/hook'): Promise<Receiver> {
  const posts: TakenPost[] = []
  const taken: TakenPost[] = []
  const answers: Answer[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const post = {
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      }
      const answer = answers.shift() ?? { status: 200 }
      posts.push(post)
      if (typeof answer.status === 'number' && answer.status < 300) taken.push(post)
      give(response, answer)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}${path}`,
    posts,
    taken,
    answerNext: (...next) => void answers.push(...next),
    answerAll: () => void answers.splice(0),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function give(response: ServerResponse, { status, headers = {}, body = '' }: Answer): void {
  if (status === 'silent') return
  response.writeHead(status, headers)
  response.end(body)
}

/** An address on which nothing listens: its port was free a moment ago. */
export async function deadUrl(path = '/hook'): Promise<string> {
  const receiver = await startReceiver(path)
  await receiver.close()
  return receiver.url
}
