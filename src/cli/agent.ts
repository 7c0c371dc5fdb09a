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
import { AdmittedWire } from '../api/wire/load.ts'
import type { EpochMs } from '../model/time.ts'
import {
  createInstanceMetadata,
  type InstanceMetadata,
  type ScheduledEvent,
} from '../plugins/azure/instance-metadata.ts'
import { runCommand } from '../plugins/command.ts'
import { AzureEvents, type EventSubject } from './agent/azure-events.ts'
import { type Count, createCount, shell } from './agent/count.ts'
import { type Identity, identityOnAzure, identityTold } from './agent/identify.ts'
import { type AgentOptions, checkOptions } from './agent/options.ts'
import { failureIn, tellPlimsoll } from './agent/tell.ts'
import { CliError, EXIT_OK, messageOf } from './cli-error.ts'
import { coloursFor } from './colours.ts'
import { doorOf } from './daemon.ts'
import { onInterrupt } from './interrupts.ts'
import type { Io } from './io.ts'

const ORDER_DEADLINE_MS = 60_000
/** Besides the time the daemon waits with its answer. */
const ANSWER_DEADLINE_MS = 10_000
const MOST_TROUBLES = 50
/** Of an instance, not of its fleet. */
const NOT_KNOWN = 'PLM-372'
/** The most the daemon takes. */
const LONGEST_WAIT_MS = 60_000

export async function agentCommand(options: AgentOptions, io: Io): Promise<number> {
  checkOptions(options)
  const { url, token } = await doorOf(io, options)
  io.goOnUnheard()
  const stop = new AbortController()
  const stopListening = onInterrupt(() => stop.abort())
  const count = createCount(options)
  const azure = options.azureEvents === true ? createInstanceMetadata(options.azureMetadata) : null
  const { signal } = stop
  const pause = (ms: number) => wait(ms, undefined, { signal }).catch(() => undefined)
  let events: Promise<void> | null = null
  try {
    const identity = identityTold(options) ?? (await askedFor(azure, { pause, io, signal }))
    if (identity === null) return EXIT_OK
    const agent = new Agent({ ...options, ...identity }, { io, url, token, count: count.read, signal })
    if (azure !== null) {
      events = new AzureEvents({ metadata: azure, subject: agent, now: io.now, wait: pause }, signal).run()
    }
    await agent.run()
  } finally {
    stopListening()
    stop.abort()
    await events
    await azure?.close()
    await count.close()
  }
  return EXIT_OK
}

interface Asking {
  readonly pause: (ms: number) => Promise<unknown>
  readonly io: Io
  readonly signal: AbortSignal
}

async function askedFor(metadata: InstanceMetadata | null, { pause, io, signal }: Asking) {
  if (metadata === null) return null
  const troubles = new Set<string>()
  const trouble = (because: string): void => {
    if (!troubles.has(because)) warn(io, because)
    troubles.add(because)
  }
  return identityOnAzure({ metadata, wait: pause, trouble }, signal)
}

type Answer =
  | z.output<typeof AdmittedWire>
  /** `isForgotten`: the daemon does not know the instance, or not any more; nobody is sent there. */
  | { readonly refused: string; readonly isForgotten: boolean }

interface AgentWorld {
  readonly io: Io
  readonly url: URL
  readonly token: string | null
  readonly count: Count['read']
  readonly signal: AbortSignal
}

interface LastReport {
  readonly slots: number
  readonly at: EpochMs
  /** Closed when it began to count, as the daemon still wants it. */
  readonly wasClosed: boolean
}

class Agent implements EventSubject {
  readonly #options: AgentOptions & Identity
  readonly #world: AgentWorld
  readonly #target: URL
  /** The close it obeys. */
  #obeyed: string | null = null
  /** Shut for a reason of its own, whatever the daemon says. */
  #isHeld = false
  #commands: Promise<void> = Promise.resolve()
  #last: LastReport | null = null
  #isKnown = false
  #lastTrouble = ''
  readonly #troubles = new Set<string>()

