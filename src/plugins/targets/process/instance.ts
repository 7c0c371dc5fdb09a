/**
 * One instance of the process target: its child, its port, and what the health probe made of it. Booting until
 * the first 2xx, then ready; lost when the child ends unasked; gone when nothing of it is left after terminate. Restarted, its
 * child is ended as for terminate, and then another is started on the same port.
 *
 * Example: with `failures: 3`, three unanswered probes in a row turn a ready instance from healthy over suspect
 * (1, 2) to unhealthy (3); one answer makes it healthy again.
 */
import type { Health } from '../../../model/inventory.ts'
import type { EpochMs } from '../../../model/time.ts'
import type { Clock } from '../../../ports/clock.ts'
import { PluginError } from '../../../ports/plugin.ts'
import type { LaunchOrder, LaunchResult, TargetInstance } from '../../../ports/target.ts'
import { type Child, type ChildEnd, type ChildOrder, startChild } from './child.ts'
import { holdPort, releasePort, takePort } from './free-port.ts'
import { type ProbeAnswer, startProbe } from './health-probe.ts'
import { adoptKeptChild, type KeptChild, startKeptChild } from './kept-child.ts'
import { type KeptRecord, keptPaths } from './kept-record.ts'
import * as wording from './wording.ts'

const PORT_TRIES = 3
const PORT_TAKEN = /EADDRINUSE|address already in use/i
/** A booting instance is asked at least this often: readiness should show at once. */
const BOOT_PROBE_MS = 250
/** Longer than this without readiness, and the reason shows. */
const SLOW_BOOT_MS = 5_000

export interface InstanceOptions {
  readonly fleet: string
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly health: { path: string; everyMs: number; timeoutMs: number; failures: number }
  readonly stopGraceMs: number
  readonly portFrom: number | null
  /** Where kept instances are written down; `null`: they end with the daemon. */
  readonly keptIn: string | null
}

/** Found when it was there before us. */
export interface Found {
  readonly path: string
  readonly record: KeptRecord
}

export interface InstanceContext {
  readonly clock: Clock
  readonly onLine: (line: string) => void
  /** Ready, lost, unhealthy, healthy again, gone. */
  readonly onChange: () => void
}

export class ProcessInstance {
  readonly id: string
  readonly token: string
  readonly zone: string | null
  readonly launchedAt: EpochMs
  /** Nothing of it is left after a terminate; settles once. */
  readonly gone: Promise<void>
  readonly #options: InstanceOptions
  readonly #context: InstanceContext
  readonly #markGone: () => void
  /** Its command ran at least once: from then on it is listed. */
  #launched = false
  #lifecycle: 'booting' | 'ready' | 'lost' = 'booting'
  #terminating = false
  /** The former child ends, and the next has not begun. */
  #restarting = false
  #run = 1
  #bootingSince: EpochMs
  #health: Health = 'unknown'
  #detail: string | null = null
  #failures = 0
  #wasReady = false
  #port = 0
  #portTries = 1
  #child: Child | null = null
  #kept: KeptChild | null = null
  #stopProbe = () => {}

  constructor(
    id: string,
    { token, zone }: LaunchOrder,
    options: InstanceOptions,
    context: InstanceContext,
    launchedAt = context.clock.now(),
  ) {
    this.id = id
    this.token = token
    this.zone = zone
    this.#options = options
    this.#context = context
    this.launchedAt = launchedAt
    this.#bootingSince = launchedAt
    const gone = Promise.withResolvers<void>()
    this.gone = gone.promise
    this.#markGone = gone.resolve
  }

  /** One that was kept: as it is, without a start. `met` of the answer: its guard told what it knows. */
  static adopt({ path, record }: Found, options: InstanceOptions, context: InstanceContext): ProcessInstance {
    const { instance: id, launchedAt, port, ready, run } = record
    const adopted = new ProcessInstance(id, record, options, context, launchedAt)
    adopted.#launched = true
    adopted.#port = port
    adopted.#run = run
    adopted.#lifecycle = ready ? 'ready' : 'booting'
    adopted.#wasReady = ready
    holdPort(port)
    const child = adoptKeptChild(path, record, context.clock, context.onLine)
    adopted.#keep(child)
    return adopted
  }

