/**
 * One notifier's queue: one notice after the other, each try with a deadline, again and again with growing pauses until it is
 * taken or too old. Of one kind of event of one fleet at most one notice goes out per `every`; what came in between is
 * summed up in the one after.
 *
 * Example: `every: 30m`; "web 5 -> 6" at 12:00 goes out, "web 6 -> 7" at 12:05 and "web 7 -> 8" at 12:20 do not; at 12:30
 * "web 7 -> 8" goes out, "and 1 more of this kind since 12:00:00Z".
 *
 * Everything that waits is in the outbox too, from before its first try until it is taken or given up.
 */
import type { Clock, Random } from '../ports/clock.ts'
import type { Notice, Notifier } from '../ports/notifier.ts'
import { PluginError } from '../ports/plugin.ts'
import type { WaitingNotice } from '../ports/state-store.ts'
import { reasonOf, withDeadline } from './deadline.ts'
import type { Told } from './notices.ts'
import type { Keeping, Outbox } from './outbox.ts'
import type { LoopEvent } from './world.ts'

export interface DeliveryWorld {
  readonly clock: Clock
  readonly random: Random
  readonly outbox: Outbox
  /** `null` when the configuration has no such notifier any more. */
  notifier(name: string): Notifier | null
  emit(event: LoopEvent): void
}

/** Waiting per notifier; when it is full, the oldest goes. */
const QUEUE = 200
const TRY_DEADLINE_MS = 45_000
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 300_000
/** Older than this a notice is given up. */
const OLDEST_MS = 6 * 3_600_000
/** Ids remembered per notifier, so that none is told twice. */
const REMEMBERED = 2_000

const NO_NOTIFIER = 'PLM-624 there is no such notifier any more'
const ENDED = 'PLM-625 Plimsoll ended before it was taken'

interface Item {
  readonly waiting: WaitingNotice
  readonly keeping: Promise<Keeping>
  /** The outbox has it. */
  kept: boolean
  tries: number
}

/** The latest of a kind that waits for the end of its period. */
interface Held {
  item: Item
  readonly cancel: () => void
}

export class Line {
  readonly #name: string
  readonly #world: DeliveryWorld
  #queue: Item[] = []
  /** By kind of event and fleet. */
  readonly #held = new Map<string, Held>()
  readonly #lastAt = new Map<string, number>()
  readonly #taken = new Set<string>()
  /** Told by a summary only, or not at all: what ends them is no news. */
  readonly #untold = new Set<string>()
  #working: Promise<void> | null = null
  #trying = false
  #troubled = false
  /** Asked, since the last try began, not to wait for the next. */
  #hurried = false
  #finishing = false
  #ended = false
  #wake: () => void = () => undefined

  constructor(name: string, world: DeliveryWorld) {
    this.#name = name
    this.#world = world
  }

