/**
 * A cloud that misbehaves as real ones do: calls are slow, refused, throttled, carried out for some only, or carried out and
 * their answer lost; one order brings two instances; the list is late and shows what is gone; names are given again; zones
 * are lost; instances never boot, or end by themselves. Only one thing it keeps: a token it knows launches nothing new.
 *
 * Example: `cloud.targetFor(replica)` is the port a tick sees; `cloud.hosts` is the truth that checkers judge by.
 */
import type { EpochMs } from '../../model/time.ts'
import { PluginError } from '../../ports/plugin.ts'
import type { LaunchOrder, LaunchResult, Target, TerminateResult, Victim } from '../../ports/target.ts'
import type { Faults } from './faults.ts'
import type { Replica } from './replica.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { Timeline } from './timeline.ts'

export interface Host {
  readonly id: string
  readonly incarnation: string
  readonly token: string
  readonly zone: string | null
  readonly address: string
  readonly launchedAt: number
  state: 'booting' | 'ready' | 'ended'
  /** Why it ended: we asked for it, or it crashed. */
  ended: 'terminated' | 'crashed' | null
  healthy: boolean
  /** It is not in the list before. */
  listedFrom: number
  lateAgainFrom: number
  /** It is in the list until then, although it ended. */
  listedUntil: number
}

/** What a story needs of a cloud. */
export interface SimulatedCloud {
  /** All there ever were. */
  readonly hosts: readonly Host[]
  living(): readonly Host[]
  ready(): readonly Host[]
  find(id: string, incarnation: string | null): Host | undefined
  /** What happens from one moment to the next without anybody asking. */
  weather(): void
  /** Everything that was taken away for a while is there again. */
  calm(): void
  targetFor(replica: Replica): Target
  /** Why it has not come to rest, where it knows more than its hosts say. */
  unrest?(): string | null
}

export interface CloudOptions {
  readonly timeline: Timeline
  readonly faults: Faults
  readonly random: SeededRandom
  readonly zones: readonly string[]
  /** How long one boots; usual for small ones unless said. */
  readonly drawBootMs?: () => number
  /** Ready from the beginning on; none unless said. */
  readonly initial?: number
  /** Just before an instance is ended because someone asked for it. */
  readonly onTerminate: (host: Host, replica: Replica) => void
  readonly onMutation: (what: string, replica: Replica) => void
  /** An instance ended, in whatever way. */
  readonly onEnd: (host: Host) => void
  /** The time of instances that is told to replicas. */
  readonly epochOf: (timelineMs: number) => EpochMs
}

/** How late the list may be; what a tick is told of as the target's listing lag. */
export const LISTING_LAG_MS = 20_000
/** Between two looks at the list. */
const LATEST_LOOK_MS = 9_000
const BETWEEN_LATE_MS = 90_000
const LONGEST_CALL_MS = 70_000
const USUAL_BOOT_MS = 15_000
const LONGEST_BOOT_MS = 45_000

export class Cloud implements SimulatedCloud {
  readonly hosts: Host[] = []
  readonly #options: CloudOptions
  readonly #byToken = new Map<string, Host>()
  readonly #lostZones = new Set<string>()
  #launched = 0

  constructor(options: CloudOptions) {
    this.#options = options
    for (let n = 0; n < (options.initial ?? 0); n++) this.#newHost(`initial-${n + 1}`, null).state = 'ready'
  }

  living(): readonly Host[] {
    return this.hosts.filter(({ state }) => state !== 'ended')
  }

  ready(): readonly Host[] {
    return this.hosts.filter(({ state }) => state === 'ready')
  }

  find(id: string, incarnation: string | null): Host | undefined {
    return this.hosts.findLast(
      host => host.id === id && (incarnation === null || host.incarnation === incarnation),
    )
  }

