/**
 * The running daemon, as the commands that operate it reach it: which one, with which token, and what it answers in
 * words. Nothing here works on a state file: only a running daemon acts.
 *
 * Example: `plimsoll pause web` in a folder whose plimsoll.yaml has `api: { listen: "127.0.0.1:7071" }` asks
 * `POST http://127.0.0.1:7071/v1/fleets/web/pause`.
 */
import { userInfo } from 'node:os'
import { z } from 'zod'
import { urlOf } from '../api/settings.ts'
import { Failure } from '../api/wire/failure.ts'
import { CliError, EXIT_BAD_INPUT, EXIT_FAILED } from './cli-error.ts'
import { coloursFor } from './colours.ts'
import { findUsualFile, loadFile } from './config-file.ts'
import { callDaemon, decodeAnswer, whatOf } from './daemon-call.ts'
import type { Io } from './io.ts'
import { USUAL_URL } from './reader/open.ts'
import { AlreadySaid } from './said.ts'

export interface DaemonOptions {
  readonly url?: string
  readonly config?: string
  readonly json?: boolean
}

export interface ByOptions extends DaemonOptions {
  readonly who?: string
  readonly why?: string
}

export interface Ask<Schema extends z.ZodType> {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: object
  readonly query?: Readonly<Record<string, string>>
  readonly answer: Schema
}

/** Long enough for plugins to be started anew. */
const DEADLINE_MS = 60_000
const MOST_ANSWER_BYTES = 16 * 1024 * 1024

/** Throws `AlreadySaid` when the daemon refused, in its own words; `CliError` when it could not be asked. */
export async function askDaemon<Schema extends z.ZodType>(
  io: Io,
  options: DaemonOptions,
  ask: Ask<Schema>,
): Promise<z.output<Schema>> {
  const { url, token } = await doorOf(io, options)
  const target = new URL(ask.path, url)
  for (const [key, value] of Object.entries(ask.query ?? {})) target.searchParams.set(key, value)
  const what = whatOf({ method: ask.method, url: target })
  const { ok, status, body } = await callDaemon({
    method: ask.method,
    url: target,
    token,
    ...(ask.body === undefined ? {} : { body: ask.body }),
    deadlineMs: DEADLINE_MS,
    mostBytes: MOST_ANSWER_BYTES,
    advice:
      'Nothing was changed. This command asks a running daemon: start one (`plimsoll run FILE`), or name it (--url URL, or ' +
      '--config FILE for the address in a configuration).',
  })
  if (!ok) throw refusal(io, status, body, what)
  return decodeAnswer(ask.answer, body, what)
}

/** Who acts, for the record: what was said, else the user of the operating system. */
export function byOf({ who, why }: ByOptions): { who: string; why: string } {
  return { who: who ?? userName(), why: why ?? '' }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A user id without a name, as in some containers.
    return `user ${process.getuid?.() ?? 'unknown'}`
  }
}

/** The named one, else the one whose configuration is in this folder, else the usual address. */
export async function doorOf(
  io: Io,
  { url, config }: DaemonOptions,
): Promise<{ url: URL; token: string | null }> {
  const given = io.env.PLIMSOLL_TOKEN ?? null
  if (url !== undefined && config !== undefined) {
    throw new CliError('PLM-501', 'Give one of --url and --config, not both.')
  }
  if (url !== undefined) return { url: parseUrl(url), token: given }
  const file = config ?? (await findUsualFile(io))
  if (file === null) return { url: new URL(USUAL_URL), token: given }
  const { api } = await loadFile(io, file)
  return { url: new URL(urlOf(api.host, api.port)), token: given ?? api.token }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url !== null && /^https?:$/.test(url.protocol)) return url
  throw new CliError('PLM-501', `--url "${text}" is not an address. Give one as ${USUAL_URL}`)
}

/** With the places of a configuration's problems, where the answer has them. */
const Refusal = Failure.extend({ told: z.string().optional() })

function refusal(io: Io, status: number, body: unknown, what: string): Error {
  const failure = Refusal.safeParse(body)
  if (!failure.success) return new CliError('PLM-511', `${what} answered ${status}, and not in JSON of ours.`)
  const { error, told } = failure.data
  if (told !== undefined) io.stderr.write(`${told}\n`)
  io.stderr.write(`${coloursFor(io).red('plimsoll:')} ${error.code}: ${error.message} ${error.hint}\n`)
  const wrongInput = status === 400 || status === 404 || status === 422
  return new AlreadySaid(wrongInput ? EXIT_BAD_INPUT : EXIT_FAILED)
}
