/**
 * Instances as child processes on this machine: each on a port of its own, with a health endpoint. None outlives the
 * daemon, however the daemon ends; or, where they are kept, each does, and the next daemon takes them over.
 *
 * Example: `createProcessTarget({ command: ['node', 'app.mjs'], ... }, { fleet: 'web', log })`, then
 * `launch([{ token: 'web/42/1', zone: null }], signal)` answers `[{ token: 'web/42/1', ok: true, instance: 'web-g2pc0x7-1' }]`
 * once the command runs; it is listed as booting, then, after the first 2xx from its /health, as ready.
 */
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import type { Clock } from '../../ports/clock.ts'
import { type CheckResult, PluginError } from '../../ports/plugin.ts'
import type {
  LaunchOrder,
  LaunchResult,
  Target,
  TargetCapabilities,
  TargetInstance,
  TerminateResult,
  Victim,
} from '../../ports/target.ts'
import { type InstanceContext, type InstanceOptions, ProcessInstance } from './process/instance.ts'
import { instanceIds } from './process/instance-id.ts'
import { keptFiles, readKept } from './process/kept-folder.ts'
import { makeKeptFolder } from './process/kept-record.ts'
import { type ProcessUsage, readUsage } from './process/usage.ts'
import { cannotRestart, quoted } from './process/wording.ts'

/** Tokens remembered after their instance is gone; the oldest are forgotten first. */
const TOKENS = 10_000

export interface ProcessTargetOptions {
  /** Program and arguments; no shell. `node` is the binary the daemon itself runs on. */
  readonly command: readonly string[]
  /** Added to the daemon's own environment (without its PLIMSOLL_ names). */
  readonly env: Readonly<Record<string, string>>
  /** `null`: the daemon's own. */
  readonly cwd: string | null
  readonly health: {
    readonly path: string
    readonly everyMs: number
    readonly timeoutMs: number
    /** So many failures in a row make a ready instance unhealthy. */
    readonly failures: number
  }
  /** Between SIGTERM and SIGKILL. */
  readonly stopGraceMs: number
  /** The first port to try; `null` lets the operating system choose. */
  readonly portFrom: number | null
  /** Names that instances are spread over; each gets its own as PLIMSOLL_ZONE. None when left out. */
  readonly zones?: readonly string[]
  /** They outlive the daemon, however it ends. */
  readonly keep?: boolean
}

export interface ProcessTargetContext {
  readonly fleet: string
  readonly clock?: Clock
  /** Where kept instances are written down; one place for all daemons that are to share them. */
  readonly keptIn?: string
  /** Every line the children print, as `web-g2pc0x7-1: listening on 41231`. */
  readonly log: (line: string) => void
}

export interface ProcessTarget extends Target, ProcessUsage {
  /** Process id of each running command by instance id. */
  processes(): ReadonlyMap<string, number>
  /** The last 200 lines an instance printed; empty when it is not listed. */
  output(instance: string): readonly string[]
}

/** Guards that do not answer at once are not waited for longer: their instances are listed all the same. */
const GUARDS_ANSWER_MS = 2_000

const CAPABILITIES: Omit<TargetCapabilities, 'zones'> = {
  acts: true,
  choosesVictim: true,
  idempotentLaunch: true,
  exclusive: true,
  restarts: true,
  highestCount: null,
}

const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, wake) {
    const timer = setTimeout(wake, ms)
    return () => clearTimeout(timer)
  },
}