  /** What happens to a cloud from one moment to the next without anybody asking. */
  weather(): void {
    const { faults, random, zones } = this.#options
    for (const host of this.ready()) {
      if (faults.strikes('instance-crash')) this.#end(host, 'crashed')
      else if (faults.strikes('health-blip')) this.#sicken([host], random.whole(5_000, 90_000))
    }
    if (faults.strikes('shared-cause')) this.#sicken(this.ready(), random.whole(60_000, 420_000))
    if (zones.length > 0 && faults.strikes('zone-lost')) this.#loseZone(random.pick(zones))
  }

  /** Everything that was taken away for a while is there again. */
  calm(): void {
    this.#lostZones.clear()
    for (const host of this.living()) {
      host.healthy = true
      host.listedFrom = 0
    }
    for (const host of this.hosts) if (host.state === 'ended') host.listedUntil = 0
  }

  targetFor(replica: Replica): Target {
    return {
      capabilities: {
        acts: true,
        choosesVictim: true,
        zones: this.#options.zones,
        idempotentLaunch: true,
        exclusive: true,
        highestCount: null,
        listingLagMs: LISTING_LAG_MS,
      },
      check: async () => ({ ok: true, detail: 'simulated' }),
      close: async () => undefined,
      listInstances: () =>
        replica.call('list', () => this.#hampered(replica, 'list', async () => this.#list())),
      launch: orders =>
        replica.call('launch', () => this.#hampered(replica, 'launch', async () => this.#launch(orders))),
      terminate: victims =>
        replica.call('terminate', () =>
          this.#hampered(replica, 'terminate', async () => this.#terminate(victims, replica)),
        ),
    }
  }

  async #hampered<T>(replica: Replica, what: string, call: () => Promise<T>): Promise<T> {
    const { faults, random } = this.#options
    const changes = what !== 'list'
    if (faults.strikes('call-slow')) await this.#wait(random.whole(500, LONGEST_CALL_MS))
    if (faults.strikes('call-refused')) throw new PluginError('unavailable', `${what}: 503`)
    if (faults.strikes('call-throttled')) {
      throw new PluginError('throttled', `${what}: 429`, { retryAfterMs: random.whole(1_000, 30_000) })
    }
    if (changes) this.#options.onMutation(what, replica)
    const result = await call()
    if (changes && faults.strikes('reply-lost'))
      throw new PluginError('unavailable', `${what}: connection reset`)
    return result
  }

  #list() {
    const { faults, random, epochOf, timeline } = this.#options
    const now = timeline.now
    for (const host of this.living()) {
      if (host.listedFrom > now) continue
      // A look at the list in between may have been lost: soon after one another they would be one, longer than the lag.
      if (now < host.lateAgainFrom || !faults.strikes('listing-late')) continue
      host.listedFrom = now + random.whole(1, LISTING_LAG_MS - LATEST_LOOK_MS)
      host.lateAgainFrom = host.listedFrom + BETWEEN_LATE_MS
    }
    return this.hosts
      .filter(({ state, listedFrom, listedUntil }) =>
        state === 'ended' ? now < listedUntil : listedFrom <= now,
      )
      .map(host => ({
        id: host.id,
        incarnation: host.incarnation,
        // A phantom looks as alive as it was.
        lifecycle: host.state === 'booting' ? ('booting' as const) : ('ready' as const),
        health: host.healthy ? ('healthy' as const) : ('unhealthy' as const),
        zone: host.zone,
        address: host.address,
        launchedAt: epochOf(host.launchedAt),
        token: host.token,
        detail: host.healthy ? null : 'its probe fails',
      }))
      .filter((entry, index, all) => all.findLastIndex(({ id }) => id === entry.id) === index)
  }

