/**
 * The session log in an SQLite file of its own (WAL with full sync), written by a thread of its own: a placement waits for
 * the disk, the daemon does not.
 *
 * Example: `openSqliteSessionLog('.plimsoll/state.db.sessions')` makes the file where it is missing. 64 placements in one
 * append are one row and one sync.
 */
import { resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { PluginError } from '../../ports/plugin.ts'
import type { OpenedLog, SessionLog } from '../../ports/session-log.ts'
import type { ThreadAnswer, ThreadOrder, ThreadStart } from './session-log/messages.ts'

export interface SqliteSessionLogOptions {
  /** Sessions that ended and are still told of, per fleet: at least so many, while there are. */
  readonly keepEnded?: number
  /** The file may not grow beyond this many bytes; an append that would is refused as if the disk were full. */
  readonly maxBytes?: number
}

const KEEP_ENDED = 10_000

/** An order without its number. */
type Order = ThreadOrder extends infer Each ? (Each extends ThreadOrder ? Omit<Each, 'id'> : never) : never
type Value = OpenedLog | number | null

interface Waiting {
  resolve(value: Value): void
  reject(error: unknown): void
}

/**
 * Throws `PluginError`: `misconfigured` when the file is not ours, damaged or of a newer version (it is left as it is),
 * `unavailable` when the place cannot be written.
 */
export async function openSqliteSessionLog(
  path: string,
  options: SqliteSessionLogOptions = {},
): Promise<SessionLog> {
  const file = resolve(path)
  const thread = new LogThread({
    path: file,
    keepEnded: options.keepEnded ?? KEEP_ENDED,
    maxBytes: options.maxBytes ?? null,
  })
  await thread.opened
  return {
    async check() {
      try {
        return { ok: true, detail: `${file}, ${await thread.ask({ do: 'check' })} sessions folded` }
      } catch (error) {
        return { ok: false, detail: error instanceof Error ? error.message : String(error) }
      }
    },

    close: () => thread.close(),

    async open(fleet, holder, succeeds) {
      const opened = await thread.ask({ do: 'open', fleet, holder, succeeds: succeeds ?? null })
      if (typeof opened === 'object' && opened !== null) return opened
      throw new Error(`the thread of ${file} answered ${opened} to an open`)
    },

    async append(fleet, epoch, records) {
      await thread.ask({
        do: 'append',
        fleet,
        epoch,
        count: records.length,
        records: JSON.stringify(records),
      })
    },

    async confirm(fleet, epoch) {
      await thread.ask({ do: 'confirm', fleet, epoch })
    },
  }
}

class LogThread {
  readonly opened: Promise<Value>
  readonly #path: string
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #gone: Promise<void>
  #orders = 0
  #closed: Promise<void> | null = null
  #died: PluginError | null = null

  constructor(start: ThreadStart) {
    this.#path = start.path
    this.#worker = new Worker(threadFile(), { workerData: start, execArgv: [] })
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
    else
      waiting?.reject(
        answer.kind === null ? new Error(answer.message) : new PluginError(answer.kind, answer.message),
      )
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

/** Beside this file: `.ts` in the source tree, `.js` once compiled. */
function threadFile(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./session-log/thread.${extension}`, import.meta.url)
}