export function createProcessTarget(
  options: ProcessTargetOptions,
  context: ProcessTargetContext,
): ProcessTarget {
  const clock = context.clock ?? systemClock
  const cwd = resolve(options.cwd ?? '.')
  const keptIn = keptFolderOf(options, context)
  /** Also where none is to be kept any more: those that were are ours all the same, and end with us. */
  const writtenIn = context.keptIn ?? null
  const instanceOptions: InstanceOptions = { ...options, cwd, fleet: context.fleet, keptIn }
  const zones = options.zones ?? []
  const nextId = instanceIds(context.fleet, clock.now(), Math.random)
  const instances = new Map<string, ProcessInstance>()
  const launches = new Map<string, Promise<LaunchResult>>()
  const listeners = new Set<() => void>()
  /** What is written down, and known already: ours by id, or another fleet's. */
  const written = new Map<string, string | null>()
  let closed: Promise<void> | null = null

  const wake = () => {
    for (const listener of [...listeners]) listener()
  }

  async function launchOne(order: LaunchOrder, signal: AbortSignal): Promise<LaunchResult> {
    const known = launches.get(order.token)
    if (known) return known
    const result = startOne(order, signal)
    launches.set(order.token, result)
    forgetOldest(launches, TOKENS)
    const answer = await result
    if (answer.ok) return answer
    // A launch that never was does not use its token up.
    launches.delete(order.token)
    // Or it is in use: by a daemon that was here before, or is here too.
    await adoptWritten()
    return launches.get(order.token) ?? answer
  }

  /** Takes over what was written down and is not known yet. */
  async function adoptWritten(): Promise<void> {
    if (writtenIn === null) return
    const paths = new Set(keptFiles(writtenIn))
    for (const path of written.keys()) if (!paths.has(path)) written.delete(path)
    const adopted: ProcessInstance[] = []
    for (const path of paths) {
      if (written.has(path)) continue
      const record = readKept(path)
      if (record === null) continue
      const isOurs = record.fleet === context.fleet
      written.set(path, isOurs ? record.instance : null)
      if (!isOurs || instances.has(record.instance)) continue
      const instance = ProcessInstance.adopt({ path, record }, instanceOptions, contextOf(record.instance))
      take(instance)
      launches.set(record.token, Promise.resolve({ token: record.token, ok: true, instance: instance.id }))
      adopted.push(instance)
    }
    const late = Promise.withResolvers<void>()
    const cancelLate = clock.after(GUARDS_ANSWER_MS, late.resolve)
    await Promise.race([Promise.all(adopted.map(({ met }) => met)), late.promise])
    cancelLate()
  }

  function take(instance: ProcessInstance): void {
    instances.set(instance.id, instance)
    instance.gone.then(() => {
      instances.delete(instance.id)
      for (const [path, id] of written) if (id === instance.id) written.delete(path)
      // A launch that failed was never listed, so nothing changed.
      if (instance.view() !== null) wake()
    })
  }

  function requireOpen(): void {
    if (closed === null) return
    throw new PluginError(
      'unavailable',
      `PLM-307 the process target of ${context.fleet} is closed; nothing was started.`,
    )
  }

  function contextOf(id: string): InstanceContext {
    return { clock, onLine: line => context.log(`${id}: ${line}`), onChange: wake }
  }

  async function startOne(order: LaunchOrder, signal: AbortSignal): Promise<LaunchResult> {
    const refused = (error: string): LaunchResult => ({
      token: order.token,
      ok: false,
      kind: 'misconfigured',
      error,
    })
    if (order.zone !== null && !zones.includes(order.zone)) {
      const known = zones.length === 0 ? 'has no zones' : `has the zones ${zones.join(', ')}`
      return refused(`PLM-311 this process target ${known}, and ${order.zone} was asked for.`)
    }
    const problem = cwdProblem(cwd)
    if (problem !== null) return refused(problem)
    if (keptIn !== null) makeKeptFolder(keptIn)
    const id = nextId()
    const instance = new ProcessInstance(id, order, instanceOptions, contextOf(id))
    take(instance)
    // Called off: nothing half-started stays behind, and the token may be used again.
    const callOff = () => instance.terminate()
    signal.addEventListener('abort', callOff, { once: true })
    try {
      return await instance.start()
    } finally {
      signal.removeEventListener('abort', callOff)
    }
  }

  /** `null` when it is gone, or another process has its id by now. */
  function meant({ id, incarnation }: Victim): ProcessInstance | null {
    const instance = instances.get(id)
    return incarnation === null || incarnation === instance?.incarnation ? (instance ?? null) : null
  }

  function terminateOne(victim: Victim): TerminateResult {
    const instance = meant(victim)
    if (instance === null) return { instance: victim.id, ok: true, state: 'gone' }
    instance.terminate()
    return { instance: victim.id, ok: true, state: 'terminating' }
  }

  function restartOne(victim: Victim): TerminateResult {
    const { id } = victim
    const instance = meant(victim)
    if (instance === null) return { instance: id, ok: true, state: 'gone' }
    if (instance.restart()) return { instance: id, ok: true, state: 'terminating' }
    const error = cannotRestart(id, instance.view()?.lifecycle ?? 'not started yet')
    return { instance: id, ok: false, kind: 'conflict', error }
  }

  async function closeAll(): Promise<void> {
    await Promise.all(
      [...instances.values()].map(async instance => {
        if (instance.letGo()) return
        instance.terminate()
        await instance.gone
      }),
    )
    listeners.clear()
  }

  return {
    capabilities: { ...CAPABILITIES, zones },

    async listInstances(signal): Promise<readonly TargetInstance[]> {
      refuseAborted(signal, 'list the instances')
      if (writtenIn !== null && closed === null) await adoptWritten()
      return listed(instances)
    },

    async launch(orders, signal): Promise<readonly LaunchResult[]> {
      refuseAborted(signal, `launch ${orders.length}`)
      requireOpen()
      if (writtenIn !== null) {
        await adoptWritten()
        requireOpen()
        refuseAborted(signal, `launch ${orders.length}`)
      }
      return Promise.all(orders.map(order => launchOne(order, signal)))
    },

    async terminate(victims, signal): Promise<readonly TerminateResult[]> {
      refuseAborted(signal, `terminate ${idsOf(victims)}`)
      return victims.map(terminateOne)
    },

    async restart(victims, signal): Promise<readonly TerminateResult[]> {
      refuseAborted(signal, `restart ${idsOf(victims)}`)
      requireOpen()
      return victims.map(restartOne)
    },

    subscribe(listener) {
      const own = () => listener()
      listeners.add(own)
      return () => void listeners.delete(own)
    },

    usage: signal => readUsage(running(instances), signal),
    processes: () => running(instances),
    output: id => instances.get(id)?.output() ?? [],

    async check(): Promise<CheckResult> {
      const problem = cwdProblem(cwd) ?? programProblem(options.command, cwd, options.env.PATH)
      if (problem !== null) return { ok: false, detail: problem }
      const views = listed(instances)
      const ready = views.filter(view => view.lifecycle === 'ready').length
      return {
        ok: true,
        detail: `${quoted(options.command)} can be started in ${cwd}; ${ready} of ${views.length} instances are ready.`,
      }
    },

    close() {
      closed ??= closeAll()
      return closed
    },
  }
}

