/**
 * Which instances there are, how full each is, and which session is where: the whole state of a broker, without time and
 * without waiting, so that every question about it is answered in one step.
 *
 * Example: 20 slots each, `a` holds 3 sessions, one of them with its record still on the way to the disk: `a.used` is 3.
 * Closing `a` moves its epoch from 7 to 8; a placement that was decided at 7 holds no longer.
 */
import type { Placement } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'
import type { Random } from '../ports/clock.ts'
import type { RoutedInstance } from '../ports/session-router.ts'
import { PLACEMENTS } from './placement/placements.ts'
import { hashText } from './placement/rendezvous.ts'
import { Room, RoomCell } from './room.ts'

/**
 * `placing`: decided, its record not yet durable. `doubtful`: nobody knows whether its record is. `ending`: the record of its end is
 * not yet durable. All of them count as load.
 */
export type SessionState = 'placing' | 'doubtful' | 'live' | 'ending' | 'ended'

export interface BookSession {
  readonly id: string
  readonly number: number
  readonly slots: number
  readonly labels: Readonly<Record<string, string>>
  readonly zone: string | null
  readonly leaseMs: number | null
  readonly placedAt: EpochMs
  instance: BookInstance
  /** The instance's epoch when it was decided. */
  epoch: number
  state: SessionState
}

export class BookInstance {
  readonly id: string
  incarnation: string | null
  address: string
  zone: string | null
  admission: 'open' | 'closed' = 'closed'
  sealed = false
  /** In the list the broker was last told. */
  listed: boolean
  /** Grows with everything that decides whether sessions may be placed here. */
  epoch = 1
  /** Slots taken, those of sessions whose record is on its way too. */
  used = 0
  /** Placements on it whose records are being stored at this moment. */
  storing = 0
  readonly sessions = new Set<BookSession>()
  readonly inAll: RoomCell<BookInstance>
  inZone: RoomCell<BookInstance>

  constructor(routed: Omit<RoutedInstance, 'admission'>, listed: boolean) {
    this.id = routed.id
    this.incarnation = routed.incarnation
    this.address = routed.address
    this.zone = routed.zone
    this.listed = listed
    const key = hashText(routed.id)
    this.inAll = new RoomCell(this, key)
    this.inZone = new RoomCell(this, key)
  }
}

export interface BookOptions {
  readonly slotsPerInstance: number
  readonly placement: Placement
}

export class Book<S extends BookSession = BookSession> {
  readonly instances = new Map<string, BookInstance>()
  /** In the order in which they were placed. */
  readonly sessions = new Map<string, S>()
  readonly #random: Random
  #options: BookOptions
  #room = new Room<BookInstance>()
  #zones = new Map<string, Room<BookInstance>>()

  constructor(options: BookOptions, random: Random) {
    this.#options = options
    this.#random = random
  }

  get slotsPerInstance(): number {
    return this.#options.slotsPerInstance
  }

  configure(options: BookOptions): void {
    this.#options = options
    for (const instance of this.instances.values()) this.#index(instance)
  }

  /** New, and closed until it is opened. */
  addInstance(routed: Omit<RoutedInstance, 'admission'>, listed: boolean): BookInstance {
    const instance = new BookInstance(routed, listed)
    this.instances.set(instance.id, instance)
    return instance
  }

  /** Nothing is placed there any more, and its id is free for another. Its sessions stay until they are dropped. */
  removeInstance(instance: BookInstance): void {
    this.setAdmission(instance, 'closed')
    if (this.instances.get(instance.id) === instance) this.instances.delete(instance.id)
  }

  /** A sealed one stays closed. Whether anything changed. */
  setAdmission(instance: BookInstance, wanted: 'open' | 'closed'): boolean {
    const admission = instance.sealed ? 'closed' : wanted
    if (instance.admission === admission) return false
    instance.admission = admission
    instance.epoch += 1
    this.#index(instance)
    return true
  }

  seal(instance: BookInstance): void {
    instance.sealed = true
    instance.epoch += 1
  }

  setZone(instance: BookInstance, zone: string | null): void {
    if (instance.zone === zone) return
    if (instance.zone !== null) this.#zones.get(instance.zone)?.put(instance.inZone, 0)
    instance.inZone = new RoomCell(instance, instance.inAll.key)
    instance.zone = zone
    this.#index(instance)
  }

  /** The open instance this session would be placed on, if one has room. */
  choose(session: {
    readonly id: string
    readonly slots: number
    readonly zone: string | null
  }): BookInstance | null {
    const room = session.zone === null ? this.#room : this.#zones.get(session.zone)
    return room === undefined ? null : PLACEMENTS[this.#options.placement](room, session, this.#random)
  }

  /** Its slots are taken from now on. */
  add(session: S): void {
    this.sessions.set(session.id, session)
    this.take(session)
  }

  take(session: BookSession): void {
    const { instance } = session
    instance.sessions.add(session)
    instance.used += session.slots
    session.epoch = instance.epoch
    if (instance.admission === 'open') this.#index(instance)
  }

  /** Its slots are free again; the session itself is still known. */
  giveBack(session: BookSession): void {
    const { instance } = session
    if (!instance.sessions.delete(session)) return
    instance.used -= session.slots
    if (instance.admission === 'open') this.#index(instance)
  }

  drop(session: S): void {
    this.giveBack(session)
    if (this.sessions.get(session.id) === session) this.sessions.delete(session.id)
  }

  #index(instance: BookInstance): void {
    const open = instance.admission === 'open'
    const free = open ? Math.max(0, this.#options.slotsPerInstance - instance.used) : 0
    this.#room.put(instance.inAll, free)
    if (instance.zone === null) return
    let zone = this.#zones.get(instance.zone)
    if (zone === undefined) {
      if (free === 0) return
      zone = new Room()
      this.#zones.set(instance.zone, zone)
    }
    zone.put(instance.inZone, free)
    if (zone.all.length === 0) this.#zones.delete(instance.zone)
  }
}

/** May this placement still be carried out? Only what was decided in the instance's present epoch. */
export function stillHolds(session: BookSession): boolean {
  return session.epoch === session.instance.epoch
}

/** One that says nothing of its incarnation is taken for the same. */
export function isSameIncarnation(a: string | null, b: string | null): boolean {
  return a === null || b === null || a === b
}
