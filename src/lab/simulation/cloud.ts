/**
 * A cloud that misbehaves as real ones do: calls are slow, refused, throttled, carried out for some only, or carried out and
 * their answer lost; one order brings two instances; the list is late and shows what is gone; names are given again; zones
 * are lost; instances never boot, or end by themselves. Only one thing it keeps: a token it knows launches nothing new.
 *
 * Example: `cloud.targetFor(replica)` is the port a tick sees; `cloud.machines` is the truth that checkers judge by.
 */
import type { EpochMs } from '../../model/time.ts'
import { PluginError } from '../../ports/plugin.ts'
import type { LaunchOrder, LaunchResult, Target, TerminateResult, Victim } from '../../ports/target.ts'
import type { Faults } from './faults.ts'
import type { Replica } from './replica.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { Timeline } from './timeline.ts'

export interface Machine {
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

export interface CloudOptions {
  readonly timeline: Timeline
  readonly faults: Faults
  readonly random: SeededRandom
  readonly zones: readonly string[]
  /** Just before an instance is ended because someone asked for it. */
  readonly onTerminate: (machine: Machine, replica: Replica) => void
  readonly onMutation: (what: string, replica: Replica) => void
  /** An instance ended, in whatever way. */
  readonly onEnd: (machine: Machine) => void
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

export class Cloud {
  readonly machines: Machine[] = []
  readonly #options: CloudOptions
  readonly #byToken = new Map<string, Machine>()
  readonly #lostZones = new Set<string>()
  #launched = 0

  constructor(options: CloudOptions) {
    this.#options = options
  }

  living(): readonly Machine[] {
    return this.machines.filter(({ state }) => state !== 'ended')
  }

  ready(): readonly Machine[] {
    return this.machines.filter(({ state }) => state === 'ready')
  }

  find(id: string, incarnation: string | null): Machine | undefined {
    return this.machines.findLast(
      machine => machine.id === id && (incarnation === null || machine.incarnation === incarnation),
    )
  }

  /** What happens to a cloud from one moment to the next without anybody asking. */
  weather(): void {
    const { faults, random, zones } = this.#options
    for (const machine of this.ready()) {
      if (faults.strikes('instance-crash')) this.#end(machine, 'crashed')
      else if (faults.strikes('health-blip')) this.#sicken([machine], random.whole(5_000, 90_000))
    }
    if (faults.strikes('shared-cause')) this.#sicken(this.ready(), random.whole(60_000, 420_000))
    if (zones.length > 0 && faults.strikes('zone-lost')) this.#loseZone(random.pick(zones))
  }

  /** Everything that was taken away for a while is there again. */
  calm(): void {
    this.#lostZones.clear()
    for (const machine of this.living()) {
      machine.healthy = true
      machine.listedFrom = 0
    }
    for (const machine of this.machines) if (machine.state === 'ended') machine.listedUntil = 0
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
    for (const machine of this.living()) {
      if (machine.listedFrom > now) continue
      // A look at the list in between may have been lost: soon after one another they would be one, longer than the lag.
      if (now < machine.lateAgainFrom || !faults.strikes('listing-late')) continue
      machine.listedFrom = now + random.whole(1, LISTING_LAG_MS - LATEST_LOOK_MS)
      machine.lateAgainFrom = machine.listedFrom + BETWEEN_LATE_MS
    }
    return this.machines
      .filter(({ state, listedFrom, listedUntil }) =>
        state === 'ended' ? now < listedUntil : listedFrom <= now,
      )
      .map(machine => ({
        id: machine.id,
        incarnation: machine.incarnation,
        // A phantom looks as alive as it was.
        lifecycle: machine.state === 'booting' ? ('booting' as const) : ('ready' as const),
        health: machine.healthy ? ('healthy' as const) : ('unhealthy' as const),
        zone: machine.zone,
        address: machine.address,
        launchedAt: epochOf(machine.launchedAt),
        token: machine.token,
        detail: machine.healthy ? null : 'its probe fails',
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
      const machine = this.#boot(token, zone)
      this.#byToken.set(token, machine)
      if (faults.strikes('launched-twice')) this.#boot(token, zone)
      return { token, ok: true, instance: machine.id }
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
    const machine = this.find(id, incarnation)
    if (machine === undefined || machine.state === 'ended') return false
    this.#options.onTerminate(machine, replica)
    this.#end(machine, 'terminated')
    return true
  }

  #boot(token: string, zone: string | null): Machine {
    const { timeline, random, faults, zones } = this.#options
    this.#launched += 1
    const machine: Machine = {
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
    this.machines.push(machine)
    if (faults.strikes('never-ready')) return machine
    const bootMs = Math.min(LONGEST_BOOT_MS, random.exponential(USUAL_BOOT_MS))
    const fails = faults.strikes('boot-failed')
    timeline.after(bootMs, () => {
      if (machine.state !== 'booting') return
      if (fails) this.#end(machine, 'crashed')
      else machine.state = 'ready'
    })
    return machine
  }

  #nameFor(): string {
    const { faults } = this.#options
    const free = this.machines.filter(
      ({ id, state }) => state === 'ended' && !this.living().some(other => other.id === id),
    )
    const latest = free.at(-1)
    if (latest !== undefined && faults.strikes('name-reused')) return latest.id
    return `i-${this.#launched}`
  }

  #end(machine: Machine, how: 'terminated' | 'crashed'): void {
    const { timeline, random, faults, onEnd } = this.#options
    machine.state = 'ended'
    machine.ended = how
    if (faults.strikes('listing-phantom')) {
      machine.listedUntil = timeline.now + random.whole(1_000, LISTING_LAG_MS)
    }
    onEnd(machine)
  }

  #sicken(machines: readonly Machine[], ms: number): void {
    for (const machine of machines) machine.healthy = false
    this.#options.timeline.after(ms, () => {
      for (const machine of machines) machine.healthy = true
    })
  }

  #loseZone(zone: string): void {
    const { timeline, random } = this.#options
    this.#lostZones.add(zone)
    for (const machine of this.living()) if (machine.zone === zone) this.#end(machine, 'crashed')
    timeline.after(random.whole(30_000, 300_000), () => this.#lostZones.delete(zone))
  }

  #wait(ms: number): Promise<void> {
    return new Promise(resolve => {
      this.#options.timeline.after(ms, resolve)
    })
  }
}
