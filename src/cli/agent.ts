/**
 * `plimsoll agent`: runs beside an instance, counts its sessions by a command or over HTTP, and reports them. Told to close,
 * it runs the command for that; only when that has ended well, and the sessions were counted after it, the close is
 * acknowledged. While nothing can be counted nothing is reported: the load is unknown then, never zero.
 *
 * Example: `plimsoll agent --fleet rooms --instance rooms-3 --url http://10.0.0.1:7070 --http http://127.0.0.1:9000/stats
 * --on-close "systemctl reload rooms-drain"`.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { z } from 'zod'
import { Failure } from '../api/wire/failure.ts'
import { AdmittedWire } from '../api/wire/load.ts'
import { runCommand } from '../plugins/command.ts'
import { Asking } from '../plugins/routers/http/asking.ts'
import { slotsIn } from '../plugins/routers/http/slots.ts'
import { CliError, EXIT_OK, messageOf } from './cli-error.ts'
import { coloursFor } from './colours.ts'
import { type DaemonOptions, doorOf } from './daemon.ts'
import { onInterrupt } from './interrupts.ts'
import type { Io } from './io.ts'

export interface AgentOptions extends DaemonOptions {
  readonly fleet: string
  readonly instance: string
  readonly command?: string
  readonly http?: string
  readonly pointer: string
  readonly everyMs: number
  readonly leaseMs: number
  readonly incarnation?: string
  readonly onClose?: string
  readonly onOpen?: string
  readonly countOnly?: boolean
}

const COUNT_DEADLINE_MS = 10_000
const ORDER_DEADLINE_MS = 60_000
/** Besides the time the daemon waits with its answer. */
const ANSWER_DEADLINE_MS = 10_000
/** The most the daemon takes. */
const LONGEST_WAIT_MS = 60_000
/** Two misses in a row must not lapse the lease. */
const REPORTS_PER_LEASE = 3

export async function agentCommand(options: AgentOptions, io: Io): Promise<number> {
  checkOptions(options)
  const { url, token } = await doorOf(io, options)
  io.goOnUnheard()
  const stop = new AbortController()
  const stopListening = onInterrupt(() => stop.abort())
  const count = createCount(options)
  try {
    await new Agent(options, { io, url, token, count: count.read, signal: stop.signal }).run()
  } finally {
    stopListening()
    await count.close()
  }
  return EXIT_OK
}

function checkOptions({ command, http, onClose, countOnly, everyMs, leaseMs }: AgentOptions): void {
  if ((command === undefined) === (http === undefined)) {
    throw new CliError('PLM-501', 'Say how sessions are counted: either --command LINE or --http URL.')
  }
  if (http !== undefined && !/^https?:$/.test(URL.canParse(http) ? new URL(http).protocol : '')) {
    throw new CliError(
      'PLM-501',
      `--http "${http}" is not an address. Give one as http://127.0.0.1:9000/stats`,
    )
  }
  if ((onClose === undefined) === (countOnly !== true)) {
    throw new CliError(
      'PLM-501',
      'Say what keeps new sessions away from the instance when it is closed: either --on-close LINE, or --count-only where another router does.',
    )
  }
  if (leaseMs < everyMs * REPORTS_PER_LEASE) {
    throw new CliError(
      'PLM-502',
      `With --every ${everyMs} ms a --lease of ${leaseMs} ms would lapse when a report is late; give at least ${everyMs * REPORTS_PER_LEASE} ms.`,
    )
  }
}

interface Count {
  /** Slots in use; throws when it cannot tell. */
  read(signal: AbortSignal): Promise<number>
  close(): Promise<void>
}

function createCount({ command, http = '', pointer }: AgentOptions): Count {
  if (command !== undefined) {
    return { read: signal => countByCommand(command, signal), close: async () => undefined }
  }
  const asking = new Asking({}, COUNT_DEADLINE_MS)
  const { origin, pathname, search } = new URL(http)
  return {
    async read(signal) {
      const said = await asking.ask(origin, { method: 'GET', path: `${pathname}${search}` }, signal)
      if (!said.ok) throw new Error(`GET ${origin}${pathname} ${said.saw}`)
      const slots = slotsIn(said.text, pointer)
      if (typeof slots === 'string') throw new Error(`GET ${origin}${pathname} answered, but ${slots}`)
      return slots
    },
    close: () => asking.close(),
  }
}

async function countByCommand(line: string, signal: AbortSignal): Promise<number> {
  const text = (await runCommand(shell(line), { input: null, timeoutMs: COUNT_DEADLINE_MS, signal })).trim()
  const slots = Number(text)
  if (text !== '' && Number.isFinite(slots) && slots >= 0) return slots
  throw new Error(`the command printed "${text.slice(0, 100)}", which is no number of sessions`)
}

