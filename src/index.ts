/**
 * Plimsoll inside a host program: the same daemon, with the host's own sources and targets.
 *
 * Example: `const plimsoll = await createPlimsoll({ config: 'plimsoll.yaml', sources: { orders: () => db.count() } })`,
 * then `plimsoll.on('decision', ({ current, desired }) => ...)` and `await plimsoll.start()`.
 */
import { createApi } from './api/api.ts'
import { compose, type Daemon } from './compose.ts'
import {
  type Config,
  configurationFile,
  formatProblems,
  type Loaded,
  type LoadResult,
  loadConfig,
  parseConfigObject,
} from './config/load.ts'
import type { PushedSample, PushResult } from './loop/runtime.ts'
import type { LoopEvent } from './loop/world.ts'
import type { Decision } from './model/decision.ts'
import type { JournalEntry } from './model/journal.ts'
import type { RunAction } from './plugins/actions/function.ts'
import { systemClock } from './plugins/clocks/system.ts'
import { createFunctionSource, type ReadNumber } from './plugins/sources/function.ts'
import type { MetricSource } from './ports/metric-source.ts'
import type { Notice, Notifier } from './ports/notifier.ts'
import type { ActionRequest, ActionResult, ScalingAction } from './ports/scaling-action.ts'
import type { SessionRouter } from './ports/session-router.ts'
import type { StateStore } from './ports/state-store.ts'
import type { Target } from './ports/target.ts'

export { createMemoryStore } from './plugins/stores/memory.ts'
export type {
  ActionRequest,
  ActionResult,
  Config,
  Decision,
  JournalEntry,
  LoopEvent,
  Notice,
  Notifier,
  PushedSample,
  PushResult,
  RunAction,
  ScalingAction,
}

export interface PlimsollOptions {
  /** A file's path, or the configuration built in code. */
  readonly config: string | Config
  /** By the name the configuration gives as `target.type`. A function makes one per fleet. */
  readonly targets?: Readonly<Record<string, Target | ((fleet: string) => Target)>>
  /** By the name the configuration gives as `router.type`. */
  readonly routers?: Readonly<Record<string, SessionRouter | ((fleet: string) => SessionRouter)>>
  /** By the name a metric gives as `source`: a source, or a function that answers a number. */
  readonly sources?: Readonly<Record<string, MetricSource | ReadNumber>>
  /** By the name the configuration gives an action of `type: function` (or of any other type, whose place it takes). */
  readonly actions?: Readonly<Record<string, ScalingAction | RunAction>>
  /**
   * Told what happens. One the configuration names under `notifiers` too is told what it says there (`on`, `every`), any
   * other everything at once.
   */
  readonly notifiers?: Readonly<Record<string, Notifier>>
  /** Instead of the SQLite file the configuration names; `createMemoryStore()` forgets everything at the end. */
  readonly store?: StateStore
  /** Serve the HTTP API and the page as the configuration's `api` says. Default: no. */
  readonly listen?: boolean
  /** Lines that instances and the proxy print. */
  readonly log?: (fleet: string, line: string) => void
}

export interface PlimsollEvents {
  /** Every decision that changes something, with the tick it belongs to. */
  readonly decision: (decision: Decision, entry: JournalEntry) => void
  /** Every tick that was journalled. */
  readonly tick: (entry: JournalEntry) => void
  /** Everything the loop says. */
  readonly event: (event: LoopEvent) => void
}

export interface Plimsoll {
  /** Starts the fleets' loops; with `listen` the API too. Throws `PluginError` when a part cannot start. */
  start(): Promise<{ readonly url: string | null }>
  /** Ends the loops, lets requests finish, and ends the instances it owns. Idempotent. */
  stop(): Promise<void>
  /** The result unsubscribes. */
  on<E extends keyof PlimsollEvents>(event: E, listener: PlimsollEvents[E]): () => void
  push(samples: readonly PushedSample[]): PushResult
  /** The last tick of a fleet; `null` before the first. */
  latest(fleet: string): JournalEntry | null
}

/** The configuration is wrong; `message` names every problem with its place. */
export class ConfigError extends Error {
  readonly problems: Extract<LoadResult, { ok: false }>['problems']

  constructor(refused: Extract<LoadResult, { ok: false }>) {
    super(formatProblems(refused.problems, refused.text, { colour: false }))
    this.name = 'ConfigError'
    this.problems = refused.problems
  }
}

/** @throws ConfigError for a wrong configuration, PluginError when the store cannot be opened */
export async function createPlimsoll(options: PlimsollOptions): Promise<Plimsoll> {
  const loaded = await load(options)
  const daemon = await compose(loaded, {
    plugins: {
      targets: perFleet(options.targets),
      routers: perFleet(options.routers),
      sources: sourcesOf(options.sources),
    },
    effects: { actions: options.actions ?? {}, notifiers: options.notifiers ?? {} },
    ...(options.store === undefined ? {} : { store: options.store }),
    ...(options.log === undefined ? {} : { log: options.log }),
    ...(typeof options.config === 'string'
      ? { file: configurationFile(options.config, extensionsOf(options)) }
      : {}),
  })
  return hosted(daemon, loaded, options.listen === true)
}

function hosted(daemon: Daemon, loaded: Loaded, listen: boolean): Plimsoll {
  let closeApi = async (): Promise<void> => undefined
  return {
    start: async () => {
      await daemon.start()
      if (!listen) return { url: null }
      const api = await createApi(daemon, loaded.api)
      closeApi = () => api.close()
      return api.listen()
    },
    stop: async () => {
      await closeApi()
      await daemon.stop()
    },
    on: (name, listener) => daemon.subscribe(event => deliver(event, { [name]: listener })),
    push: samples => daemon.push(samples),
    latest: fleet => daemon.latest(fleet),
  }
}

function deliver(event: LoopEvent, { decision, tick, event: every }: Partial<PlimsollEvents>): void {
  every?.(event)
  if (event.type !== 'tick' || event.report.outcome !== 'ticked') return
  const { entry } = event.report
  tick?.(entry)
  if (entry.decision.direction !== 'none') decision?.(entry.decision, entry)
}

function extensionsOf({ targets, routers, sources }: PlimsollOptions) {
  return {
    targets: Object.keys(targets ?? {}),
    routers: Object.keys(routers ?? {}),
    sources: Object.keys(sources ?? {}),
  }
}

async function load(options: PlimsollOptions): Promise<Loaded> {
  const { config } = options
  const extensions = extensionsOf(options)
  const result =
    typeof config === 'string' ? await loadConfig(config, extensions) : parseConfigObject(config, extensions)
  if (!result.ok) throw new ConfigError(result)
  return result.loaded
}

type PerFleet<T> = Readonly<Record<string, (fleet: string) => T>>

function perFleet<T extends object>(
  given: Readonly<Record<string, T | ((fleet: string) => T)>> | undefined,
): PerFleet<T> {
  const made = Object.entries(given ?? {}).map(([name, one]): [string, (fleet: string) => T] => [
    name,
    fleet => (typeof one === 'function' ? one(fleet) : one),
  ])
  return Object.fromEntries(made)
}

function sourcesOf(given: PlimsollOptions['sources']): Readonly<Record<string, MetricSource>> {
  const made = Object.entries(given ?? {}).map(([name, one]): [string, MetricSource] => [
    name,
    typeof one === 'function' ? createFunctionSource(name, one, systemClock) : one,
  ])
  return Object.fromEntries(made)
}
