/**
 * A session router for instances that know their sessions themselves: each reports its load, with a lease, and is told in
 * the answer whether it may take new sessions. A lapsed lease is an unknown load, never zero.
 *
 * Example: `closeInstance('rooms-3')` returns when rooms-3 reported that it takes no more; what it then reports, 2 sessions,
 * later none, is its load, and with none it may be sealed.
 */
import type { Load } from '../../../model/inventory.ts'
import type { Clock, Random } from '../../../ports/clock.ts'
import { type CheckResult, PluginError } from '../../../ports/plugin.ts'
import type { RoutedInstance, SessionRouter } from '../../../ports/session-router.ts'
import { anotherIncarnation, cannotSeal, isSealed, notAcknowledged, unknownInstance } from './faults.ts'
import { Reporter } from './reporter.ts'
import type { Admitted, LoadReport, LoadReports } from './reports.ts'

export interface AgentOptions {
  /** Where a report says none. */
  readonly leaseMs: number
}

export interface AgentContext {
  readonly fleet: string
  readonly clock: Clock
  readonly random: Random
}

export interface AgentRouter extends SessionRouter, LoadReports {
  subscribe(wake: () => void): () => void
}

/** For an acknowledgement; the next tick asks again. An agent that waits for changes acknowledges within milliseconds. */
const PATIENCE_MS = 2_000
const LONGEST_LEASE_MS = 86_400_000
/** Where as many wait for one instance as may. */
const LOOK_AGAIN_MS = 100

export function createAgentRouter(options: AgentOptions, context: AgentContext): AgentRouter {
  return new Agent(options, context)
}

class Agent implements AgentRouter {
  readonly #options: AgentOptions
  readonly #fleet: string
  readonly #clock: Clock
  readonly #reporters = new Map<string, Reporter>()
  readonly #wakes = new Set<() => void>()
  /** So that no close has the name of one of another process. */
  readonly #life: string
  #closes = 0
  #ended = false

  constructor(options: AgentOptions, { fleet, clock, random }: AgentContext) {
    this.#options = options
    this.#fleet = fleet
    this.#clock = clock
    this.#life = Math.floor(random.next() * 2 ** 40).toString(36)
  }

  // ---- what instances say

