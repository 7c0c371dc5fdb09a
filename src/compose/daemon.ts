/**
 * A running Plimsoll: holds the fleets' plugins, turns their loops, puts changed configurations in force, and ends with
 * nothing left running.
 *
 * Example: `await daemon.apply(changed)` with a new `max` keeps every instance; with a new `command` it ends the fleet's
 * instances and starts them anew.
 */
import { randomUUID } from 'node:crypto'
import type { Loaded } from '../config/load.ts'
import type { Configuring } from '../loop/configuring.ts'
import { Controller } from '../loop/controller.ts'
import { createOperator, type Operator } from '../loop/operate.ts'
import type { PushedSample, PushResult, Runtime, RuntimeHealth } from '../loop/runtime.ts'
import type { FleetPorts, LoopEvent, TickReport, World } from '../loop/world.ts'
import type { JournalEntry } from '../model/journal.ts'
import type { FleetSpec, MetricSpec, Spec } from '../model/spec.ts'
import { createCalendar } from '../plugins/calendars/temporal.ts'
import { systemClock } from '../plugins/clocks/system.ts'
import type { LoadReports } from '../plugins/routers/agent/reports.ts'
import { createAzureLogsSource } from '../plugins/sources/azure-logs.ts'
import { createAzureMonitorSource } from '../plugins/sources/azure-monitor.ts'
import { createAzureQueueSource } from '../plugins/sources/azure-queue.ts'
import { createAzureServiceBusSource } from '../plugins/sources/azure-service-bus.ts'
import { createAzureTableSource } from '../plugins/sources/azure-table.ts'
import { createCommandSource } from '../plugins/sources/command.ts'
import { createHttpJsonSource } from '../plugins/sources/http-json.ts'
import { createProcessSource } from '../plugins/sources/process.ts'
import { createProxySource } from '../plugins/sources/proxy.ts'
import { createPushSource } from '../plugins/sources/push.ts'
import type { MetricSource } from '../ports/metric-source.ts'
import { PluginError } from '../ports/plugin.ts'
import type { SessionLog } from '../ports/session-log.ts'
import type { Retention, StateStore } from '../ports/state-store.ts'
import { createMemorySessionLog } from '../sessions/memory-log.ts'
import type { SessionBroker } from '../sessions/session-broker.ts'
import { checkFleet, checkSettingsWebhook, checkSource, type PluginCheck } from './checks.ts'
import { type ConfigurationFile, createConfiguring } from './configuring.ts'
import type { HostPlugins, PartsContext } from './context.ts'
import { checkEffects, Effects, type HostEffects } from './effects.ts'
import { keptFolder } from './kept.ts'
import {
  adjustParts,
  agentOf,
  brokerOf,
  closeParts,
  createParts,
  type FleetParts,
  processTargetOf,
  proxyOf,
  samePlugins,
} from './parts.ts'
import { type Patience, patiently } from './patiently.ts'
import { SettingsPushes } from './settings-pushes.ts'

export interface DaemonOptions {
  /** The file the configuration came from and is written back to when an operator applies another. */
  readonly file?: ConfigurationFile
  readonly plugins?: HostPlugins
  readonly effects?: HostEffects
  /** What instances and the proxy print. */
  readonly log?: (fleet: string, line: string) => void
  /** Where brokers write down their sessions. Left out: in memory. */
  readonly openSessionLog?: () => Promise<SessionLog>
  /** For a state file that another process holds locked at the start; half a minute when left out. */
  readonly patience?: Patience
}

const PRUNE_EVERY_MS = 60_000
const SAMPLES_PER_SERIES = 1_000_000
/** About two days of ticks a second apart. */
const JOURNAL_ENTRIES = 200_000
/** One prune deletes a bounded number of rows; so many in a row keep up with any intake and still end. */
const PRUNES_AT_ONCE = 50

export class Daemon implements Runtime {
  readonly clock = systemClock
  readonly store: StateStore
  /** Names this process in leases. */
  readonly #holder = randomUUID()
  readonly #context: PartsContext
  readonly #openSessionLog: () => Promise<SessionLog>
  readonly #patience: Patience
  #sessionLog: Promise<SessionLog> | null = null
  readonly #controller: Controller
  readonly #listeners = new Set<(event: LoopEvent) => void>()
  readonly #fleets = new Map<string, FleetParts>()
  readonly #push = createPushSource(systemClock)
  readonly #sources: ReadonlyMap<string, MetricSource>
  readonly #world: World
  readonly operator: Operator
  readonly configuring: Configuring
  readonly #settingsPushes: SettingsPushes
  readonly #effects: Effects
  #loaded: Loaded
  #applying: Promise<void> = Promise.resolve()
  #cancelPrune: () => void = () => undefined
  /** By fleet, its target's; by `source NAME`, a source's. */
  readonly #unsubscribes = new Map<string, () => void>()
  #stopping: Promise<void> | null = null

