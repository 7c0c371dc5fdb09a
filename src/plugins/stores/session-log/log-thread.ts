/**
 * The daemon's end of the thread that writes the file of sessions: orders in, answers out, in their order.
 *
 * Example: `await thread.ask({ do: 'append', fleet: 'rooms', epoch: 3, count: 1, records: '[...]' })` resolves once the disk
 * has it.
 */
import { Worker } from 'node:worker_threads'
import { PluginError } from '../../../ports/plugin.ts'
import type { OpenedLog } from '../../../ports/session-log.ts'
import type { ThreadAnswer, ThreadOrder, ThreadStart } from './messages.ts'

/** An order without its number. */
type Order = ThreadOrder extends infer Each ? (Each extends ThreadOrder ? Omit<Each, 'id'> : never) : never
type Value = OpenedLog | number | null

interface Waiting {
  resolve(value: Value): void
  reject(error: unknown): void
}

export class LogThread {
  readonly opened: Promise<Value>
  readonly #path: string
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #gone: Promise<void>
  #orders = 0
  #closed: Promise<void> | null = null
  #died: PluginError | null = null

  constructor(start: ThreadStart, program = threadFile()) {
    this.#path = start.path
    this.#worker = new Worker(program, { workerData: start, execArgv: [] })
    // The first answer is to no order: the file is open, or why not.
    this.opened = this.#answerTo(this.#orders)
    this.#gone = new Promise(resolve => this.#worker.once('exit', () => resolve()))
    this.#worker.on('message', (answer: ThreadAnswer) => this.#hear(answer))
    this.#worker.on('error', error => this.#die(error.message))
    this.#worker.once('exit', () => this.#die('it ended'))
  }

  ask(order: Order): Promise<Value> {
    if (this.#closed !== null) {
      return Promise.reject(new PluginError('unavailable', `PLM-421 the session log ${this.#path} is closed`))
    }
    return this.#send(order)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await this.#send({ do: 'close' }).catch(() => undefined)
    this.#worker.ref()
    await this.#gone
  }

  #send(order: Order): Promise<Value> {
    if (this.#died !== null) return Promise.reject(this.#died)
    this.#orders += 1
    this.#worker.postMessage({ ...order, id: this.#orders })
    return this.#answerTo(this.#orders)
  }

  #answerTo(id: number): Promise<Value> {
    // What nobody waits for does not keep the process alive.
    if (this.#waiting.size === 0) this.#worker.ref()
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
  }

  #hear(answer: ThreadAnswer): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if (this.#waiting.size === 0) this.#worker.unref()
    if (answer.ok) waiting?.resolve(answer.value)
    else waiting?.reject(errorIn(answer))
  }

  #die(saw: string): void {
    this.#died ??= new PluginError(
      'unavailable',
      `PLM-423 the thread that writes ${this.#path} is gone (${saw}); whether its last append was stored shows when it is ` +
        'opened again; restart Plimsoll',
    )
    for (const { reject } of this.#waiting.values()) reject(this.#died)
    this.#waiting.clear()
  }
}

function errorIn({ kind, message, retryAfterMs }: Extract<ThreadAnswer, { ok: false }>): Error {
  if (kind === null) return new Error(message)
  return new PluginError(kind, message, retryAfterMs === null ? {} : { retryAfterMs })
}

/** Beside this file: `.ts` in the source tree, `.js` once compiled. */
function threadFile(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./thread.${extension}`, import.meta.url)
}
