/**
 * One request to a running daemon's API, for commands that read and commands that operate: with a deadline, a largest answer,
 * and words for what can go wrong on the way. What a refusal means is for the caller to say.
 *
 * Example: `callDaemon({ url, token: null, deadlineMs: 10_000, mostBytes: 1_000_000, advice: 'Is it running?' })` where nothing
 * listens throws PLM-511 "Tried GET http://127.0.0.1:7070/v1/fleets: nothing listens there. Is it running?".
 */
import { z } from 'zod'
import { CliError, messageOf } from './cli-error.ts'
import { codeOf } from './files.ts'

export interface DaemonCall {
  /** `GET` when it is left out. */
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly url: URL
  readonly token: string | null
  readonly body?: object
  readonly deadlineMs: number
  readonly mostBytes: number
  /** What the user can do when it does not answer. */
  readonly advice: string
}

export interface DaemonAnswer {
  readonly status: number
  /** 200 to 299. */
  readonly ok: boolean
  /** `null` where a refusal was not in JSON. */
  readonly body: unknown
}

/** @throws CliError PLM-511 when it could not be asked or its answer could not be read, PLM-512 when it wants a token */
export async function callDaemon(call: DaemonCall): Promise<DaemonAnswer> {
  const response = await send(call)
  const body = await readJson(response, call)
  const { status, ok } = response
  if (status === 401) throw tokenWanted(call)
  return { status, ok, body }
}

/** As errors name the request, without a password in the address: `GET http://127.0.0.1:7070/v1/fleets`. */
export function whatOf({ method = 'GET', url }: Pick<DaemonCall, 'method' | 'url'>): string {
  return `${method} ${url.origin}${url.pathname}${url.search}`
}

/** @throws CliError PLM-511 when it is not what this version understands */
export function decodeAnswer<Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
  what: string,
): z.output<Schema> {
  const decoded = schema.safeParse(body)
  if (decoded.success) return decoded.data
  throw new CliError(
    'PLM-511',
    `${what} answered something that is not Plimsoll's API, or of another version: ${z.prettifyError(decoded.error)}`,
  )
}

async function send(call: DaemonCall): Promise<Response> {
  const { method = 'GET', url, token, body, deadlineMs, advice } = call
  try {
    return await fetch(url, {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(deadlineMs),
    })
  } catch (error) {
    const because = unreachable(error, deadlineMs)
    throw new CliError('PLM-511', `Tried ${whatOf(call)}: ${because}. ${advice}`, { cause: error })
  }
}

function unreachable(error: unknown, deadlineMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError')
    return `no answer within ${deadlineMs / 1000} s`
  const cause = error instanceof Error ? (error.cause ?? error) : error
  switch (codeOf(cause)) {
    case 'ECONNREFUSED':
      return 'nothing listens there'
    case 'ENOTFOUND':
      return 'there is no such host'
    default:
      return messageOf(cause)
  }
}

async function readJson(response: Response, call: DaemonCall): Promise<unknown> {
  let text = ''
  let bytes = 0
  const decoder = new TextDecoder()
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length
      if (bytes > call.mostBytes) throw new Error(`more than ${call.mostBytes} bytes`)
      text += decoder.decode(chunk, { stream: true })
    }
    return JSON.parse(text)
  } catch (error) {
    if (!response.ok) return null
    const message = `${whatOf(call)} answered something that is not JSON: ${messageOf(error)}`
    throw new CliError('PLM-511', message, { cause: error })
  }
}

function tokenWanted(call: DaemonCall): CliError {
  const given = call.token === null ? '' : ' and did not accept the one given'
  return new CliError(
    'PLM-512',
    `${whatOf(call)}: the daemon wants a token${given}. Put the one of \`api: { token: ... }\` into the environment variable PLIMSOLL_TOKEN.`,
  )
}
