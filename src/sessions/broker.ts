/**
 * The session broker: places sessions, knows each of them until it ends, and tells nobody of anything that is not
 * stored.
 *
 * - A placement is decided and its slots are taken in one step; then its record is stored with those of others; only then
 *   it is answered. Whatever is on its way counts as load.
 * - A close moves the instance's epoch. What was decided in an older epoch and is not being stored yet is decided anew;
 *   what is being stored already is waited for. So once a close has returned, nothing is placed there.
 * - When the log fails, nobody knows what it stored. Then nothing is placed until the log was opened anew, which tells;
 *   what was stored and never answered is ended.
 *
 * Example: a and b open, s1 decided for a. Closed before its record is stored: s1 goes to b. Closed while it is being
 * stored: the close returns after s1 was answered, and s1 is in the next reading of a's load.
 */
import type { Load } from '../model/inventory.ts'
import type { SessionsSpec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import type { Clock, Random } from '../ports/clock.ts'
import { type CheckResult, PluginError } from '../ports/plugin.ts'
import type {
  EndedSession,
  LoggedSession,
  OpenedLog,
  SessionEnd,
  SessionLog,
  SessionRecord,
} from '../ports/session-log.ts'
import type { EndedGroup, RoutedInstance } from '../ports/session-router.ts'
import { Book, type BookInstance, type BookSession, stillHolds } from './book.ts'
import { EndedSessions } from './ended.ts'
import { EndedTally } from './ended-tally.ts'
import {
  badRequest,
  cannotSeal,
  inUse,
  isSealed,
  notStored,
  refusal,
  slotsMissing,
  tooMany,
  unknownInstance,
} from './faults.ts'
import { Leases, LOOK_EVERY_MS } from './leases.ts'
import { Lengths } from './lengths.ts'
import { type BrokerLimits, LIMITS, MOST_AT_ONCE, MOST_PER_PAGE } from './limits.ts'
import {
  allLeft,
  type Entry,
  endedView,
  isLeaving,
  type LiveSession,
  loggedOf,
  newSession,
  type Placing,
  pending,
  recordedSession,
  viewOf,
} from './live-session.ts'
import { type HoldOwner, isConflict, LogHold } from './log-hold.ts'
import { type Departed, instanceIn, reconcile } from './reconcile.ts'
import { requireId, sameLabels, type Wanted, wantedOf } from './request.ts'
import type {
  BrokerCounts,
  HeartbeatResult,
  PlaceOutcome,
  PlaceRefusal,
  PlaceRequest,
  PlaceResult,
  ReleaseOutcome,
  ReleaseResult,
  SessionBroker,
  SessionPage,
  SessionQuery,
  SessionView,
} from './session-broker.ts'
import { type Waiter, type WaitingCaller, WaitQueue } from './wait-queue.ts'
import { Writer, type WriterOwner } from './writer.ts'

export interface BrokerOptions {
  readonly fleet: string
  readonly spec: SessionsSpec
  readonly log: SessionLog
  readonly clock: Clock
  /** Makes up session ids, too: in production nobody may be able to guess it. */
  readonly random: Random
  /** Who opens the log, for people who look into it. */
  readonly holder: string
  readonly limits?: Partial<BrokerLimits>
  /** Does something a moment later, after those who were just answered had their turn; `setImmediate` when left out. */
  readonly soon?: (work: () => void) => void
  /** Whether a placement may still be carried out. Other than the right answer only where a test plants a fault. */
  readonly stillHolds?: (session: BookSession) => boolean
}

const GONE = 'its instance is gone'
/** Throws `PluginError('misconfigured')`, PLM-442, where the specification does not say how many slots an instance has. */
export function createBroker(options: BrokerOptions): SessionBroker {
  return new Broker(options)
}

class Broker implements SessionBroker, WriterOwner<Entry>, HoldOwner {
  readonly #fleet: string
  readonly #hold: LogHold
  readonly #clock: Clock
  readonly #random: Random
  readonly #limits: BrokerLimits
  readonly #stillHolds: (session: BookSession) => boolean
  readonly #writer: Writer<Entry>
  readonly #queue: WaitQueue
  #lengths = new Lengths()
  #tally = new EndedTally()
  /** Read from the log when it was opened, and not looked at yet for what nobody told. */
  #reread: readonly EndedSession[] = []
  readonly #wakes = new Set<() => void>()
  #spec: SessionsSpec
  #book: Book<LiveSession>
  #ended: EndedSessions
  #leases: Leases<LiveSession>
  #lastNumber = 0
  #cancelLook: () => void = () => undefined

  constructor(options: BrokerOptions) {
    this.#fleet = options.fleet
    this.#clock = options.clock
    this.#random = options.random
    this.#limits = { ...LIMITS, ...options.limits }
    this.#stillHolds = options.stillHolds ?? stillHolds
    this.#spec = options.spec
    this.#book = this.#newBook()
    this.#ended = new EndedSessions(this.#limits.ended)
    this.#leases = new Leases(this.#clock.now())
    this.#queue = new WaitQueue(this.#clock)
    const { batch, logDeadlineMs: deadlineMs } = this.#limits
    const soon = options.soon ?? ((work: () => void): void => void setImmediate(work))
    this.#writer = new Writer(this, { clock: this.#clock, soon, batch, deadlineMs })
    const { fleet, log, clock, holder } = options
    this.#hold = new LogHold({ fleet, log, clock, holder, deadlineMs }, this)
  }

  // ---- sessions

  async place(request: PlaceRequest, signal?: AbortSignal): Promise<PlaceResult> {
    return this.#place(request, signal)
  }

  async placeMany(requests: readonly PlaceRequest[], signal?: AbortSignal): Promise<readonly PlaceOutcome[]> {
    requireFew(requests.length)
    const results = await Promise.allSettled(requests.map(request => this.place(request, signal)))
    return results.map(result =>
      result.status === 'fulfilled' ? result.value : { placed: false, error: result.reason },
    )
  }

  async release(sessionId: string, why = 'released'): Promise<ReleaseResult> {
    this.#hold.requireReady()
    if (!this.#book.sessions.has(sessionId)) await this.#hold.confirm()
    const waiter = this.#queue.get(requireId(sessionId))
    if (waiter !== undefined) {
      this.#queue.take(waiter)
      for (const caller of waiter.callers.keys()) caller.refuse('given-up')
      return 'released'
    }
    const session = this.#book.sessions.get(sessionId)
    if (session === undefined) return this.#ended.get(sessionId) === undefined ? 'unknown' : 'ended'
    if (session.placing !== null) {
      await session.placing.promise
      return this.release(sessionId, why)
    }
    if (session.state === 'doubtful') throw this.#hold.notReady()
    await this.#end(session, 'released', why)
    return 'released'
  }

  async releaseMany(sessionIds: readonly string[], why?: string): Promise<readonly ReleaseOutcome[]> {
    requireFew(sessionIds.length)
    const results = await Promise.allSettled(sessionIds.map(id => this.release(id, why)))
    return results.map(result => (result.status === 'fulfilled' ? result.value : { error: result.reason }))
  }

  async heartbeat(sessionId: string): Promise<HeartbeatResult> {
    await this.#hold.requireCurrent()
    const session = this.#book.sessions.get(requireId(sessionId))
    if (session?.state !== 'live') await this.#hold.confirm()
    if (session?.state === 'live') {
      this.#leases.renew(session, this.#clock.now())
      return { alive: true, session: this.#view(session) }
    }
    if (session === undefined) {
      const ended = this.#ended.get(sessionId)
      return { alive: false, ended: ended === undefined ? null : endedView(ended) }
    }
    if (session.ending === null) throw this.#hold.notReady()
    const { end, at, why } = session.ending
    return { alive: false, ended: endedView({ session: loggedOf(session), end, at, why }) }
  }

  get(sessionId: string): SessionView | null {
    this.#hold.requireKnowing()
    const session = this.#book.sessions.get(sessionId)
    if (session !== undefined) return isTold(session) ? this.#view(session) : null
    const ended = this.#ended.get(sessionId)
    return ended === undefined ? null : endedView(ended)
  }

  list({ after, limit, instance, labels }: SessionQuery): SessionPage {
    this.#hold.requireKnowing()
    if (!Number.isInteger(limit) || limit < 1 || limit > MOST_PER_PAGE) {
      throw badRequest(`limit is ${limit}, and must be from 1 to ${MOST_PER_PAGE}`)
    }
    const from = after === undefined ? 0 : Number(after)
    if (!Number.isSafeInteger(from) || from < 0) throw badRequest('after is no place in the list of sessions')
    const wanted = Object.entries(labels ?? {})
    const found: SessionView[] = []
    for (const session of this.#book.sessions.values()) {
      if (session.number <= from || !isTold(session)) continue
      if (instance !== undefined && session.instance.id !== instance) continue
      if (!wanted.every(([name, value]) => session.labels[name] === value)) continue
      if (found.length === limit) return { sessions: found, next: String(found.at(-1)?.number) }
      found.push(this.#view(session))
    }
    return { sessions: found, next: null }
  }

  counts(): BrokerCounts {
    return { sessions: this.#book.sessions.size, waiting: this.#queue.length, epoch: this.#hold.epoch }
  }

  waiting(): number {
    return this.#queue.length
  }

  takeEnded(since: EpochMs): readonly EndedGroup[] {
    // Whoever opened the log after us reads them there.
    if (this.#hold.epoch === null) return []
    for (const ended of this.#reread) if (ended.at > since) this.#tally.add(ended)
    this.#reread = []
    return this.#tally.take()
  }

  configure(spec: SessionsSpec): void {
    this.#spec = spec
    this.#book.configure({ slotsPerInstance: this.#slots(), placement: spec.placement })
    this.#serveWaiting()
  }

  // ---- as a session router

  async route(
    instances: readonly RoutedInstance[],
    signal: AbortSignal,
    isOurs: () => Promise<boolean> = isAlone,
  ): Promise<void> {
    const done = this.#hold.inTurn(() => this.#route(instances, isOurs))
    await unlessAborted(done, signal)
  }

  async readLoads(): Promise<ReadonlyMap<string, Load>> {
    await this.#hold.confirm()
    const at = this.#clock.now()
    return new Map([...this.#book.instances].map(([id, instance]) => [id, this.#loadOf(instance, at)]))
  }

  async closeInstance(id: string, signal: AbortSignal): Promise<void> {
    this.#hold.requireKnowing()
    const instance = this.#instance(id)
    this.#book.setAdmission(instance, 'closed')
    await unlessAborted(this.#nothingOnItsWayTo(instance), signal)
  }

  async reopenInstance(id: string): Promise<void> {
    this.#hold.requireKnowing()
    const instance = this.#instance(id)
    if (instance.sealed) throw isSealed(this.#fleet, id)
    this.#book.setAdmission(instance, 'open')
    this.#serveWaiting()
  }

  async sealInstance(id: string): Promise<void> {
    await this.#hold.confirm()
    const instance = this.#instance(id)
    if (instance.sealed) return
    if (instance.admission === 'open') throw cannotSeal(this.#fleet, id, 'it is open')
    if (instance.used > 0) throw cannotSeal(this.#fleet, id, `it holds ${instance.used} slots`)
    this.#book.seal(instance)
  }

  subscribe(wake: () => void): () => void {
    this.#wakes.add(wake)
    return () => this.#wakes.delete(wake)
  }

  async check(): Promise<CheckResult> {
    return this.#hold.check(() => {
      const { sessions, instances } = this.#book
      return `${sessions.size} sessions on ${instances.size} instances, ${this.#queue.length} requests wait`
    })
  }

  async close(): Promise<void> {
    if (this.#hold.close()) {
      this.#stopWork(new PluginError('unavailable', this.#hold.notReady().message))
    }
    await this.#writer.settled()
  }

  // ---- placing

  #place(request: PlaceRequest, signal: AbortSignal | undefined): Promise<PlaceResult> {
    this.#hold.requireKnowing()
    const wanted = wantedOf(request, this.#spec, this.#slots(), this.#random)
    const known = this.#book.sessions.get(wanted.id)
    if (known !== undefined) return this.#placeAgain(known, wanted, request, signal)
    this.#hold.requireReady()
    const waiter = this.#queue.get(wanted.id)
    if (waiter !== undefined) {
      this.#requireSame(waiter.wanted, wanted)
      return wanted.waitMs > 0 ? this.#wait(wanted, signal) : this.#refused('no-room')
    }
    if (this.#book.sessions.size >= this.#limits.sessions) throw tooMany(this.#fleet, this.#limits.sessions)
    const instance = this.#queue.hasLineFor(wanted) ? null : this.#book.choose(wanted)
    if (instance !== null) return this.#reserve(wanted, instance, [signal])
    return wanted.waitMs > 0 ? this.#wait(wanted, signal) : this.#refused('no-room')
  }

  async #placeAgain(
    known: LiveSession,
    wanted: Wanted,
    request: PlaceRequest,
    signal: AbortSignal | undefined,
  ): Promise<PlaceResult> {
    if (known.ending !== null) {
      await known.ending.pending.promise
      return this.#place(request, signal)
    }
    this.#requireSame(known, wanted)
    if (known.placing !== null) return this.#follow(known.placing, request, signal)
    await this.#hold.confirm()
    if (known.state === 'ended') return this.#place(request, signal)
    if (known.state !== 'live') throw this.#hold.notReady()
    return { placed: true, again: true, session: this.#view(known) }
  }

  /** Whoever asked first may leave; the others are placed all the same. */
  async #follow(
    placing: Placing,
    request: PlaceRequest,
    signal: AbortSignal | undefined,
  ): Promise<PlaceResult> {
    try {
      return again(await placing.promise)
    } catch (error) {
      if (isLeaving(error, placing)) return this.#place(request, signal)
      throw error
    }
  }

  #reserve(wanted: Wanted, instance: BookInstance, clients: Placing['clients']): Promise<PlaceResult> {
    this.#lastNumber += 1
    const placing: Placing = { ...pending<PlaceResult>(), clients }
    const session = newSession(wanted, this.#lastNumber, this.#clock.now(), instance, placing)
    this.#book.add(session)
    this.#ended.forget(session.id)
    this.#writer.write({ kind: 'place', session })
    return placing.promise
  }

  #wait(wanted: Wanted, signal: AbortSignal | undefined): Promise<PlaceResult> {
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    if (this.#queue.length >= this.#spec.mostWaiting) return this.#refused('queue-full')
    const result = new Promise<PlaceResult>((resolve, reject) => {
      const caller: WaitingCaller = {
        client: signal,
        follow: placed => resolve(placed),
        refuse: because => resolve(this.#refused(because)),
        fail: reject,
      }
      this.#queue.join(wanted, caller)
    })
    // Once for the first, and again each time as many wait: a tick for each of a crowd would be no help.
    if (Number.isInteger(Math.log2(this.#queue.length))) this.#wake()
    return result
  }

  async #refused(because: PlaceRefusal): Promise<PlaceResult> {
    return { placed: false, because, ...refusal(this.#fleet, because) }
  }

  /** Whoever waits and can go, goes. */
  #serveWaiting(): void {
    if (this.#hold.phase !== 'open') return
    while (this.#queue.length > 0) {
      const waiter = this.#queue.next(wanted => this.#book.choose(wanted) !== null)
      const instance = waiter === null ? null : this.#book.choose(waiter.wanted)
      if (waiter === null || instance === null) return
      const clients = [...waiter.callers.keys()].map(({ client }) => client)
      answer(waiter, this.#reserve(waiter.wanted, instance, clients))
    }
  }

  // ---- ending

  #end(session: LiveSession, end: SessionEnd, why: string): Promise<void> {
    if (session.ending === null) {
      session.state = 'ending'
      session.ending = { end, at: this.#clock.now(), why, pending: pending() }
      this.#leases.end(session)
      this.#writer.write({ kind: 'end', session, ending: session.ending })
    }
    return session.ending.pending.promise
  }

  /** The sessions of instances that ended, also those whose placing was just answered. */
  async #endLost({ instance, why }: Departed): Promise<void> {
    // Once the log answers again, whatever is left on instances that are gone is ended.
    if (this.#hold.phase !== 'open') return
    const ends: Promise<void>[] = []
    for (const { id } of instance.sessions) {
      const session = this.#book.sessions.get(id)
      if (session?.instance === instance && session.state === 'live')
        ends.push(this.#end(session, 'lost', why))
    }
    await Promise.all(ends)
  }

  #look(): void {
    this.#cancelLook = this.#clock.after(LOOK_EVERY_MS, () => this.#look())
    if (this.#hold.phase !== 'open') return
    for (const session of this.#leases.expired(this.#clock.now(), this.#limits.batch)) {
      void this.#end(session, 'expired', 'its lease ran out without a sign of life')
    }
  }

  // ---- storing

  append(records: readonly SessionRecord[]): Promise<void> {
    return this.#hold.append(records)
  }

  recordOf(entry: Entry): SessionRecord | null {
    const { session } = entry
    if (entry.kind === 'end') {
      const { end, at, why } = entry.ending
      return { kind: end, id: session.id, number: session.number, at, why }
    }
    if (!this.#stillHolds(session) && !this.#decideAgain(session)) return null
    session.instance.storing += 1
    return { kind: 'placed', session: loggedOf(session) }
  }

  /** Its instance was closed in the meantime, or closed and opened: another will do, or the same again. */
  #decideAgain(session: LiveSession): boolean {
    this.#book.giveBack(session)
    const instance = this.#book.choose(session)
    if (instance !== null) {
      session.instance = instance
      this.#book.take(session)
      return true
    }
    const { wanted, placing } = session
    this.#book.drop(session)
    if (wanted === null || placing === null) return false
    placing.resolve(
      wanted.waitMs > 0 ? this.#wait(wanted, allLeft(placing.clients)) : this.#refused('no-room'),
    )
    return false
  }

  stored(entries: readonly Entry[]): void {
    const departed: BookInstance[] = []
    for (const entry of entries) {
      if (entry.kind === 'end') {
        this.#hasEnded(entry.session, entry.ending)
        continue
      }
      const { session } = entry
      session.instance.storing -= 1
      this.#hasBegun(session)
      if (this.#book.instances.get(session.instance.id) !== session.instance) departed.push(session.instance)
    }
    for (const instance of departed) this.#endLost({ instance, why: GONE }).catch(() => undefined)
    this.#serveWaiting()
  }

  #hasBegun(session: LiveSession): void {
    session.state = 'live'
    this.#leases.begin(session, this.#clock.now())
    const placing = session.placing
    session.placing = null
    session.wanted = null
    placing?.resolve({ placed: true, again: false, session: this.#view(session) })
  }

  #hasEnded(
    session: LiveSession,
    { end, at, why, pending: waiting }: NonNullable<LiveSession['ending']>,
  ): void {
    const { instance } = session
    this.#book.drop(session)
    this.#leases.end(session)
    session.state = 'ended'
    const ended: EndedSession = { session: loggedOf(session), end, at, why }
    this.#ended.add(ended)
    this.#tally.add(ended)
    if (end !== 'lost') this.#lengths.add(at - session.placedAt)
    waiting.resolve()
    if (instance.used > 0 || instance.admission === 'open') return
    if (!instance.listed) this.#book.removeInstance(instance)
    this.#wake()
  }

  failed(sent: readonly Entry[], unsent: readonly Entry[], error: unknown): void {
    const fenced = isConflict(error)
    const failure = fenced ? this.#hold.fencedOff() : notStored(this.#fleet, error)
    for (const entry of sent) this.#isDoubtful(entry, failure)
    for (const entry of unsent) this.#isUndone(entry, failure)
    if (this.#hold.phase !== 'open') return
    if (fenced) {
      this.#hold.fence()
      return
    }
    this.#hold.doubt()
    this.#wake()
  }

  fenced(failure: PluginError): void {
    for (const entry of this.#writer.takeUnsent()) this.#isUndone(entry, failure)
    this.#refuseWaiting(failure)
    this.#wake()
  }

  #isDoubtful({ kind, session }: Entry, failure: PluginError): void {
    if (kind === 'end') {
      session.ending?.pending.reject(failure)
      return
    }
    session.instance.storing -= 1
    session.state = 'doubtful'
    session.placing?.reject(failure)
    session.placing = null
  }

  #isUndone({ kind, session }: Entry, failure: PluginError): void {
    if (kind === 'end') {
      session.ending?.pending.reject(failure)
      session.ending = null
      session.state = 'live'
      this.#leases.begin(session, this.#clock.now())
      return
    }
    this.#book.drop(session)
    session.placing?.reject(failure)
  }

  // ---- what the log says, and what the list says

  async #route(listed: readonly RoutedInstance[], isOurs: () => Promise<boolean>): Promise<void> {
    await this.#hold.take(isOurs, () => this.#writer.settled())
    const departed = reconcile(this.#book, listed)
    this.#serveWaiting()
    if (this.#hold.phase !== 'open' && departed.some(({ instance }) => instance.sessions.size > 0)) {
      throw this.#hold.notReady()
    }
    const lost = Promise.all(departed.map(one => this.#endLost(one)))
    const closed = [...this.#book.instances.values()].filter(({ admission }) => admission === 'closed')
    await Promise.all([lost, ...closed.map(instance => this.#nothingOnItsWayTo(instance))])
  }

  opened(opened: OpenedLog): void {
    const sealed = [...this.#book.instances.values()].filter(instance => instance.sealed)
    this.#book = this.#newBook()
    // Of instances only this is known here and nowhere else; all else the list says.
    for (const instance of sealed) this.#book.seal(this.#book.addInstance(instance, false))
    this.#leases = new Leases(this.#clock.now())
    this.#ended = new EndedSessions(this.#limits.ended)
    this.#lengths = new Lengths()
    this.#tally = new EndedTally()
    this.#reread = opened.ended
    for (const ended of opened.ended) this.#remember(ended)
    this.recovered(opened)
    this.#cancelLook()
    this.#look()
  }

  /** Makes the book say what the log says. */
  recovered({ sessions }: OpenedLog): void {
    // While the log did not answer, no sign of life was taken.
    this.#leases.freshen(this.#clock.now())
    const logged = new Map(sessions.map(session => [session.id, session]))
    for (const session of [...this.#book.sessions.values()]) {
      const stored = logged.get(session.id)?.number === session.number
      if (stored) logged.delete(session.id)
      this.#settleDoubt(session, stored)
    }
    for (const session of logged.values()) this.#adoptSession(session)
    for (const session of this.#book.sessions.values()) {
      this.#lastNumber = Math.max(this.#lastNumber, session.number)
      if (this.#book.instances.get(session.instance.id) === session.instance) continue
      if (session.state === 'live') void this.#end(session, 'lost', GONE)
    }
    this.#serveWaiting()
  }

  #settleDoubt(session: LiveSession, stored: boolean): void {
    const { ending, state } = session
    if (state === 'doubtful') {
      if (stored) void this.#end(session, 'released', 'its placing was never answered')
      else this.#book.drop(session)
    } else if (ending !== null) {
      session.ending = null
      if (stored) void this.#end(session, ending.end, ending.why)
      else this.#hasEnded(session, ending)
    }
  }

  #adoptSession(logged: LoggedSession): void {
    const session = recordedSession(logged, instanceIn(this.#book, logged))
    this.#book.add(session)
    this.#leases.begin(session, this.#clock.now())
  }

  // ---- small things

  #newBook(): Book<LiveSession> {
    return new Book({ slotsPerInstance: this.#slots(), placement: this.#spec.placement }, this.#random)
  }

  #slots(): number {
    if (this.#spec.slotsPerInstance === null) throw slotsMissing(this.#fleet)
    return this.#spec.slotsPerInstance
  }

  #instance(id: string): BookInstance {
    const instance = this.#book.instances.get(id)
    if (instance === undefined) throw unknownInstance(this.#fleet, id)
    return instance
  }

  #view(session: LiveSession): SessionView {
    return viewOf(session, this.#leases.leftMs(session, this.#clock.now()))
  }

  #loadOf(instance: BookInstance, at: number): Load {
    let longest = 0
    for (const { placedAt } of instance.sessions) {
      const remainingMs = this.#lengths.remainingMs(at - placedAt)
      if (remainingMs === null) return { kind: 'known', slots: instance.used, at }
      longest = Math.max(longest, remainingMs)
    }
    return { kind: 'known', slots: instance.used, at, remainingMs: longest }
  }

  #requireSame(there: { id: string; slots: number; labels: LiveSession['labels'] }, wanted: Wanted): void {
    if (there.slots === wanted.slots && sameLabels(there.labels, wanted.labels)) return
    throw inUse(there.id, needsOf(there), needsOf(wanted))
  }

  #remember(ended: EndedSession): void {
    this.#ended.add(ended)
    this.#lastNumber = Math.max(this.#lastNumber, ended.session.number)
    if (ended.end !== 'lost') this.#lengths.add(ended.at - ended.session.placedAt)
  }

  /** Placements that are being stored are answered before a close is. */
  async #nothingOnItsWayTo(instance: BookInstance): Promise<void> {
    while (instance.storing > 0) await this.#writer.settled()
  }

  #refuseWaiting(failure: PluginError): void {
    for (const waiter of this.#queue.takeAll()) {
      for (const caller of waiter.callers.keys()) caller.fail(failure)
    }
  }

  #stopWork(failure: PluginError): void {
    this.#cancelLook()
    this.#refuseWaiting(failure)
    for (const entry of this.#writer.takeUnsent()) this.#isUndone(entry, failure)
  }

  #wake(): void {
    for (const wake of this.#wakes) wake()
  }
}

/** Nobody else could have taken it over. */
async function isAlone(): Promise<boolean> {
  return true
}

function isTold(session: LiveSession): boolean {
  return session.state === 'live' || (session.state === 'ending' && session.placing === null)
}

function again(result: PlaceResult): PlaceResult {
  return result.placed ? { ...result, again: true } : result
}

function answer({ callers }: Waiter, result: Promise<PlaceResult>): void {
  let first = true
  for (const caller of callers.keys()) {
    caller.follow(first ? result : result.then(again))
    first = false
  }
}

function needsOf({ slots, labels }: { slots: number; labels: LiveSession['labels'] }): string {
  return `${slots} ${slots === 1 ? 'slot' : 'slots'} and labels ${JSON.stringify(labels)}`
}

function requireFew(count: number): void {
  if (count > MOST_AT_ONCE) throw badRequest(`it is ${count} at once, and may be ${MOST_AT_ONCE}`)
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason)
  signal.addEventListener('abort', abort)
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