function keptFolderOf(options: ProcessTargetOptions, { fleet, keptIn }: ProcessTargetContext): string | null {
  if (options.keep !== true) return null
  if (keptIn !== undefined) return keptIn
  throw new PluginError(
    'misconfigured',
    `PLM-318 the instances of ${fleet} are to be kept, and there is no folder to write them down in. Give one as keptIn, or take out keep.`,
  )
}

function listed(instances: ReadonlyMap<string, ProcessInstance>): readonly TargetInstance[] {
  return [...instances.values()].flatMap(instance => instance.view() ?? [])
}

function running(instances: ReadonlyMap<string, ProcessInstance>): ReadonlyMap<string, number> {
  const pids = new Map<string, number>()
  for (const [id, instance] of instances) {
    const pid = instance.pid()
    if (pid !== null) pids.set(id, pid)
  }
  return pids
}

function idsOf(victims: readonly Victim[]): string {
  return victims.map(({ id }) => id).join(', ')
}

function refuseAborted(signal: AbortSignal, what: string): void {
  if (!signal.aborted) return
  throw new PluginError(
    'unavailable',
    `PLM-312 asked to ${what}, but the call was called off before it began; nothing was done.`,
    {
      cause: signal.reason,
    },
  )
}

function forgetOldest(map: Map<string, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return
    map.delete(key)
  }
}

function cwdProblem(cwd: string): string | null {
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) return null
  return `PLM-302 there is no folder ${cwd} to start the command in. Create it, or correct the target's cwd.`
}

/** Where a spawn would look: as a path when it holds a slash, else along the PATH. */
function programProblem(command: readonly string[], cwd: string, path: string | undefined): string | null {
  const program = command[0] ?? ''
  if (program === 'node') return null
  const places = /[\\/]/.test(program)
    ? [isAbsolute(program) ? program : join(cwd, program)]
    : (path ?? process.env.PATH ?? '').split(delimiter).map(folder => join(folder, program))
  if (program !== '' && places.some(isExecutable)) return null
  return `PLM-300 there is no program "${program}" ${places.length === 1 ? `at ${places[0]}` : 'on the PATH'} that may be executed. Install it, or correct the target's command.`
}

function isExecutable(place: string): boolean {
  try {
    accessSync(place, constants.X_OK)
    return true
  } catch {
    return false
  }
}