  constructor(options: AgentOptions & Identity, world: AgentWorld) {
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
      const obeyed = this.#obeyed
      const slots = await this.#world.count(this.#world.signal)
      const answer = await this.#report(slots)
      if (this.#world.signal.aborted) return false
      const at = this.#world.io.now()
      if ('refused' in answer) {
        // Sealed, and to be deleted: the very moment when Azure asks whether it may begin.
        if (answer.isForgotten) this.#last = { slots, at, wasClosed: obeyed !== null }
        this.#trouble(answer.refused)
        return false
      }
      this.#heard(slots)
      this.#last = { slots, at, wasClosed: obeyed !== null && answer.close === obeyed }
      if (answer.close !== this.#obeyed) await this.#obey(answer.close)
      return true
    } catch (error) {
      if (error instanceof CliError) throw error
      if (!this.#world.signal.aborted) this.#trouble(messageOf(error))
      return false
    }
  }

  async shut(): Promise<void> {
    this.#isHeld = true
    if (this.#obeyed === null) await this.#run(this.#options.onClose)
  }

  async unshut(): Promise<void> {
    this.#isHeld = false
    if (this.#obeyed === null) await this.#run(this.#options.onOpen)
  }

  async tell(event: ScheduledEvent | null): Promise<void> {
    const { fleet, instance } = this.#options
    const { io, url, token } = this.#world
    await tellPlimsoll({ url, token, fleet, instance, now: io.now() }, event)
  }

  isEmpty(): boolean {
    const { now } = this.#world.io
    return (
      this.#last?.wasClosed === true &&
      this.#last.slots === 0 &&
      now() - this.#last.at < this.#options.leaseMs
    )
  }

  /** What it was told counts as obeyed only once the command for it has ended well. */
  async #obey(close: string | null): Promise<void> {
    const { onClose, onOpen, instance } = this.#options
    if (close !== null) await this.#run(onClose)
    else if (!this.#isHeld) await this.#run(onOpen)
    this.#obeyed = close
    this.#last = null
    this.say(
      close === null
        ? `${instance} may take sessions again`
        : `${instance} is closed: it takes no more sessions`,
      { admission: close === null ? 'open' : 'closed' },
    )
  }

  /** One after the other: opening does not overtake closing. */
  #run(line: string | undefined): Promise<void> {
    if (line === undefined) return Promise.resolve()
    const { signal } = this.#world
    const order = { input: null, timeoutMs: ORDER_DEADLINE_MS, signal, excess: 'is-dropped' } as const
    const ended = this.#commands.then(async () => void (await runCommand(shell(line), order)))
    this.#commands = ended.catch(() => undefined)
    return ended
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
    const said = failureIn(body)
    return {
      refused: `the daemon at ${this.#target.origin} answered ${response.status}, ${said}`,
      isForgotten: response.status === 404 && said.startsWith(NOT_KNOWN),
    }
  }

  #heard(slots: number): void {
    if (this.#isKnown && this.#lastTrouble === '') return
    this.#isKnown = true
    this.#lastTrouble = ''
    const { fleet, instance } = this.#options
    this.say(`${instance} of ${fleet} reports ${slots} slots in use to ${this.#target.origin}`, { slots })
  }

  say(message: string, fields: object): void {
    this.#troubles.clear()
    const { io } = this.#world
    const line = this.#options.json === true ? JSON.stringify({ ...fields, message }) : message
    io.stdout.write(`${line}\n`)
  }

  /** A lasting one is said once. */
  #trouble(because: string): void {
    if (because === this.#lastTrouble) return
    this.#lastTrouble = because
    warn(this.#world.io, `nothing was reported: ${because}`)
  }

  trouble(because: string): void {
    if (this.#troubles.has(because)) return
    if (this.#troubles.size >= MOST_TROUBLES) this.#troubles.clear()
    this.#troubles.add(because)
    warn(this.#world.io, because)
  }
}

function warn(io: Io, line: string): void {
  io.stderr.write(`${coloursFor(io).yellow('plimsoll:')} ${line}\n`)
}
