/**
 * Processes that share a list of jobs. Results come back in the order of the list, whoever did which; a job is made only when
 * somebody is free for it, or about to be. A process that dies ends the whole with its reason.
 *
 * Example: `await new Crew({ workers: 2, program, setting }).all(jobs)` of 200 jobs keeps two cores busy; after `stop()` what was
 * begun is finished and the rest stays `null`.
 *
 * Processes and not threads, because a replay makes much garbage that dies at once: threads share the helpers of one collector, which
 * take the core that another thread is on, and nobody may say how many there are once the program runs.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { LabError } from '../lab-error.ts'
import type { Scores } from '../scores.ts'
import type { Job, JobSetting } from './job.ts'

/** The record first, then jobs. */
export type CrewOrder = { readonly setting: JobSetting } | { readonly job: Job }

export type CrewResult =
  | { readonly ok: true; readonly scores: readonly Scores[] }
  | { readonly ok: false; readonly code: string | null; readonly message: string }

/** With the time it took, and that of processors. */
export type CrewAnswer = CrewResult & { readonly busyMs: number; readonly cpuMs: number }

export interface CrewOptions {
  readonly workers: number
  /** The program of a process: takes `CrewOrder`s, answers each job with a `CrewAnswer`. */
  readonly program: URL
  readonly setting: JobSetting
  /** Of each process; as much as Node allows unless said. */
  readonly mostHeapMb?: number
}

interface Worker {
  readonly process: ChildProcess
  /** The end of what it wrote to its standard error. */
  lastWords: string
  /** Since it was last asked. */
  busyMs: number
  cpuMs: number
}

/** What a process did since it was last asked. */
export interface Effort {
  /** 0.98: it waited for 2 % of the time. */
  readonly busyShare: number
  readonly cpuMs: number
}

/** `null`: there is nothing to do for this one, and its result is `null`. */
export type MakeJob = () => Job | null

interface Listed {
  readonly make: readonly MakeJob[]
  readonly results: (readonly Scores[] | null)[]
  readonly onDone: (index: number) => void
  readonly resolve: () => void
  readonly reject: (error: Error) => void
  next: number
  /** Made ahead, so that whoever is free next need not wait for it. */
  ready: { readonly index: number; readonly job: Job } | null
}

/** The collector works alone, where the replay does; with room for the garbage it seldom has to. */
const COLLECTOR = ['--single-threaded-gc', '--max-semi-space-size=64']
/** Of what a process says before it dies. */
const LAST_WORDS = 4_000

export class CrewError extends Error {
  readonly code = 'PLM-745'

  constructor(saw: string) {
    super(
      `A process that replays configurations is gone (${saw}). What was found so far is lost; try again, with fewer --workers where memory is short.`,
    )
    this.name = 'CrewError'
  }
}

export class Crew {
  readonly #options: CrewOptions
  readonly #all: Worker[] = []
  readonly #idle: Worker[] = []
  readonly #busy = new Map<Worker, number>()
  #measuredSince = performance.now()
  #list: Listed | null = null
  #failed: Error | null = null
  #isStopped = false
  #isClosed = false

  constructor(options: CrewOptions) {
    this.#options = options
    for (let index = 0; index < options.workers; index += 1) this.#hire()
  }

  /**
   * One list at a time.
   *
   * @param onDone told after each that has a result
   * @returns per job what came of it; `null`: there was nothing to do, or nobody began it before the stop
   */
  async all(
    make: readonly MakeJob[],
    onDone: (index: number) => void = () => undefined,
  ): Promise<readonly (readonly Scores[] | null)[]> {
    const results = make.map((): readonly Scores[] | null => null)
    await new Promise<void>((resolve, reject) => {
      this.#list = { make, results, onDone, resolve, reject, next: 0, ready: null }
      if (this.#failed !== null) reject(this.#failed)
      else this.#handOut()
    })
    return results
  }

  /** What was begun is finished, nothing more is begun, and later lists are served again. */
  stop(): void {
    if (this.#list === null) return
    this.#isStopped = true
    this.#handOut()
  }

  /** Of each process, since it was last asked or the crew began. */
  efforts(): readonly Effort[] {
    const now = performance.now()
    const elapsedMs = now - this.#measuredSince
    this.#measuredSince = now
    return this.#all.map(worker => {
      const { busyMs, cpuMs } = worker
      worker.busyMs = 0
      worker.cpuMs = 0
      return { busyShare: Math.min(1, busyMs / elapsedMs), cpuMs }
    })
  }