  constructor(loaded: Loaded, store: StateStore, options: DaemonOptions) {
    const { plugins, effects, log, file, openSessionLog } = options
    this.#loaded = loaded
    this.#openSessionLog = openSessionLog ?? (async () => createMemorySessionLog())
    this.#patience = options.patience ?? {}
    this.#context = {
      plugins: plugins ?? {},
      clock: systemClock,
      log: log ?? (() => undefined),
      keptIn: keptFolder(loaded.state.path),
      holder: this.#holder,
      sessionLog: () => this.#theSessionLog(),
    }
    this.store = store
    this.#effects = new Effects({
      clock: systemClock,
      store,
      holder: this.#holder,
      host: effects ?? {},
      spec: () => this.spec(),
      emit: event => this.#emit(event),
      wake: fleet => this.wake(fleet),
    })
    this.#sources = this.#createSources()
    this.#world = this.#createWorld()
    this.#controller = new Controller(this.#world)
    this.operator = createOperator(this.#doors())
    this.configuring = createConfiguring({
      ...this.#doors(),
      file: file ?? null,
      loaded: () => this.#loaded,
      putInForce: loaded => this.apply(loaded),
    })
    const emit = (event: LoopEvent): void => this.#emit(event)
    this.#settingsPushes = new SettingsPushes({ clock: systemClock, store, emit })
    this.subscribe(event => this.#settingsPushes.onEvent(event))
    this.subscribe(event => this.#effects.onEvent(event))
  }

  spec(): Spec {
    return this.#loaded.spec
  }

  /** @throws PluginError when a plugin cannot start (a taken port, a missing command); nothing is left running */
  async start(): Promise<void> {
    try {
      await patiently({ ...this.#patience, clock: this.clock }, () => this.#take(this.#loaded))
    } catch (error) {
      await this.stop()
      throw error
    }
    for (const [name, source] of this.#sources) {
      const unsubscribe = source.subscribe?.(fleet => this.wake(fleet))
      if (unsubscribe !== undefined) this.#unsubscribes.set(`source ${name}`, unsubscribe)
    }
    this.#schedulePrune()
  }

  /** Puts a new configuration in force, one at a time. When its plugins cannot start, the one before stays. */
  apply(loaded: Loaded): Promise<void> {
    const applying = this.#applying.then(() => this.#apply(loaded))
    this.#applying = applying.catch(() => undefined)
    return applying
  }

  async #apply(loaded: Loaded): Promise<void> {
    const before = this.#loaded
    try {
      await this.#take(loaded)
    } catch (error) {
      this.#loaded = before
      await this.#take(before)
      throw error
    }
  }

  /** Instead of `start`: asks every plugin whether it could do its work, and closes it. Nothing ticks or launches. */
  async check(): Promise<readonly PluginCheck[]> {
    const { fleets, metrics } = this.spec()
    const checks: PluginCheck[] = []
    for (const fleet of Object.values(fleets)) {
      const keep = (parts: FleetParts): void => void this.#fleets.set(fleet.name, parts)
      checks.push(...(await checkFleet(fleet, this.#context, keep)))
      checks.push(...(await checkSettingsWebhook(fleet, this.clock)))
    }
    for (const name of new Set(Object.values(metrics).map(metric => metric.source))) {
      const source = this.#sources.get(name)
      if (source !== undefined) checks.push(await checkSource(name, source))
    }
    checks.push(...(await checkEffects(this.#effects, this.spec())))
    await this.stop()
    return checks
  }

  latest(fleet: string): JournalEntry | null {
    return this.#controller.latest(fleet)
  }

  lastReport(fleet: string): TickReport | null {
    return this.#controller.lastReport(fleet)
  }

  /** A sample for a fleet or a pushed metric that does not exist is refused; the others are taken. */
  push(samples: readonly PushedSample[]): PushResult {
    const { fleets, metrics } = this.spec()
    const pushed = Object.values(metrics).filter(({ source }) => source === 'push')
    return this.#push.push(samples, new Set(pushed.map(({ name }) => name)), new Set(Object.keys(fleets)))
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
    return proxyOf(this.#fleets.get(fleet))?.address ?? null
  }

  /** Who places a fleet's sessions; `null` where no broker does. */
  broker(fleet: string): SessionBroker | null {
    return brokerOf(this.#fleets.get(fleet))
  }

  /** Who takes the load reports of a fleet's instances; `null` where none does. */
  reports(fleet: string): LoadReports | null {
    return agentOf(this.#fleets.get(fleet))
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
    for (const unsubscribe of this.#unsubscribes.values()) unsubscribe()
    await this.#controller.stop()
    await this.#settingsPushes.close()
    const ends = [...this.#fleets].map(([name, parts]) => this.#endParts(name, parts))
    // The leases last: another process is to tell what this one could not, and not at the same time.
    const told = this.#effects.close().then(() => this.#controller.release())
    await Promise.all([...ends, told])
    await Promise.all([...this.#sources.values()].map(source => source.close()))
    await (await this.#sessionLog)?.close()
    await this.store.close()
  }

  async #take(loaded: Loaded): Promise<void> {
    const { spec } = loaded
    await this.#effects.apply(spec)
    for (const fleet of Object.values(spec.fleets)) {
      const parts = this.#fleets.get(fleet.name)
      if (parts !== undefined && samePlugins(parts.spec, fleet)) {
        await this.#adjustParts(parts, fleet)
        continue
      }
      if (parts !== undefined) await this.#endParts(fleet.name, parts)
      await this.#startParts(fleet)
    }
    // A version that can be gone back to: it could be started.
    await this.store.saveSpec(spec.digest, loaded.text, this.clock.now())
    this.#loaded = loaded
    for (const [name, parts] of this.#fleets) {
      if (spec.fleets[name] === undefined) await this.#endParts(name, parts)
    }
    await this.#settingsPushes.apply(spec)
    await this.#controller.apply(spec)
    this.#emit({ type: 'spec-applied', digest: spec.digest, at: this.clock.now() })
  }

  async #startParts(spec: FleetSpec): Promise<void> {
    this.#keepParts(await createParts(spec, this.#context))
  }

  async #adjustParts(parts: FleetParts, spec: FleetSpec): Promise<void> {
    this.#keepParts(await adjustParts(parts, spec, this.#context))
  }

  /** What happens in its parts brings the next tick forward. */
  #keepParts(parts: FleetParts): void {
    const { name } = parts.spec
    const wake = (): void => this.wake(name)
    this.#unsubscribes.get(name)?.()
    this.#fleets.set(name, parts)
    const unsubscribes = [
      parts.target.subscribe?.(wake),
      parts.router?.subscribe?.(wake),
      parts.health?.subscribe(wake),
    ]
    this.#unsubscribes.set(name, () => {
      for (const unsubscribe of unsubscribes) unsubscribe?.()
    })
  }

  /** Opened once, when the first broker is made; one that could not be opened is tried again. */
  #theSessionLog(): Promise<SessionLog> {
    this.#sessionLog ??= this.#openSessionLog().catch((error: unknown) => {
      this.#sessionLog = null
      throw error
    })
    return this.#sessionLog
  }

  /** Its loop is ended before, so that no tick meets a closed target. */
  async #endParts(name: string, parts: FleetParts): Promise<void> {
    await this.#controller.end(name)
    this.#unsubscribes.get(name)?.()
    this.#unsubscribes.delete(name)
    this.#fleets.delete(name)
    await closeParts(parts)
  }

  #createSources(): Map<string, MetricSource> {
    return new Map<string, MetricSource>([
      ['push', this.#push],
      ['process', createProcessSource(fleet => processTargetOf(this.#fleets.get(fleet)), this.clock)],
      ['proxy', createProxySource(fleet => proxyOf(this.#fleets.get(fleet)), this.clock)],
      ['http-json', createHttpJsonSource(this.clock)],
      ['command', createCommandSource(this.clock)],
      [
        'azure-monitor',
        createAzureMonitorSource({ clock: this.clock, metrics: () => this.#metricsOf('azure-monitor') }),
      ],
      [
        'azure-service-bus',
        createAzureServiceBusSource({
          clock: this.clock,
          metrics: () => this.#metricsOf('azure-service-bus'),
        }),
      ],
      [
        'azure-log-analytics',
        createAzureLogsSource({
          clock: this.clock,
          metrics: () => this.#metricsOf('azure-log-analytics'),
        }),
      ],
      [
        'azure-queue',
        createAzureQueueSource({ clock: this.clock, metrics: () => this.#metricsOf('azure-queue') }),
      ],
      [
        'azure-table',
        createAzureTableSource({ clock: this.clock, metrics: () => this.#metricsOf('azure-table') }),
      ],
      ...Object.entries(this.#context.plugins.sources ?? {}),
    ])
  }

  #metricsOf(source: string): readonly MetricSpec[] {
    return Object.values(this.spec().metrics).filter(metric => metric.source === source)
  }

  /** What operators come in by. */
  #doors() {
    return {
      clock: this.clock,
      store: this.store,
      spec: () => this.spec(),
      wake: (fleet: string | null) => this.wake(fleet),
      emit: (event: LoopEvent) => this.#emit(event),
    }
  }

  #createWorld(): World {
    return {
      clock: this.clock,
      calendar: createCalendar(),
      store: this.store,
      holder: this.#holder,
      spec: () => this.spec(),
      ports: fleet => this.ports(fleet),
      latest: fleet => this.latest(fleet),
      source: name => {
        const source = this.#sources.get(name)
        if (source === undefined) throw new PluginError('misconfigured', `there is no source "${name}"`)
        return source
      },
      takeOver: fleet => this.#effects.takeOver(fleet),
      runs: this.#effects.runs,
      emit: event => this.#emit(event),
    }
  }

  /** A listener that throws must not end a tick. */
  #emit(event: LoopEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        this.#context.log('', `a listener failed on ${event.type}: ${String(error)}`)
      }
    }
  }

  async #prune(retention: Retention): Promise<void> {
    for (let times = 0; times < PRUNES_AT_ONCE; times++) {
      if (this.#stopping !== null || (await this.store.prune(this.clock.now(), retention)) === 0) return
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
      this.#prune(retention)
        .catch((error: unknown) => this.#context.log('', `pruning the store failed: ${String(error)}`))
        .finally(() => {
          if (this.#stopping === null) this.#schedulePrune()
        })
    })
  }
}
