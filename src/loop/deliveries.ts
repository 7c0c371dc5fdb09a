/**
 * Brings notices to notifiers, beside the ticks: per notifier one after the other, each try with a deadline, again and
 * again with growing pauses until it is taken or too old. A dead notifier holds up nobody but itself. Of one kind of event
 * of one fleet at most one notice goes out per `every`; what came in between is summed up in the one after.
 *
 * Example: `every: 30m`; "web 5 -> 6" at 12:00 goes out, "web 6 -> 7" at 12:05 and "web 7 -> 8" at 12:20 do not; at 12:30
 * "web 7 -> 8" goes out, "and 1 more of this kind since 12:00:00Z".
 *
 * What was not delivered when the process ends is lost: the journal has it, the people do not.
 */
import type { NotifierSpec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import type { Clock, Random } from '../ports/clock.ts'
import type { Notice, Notifier } from '../ports/notifier.ts'
import { PluginError } from '../ports/plugin.ts'
import { reasonOf, withDeadline } from './deadline.ts'
import type { Told } from './notices.ts'
import type { LoopEvent } from './world.ts'

export interface DeliveriesWorld {
  readonly clock: Clock
  readonly random: Random
  notifiers(): Readonly<Record<string, NotifierSpec>>
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

export class Deliveries {
  readonly #world: DeliveriesWorld
  readonly #lines = new Map<string, Line>()

  constructor(world: DeliveriesWorld) {
    this.#world = world
  }

  take(told: Told): void {
    for (const spec of Object.values(this.#world.notifiers())) {
      const named = told.to?.includes(spec.name)
      if (named === false || (named === undefined && !spec.on.includes(told.notice.event))) continue
      this.#line(spec.name).take(told, spec.everyMs)
    }
  }

  /** The configuration has changed: what waits is tried at once, and notifiers that are gone are forgotten. */
  renew(): void {
    const specs = this.#world.notifiers()
    for (const [name, line] of this.#lines) {
      if (specs[name] === undefined) {
        line.giveUp('PLM-624 there is no such notifier any more')
        this.#lines.delete(name)
      } else {
        line.hurry()
      }
    }
  }

  /** One more try for what waits, for at most so long; the rest is given up. */
  async close(patienceMs: number): Promise<void> {
    const lines = [...this.#lines.values()]
    let cancel = (): void => undefined
    const patience = new Promise<void>(resolve => {
      cancel = this.#world.clock.after(patienceMs, resolve)
    })
    await Promise.race([Promise.all(lines.map(line => line.finish())), patience])
    cancel()
    for (const line of lines) line.giveUp('PLM-625 Plimsoll ended before it was taken')
  }

  #line(name: string): Line {
    const known = this.#lines.get(name)
    if (known !== undefined) return known
    const line = new Line(name, this.#world)
    this.#lines.set(name, line)
    return line
  }
}

interface Item {
  readonly notice: Notice
  readonly takenAt: EpochMs
  tries: number
}

/** The latest of a kind that waits for the end of its period. */
interface Held {
  notice: Notice
  more: number
  readonly since: EpochMs
  readonly cancel: () => void
}

/** One notifier's queue. */
class Line {
  readonly #name: string
  readonly #world: DeliveriesWorld
  #queue: Item[] = []
  /** By kind of event and fleet. */
  readonly #held = new Map<string, Held>()
  readonly #lastAt = new Map<string, EpochMs>()
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

  constructor(name: string, world: DeliveriesWorld) {
    this.#name = name
    this.#world = world
  }

  take({ notice, kind }: Told, everyMs: number): void {
    if (this.#ended || this.#taken.has(notice.id)) return
    const tells = this.#world.notifier(this.#name)?.tells
    if (tells !== undefined && !tells.includes(notice.event)) return
    remember(this.#taken, notice.id)
    if (notice.withdraws !== null) {
      if (this.#takeBack(notice.withdraws)) return
      // The end of something that was told is not held back: somebody may be about to act on it.
      this.#enqueue(notice)
      return
    }
    const key = `${notice.fleet} ${kind}`
    const { clock } = this.#world
    const now = clock.now()
    const held = this.#held.get(key)
    if (held !== undefined) {
      remember(this.#untold, held.notice.id)
      held.notice = notice
      held.more += 1
      return
    }
    const since = this.#lastAt.get(key)
    if (since === undefined || now - since >= everyMs) {
      this.#lastAt.set(key, now)
      this.#enqueue(notice)
      return
    }
    const cancel = clock.after(since + everyMs - now, () => this.#release(key))
    this.#held.set(key, { notice, more: 0, since, cancel })
  }

  hurry(): void {
    this.#hurried = true
    this.#wake()
  }

  async finish(): Promise<void> {
    this.#finishing = true
    this.#hurried = true
    for (const key of [...this.#held.keys()]) this.#release(key)
    this.#wake()
    await this.#working
  }

  giveUp(because: string): void {
    this.#ended = true
    for (const { cancel } of this.#held.values()) cancel()
    const lost = [
      ...this.#queue.map(({ notice }) => notice),
      ...[...this.#held.values()].map(held => held.notice),
    ]
    this.#queue = []
    this.#held.clear()
    for (const notice of lost) this.#tell(notice, 'failed', because)
    this.#wake()
  }

  /** What was not told need not be taken back: `true` when there is nothing to tell. */
  #takeBack(id: string): boolean {
    for (const [key, held] of this.#held) {
      if (held.notice.id !== id) continue
      held.cancel()
      this.#held.delete(key)
      return true
    }
    const at = this.#queue.findIndex(
      ({ notice }, index) => notice.id === id && !(index === 0 && this.#trying),
    )
    if (at >= 0) this.#queue.splice(at, 1)
    return at >= 0 || this.#untold.has(id)
  }

  #release(key: string): void {
    const held = this.#held.get(key)
    if (held === undefined) return
    held.cancel()
    this.#held.delete(key)
    this.#lastAt.set(key, this.#world.clock.now())
    this.#enqueue(summedUp(held))
  }

  #enqueue(notice: Notice): void {
    this.#queue.push({ notice, takenAt: this.#world.clock.now(), tries: 0 })
    if (this.#queue.length > QUEUE) {
      const [dropped] = this.#queue.splice(this.#trying ? 1 : 0, 1)
      if (dropped !== undefined) {
        remember(this.#untold, dropped.notice.id)
        this.#tell(dropped.notice, 'failed', `PLM-623 more than ${QUEUE} notices wait for this notifier`)
      }
    }
    this.#working ??= this.#work().finally(() => {
      this.#working = null
    })
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
        this.giveUp('PLM-625 Plimsoll ended before it was taken')
      } else {
        await this.#pause(pauseMs)
      }
    }
  }

  /** `null` when there is nothing more to do for it; else how long to wait before the next try. */
  async #try(item: Item): Promise<number | null> {
    const { notice } = item
    const { clock } = this.#world
    item.tries += 1
    this.#trying = true
    this.#hurried = false
    try {
      await withDeadline(clock, TRY_DEADLINE_MS, `tell ${this.#name}`, signal => this.#send(notice, signal))
      this.#troubled = false
      this.#tell(notice, 'sent', '')
      return null
    } catch (error) {
      return this.#afterFailure(item, error)
    } finally {
      this.#trying = false
    }
  }

  async #send(notice: Notice, signal: AbortSignal): Promise<void> {
    const notifier = this.#world.notifier(this.#name)
    if (notifier === null)
      throw new PluginError('misconfigured', 'PLM-624 there is no such notifier any more')
    await notifier.send(notice, signal)
  }

  #afterFailure({ notice, takenAt, tries }: Item, error: unknown): number | null {
    // Given up meanwhile: that has been told.
    if (this.#ended) return null
    const { clock, random } = this.#world
    const backOffMs =
      Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1)) * (0.5 + random.next() / 2)
    const askedMs = error instanceof PluginError ? (error.retryAfterMs ?? 0) : 0
    const pauseMs = Math.max(backOffMs, askedMs)
    const tooOld = clock.now() + pauseMs - takenAt > OLDEST_MS
    if (!isPassing(error) || tooOld) {
      const age = tooOld ? `given up after ${tries} tries: ` : ''
      this.#tell(notice, 'failed', `${age}${reasonOf(error)}`)
      return null
    }
    if (!this.#troubled) this.#tell(notice, 'retrying', reasonOf(error))
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

  #tell(notice: Notice, state: 'sent' | 'retrying' | 'failed', detail: string): void {
    const { id, fleet, event, title } = notice
    const at = this.#world.clock.now()
    const notifier = this.#name
    this.#world.emit({ type: 'delivery', fleet, at, notifier, notice: id, event, title, state, detail })
  }
}

/** What may be over at the next try; a defect of a notifier may too. */
function isPassing(error: unknown): boolean {
  return !(error instanceof PluginError) || error.kind === 'unavailable' || error.kind === 'throttled'
}

function summedUp({ notice, more, since }: Held): Notice {
  if (more === 0) return notice
  const from = new Date(since).toISOString().slice(11, 19)
  return { ...notice, text: `${notice.text}\nAnd ${more} more of this kind since ${from}Z.` }
}

function remember(ids: Set<string>, id: string): void {
  ids.add(id)
  const [oldest] = ids
  if (ids.size > REMEMBERED && oldest !== undefined) ids.delete(oldest)
}