  /** What it is told of its guard's; at once where it has none of that kind. */
  get met(): Promise<void> {
    return this.#kept?.met ?? Promise.resolve()
  }

  /** Which of the processes that bore its id, one after the other. */
  get incarnation(): string {
    return String(this.#run)
  }

  /** `null` until its command has started: a launch that fails is never listed. */
  view(): TargetInstance | null {
    if (!this.#launched) return null
    return {
      id: this.id,
      incarnation: this.incarnation,
      lifecycle: this.#terminating ? 'terminating' : this.#lifecycle,
      health: this.#health,
      zone: this.zone,
      address: this.#port === 0 ? null : this.#address(),
      launchedAt: this.launchedAt,
      token: this.token,
      detail: this.#detail,
    }
  }

  /** Process id of the command while it runs. */
  pid(): number | null {
    return this.#lifecycle === 'lost' ? null : (this.#child?.pid() ?? null)
  }

  output(): readonly string[] {
    return this.#child?.output.lines() ?? []
  }

  /** Answers once the command runs, or could not be started; then nothing of it is left. */
  async start(): Promise<LaunchResult> {
    try {
      this.#port = await takePort(this.#options.portFrom)
    } catch (error) {
      this.#leave()
      if (!(error instanceof PluginError)) throw error
      return { token: this.token, ok: false, kind: error.kind, error: error.message }
    }
    if (this.#terminating) {
      this.#leave()
      return {
        token: this.token,
        ok: false,
        kind: 'unavailable',
        error: wording.calledOff(this.#options.fleet),
      }
    }
    const child = this.#spawn()
    this.#launched = await child.started
    if (this.#launched) return { token: this.token, ok: true, instance: this.id }
    const end = await child.ended
    await child.gone
    this.#leave()
    return { token: this.token, ok: false, ...wording.launchFailure(end, this.#said(child)) }
  }

  /** Idempotent; `gone` tells when it is done. */
  terminate(): void {
    if (this.#terminating) return
    this.#terminating = true
    this.#stopProbe()
    const child = this.#child
    if (child === null) return
    child.terminate()
    child.gone.then(() => this.#leave())
  }

  /** `false`: there is nothing to restart, since it ends or has ended. Asked again before the next child began, it changes nothing. */
  restart(): boolean {
    const child = this.#child
    if (child === null || !this.#launched || this.#terminating || this.#lifecycle === 'lost') return false
    if (this.#restarting) return true
    this.#restarting = true
    this.#run += 1
    this.#bootingSince = this.#context.clock.now()
    this.#lifecycle = 'booting'
    this.#health = 'unknown'
    this.#detail = null
    this.#failures = 0
    this.#wasReady = false
    this.#portTries = 1
    this.#stopProbe()
    child.terminate()
    void child.gone.then(() => {
      this.#restarting = false
      if (!this.#terminating) this.#spawn()
    })
    return true
  }

  /** It goes on without us, if it is kept; the answer says so. */
  letGo(): boolean {
    if (this.#kept === null || this.#options.keptIn === null || this.#terminating || this.#restarting)
      return false
    this.#stopProbe()
    this.#kept.letGo()
    releasePort(this.#port)
    return true
  }

  #spawn(): Child {
    const { command, env, cwd, stopGraceMs, fleet, keptIn } = this.#options
    const [program, ...args] = command
    const order: ChildOrder = {
      // `node` is the very binary this daemon runs on, whatever the PATH holds.
      command: [program === 'node' ? process.execPath : (program ?? ''), ...args],
      env: {
        ...inherited(),
        HOST: '127.0.0.1',
        ...env,
        PORT: String(this.#port),
        PLIMSOLL_INSTANCE: this.id,
        PLIMSOLL_INCARNATION: this.incarnation,
        PLIMSOLL_FLEET: fleet,
        ...(this.zone === null ? {} : { PLIMSOLL_ZONE: this.zone }),
      },
      cwd,
      stopGraceMs,
      mark: `PLIMSOLL_INSTANCE=${this.id}`,
    }
    const { clock, onLine } = this.#context
    if (keptIn === null) {
      const child = startChild(order, clock, onLine)
      this.#follow(child)
      return child
    }
    const { id: instance, token, zone, launchedAt } = this
    const about = { fleet, instance, token, zone, port: this.#port, launchedAt, run: this.#run }
    const kept = startKeptChild(order, { ...keptPaths(keptIn, about), about }, clock, onLine)
    this.#keep(kept)
    return kept
  }

  #keep(child: KeptChild): void {
    this.#kept = child
    this.#follow(child)
    void child.ending.then(() => {
      if (!this.#restarting) this.terminate()
    })
  }

  #follow(child: Child): void {
    this.#child = child
    this.#stopProbe = startProbe({
      url: this.#healthUrl(),
      timeoutMs: this.#options.health.timeoutMs,
      nextInMs: () =>
        this.#lifecycle === 'booting'
          ? Math.min(BOOT_PROBE_MS, this.#options.health.everyMs)
          : this.#options.health.everyMs,
      clock: this.#context.clock,
      onAnswer: answer => this.#answered(answer),
    })
    child.ended.then(end => this.#ended(child, end))
  }

  #answered(answer: ProbeAnswer): void {
    const before = this.#health
    if (answer.ok) {
      this.#failures = 0
      this.#health = 'healthy'
      this.#detail = null
      this.#wasReady = true
      if (this.#lifecycle === 'booting') {
        this.#lifecycle = 'ready'
        this.#kept?.rememberReady()
      }
    } else if (this.#lifecycle === 'booting') {
      const age = this.#context.clock.now() - this.#bootingSince
      if (age > SLOW_BOOT_MS) this.#detail = wording.notReadyYet(this.#healthUrl(), answer.because, age)
    } else {
      this.#failures += 1
      this.#health = this.#failures >= this.#options.health.failures ? 'unhealthy' : 'suspect'
      this.#detail = wording.unhealthy(this.#healthUrl(), answer.because, this.#failures)
    }
    if (this.#health !== before && this.#health !== 'suspect') this.#context.onChange()
  }

  async #ended(child: Child, end: ChildEnd): Promise<void> {
    if (child !== this.#child || this.#restarting) return
    this.#stopProbe()
    if (this.#terminating || !this.#launched) return
    const portTaken = !this.#wasReady && child.output.printed(PORT_TAKEN)
    if (portTaken && (await this.#tryAnotherPort(child))) return
    if (this.#terminating) return
    this.#lifecycle = 'lost'
    this.#health = 'unhealthy'
    this.#detail = portTaken
      ? wording.portsTaken(this.#said(child), this.#portTries)
      : wording.ended(end, this.#wasReady, this.#said(child))
    this.#context.onChange()
  }

  /** Between our asking for a free port and the child's binding it, another program may have taken it. */
  async #tryAnotherPort(child: Child): Promise<boolean> {
    if (this.#portTries >= PORT_TRIES) return false
    await child.gone
    const taken = this.#port
    const next = await takePort(this.#options.portFrom === null ? null : taken + 1).catch(() => null)
    if (next === null) return false
    if (this.#terminating) {
      releasePort(next)
      return true
    }
    releasePort(taken)
    this.#port = next
    this.#portTries += 1
    this.#spawn()
    return true
  }

  #leave(): void {
    releasePort(this.#port)
    this.#markGone()
  }

  #said(child: Child): wording.Wording {
    return {
      command: this.#options.command,
      cwd: this.#options.cwd,
      port: this.#port,
      tellingLine: child.output.tellingLine(),
    }
  }

  #address(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  #healthUrl(): string {
    return new URL(this.#options.health.path, this.#address()).href
  }
}

/** The daemon's environment without what is its own: tokens, and the marks of an instance it may itself be. */
function inherited(): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('PLIMSOLL_'))
  return Object.fromEntries(own.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}