function shell(line: string): string[] {
  return process.platform === 'win32' ? ['cmd', '/d', '/s', '/c', line] : ['sh', '-c', line]
}

type Answer = z.output<typeof AdmittedWire> | { readonly refused: string }

interface AgentWorld {
  readonly io: Io
  readonly url: URL
  readonly token: string | null
  readonly count: Count['read']
  readonly signal: AbortSignal
}

class Agent {
  readonly #options: AgentOptions
  readonly #world: AgentWorld
  readonly #target: URL
  /** The close it obeys. */
  #obeyed: string | null = null
  #isKnown = false
  #lastTrouble = ''

  constructor(options: AgentOptions, world: AgentWorld) {
    this.#options = options
    this.#world = world
    const { fleet, instance } = options
    const path = `/v1/fleets/${encodeURIComponent(fleet)}/instances/${encodeURIComponent(instance)}/load`
    this.#target = new URL(path, world.url)
  }

  async run(): Promise<void> {
    const { signal } = this.#world
    while (!signal.aborted) {
      const isTold = await this.#round()
      // The daemon waited with its answer; where there was none, we do.
      if (!isTold && !signal.aborted) {
        await wait(this.#options.everyMs, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  /** Answers whether the next may follow at once. */
  async #round(): Promise<boolean> {
    try {
      const slots = await this.#world.count(this.#world.signal)
      const answer = await this.#report(slots)
      if (this.#world.signal.aborted) return false
      if ('refused' in answer) {
        this.#trouble(answer.refused)
        return false
      }
      this.#heard(slots)
      if (answer.close !== this.#obeyed) await this.#obey(answer.close)
      return true
    } catch (error) {
      if (error instanceof CliError) throw error
      if (!this.#world.signal.aborted) this.#trouble(messageOf(error))
      return false
    }
  }

  /** What it was told counts as obeyed only once the command for it has ended well. */
  async #obey(close: string | null): Promise<void> {
    const { onClose, onOpen, instance } = this.#options
    const line = close === null ? onOpen : onClose
    if (line !== undefined) {
      const { signal } = this.#world
      await runCommand(shell(line), {
        input: null,
        timeoutMs: ORDER_DEADLINE_MS,
        signal,
        excess: 'is-dropped',
      })
    }
    this.#obeyed = close
    this.#say(
      close === null
        ? `${instance} may take sessions again`
        : `${instance} is closed: it takes no more sessions`,
      { admission: close === null ? 'open' : 'closed' },
    )
  }

  async #report(slots: number): Promise<Answer> {
    const { everyMs, leaseMs, incarnation } = this.#options
    const { token, signal } = this.#world
    const waitMs = Math.min(everyMs, LONGEST_WAIT_MS)
    const response = await fetch(this.#target, {
      method: 'PUT',
      headers: {
        'content-type': 'application/json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({
        slots,
        lease: leaseMs,
        waitMs,
        ...(incarnation === undefined ? {} : { incarnation }),
        ...(this.#obeyed === null ? {} : { closed: this.#obeyed }),
      }),
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(waitMs + ANSWER_DEADLINE_MS)]),
    })
    const body: unknown = await response.json().catch(() => null)
    if (response.status === 401) {
      throw new CliError(
        'PLM-512',
        `${this.#target.origin}: the daemon wants a token. Put the one of \`api: { token: ... }\` into the environment variable PLIMSOLL_TOKEN.`,
      )
    }
    const told = AdmittedWire.safeParse(body)
    if (response.ok && told.success) return told.data
    const failure = Failure.safeParse(body)
    const said = failure.success
      ? `${failure.data.error.code}: ${failure.data.error.message}`
      : 'not what was expected'
    return { refused: `the daemon at ${this.#target.origin} answered ${response.status}, ${said}` }
  }

  #heard(slots: number): void {
    if (this.#isKnown && this.#lastTrouble === '') return
    this.#isKnown = true
    this.#lastTrouble = ''
    const { fleet, instance } = this.#options
    this.#say(`${instance} of ${fleet} reports ${slots} slots in use to ${this.#target.origin}`, { slots })
  }

  #say(message: string, fields: object): void {
    const { io } = this.#world
    const line = this.#options.json === true ? JSON.stringify({ ...fields, message }) : message
    io.stdout.write(`${line}\n`)
  }

  /** A lasting one is said once. */
  #trouble(because: string): void {
    if (because === this.#lastTrouble) return
    this.#lastTrouble = because
    const { io } = this.#world
    io.stderr.write(`${coloursFor(io).yellow('plimsoll:')} nothing was reported: ${because}\n`)
  }
}
