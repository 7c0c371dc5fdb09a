/**
 * The instances the proxy routes to, as it was last told, and what each of them still holds. One that is missing from
 * the list is closed, and its sessions stay on it; one that is gone, or whose id another has now, is forgotten with them.
 *
 * Example: told of web-1 and web-2 (both open), then of web-2 alone: web-1 gets no new session, those it has go on, and it
 * is forgotten once they are over.
 */
import type { Load } from '../../../model/inventory.ts'
import type { EpochMs } from '../../../model/time.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { RoutedInstance } from '../../../ports/session-router.ts'
import type { CookieOptions } from './cookie.ts'
import { cannotSeal, sealedForGood, unknownInstance } from './faults.ts'
import type { ProxyLimits } from './limits.ts'
import { SessionBook } from './sessions.ts'
import { Upstream } from './upstream.ts'

export interface InstancesOptions {
  readonly fleet: string
  readonly concurrency: number
  readonly cookie: CookieOptions | null
}

export class Instances {
  readonly #fleet: string
  readonly #clock: Clock
  readonly #concurrency: number
  readonly #limits: ProxyLimits
  readonly #cookie: CookieOptions | null
  readonly #upstreams = new Map<string, Upstream>()
  /** By what cookies call them. */
  readonly #byCookie = new Map<string, Upstream>()
  /** They are forgotten and still answer what they were sent. */
  readonly #leaving = new Set<Upstream>()
  readonly #startedAt: EpochMs
  /** Instances that were there before this proxy: they may hold sessions of before, which it has not seen. */
  #inherited: ReadonlySet<string> | null = null
  #open: readonly Upstream[] = []

  constructor({ fleet, concurrency, cookie }: InstancesOptions, limits: ProxyLimits, clock: Clock) {
    this.#fleet = fleet
    this.#limits = limits
    this.#clock = clock
    this.#concurrency = concurrency
    this.#cookie = cookie
    this.#startedAt = clock.now()
  }

  /** Those that may take new sessions. */
  get open(): readonly Upstream[] {
    return this.#open
  }

  /** The one a cookie is bound to, while it may be used. */
  ofCookie(name: string): Upstream | undefined {
    const upstream = this.#byCookie.get(name)
    return upstream?.sealed === true ? undefined : upstream
  }

