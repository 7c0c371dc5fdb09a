/**
 * Puts the parts together: a loaded configuration and the host's own plugins become a running daemon. The only place
 * that knows every built-in plugin by name.
 *
 * Example: `const daemon = await compose(loaded, { log })`, `await daemon.start()`, ..., `await daemon.stop()`.
 */
import { randomUUID } from 'node:crypto'
import type { Loaded } from './config/load.ts'
import { routerOptions, targetOptions } from './config/schema.ts'
import { Controller } from './loop/controller.ts'
import type { PushedSample, PushResult, Runtime, RuntimeHealth } from './loop/runtime.ts'
import type { FleetPorts, LoopEvent, TickReport, World } from './loop/world.ts'
import type { JournalEntry } from './model/journal.ts'
import type { FleetSpec, Spec } from './model/spec.ts'
import { createCalendar } from './plugins/calendars/temporal.ts'
import { systemClock } from './plugins/clocks/system.ts'
import { createProxyRouter, type ProxyRouter } from './plugins/routers/proxy/proxy.ts'
import { createCommandSource } from './plugins/sources/command.ts'
import { createHttpJsonSource } from './plugins/sources/http-json.ts'
import { createProcessSource } from './plugins/sources/process.ts'
import { createProxySource } from './plugins/sources/proxy.ts'
import { createPushSource } from './plugins/sources/push.ts'
import { openSqliteStore } from './plugins/stores/sqlite.ts'
import { createCommandTarget } from './plugins/targets/command.ts'
import { createNoneTarget } from './plugins/targets/none.ts'
import { createProcessTarget, type ProcessTarget } from './plugins/targets/process.ts'
import type { MetricSource } from './ports/metric-source.ts'
import { type CheckResult, type Plugin, PluginError } from './ports/plugin.ts'
import type { SessionRouter } from './ports/session-router.ts'
import type { StateStore } from './ports/state-store.ts'
import type { Target } from './ports/target.ts'

/** A host program's own plugins, by the name its configuration uses. */
export interface HostPlugins {
  readonly targets?: Readonly<Record<string, (fleet: string) => Target>>
  readonly routers?: Readonly<Record<string, (fleet: string) => SessionRouter>>
  readonly sources?: Readonly<Record<string, MetricSource>>
}

export interface ComposeOptions {
  readonly plugins?: HostPlugins
  /** Instead of the SQLite file the configuration names. */
  readonly store?: StateStore
  /** What children and the proxy have to say. */
  readonly log?: (fleet: string, line: string) => void
}

/** What one plugin said of itself. */
export interface PluginCheck extends CheckResult {
  /** `target of web`, `router of web`, `source push`. */
  readonly what: string
}

const CHECK_DEADLINE_MS = 10_000
const PRUNE_EVERY_MS = 60_000
const SAMPLES_PER_SERIES = 1_000_000
const JOURNAL_ENTRIES = 500_000

interface FleetParts {
  readonly spec: FleetSpec
  readonly target: Target
  readonly router: SessionRouter | null
  readonly unsubscribe: () => void
}

export async function compose(loaded: Loaded, options: ComposeOptions = {}): Promise<Daemon> {
  const store = options.store ?? (await openSqliteStore(loaded.state.path))
  return new Daemon(loaded, store, options)
}

export class Daemon implements Runtime {
  readonly clock = systemClock
  readonly store: StateStore
  readonly #options: ComposeOptions
  readonly #controller: Controller
  readonly #listeners = new Set<(event: LoopEvent) => void>()
  readonly #fleets = new Map<string, FleetParts>()
  readonly #push = createPushSource(systemClock)
  readonly #sources: ReadonlyMap<string, MetricSource>
  readonly #world: World
  #loaded: Loaded
  #cancelPrune: () => void = () => undefined
  #unsubscribeSources: readonly (() => void)[] = []
  #stopping: Promise<void> | null = null

  constructor(loaded: Loaded, store: StateStore, options: ComposeOptions) {
    this.#loaded = loaded
    this.#options = options
    this.store = store
    this.#sources = this.#createSources()
    this.#world = this.#createWorld()
    this.#controller = new Controller(this.#world)
  }

  spec(): Spec {
    return this.#loaded.spec
  }