  #launch(orders: readonly LaunchOrder[]): LaunchResult[] {
    const { faults } = this.#options
    return orders.map(({ token, zone }) => {
      const known = this.#byToken.get(token)
      if (known !== undefined) return { token, ok: true, instance: known.id }
      if (zone !== null && this.#lostZones.has(zone)) {
        return { token, ok: false, kind: 'refused', error: `zone ${zone} has no capacity` }
      }
      if (faults.strikes('partly-done')) return { token, ok: false, kind: 'refused', error: 'quota exceeded' }
      const host = this.#boot(token, zone)
      this.#byToken.set(token, host)
      if (faults.strikes('launched-twice')) this.#boot(token, zone)
      return { token, ok: true, instance: host.id }
    })
  }

  #terminate(victims: readonly Victim[], replica: Replica): TerminateResult[] {
    const { faults, timeline, random } = this.#options
    return victims.map(victim => {
      const { id } = victim
      if (faults.strikes('partly-done')) return { instance: id, ok: false, kind: 'unavailable', error: '500' }
      if (faults.strikes('terminated-twice')) {
        timeline.after(random.whole(10_000, 90_000), () => void this.#delete(victim, replica))
      }
      return { instance: id, ok: true, state: this.#delete(victim, replica) ? 'terminating' : 'gone' }
    })
  }

  /** Of those that had the name it is the one with that incarnation; without one, whoever has the name now. */
  #delete({ id, incarnation }: Victim, replica: Replica): boolean {
    const host = this.find(id, incarnation)
    if (host === undefined || host.state === 'ended') return false
    this.#options.onTerminate(host, replica)
    this.#end(host, 'terminated')
    return true
  }

  #newHost(token: string, zone: string | null): Host {
    const { timeline, random, faults, zones } = this.#options
    this.#launched += 1
    const host: Host = {
      id: this.#nameFor(),
      incarnation: `vm-${this.#launched}`,
      token,
      zone: zone ?? (zones.length === 0 ? null : random.pick(zones)),
      address: `http://10.0.0.${this.#launched}`,
      launchedAt: timeline.now,
      state: 'booting',
      ended: null,
      healthy: true,
      listedFrom:
        timeline.now + (faults.strikes('listing-late') ? random.whole(1, LISTING_LAG_MS - 1_000) : 0),
      lateAgainFrom: timeline.now + BETWEEN_LATE_MS,
      listedUntil: 0,
    }
    this.hosts.push(host)
    return host
  }

  #boot(token: string, zone: string | null): Host {
    const { timeline, random, faults, drawBootMs } = this.#options
    const host = this.#newHost(token, zone)
    if (faults.strikes('never-ready')) return host
    const bootMs = drawBootMs?.() ?? Math.min(LONGEST_BOOT_MS, random.exponential(USUAL_BOOT_MS))
    const fails = faults.strikes('boot-failed')
    timeline.after(bootMs, () => {
      if (host.state !== 'booting') return
      if (fails) this.#end(host, 'crashed')
      else host.state = 'ready'
    })
    return host
  }

  #nameFor(): string {
    const { faults } = this.#options
    const free = this.hosts.filter(
      ({ id, state }) => state === 'ended' && !this.living().some(other => other.id === id),
    )
    const latest = free.at(-1)
    if (latest !== undefined && faults.strikes('name-reused')) return latest.id
    return `i-${this.#launched}`
  }

  #end(host: Host, how: 'terminated' | 'crashed'): void {
    const { timeline, random, faults, onEnd } = this.#options
    host.state = 'ended'
    host.ended = how
    if (faults.strikes('listing-phantom')) {
      host.listedUntil = timeline.now + random.whole(1_000, LISTING_LAG_MS)
    }
    onEnd(host)
  }

  #sicken(hosts: readonly Host[], ms: number): void {
    for (const host of hosts) host.healthy = false
    this.#options.timeline.after(ms, () => {
      for (const host of hosts) host.healthy = true
    })
  }

  #loseZone(zone: string): void {
    const { timeline, random } = this.#options
    this.#lostZones.add(zone)
    for (const host of this.living()) if (host.zone === zone) this.#end(host, 'crashed')
    timeline.after(random.whole(30_000, 300_000), () => this.#lostZones.delete(zone))
  }

  #wait(ms: number): Promise<void> {
    return new Promise(resolve => {
      this.#options.timeline.after(ms, resolve)
    })
  }
}
