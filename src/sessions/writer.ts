/**
 * Group commit: what is to be stored while the log is busy is stored together as soon as it is free, so that many
 * callers share one sync of the disk. One append is under way at a time, so the order in the log is the order here.
 *
 * Example: 64 clients place at once: one append of 64 records. While it is on its way 30 more come: the next has 30.
 */
import type { Clock } from '../ports/clock.ts'
import type { SessionRecord } from '../ports/session-log.ts'

export interface WriterOwner<E> {
  /** The last word before it is stored; `null`: it is not to be stored any more. */
  recordOf(entry: E): SessionRecord | null
  append(records: readonly SessionRecord[]): Promise<void>
  stored(entries: readonly E[]): void
  /** Nobody knows what became of `sent`; of `unsent` nothing was stored. */
  failed(sent: readonly E[], unsent: readonly E[], error: unknown): void
}

export interface WriterOptions {
  readonly clock: Clock
  /** Does something a moment later, after those who were just answered had their turn. */
  readonly soon: (work: () => void) => void
  readonly batch: number
  readonly deadlineMs: number
}

export class Writer<E> {
  readonly #owner: WriterOwner<E>
  readonly #options: WriterOptions
  #queue: E[] = []
  #scheduled = false
  #storing = false
  #waiting: (() => void)[] = []

  constructor(owner: WriterOwner<E>, options: WriterOptions) {
    this.#owner = owner
    this.#options = options
  }

  write(entry: E): void {
    this.#queue.push(entry)
    this.#schedule()
  }

  /** Nothing of what waits is stored any more. */
  takeUnsent(): E[] {
    const unsent = this.#queue
    this.#queue = []
    return unsent
  }

  /** Once the append that is under way has been answered, and those it was for with it. */
  async settled(): Promise<void> {
    if (!this.#storing) return
    await new Promise<void>(resolve => this.#waiting.push(resolve))
  }

  #schedule(): void {
    if (this.#scheduled || this.#storing || this.#queue.length === 0) return
    this.#scheduled = true
    this.#options.soon(() => {
      this.#scheduled = false
      void this.#store()
    })
  }

  async #store(): Promise<void> {
    if (this.#storing) return
    const [entries, records] = this.#nextBatch()
    if (entries.length === 0) {
      this.#schedule()
      return
    }
    this.#storing = true
    try {
      await within(this.#options, this.#owner.append(records))
    } catch (error) {
      this.#end()
      this.#owner.failed(entries, this.takeUnsent(), error)
      return
    }
    this.#end()
    this.#owner.stored(entries)
    this.#schedule()
  }

  #nextBatch(): [E[], SessionRecord[]] {
    const taken =
      this.#queue.length <= this.#options.batch
        ? this.takeUnsent()
        : this.#queue.splice(0, this.#options.batch)
    const entries: E[] = []
    const records: SessionRecord[] = []
    for (const entry of taken) {
      const record = this.#owner.recordOf(entry)
      if (record === null) continue
      entries.push(entry)
      records.push(record)
    }
    return [entries, records]
  }

  #end(): void {
    this.#storing = false
    const waiting = this.#waiting
    this.#waiting = []
    if (waiting.length === 0) return
    this.#options.soon(() => {
      for (const resolve of waiting) resolve()
    })
  }
}

/** What is not answered in time has failed; whatever it answers later is not heard. */
export function within<T>(
  { clock, deadlineMs }: { clock: Clock; deadlineMs: number },
  work: Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(deadlineMs, () => reject(new Error(`no answer within ${deadlineMs / 1000} s`)))
    work.then(
      value => {
        cancel()
        resolve(value)
      },
      (error: unknown) => {
        cancel()
        reject(error)
      },
    )
  })
}