  take({ notice, kind }: Told, everyMs: number): void {
    if (this.#ended || this.#taken.has(notice.id)) return
    const tells = this.#world.notifier(this.#name)?.tells
    if (tells !== undefined && !tells.includes(notice.event)) return
    remember(this.#taken, notice.id)
    const now = this.#world.clock.now()
    const waiting: WaitingNotice = { notifier: this.#name, notice, kind, takenAt: now, held: null }
    if (notice.withdraws !== null) {
      // The end of something that was told is not held back: somebody may be about to act on it.
      if (!this.#takeBack(notice.withdraws)) this.#enqueue(this.#kept(waiting))
      return
    }
    const key = keyOf(waiting)
    if (this.#replaceHeld(key, waiting)) return
    const since = this.#lastAt.get(key)
    if (since === undefined || now - since >= everyMs) {
      this.#lastAt.set(key, now)
      this.#enqueue(this.#kept(waiting))
      return
    }
    this.#hold(key, this.#kept({ ...waiting, held: { since, more: 0 } }), since + everyMs)
  }

  /** What an earlier process, or this one before it lost the lease, left in the outbox. */
  restore(waiting: WaitingNotice, everyMs: number): void {
    const { notice, held } = waiting
    if (this.#ended || this.#taken.has(notice.id)) return
    remember(this.#taken, notice.id)
    const item: Item = { waiting, keeping: Promise.resolve('kept'), kept: true, tries: 0 }
    const key = keyOf(waiting)
    if (held === null || this.#held.has(key)) {
      this.#push(item)
      return
    }
    this.#lastAt.set(key, held.since)
    this.#hold(key, item, held.since + everyMs)
  }

  begin(): void {
    if (this.#queue.length === 0) return
    this.#working ??= this.#work().finally(() => {
      this.#working = null
    })
  }

  hurry(): void {
    this.#hurried = true
    this.#wake()
  }

  async finish(): Promise<void> {
    this.#finishing = true
    this.#hurried = true
    for (const key of [...this.#held.keys()]) this.#release(key)
    this.begin()
    this.#wake()
    await this.#working
  }

  /** The configuration has no such notifier any more. */
  giveUp(): void {
    for (const item of this.#end()) this.#fail(item, NO_NOTIFIER)
  }

  /** The process ends: what waits is tried by the next one. */
  leave(): void {
    for (const { waiting, kept } of this.#end()) {
      if (kept) this.#tell(waiting.notice, 'retrying', `${ENDED}; it is kept with the state, and tried again`)
      else this.#tell(waiting.notice, 'failed', ENDED)
    }
  }

  #end(): Item[] {
    this.#ended = true
    for (const { cancel } of this.#held.values()) cancel()
    const left = [...this.#queue, ...[...this.#held.values()].map(({ item }) => item)]
    this.#queue = []
    this.#held.clear()
    this.#wake()
    return left
  }

  #kept(waiting: WaitingNotice): Item {
    const item: Item = { waiting, keeping: this.#world.outbox.keep(waiting), kept: false, tries: 0 }
    void item.keeping.then(keeping => {
      item.kept = keeping === 'kept'
    })
    return item
  }

  /** What was not told need not be taken back: `true` when there is nothing to tell. */
  #takeBack(id: string): boolean {
    for (const [key, { item, cancel }] of this.#held) {
      if (item.waiting.notice.id !== id) continue
      cancel()
      this.#held.delete(key)
      this.#world.outbox.forget(item.waiting)
      return true
    }
    const at = this.#queue.findIndex(
      ({ waiting }, index) => waiting.notice.id === id && !(index === 0 && this.#trying),
    )
    const [taken] = at >= 0 ? this.#queue.splice(at, 1) : []
    if (taken !== undefined) this.#world.outbox.forget(taken.waiting)
    return taken !== undefined || this.#untold.has(id)
  }

  /** The newer stands for the one that is held already. */
  #replaceHeld(key: string, waiting: WaitingNotice): boolean {
    const held = this.#held.get(key)
    if (held === undefined) return false
    const before = held.item.waiting
    remember(this.#untold, before.notice.id)
    const { since, more } = before.held ?? { since: before.takenAt, more: 0 }
    held.item = this.#kept({ ...waiting, held: { since, more: more + 1 } })
    this.#world.outbox.forget(before)
    return true
  }

  #hold(key: string, item: Item, until: number): void {
    const { clock } = this.#world
    const cancel = clock.after(Math.max(0, until - clock.now()), () => this.#release(key))
    this.#held.set(key, { item, cancel })
  }

  #release(key: string): void {
    const held = this.#held.get(key)
    if (held === undefined) return
    held.cancel()
    this.#held.delete(key)
    const now = this.#world.clock.now()
    this.#lastAt.set(key, now)
    this.#enqueue(this.#kept({ ...summedUp(held.item.waiting), takenAt: now, held: null }))
  }

  #enqueue(item: Item): void {
    this.#push(item)
    this.begin()
  }

  #push(item: Item): void {
    this.#queue.push(item)
    if (this.#queue.length <= QUEUE) return
    const [dropped] = this.#queue.splice(this.#trying ? 1 : 0, 1)
    if (dropped === undefined) return
    remember(this.#untold, dropped.waiting.notice.id)
    this.#fail(dropped, `PLM-623 more than ${QUEUE} notices wait for this notifier`)
  }

  async #work(): Promise<void> {
    // What a tick tells together is queued together before the first is tried.
    await Promise.resolve()
    for (;;) {
      const item = this.#queue[0]
      if (item === undefined || this.#ended) return
      const pauseMs = await this.#try(item)
      if (pauseMs === null) {
        if (this.#queue[0] === item) this.#queue.shift()
      } else if (this.#finishing) {
        return
      } else {
        await this.#pause(pauseMs)
      }
    }
  }

  /** `null` when there is nothing more to do for it; else how long to wait before the next try. */
  async #try(item: Item): Promise<number | null> {
    const { clock } = this.#world
    item.tries += 1
    this.#trying = true
    this.#hurried = false
    try {
      if (!(await this.#isOurs(item))) return null
      await withDeadline(clock, TRY_DEADLINE_MS, `tell ${this.#name}`, signal =>
        this.#send(item.waiting.notice, signal),
      )
      this.#troubled = false
      this.#world.outbox.forget(item.waiting)
      this.#tell(item.waiting.notice, 'sent', '')
      return null
    } catch (error) {
      return this.#afterFailure(item, error)
    } finally {
      this.#trying = false
    }
  }

  /** Another process may have taken the fleet's lease, and told it. Should the lease come back, it may be taken up again. */
  async #isOurs({ waiting, keeping }: Item): Promise<boolean> {
    const keptAs = await keeping
    const ours = keptAs === 'kept' ? await this.#world.outbox.mayTry(waiting) : keptAs === 'not-kept'
    if (!ours) this.#taken.delete(waiting.notice.id)
    return ours
  }

  async #send(notice: Notice, signal: AbortSignal): Promise<void> {
    const notifier = this.#world.notifier(this.#name)
    if (notifier === null) throw new PluginError('misconfigured', NO_NOTIFIER)
    await notifier.send(notice, signal)
  }

  #afterFailure(item: Item, error: unknown): number | null {
    // Given up meanwhile: that has been told.
    if (this.#ended) return null
    const { clock, random } = this.#world
    const { waiting, tries } = item
    const backOffMs =
      Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1)) * (0.5 + random.next() / 2)
    const askedMs = error instanceof PluginError ? (error.retryAfterMs ?? 0) : 0
    const pauseMs = Math.max(backOffMs, askedMs)
    const tooOld = clock.now() + pauseMs - waiting.takenAt > OLDEST_MS
    if (!isPassing(error) || tooOld) {
      const age = tooOld ? `given up after ${tries} tries: ` : ''
      this.#fail(item, `${age}${reasonOf(error)}`)
      return null
    }
    if (!this.#troubled) this.#tell(waiting.notice, 'retrying', reasonOf(error))
    this.#troubled = true
    return pauseMs
  }

  #pause(ms: number): Promise<void> {
    if (this.#hurried) return Promise.resolve()
    return new Promise(resolve => {
      const cancel = this.#world.clock.after(ms, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
  }

  /** Given up for good. */
  #fail({ waiting }: Item, because: string): void {
    this.#world.outbox.forget(waiting)
    this.#tell(waiting.notice, 'failed', because)
  }

  #tell(notice: Notice, state: 'sent' | 'retrying' | 'failed', detail: string): void {
    const { id, fleet, event, title } = notice
    const at = this.#world.clock.now()
    const notifier = this.#name
    this.#world.emit({ type: 'delivery', fleet, at, notifier, notice: id, event, title, state, detail })
  }
}

function keyOf({ notice, kind }: WaitingNotice): string {
  return `${notice.fleet} ${kind}`
}

/** What may be over at the next try; a defect of a notifier may too. */
function isPassing(error: unknown): boolean {
  return !(error instanceof PluginError) || error.kind === 'unavailable' || error.kind === 'throttled'
}

function summedUp(waiting: WaitingNotice): WaitingNotice {
  const { notice, held } = waiting
  if (held === null || held.more === 0) return waiting
  const from = new Date(held.since).toISOString().slice(11, 19)
  const text = `${notice.text}\nAnd ${held.more} more of this kind since ${from}Z.`
  return { ...waiting, notice: { ...notice, text } }
}

function remember(ids: Set<string>, id: string): void {
  ids.add(id)
  const [oldest] = ids
  if (ids.size > REMEMBERED && oldest !== undefined) ids.delete(oldest)
}