  /** Throws `PluginError('not-found')`. */
  named(id: string): Upstream {
    const upstream = this.#upstreams.get(id)
    if (upstream === undefined) throw unknownInstance(this.#fleet, id, [...this.#upstreams.keys()])
    return upstream
  }

  all(): readonly Upstream[] {
    return [...this.#upstreams.values()]
  }

  /** Requests in flight on all of them, those forgotten too. */
  get inFlight(): number {
    let sum = 0
    for (const upstream of this.#upstreams.values()) sum += upstream.inFlight
    for (const upstream of this.#leaving) sum += upstream.inFlight
    return sum
  }

  /** Takes over the list; answers which instances are forgotten. */
  reconcile(listed: readonly RoutedInstance[]): readonly Upstream[] {
    this.#inherited ??= new Set(this.#outlivesRestart() ? listed.map(instance => instance.id) : [])
    const departed: Upstream[] = []
    for (const instance of listed) {
      const known = this.#upstreams.get(instance.id)
      if (instance.admission === 'gone' && known !== undefined && isSame(known, instance))
        departed.push(known)
    }
    for (const upstream of departed) this.#depart(upstream)
    const there = listed.filter(({ admission }) => admission !== 'gone')
    for (const instance of there) departed.push(...this.#admit(instance))
    const ids = new Set(there.map(({ id }) => id))
    for (const upstream of this.all()) if (!ids.has(upstream.id)) departed.push(...this.#miss(upstream))
    this.#refreshOpen()
    return departed
  }

  setAdmission(id: string, admission: 'open' | 'closed'): void {
    const upstream = this.named(id)
    if (upstream.sealed && admission === 'open') throw sealedForGood(this.#fleet, id)
    upstream.admission = admission
    this.#refreshOpen()
  }

  /** `waiting`: requests of its sessions that wait for it. */
  seal(id: string, waiting: number): void {
    const upstream = this.named(id)
    if (upstream.sealed) return
    if (upstream.admission === 'open') throw cannotSeal(this.#fleet, id, 'it is open')
    const load = this.#loadOf(upstream, this.#clock.now())
    if (load.kind !== 'known') throw cannotSeal(this.#fleet, id, 'what it holds is not known')
    const slots = load.slots + waiting
    if (slots > 0) throw cannotSeal(this.#fleet, id, `it holds ${slots}`)
    upstream.sealed = true
  }

  loads(): ReadonlyMap<string, Load> {
    const at = this.#clock.now()
    return new Map(this.all().map(upstream => [upstream.id, this.#loadOf(upstream, at)]))
  }

  /** Cuts every connection to them. */
  async destroy(): Promise<void> {
    const pools = [...this.#upstreams.values(), ...this.#leaving].map(upstream => upstream.pool.destroy())
    this.#upstreams.clear()
    this.#byCookie.clear()
    this.#open = []
    await Promise.all(pools)
  }

  /**
   * With a secret of its own making, cookies of before the start are void. With a lasting one they are valid, and
   * who holds them is unknown until each must have asked again or expired.
   */
  #loadOf(upstream: Upstream, at: EpochMs): Load {
    const knownFrom = this.#startedAt + (this.#cookie?.ttlMs ?? 0)
    if (at < knownFrom && this.#inherited?.has(upstream.id) === true) {
      const since = new Date(this.#startedAt).toISOString()
      const because = `sessions of before the proxy started (${since}) may still be on it until ${new Date(knownFrom).toISOString()}`
      return { kind: 'unknown', because }
    }
    return { kind: 'known', slots: upstream.slots(at), at }
  }

  #outlivesRestart(): boolean {
    return this.#cookie !== null && this.#cookie.secret !== null
  }

  /** Answers the former instance under its id, if it had to go. */
  #admit(instance: RoutedInstance): readonly Upstream[] {
    const known = this.#upstreams.get(instance.id)
    if (known !== undefined && isSame(known, instance)) {
      known.incarnation ??= instance.incarnation
      if (known.address === instance.address) {
        known.admission = admissionOf(instance, known.sealed)
        return []
      }
      // It moved: its sessions go on at its new address.
      this.#depart(known)
      const moved = this.#add(instance, known.book)
      moved.sealed = known.sealed
      moved.admission = admissionOf(instance, known.sealed)
      return [known]
    }
    if (known !== undefined) this.#depart(known)
    this.#add(instance, this.#newBook()).admission = admissionOf(instance, false)
    return known === undefined ? [] : [known]
  }

  #add(instance: RoutedInstance, book: SessionBook | null): Upstream {
    const upstream = new Upstream(instance, this.#concurrency, this.#limits, book, this.#clock.now())
    this.#upstreams.set(upstream.id, upstream)
    this.#byCookie.set(upstream.cookieName, upstream)
    return upstream
  }

  /** A list may be behind: what is missing is kept as long as it holds something. */
  #miss(upstream: Upstream): readonly Upstream[] {
    upstream.admission = 'closed'
    if (upstream.slots(this.#clock.now()) > 0) return []
    this.#depart(upstream)
    return [upstream]
  }

  #depart(upstream: Upstream): void {
    this.#upstreams.delete(upstream.id)
    this.#byCookie.delete(upstream.cookieName)
    this.#leaving.add(upstream)
    // Ends by itself once the last answer is through.
    void upstream.pool.close().then(() => this.#leaving.delete(upstream))
  }

  #newBook(): SessionBook | null {
    return this.#cookie === null ? null : new SessionBook(this.#cookie.ttlMs)
  }

  #refreshOpen(): void {
    this.#open = this.all().filter(upstream => upstream.admission === 'open')
  }
}

/** One that says nothing of its incarnation is taken for the same. */
function isSame(upstream: Upstream, { incarnation }: RoutedInstance): boolean {
  return upstream.incarnation === null || incarnation === null || upstream.incarnation === incarnation
}

function admissionOf({ admission }: RoutedInstance, sealed: boolean): 'open' | 'closed' {
  return admission === 'open' && !sealed ? 'open' : 'closed'
}