  get pids(): readonly number[] {
    return this.#all.flatMap(({ process: { pid } }) => pid ?? [])
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#all.map(({ process }) => ended(process)))
  }

  #hire(): void {
    const { program, setting, mostHeapMb } = this.#options
    const most = mostHeapMb === undefined ? [] : [`--max-old-space-size=${mostHeapMb}`]
    const process = fork(program, {
      execArgv: [...COLLECTOR, ...most],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Ctrl-C is for the one who hires: what was begun is finished.
      detached: true,
      windowsHide: true,
    })
    const worker: Worker = { process, lastWords: '', busyMs: 0, cpuMs: 0 }
    process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      worker.lastWords = (worker.lastWords + text).slice(-LAST_WORDS)
    })
    process.on('message', (answer: CrewAnswer) => this.#hear(worker, answer))
    process.on('error', error => this.#fail(new CrewError(error.message)))
    process.on('close', (code, signal) => {
      if (!this.#isClosed) this.#fail(new CrewError(reasonOf(worker, code, signal)))
    })
    this.#order(worker, { setting })
    this.#all.push(worker)
    this.#idle.push(worker)
  }

  /** One that is gone already says so itself. */
  #order({ process }: Worker, order: CrewOrder): void {
    if (process.connected) process.send(order, () => undefined)
  }

  #handOut(): void {
    const list = this.#list
    if (list === null) return
    try {
      while (!this.#isStopped && this.#idle.length > 0) {
        const next = this.#take(list)
        if (next === null) break
        const worker = this.#idle.pop()
        if (worker === undefined) break
        this.#busy.set(worker, next.index)
        this.#order(worker, { job: next.job })
      }
      if (!this.#isStopped) list.ready ??= this.#make(list)
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)))
      return
    }
    if (this.#busy.size > 0 || (list.ready !== null && !this.#isStopped)) return
    this.#isStopped = false
    this.#list = null
    list.resolve()
  }

  #take(list: Listed): Listed['ready'] {
    const taken = list.ready ?? this.#make(list)
    list.ready = null
    return taken
  }

  #make(list: Listed): Listed['ready'] {
    while (list.next < list.make.length) {
      const index = list.next
      list.next += 1
      const job = list.make[index]?.() ?? null
      if (job !== null) return { index, job }
    }
    return null
  }

  #hear(worker: Worker, answer: CrewAnswer): void {
    const index = this.#busy.get(worker)
    this.#busy.delete(worker)
    this.#idle.push(worker)
    worker.busyMs += answer.busyMs
    worker.cpuMs += answer.cpuMs
    const list = this.#list
    if (list === null || index === undefined) return
    if (!answer.ok) {
      const { code, message } = answer
      this.#fail(code === null ? new Error(message) : new LabError(code, message))
      return
    }
    list.results[index] = answer.scores
    list.onDone(index)
    this.#handOut()
  }

  #fail(error: Error): void {
    this.#failed ??= error
    const list = this.#list
    this.#list = null
    list?.reject(this.#failed)
  }
}

/** Nothing of its own is to be kept, and a replay does not look up from its work. */
async function ended(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return
  const gone = new Promise<void>(resolve => process.once('close', () => resolve()))
  process.kill('SIGKILL')
  await gone
}

/** The error that it died of, where it named one. */
function reasonOf({ lastWords }: Worker, code: number | null, signal: NodeJS.Signals | null): string {
  const named = /^(?:FATAL ERROR: |\w*Error: )(.*)$/m.exec(lastWords)?.[1]
  if (named !== undefined) return named.trim()
  return code === null ? `it was ended by ${signal}` : `it ended with code ${code}`
}