  /** @throws PluginError when a plugin cannot start (a taken port, a missing command); nothing is left running */
  async start(): Promise<void> {
    try {
      await this.#take(this.#loaded)
    } catch (error) {
      await this.stop()
      throw error
    }
    this.#unsubscribeSources = [...this.#sources.values()].flatMap(source => {
      const unsubscribe = source.subscribe?.(fleet => this.wake(fleet))
      return unsubscribe === undefined ? [] : [unsubscribe]
    })
    this.#schedulePrune()
  }

  /** Puts a new configuration in force. When its plugins cannot start, the one before stays. */
  async apply(loaded: Loaded): Promise<void> {
    const before = this.#loaded
    try {
      await this.#take(loaded)
    } catch (error) {
      this.#loaded = before
      await this.#take(before)
      throw error
    }
  }

  /**
   * Instead of `start`: builds every plugin of the configuration, asks it whether it could do its work, and closes it.
   * Nothing ticks and nothing is launched.
   */
  async check(): Promise<readonly PluginCheck[]> {
    const { fleets, metrics } = this.spec()
    const checks: PluginCheck[] = []
    for (const fleet of Object.values(fleets)) {
      try {
        const parts = await this.#createParts(fleet)
        this.#fleets.set(fleet.name, parts)
        checks.push(await checkOne(`target of ${fleet.name}`, parts.target))
        if (parts.router !== null) checks.push(await checkOne(`router of ${fleet.name}`, parts.router))
      } catch (error) {
        checks.push({ what: `plugins of ${fleet.name}`, ok: false, detail: messageOf(error) })
      }
    }
    for (const name of new Set(Object.values(metrics).map(metric => metric.source))) {
      const source = this.#sources.get(name)
      if (source !== undefined) checks.push(await checkOne(`source ${name}`, source))
    }
    await this.stop()
    return checks
  }

  latest(fleet: string): JournalEntry | null {
    return this.#controller.latest(fleet)
  }

  lastReport(fleet: string): TickReport | null {
    return this.#controller.lastReport(fleet)
  }

  push(samples: readonly PushedSample[]): PushResult {
    return this.#push.push(samples, new Set(Object.keys(this.spec().metrics)))
  }

  wake(fleet: string | null): void {
    this.#controller.wake(fleet)
  }

  subscribe(listener: (event: LoopEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async health(): Promise<RuntimeHealth> {
    const stuck = this.#controller.stuck()
    const waiting = Object.keys(this.spec().fleets).filter(name => this.lastReport(name) === null)
    const store = await this.store.check(AbortSignal.timeout(2_000))
    const troubles = [
      ...stuck.map(name => `${name} has not ticked for long`),
      ...waiting.map(name => `${name} has not ticked yet`),
      ...(store.ok ? [] : [`store: ${store.detail}`]),
    ]
    return {
      live: stuck.length === 0,
      ready: troubles.length === 0,
      detail: troubles.length === 0 ? 'every fleet ticks and the store answers' : troubles.join('; '),
    }
  }

  /** Where a fleet's built-in proxy answers; `null` when it has none. */
  address(fleet: string): string | null {
    const router = this.#fleets.get(fleet)?.router
    return router !== undefined && router !== null && isProxyRouter(router) ? router.address : null
  }

  /** Tells everyone that a changed configuration was not taken; the one before stays in force. */
  refuse(problems: string): void {
    this.#emit({ type: 'spec-refused', problems, at: this.clock.now() })
  }

  /** The plugins of a fleet, for a check or a picture of what runs. */
  ports(fleet: string): FleetPorts {
    const parts = this.#fleets.get(fleet)
    if (parts === undefined) throw new PluginError('not-found', `there is no fleet "${fleet}"`)
    return parts
  }

  /** Ends the loops, lets requests finish, ends the instances this daemon owns, and closes the store. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    this.#cancelPrune()
    for (const unsubscribe of this.#unsubscribeSources) unsubscribe()
    await this.#controller.stop()
    await Promise.all([...this.#fleets.values()].map(parts => this.#closeParts(parts)))
    this.#fleets.clear()
    await Promise.all([...this.#sources.values()].map(source => source.close()))
    await this.store.close()
  }

  async #take(loaded: Loaded): Promise<void> {
    const { spec } = loaded
    await this.store.saveSpec(spec.digest, loaded.text, this.clock.now())
    for (const fleet of Object.values(spec.fleets)) {
      const parts = this.#fleets.get(fleet.name)
      if (parts !== undefined && samePlugins(parts.spec, fleet)) continue
      if (parts !== undefined) await this.#closeParts(parts)
      this.#fleets.set(fleet.name, await this.#createParts(fleet))
    }
    this.#loaded = loaded
    await this.#controller.apply(spec)
    await this.#closeRemoved(spec)
    this.#emit({ type: 'spec-applied', digest: spec.digest, at: this.clock.now() })
  }

  async #closeRemoved(spec: Spec): Promise<void> {
    for (const [name, parts] of this.#fleets) {
      if (spec.fleets[name] !== undefined) continue
      this.#fleets.delete(name)
      await this.#closeParts(parts)
    }
  }

  async #createParts(spec: FleetSpec): Promise<FleetParts> {
    const target = this.#createTarget(spec)
    try {
      const router = await this.#createRouter(spec)
      const unsubscribe = target.subscribe?.(() => this.wake(spec.name))
      return { spec, target, router, unsubscribe: unsubscribe ?? (() => undefined) }
    } catch (error) {
      await target.close()
      throw error
    }
  }

  async #closeParts({ target, router, unsubscribe }: FleetParts): Promise<void> {
    unsubscribe()
    await router?.close()
    await target.close()
  }

  #createTarget({ name, target }: FleetSpec): Target {
    const own = this.#options.plugins?.targets?.[target.type]
    if (own !== undefined) return own(name)
    const context = { fleet: name, clock: this.clock, log: this.#logOf(name) }
    switch (target.type) {
      case 'process':
        return createProcessTarget(targetOptions.process.parse(target.options), context)
      case 'command':
        return createCommandTarget(targetOptions.command.parse(target.options), context)
      case 'none':
        return createNoneTarget()
      default:
        throw new PluginError('misconfigured', `fleet "${name}": there is no target "${target.type}"`)
    }
  }

  async #createRouter({ name, router }: FleetSpec): Promise<SessionRouter | null> {
    if (router === null) return null
    const own = this.#options.plugins?.routers?.[router.type]
    if (own !== undefined) return own(name)
    if (router.type !== 'proxy') {
      throw new PluginError('misconfigured', `fleet "${name}": there is no router "${router.type}"`)
    }
    const context = { fleet: name, clock: this.clock, log: this.#logOf(name) }
    return createProxyRouter(routerOptions.proxy.parse(router.options), context)
  }

  #logOf(fleet: string): (line: string) => void {
    return line => this.#options.log?.(fleet, line)
  }

  #createSources(): Map<string, MetricSource> {
    const usage = (fleet: string): ProcessTarget | null => {
      const target = this.#fleets.get(fleet)?.target
      return target !== undefined && isProcessTarget(target) ? target : null
    }
    const proxy = (fleet: string): ProxyRouter | null => {
      const router = this.#fleets.get(fleet)?.router
      return router !== undefined && router !== null && isProxyRouter(router) ? router : null
    }
    return new Map<string, MetricSource>([
      ['push', this.#push],
      ['process', createProcessSource(usage, this.clock)],
      ['proxy', createProxySource(proxy, this.clock)],
      ['http-json', createHttpJsonSource(this.clock)],
      ['command', createCommandSource(this.clock)],
      ...Object.entries(this.#options.plugins?.sources ?? {}),
    ])
  }

  #createWorld(): World {
    return {
      clock: this.clock,
      calendar: createCalendar(),
      store: this.store,
      holder: randomUUID(),
      spec: () => this.spec(),
      ports: fleet => this.ports(fleet),
      source: name => {
        const source = this.#sources.get(name)
        if (source === undefined) throw new PluginError('misconfigured', `there is no source "${name}"`)
        return source
      },
      emit: event => this.#emit(event),
    }
  }

  /** A listener that throws must not end a tick. */
  #emit(event: LoopEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        this.#options.log?.('', `a listener failed on ${event.type}: ${String(error)}`)
      }
    }
  }

  #schedulePrune(): void {
    this.#cancelPrune = this.clock.after(PRUNE_EVERY_MS, () => {
      const { samplesMs, journalMs } = this.#loaded.state
      const retention = {
        samplesMs,
        samplesPerSeries: SAMPLES_PER_SERIES,
        journalMs,
        journalEntries: JOURNAL_ENTRIES,
      }
      this.store
        .prune(this.clock.now(), retention)
        .catch((error: unknown) => this.#options.log?.('', `pruning the store failed: ${String(error)}`))
        .finally(() => {
          if (this.#stopping === null) this.#schedulePrune()
        })
    })
  }
}

async function checkOne(what: string, plugin: Plugin): Promise<PluginCheck> {
  try {
    const { ok, detail } = await plugin.check(AbortSignal.timeout(CHECK_DEADLINE_MS))
    return { what, ok, detail }
  } catch (error) {
    return { what, ok: false, detail: messageOf(error) }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function samePlugins(before: FleetSpec, after: FleetSpec): boolean {
  return JSON.stringify([before.target, before.router]) === JSON.stringify([after.target, after.router])
}

function isProcessTarget(target: Target): target is ProcessTarget {
  return 'usage' in target
}

function isProxyRouter(router: SessionRouter): router is ProxyRouter {
  return 'readings' in router
}