  report(instance: string, report: LoadReport): Admitted {
    const reporter = this.#known(instance)
    const { incarnation } = report
    if (
      incarnation !== undefined &&
      reporter.incarnation !== null &&
      !isOf(incarnation, reporter.incarnation)
    ) {
      throw anotherIncarnation(instance, incarnation, reporter.incarnation)
    }
    const leaseMs = Math.min(report.leaseMs ?? this.#options.leaseMs, LONGEST_LEASE_MS)
    const isNews = reporter.hear(report, leaseMs, this.#clock.now())
    if (!reporter.listed) this.#forgetEmpty(reporter)
    if (isNews) for (const wake of this.#wakes) wake()
    return reporter.answer
  }

  async awaitChange(
    instance: string,
    known: string | null,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<Admitted> {
    const reporter = this.#known(instance)
    if (reporter.answer.close === known && waitMs > 0) await this.#changeOf(reporter, waitMs, signal)
    return reporter.answer
  }

  // ---- as a session router

  async route(instances: readonly RoutedInstance[]): Promise<void> {
    this.#requireOpen()
    const listed = new Set<string>()
    for (const routed of instances) {
      if (routed.admission === 'gone') this.#isGone(routed)
    }
    for (const routed of instances) {
      if (routed.admission === 'gone') continue
      listed.add(routed.id)
      this.#isListed(routed)
    }
    for (const reporter of [...this.#reporters.values()]) {
      if (!listed.has(reporter.id)) this.#isMissing(reporter)
    }
  }

  watch(instances: readonly RoutedInstance[]): void {
    if (this.#ended) return
    const here = instances.filter(({ admission }) => admission !== 'gone')
    for (const routed of here) {
      const known = this.#reporters.get(routed.id)
      if (known !== undefined && !isSame(known.incarnation, routed.incarnation)) this.#remove(known)
      const reporter = this.#reporters.get(routed.id) ?? new Reporter(routed)
      this.#reporters.set(routed.id, reporter)
      reporter.listed = true
      reporter.incarnation = routed.incarnation ?? reporter.incarnation
    }
    const ids = new Set(here.map(({ id }) => id))
    // A list may be behind: one that still reports is not told that nobody knows it.
    for (const reporter of [...this.#reporters.values()]) {
      if (ids.has(reporter.id)) continue
      reporter.listed = false
      if (reporter.load(this.#clock.now()).kind === 'unknown') this.#remove(reporter)
    }
  }

  async readLoads(): Promise<ReadonlyMap<string, Load>> {
    this.#requireOpen()
    const now = this.#clock.now()
    return new Map([...this.#reporters].map(([id, reporter]) => [id, reporter.load(now)]))
  }

  async closeInstance(instance: string, signal: AbortSignal): Promise<void> {
    const reporter = this.#known(instance)
    this.#shut(reporter)
    await this.#acknowledged(reporter, signal)
  }

  async reopenInstance(instance: string): Promise<void> {
    const reporter = this.#known(instance)
    if (reporter.sealed) throw isSealed(instance)
    reporter.open()
  }

  async sealInstance(instance: string, signal: AbortSignal): Promise<void> {
    const reporter = this.#known(instance)
    if (reporter.sealed) return
    if (reporter.isOpen) throw cannotSeal(instance, 'it is open')
    await this.#acknowledged(reporter, signal)
    const load = reporter.load(this.#clock.now())
    if (load.kind === 'unknown') throw cannotSeal(instance, load.because)
    if (load.kind === 'known' && load.slots > 0) {
      throw cannotSeal(instance, `it reports ${load.slots} slots in use`)
    }
    reporter.sealed = true
  }

  subscribe(wake: () => void): () => void {
    this.#wakes.add(wake)
    return () => this.#wakes.delete(wake)
  }

  async check(): Promise<CheckResult> {
    if (this.#ended) return { ok: false, detail: `the agent router of fleet "${this.#fleet}" is closed` }
    const now = this.#clock.now()
    const all = [...this.#reporters.values()]
    const reporting = all.filter(reporter => reporter.load(now).kind === 'known').length
    return { ok: true, detail: `${reporting} of ${all.length} instances report their load` }
  }

  async close(): Promise<void> {
    this.#ended = true
    for (const reporter of this.#reporters.values()) reporter.forget()
    this.#reporters.clear()
  }

  // ---- who is there

  #isGone({ id, incarnation }: RoutedInstance): void {
    const known = this.#reporters.get(id)
    if (known !== undefined && isSame(known.incarnation, incarnation)) this.#remove(known)
  }

  #isListed(routed: RoutedInstance): void {
    const known = this.#reporters.get(routed.id)
    const isKnown = known !== undefined && isSame(known.incarnation, routed.incarnation)
    if (known !== undefined && !isKnown) this.#remove(known)
    const reporter = isKnown ? known : new Reporter(routed)
    this.#reporters.set(routed.id, reporter)
    reporter.listed = true
    reporter.incarnation = routed.incarnation ?? reporter.incarnation
    if (routed.admission === 'open') reporter.open()
    else this.#shut(reporter)
  }

  /** A list may be behind: only one that is known to hold nothing is forgotten. */
  #isMissing(reporter: Reporter): void {
    reporter.listed = false
    this.#shut(reporter)
    this.#forgetEmpty(reporter)
  }

  #forgetEmpty(reporter: Reporter): void {
    if (reporter.isAcknowledged && reporter.slots === 0) this.#remove(reporter)
  }

  #remove(reporter: Reporter): void {
    this.#reporters.delete(reporter.id)
    reporter.forget()
  }

  #known(instance: string): Reporter {
    this.#requireOpen()
    const reporter = this.#reporters.get(instance)
    if (reporter === undefined) throw unknownInstance(this.#fleet, instance)
    return reporter
  }

  #requireOpen(): void {
    if (!this.#ended) return
    throw new PluginError('unavailable', `the agent router of fleet "${this.#fleet}" is closed`)
  }

  // ---- closing

  #shut(reporter: Reporter): void {
    reporter.shut(() => {
      this.#closes += 1
      return `${this.#life}.${this.#closes}`
    })
  }

  async #acknowledged(reporter: Reporter, signal: AbortSignal): Promise<void> {
    const patience = new AbortController()
    const cancel = this.#clock.after(PATIENCE_MS, () => patience.abort())
    const over = AbortSignal.any([signal, patience.signal])
    try {
      while (!reporter.isAcknowledged) {
        const isThere = this.#reporters.get(reporter.id) === reporter
        if (over.aborted || !isThere) throw notAcknowledged(reporter.id)
        await this.#changeOf(reporter, PATIENCE_MS, over)
      }
    } finally {
      cancel()
    }
  }

  /** Or the time is over, or the signal. */
  #changeOf(reporter: Reporter, withinMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve()
    return new Promise(resolve => {
      const forget = reporter.onceChanged(() => done())
      const cancel = this.#clock.after(forget === null ? LOOK_AGAIN_MS : withinMs, () => done())
      const done = (): void => {
        cancel()
        signal.removeEventListener('abort', done)
        forget?.()
        resolve()
      }
      signal.addEventListener('abort', done)
    })
  }
}

/** An instance may know which VM it runs on, and not how often that was started: `6f1c` of `6f1c.2`. */
function isOf(said: string, incarnation: string): boolean {
  return incarnation === said || incarnation.startsWith(`${said}.`)
}

function isSame(known: string | null, told: string | null): boolean {
  return known === null || told === null || known === told
}
