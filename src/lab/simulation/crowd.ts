/**
 * The people a fleet is for: they come, take a session, use it for a while, and go. Only what a broker has acknowledged counts as
 * theirs, and from then on it must not end unless they go, or its instance crashes.
 *
 * Example: s-12 asks the first replica, hears nothing (it died), asks the second one with the same id, and is placed on i-3.
 * From then until it goes, ending i-3 is a violation.
 */
import type { PlaceResult, SessionBroker } from '../../sessions/session-broker.ts'
import type { Host, SimulatedCloud } from './cloud.ts'
import type { Faults } from './faults.ts'
import type { Replica } from './replica.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { Timeline } from './timeline.ts'

export const LEASE_MS = 60_000
const HEARTBEAT_MS = 20_000
const PATIENCE_MS = 5_000
const RETRY_MS = 4_000
const LOOK_MS = 30_000
const MOST_TRIES = 30
const LONGEST_SESSION_MS = 900_000

/** Where clients ask for a session. */
export interface Door {
  readonly replica: Replica
  readonly broker: SessionBroker
  /** Admission as this broker has acknowledged it, by incarnation. */
  readonly closed: ReadonlySet<string>
}

export interface CrowdOptions {
  readonly timeline: Timeline
  readonly faults: Faults
  readonly random: SeededRandom
  readonly cloud: SimulatedCloud
  readonly doors: () => readonly Door[]
  readonly meanSessionMs: number
  readonly violate: (invariant: string, what: string) => void
  readonly note: (note: string) => void
}

interface Client {
  readonly id: string
  readonly slots: number
  host: Host | null
  /** It goes on, as far as its user is concerned. */
  using: boolean
}

export class Crowd {
  readonly #options: CrowdOptions
  readonly #clients = new Map<string, Client>()
  #come = 0
  #meanGapMs = 3_000
  #ended = false
  placed = 0
  refused = 0

  constructor(options: CrowdOptions) {
    this.#options = options
    this.#nextArrival()
  }

  /** Sessions in use on a host, by acknowledged placement. */
  on(host: Host): readonly string[] {
    return [...this.#clients.values()]
      .filter(client => client.using && client.host === host)
      .map(({ id }) => id)
  }

  /** How dense it is from now on. */
  set meanGapMs(ms: number) {
    this.#meanGapMs = ms
  }

  /** Nobody comes any more. */
  end(): void {
    this.#ended = true
  }

  /** What ends with its instance. */
  hostEnded(host: Host): void {
    for (const client of this.#clients.values()) {
      if (client.host === host) this.#leave(client)
    }
  }

  get size(): number {
    return [...this.#clients.values()].filter(({ using }) => using).length
  }

  #nextArrival(): void {
    const { timeline, random } = this.#options
    // Looked at anew after a while at the latest, since the crowd may be denser by then.
    const gapMs = random.exponential(this.#meanGapMs)
    timeline.after(Math.min(gapMs, LOOK_MS), () => {
      if (this.#ended) return
      if (gapMs <= LOOK_MS) void this.#visit()
      this.#nextArrival()
    })
  }

  async #visit(): Promise<void> {
    const { random } = this.#options
    this.#come += 1
    const client: Client = {
      id: `s-${this.#come}`,
      slots: random.chance(0.1) ? 2 : 1,
      host: null,
      using: false,
    }
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      if (await this.#ask(client)) return
      await this.#wait(RETRY_MS)
    }
    this.refused += 1
  }

  /** @returns whether it has its session */
  async #ask(client: Client): Promise<boolean> {
    const { id, slots } = client
    const placed = await this.#atSomeDoor(async ({ broker, closed }) => {
      const result = await broker.place({ sessionId: id, slots, ttlMs: LEASE_MS, waitMs: 3_000 })
      return { result, afterClose: result.placed && closed.has(result.session.incarnation ?? '') }
    })
    if (placed === null || !placed.result.placed) return false
    this.#begin(client, placed.result, placed.afterClose)
    return true
  }

  /** Asks one door, then the others; `null`: none of them answered, and the client knows no more than that. */
  async #atSomeDoor<T>(ask: (door: Door) => Promise<T>): Promise<T | null> {
    const doors = [...this.#options.doors()]
    if (this.#options.random.chance(0.5)) doors.reverse()
    for (const door of doors) {
      try {
        return await this.#inTime(door.replica.serve(() => ask(door)))
      } catch {
        // Another one may be the one that places sessions now.
      }
    }
    return null
  }

  #begin(
    client: Client,
    { session, again }: Extract<PlaceResult, { placed: true }>,
    afterClose: boolean,
  ): void {
    const { cloud, random, timeline, faults, violate, meanSessionMs } = this.#options
    const { id } = client
    const host = cloud.find(session.instance, session.incarnation)
    if (host === undefined) {
      violate('16', `${id} was placed on ${session.instance}, which never was`)
      return
    }
    // A repeated request may well learn of a placement that was made before the close.
    if (afterClose && !again) violate('16', `${id} was placed on ${host.id} after its close`)
    this.placed += 1
    if (host.ended === 'terminated') {
      violate('2', `${id} was acknowledged on ${host.id}, which had been terminated`)
      return
    }
    if (host.state === 'ended') return
    client.host = host
    client.using = true
    this.#clients.set(id, client)
    const staysMs = Math.min(LONGEST_SESSION_MS, random.exponential(meanSessionMs))
    if (faults.strikes('client-vanishes')) {
      timeline.after(staysMs, () => this.#leave(client))
      void this.#beat(client)
      return
    }
    timeline.after(staysMs, () => void this.#go(client))
    void this.#beat(client)
  }

  #leave(client: Client): void {
    client.using = false
    this.#clients.delete(client.id)
  }

  async #go(client: Client): Promise<void> {
    if (!client.using) return
    this.#leave(client)
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const released = await this.#atSomeDoor(({ broker }) => broker.release(client.id))
      if (released !== null) return
      await this.#wait(RETRY_MS)
    }
  }

  async #beat(client: Client): Promise<void> {
    const { violate } = this.#options
    for (;;) {
      await this.#wait(HEARTBEAT_MS)
      if (!client.using) return
      const answer = await this.#atSomeDoor(({ broker }) => broker.heartbeat(client.id))
      if (answer === null || answer.alive || !client.using) continue
      const why = answer.ended?.ended?.why ?? 'unknown'
      violate('acknowledged', `${client.id} on ${client.host?.id} was forgotten (${why})`)
      this.#leave(client)
    }
  }

  /** A client does not wait for ever for one that stands still. */
  #inTime<T>(answer: Promise<T>): Promise<T> {
    const { timeline } = this.#options
    return new Promise((resolve, reject) => {
      const cancel = timeline.after(PATIENCE_MS, () => reject(new Error('no answer')))
      answer.then(resolve, reject).finally(cancel)
    })
  }

  #wait(ms: number): Promise<void> {
    return new Promise(resolve => {
      this.#options.timeline.after(ms, resolve)
    })
  }
}
