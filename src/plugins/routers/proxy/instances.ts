/**
 * The instances the proxy routes to, as it was last told, and what each of them still holds.
 *
 * Example: told of web-1 and web-2 (both open), then of web-2 alone: web-1 is departed, gets nothing more, and ends
 * what it has; the record of its sessions is kept while any is live, in case the instance comes back.
 */
import type { Load } from '../../../model/inventory.ts'
import type { EpochMs } from '../../../model/time.ts'
import type { Clock } from '../../../ports/clock.ts'
import { PluginError } from '../../../ports/plugin.ts'
import type { RoutedInstance } from '../../../ports/session-router.ts'
import type { CookieOptions } from './cookie.ts'
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
  /** They left the list and still answer what they were sent. */
  readonly #leaving = new Set<Upstream>()
  /** Records of instances that left the list, as long as they hold sessions. */
  readonly #departed = new Map<string, SessionBook>()
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

  get(id: string): Upstream | undefined {
    return this.#upstreams.get(id)
  }

  all(): readonly Upstream[] {
    return [...this.#upstreams.values()]
  }

  /** Requests in flight on all of them, those that left the list too. */
  get inFlight(): number {
    let sum = 0
    for (const upstream of this.#upstreams.values()) sum += upstream.inFlight
    for (const upstream of this.#leaving) sum += upstream.inFlight
    return sum
  }

  /** Takes over the list; answers which instances are not in it any more. */
  reconcile(listed: readonly RoutedInstance[]): readonly Upstream[] {
    this.#inherited ??= new Set(this.#outlivesRestart() ? listed.map(instance => instance.id) : [])
    const wanted = new Map(listed.map(instance => [instance.id, instance]))
    const departed = this.all().filter(upstream => wanted.get(upstream.id)?.address !== upstream.address)
    for (const upstream of departed) this.#depart(upstream)
    for (const instance of wanted.values()) this.#admit(instance)
    this.#forgetEmptyBooks()
    this.#refreshOpen()
    return departed
  }

  setAdmission(id: string, admission: 'open' | 'closed'): void {
    const upstream = this.#upstreams.get(id)
    if (upstream === undefined) {
      throw new PluginError(
        'not-found',
        `PLM-339 The proxy of fleet "${this.#fleet}" knows no instance "${id}"; it routes to ` +
          `${[...this.#upstreams.keys()].join(', ') || 'none'}. It is told of instances at each tick.`,
      )
    }
    upstream.admission = admission
    this.#refreshOpen()
  }

  loads(): ReadonlyMap<string, Load> {
    const at = this.#clock.now()
    return new Map(this.all().map(upstream => [upstream.id, this.#loadOf(upstream, at)]))
  }

  /** Cuts every connection to them. */
  async destroy(): Promise<void> {
    const pools = [...this.#upstreams.values(), ...this.#leaving].map(upstream => upstream.pool.destroy())
    this.#upstreams.clear()
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

  #admit(instance: RoutedInstance): void {
    const known = this.#upstreams.get(instance.id)
    if (known !== undefined) {
      known.admission = instance.admission
      return
    }
    const book = this.#departed.get(instance.id) ?? this.#newBook()
    this.#departed.delete(instance.id)
    const upstream = new Upstream(instance, this.#concurrency, this.#limits, book, this.#clock.now())
    this.#upstreams.set(instance.id, upstream)
  }

  #depart(upstream: Upstream): void {
    this.#upstreams.delete(upstream.id)
    if (upstream.book !== null) this.#departed.set(upstream.id, upstream.book)
    this.#leaving.add(upstream)
    // Ends by itself once the last answer is through.
    void upstream.pool.close().then(() => this.#leaving.delete(upstream))
  }

  #newBook(): SessionBook | null {
    return this.#cookie === null ? null : new SessionBook(this.#cookie.ttlMs)
  }

  #forgetEmptyBooks(): void {
    const now = this.#clock.now()
    for (const [id, book] of this.#departed) if (book.live(now) === 0) this.#departed.delete(id)
  }

  #refreshOpen(): void {
    this.#open = this.all().filter(upstream => upstream.admission === 'open')
  }
}
