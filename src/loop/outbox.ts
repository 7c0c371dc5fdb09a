/**
 * The notices that notifiers have not taken yet, kept with the state so that the end of the process, however it comes, loses
 * none. One change after the other, in the order they were asked for; a store that is in trouble holds up no notice.
 *
 * Example: "web 5 -> 6" for `ops` is kept, tried in vain, and the process is killed; the next one reads it when it takes the
 * fleet's lease, delivers it under the same id, and forgets it.
 */
import type { EpochMs } from '../model/time.ts'
import type { Clock } from '../ports/clock.ts'
import type { StateStore, WaitingNotice } from '../ports/state-store.ts'
import { reasonOf, withDeadline } from './deadline.ts'
import type { LoopEvent } from './world.ts'

export interface OutboxWorld {
  readonly clock: Clock
  readonly store: Pick<StateStore, 'saveNotice' | 'claimNotice' | 'deleteNotice' | 'readNotices'>
  /** Names this process in leases. */
  readonly holder: string
  emit(event: LoopEvent): void
}

/** `not-ours`: another process holds the fleet's lease, and tells; `not-kept`: the store could not, so only memory has it. */
export type Keeping = 'kept' | 'not-ours' | 'not-kept'

const STORE_DEADLINE_MS = 5_000

export class Outbox {
  readonly #world: OutboxWorld
  #last: Promise<unknown> = Promise.resolve()
  /** Has complained already, or need not any more. */
  #troubled = false

  constructor(world: OutboxWorld) {
    this.#world = world
  }

  /** Never rejects. */
  keep(waiting: WaitingNotice): Promise<Keeping> {
    const { store, holder } = this.#world
    const { fleet } = waiting.notice
    return this.#inOrder<Keeping>(fleet, 'keep a notice', 'not-kept', async () => {
      const kept = await store.saveNotice(waiting, holder)
      this.#troubled = false
      return kept ? 'kept' : 'not-ours'
    })
  }

  /** It was taken or given up. */
  forget({ notifier, notice }: WaitingNotice): void {
    const { store } = this.#world
    void this.#inOrder(notice.fleet, 'forget a notice', undefined, () =>
      store.deleteNotice(notifier, notice.id),
    )
  }

  /** It still waits and is ours to tell. Told once more rather than never: `true` where the store cannot say. */
  mayTry({ notifier, notice }: WaitingNotice): Promise<boolean> {
    const { store, holder } = this.#world
    return this.#inOrder(notice.fleet, 'look for a notice', true, () =>
      store.claimNotice(notifier, notice.id, holder),
    )
  }

  /** What waits for the notifiers of a fleet, whoever left it. @throws what the store throws */
  read(fleet: string): Promise<readonly WaitingNotice[]> {
    const { clock, store } = this.#world
    return this.#after(() =>
      withDeadline(clock, STORE_DEADLINE_MS, 'read the waiting notices', () => store.readNotices(fleet)),
    )
  }

  /** When everything asked for has been done. What is asked for later may find the store closed, which is no trouble then. */
  async close(): Promise<void> {
    await this.#last
    this.#troubled = true
  }

  async #inOrder<T>(fleet: string, what: string, otherwise: T, call: () => Promise<T>): Promise<T> {
    const { clock } = this.#world
    return this.#after(async () => {
      try {
        return await withDeadline(clock, STORE_DEADLINE_MS, what, call)
      } catch (error) {
        this.#complain(fleet, what, clock.now(), error)
        return otherwise
      }
    })
  }

  #after<T>(call: () => Promise<T>): Promise<T> {
    const done = this.#last.then(call)
    this.#last = done.catch(() => undefined)
    return done
  }

  /** Once, until a notice can be kept again. */
  #complain(fleet: string, what: string, at: EpochMs, error: unknown): void {
    if (this.#troubled) return
    this.#troubled = true
    const says = `PLM-626 cannot ${what}: ${reasonOf(error)}. Notices go out all the same; those that wait when Plimsoll ends are lost, or come twice.`
    this.#world.emit({ type: 'trouble', fleet, at, what: says })
  }
}
