/**
 * Worker threads that share a list of jobs. Results come back in the order of the list, whoever did which; a job is made only when
 * somebody is free for it, or about to be. A thread that dies ends the whole with its reason.
 *
 * Example: `await new Crew({ workers: 2, program, setting }).all(jobs)` of 200 jobs keeps two cores busy; after `stop()` what was
 * begun is finished and the rest stays `null`.
 */
import type { EventLoopUtilization } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { LabError } from '../lab-error.ts'
import type { Scores } from '../scores.ts'
import type { Job, JobSetting } from './job.ts'

export type CrewAnswer =
  | { readonly ok: true; readonly scores: readonly Scores[] }
  | { readonly ok: false; readonly code: string | null; readonly message: string }

export interface CrewOptions {
  readonly workers: number
  /** The program of a thread: takes jobs, answers each with a `CrewAnswer`. */
  readonly program: URL
  readonly setting: JobSetting
  /** Of each thread; as much as Node allows unless said. */
  readonly mostHeapMb?: number
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

/**
 * A replay makes much garbage that dies at once. With room for it the collector runs seldom, and its helpers, which the main program
 * has too, seldom take the core that another thread is on.
 */
const YOUNG_GENERATION_MB = 192

export class CrewError extends Error {
  readonly code = 'PLM-745'

  constructor(saw: string) {
    super(
      `A thread that replays configurations is gone (${saw}). What was found so far is lost; try again, with fewer --workers where memory is short.`,
    )
    this.name = 'CrewError'
  }
}

export class Crew {
  readonly #options: CrewOptions
  readonly #idle: Worker[] = []
  readonly #busy = new Map<Worker, number>()
  readonly #asked = new Map<Worker, EventLoopUtilization>()
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

  /** How much of its time each thread has worked since it began, or since it was last asked: 0.98 waited for 2 % of it. */
  busyShares(): readonly number[] {
    return [...this.#idle, ...this.#busy.keys()].map(worker => {
      const now = worker.performance.eventLoopUtilization()
      const before = this.#asked.get(worker)
      this.#asked.set(worker, now)
      const since = before === undefined ? now : worker.performance.eventLoopUtilization(now, before)
      return since.utilization
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#idle, ...this.#busy.keys()].map(worker => worker.terminate()))
  }

  #hire(): void {
    const { program, setting, mostHeapMb } = this.#options
    const resourceLimits = {
      maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
      ...(mostHeapMb === undefined ? {} : { maxOldGenerationSizeMb: mostHeapMb }),
    }
    const worker = new Worker(program, { workerData: setting, execArgv: [], resourceLimits })
    worker.on('message', (answer: CrewAnswer) => this.#hear(worker, answer))
    worker.on('error', error => this.#fail(new CrewError(reasonOf(error))))
    worker.on('exit', code => {
      if (!this.#isClosed) this.#fail(new CrewError(`it ended with code ${code}`))
    })
    this.#idle.push(worker)
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
        worker.postMessage(next.job)
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

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
