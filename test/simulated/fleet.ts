/**
 * A fleet that exists only in memory: target and router in one, with instances that boot when told and calls that
 * fail when told. Passes the port's promises, misbehaves only where a test asks it to.
 *
 * Example: `fleet.failNext('launch', 'quota exceeded')` refuses the next launch call's orders.
 */
import type { Health, Load } from '../../src/model/inventory.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { PluginError, type PluginErrorKind } from '../../src/ports/plugin.ts'
import type { RoutedInstance, SessionRouter } from '../../src/ports/session-router.ts'
import type {
  LaunchOrder,
  LaunchResult,
  Target,
  TargetCapabilities,
  TargetInstance,
  TerminateResult,
  Victim,
} from '../../src/ports/target.ts'

interface Member {
  readonly id: string
  readonly token: string
  readonly launchedAt: number
  lifecycle: TargetInstance['lifecycle']
  health: Health
  sessions: number
  admission: 'open' | 'closed'
  zone: string | null
  incarnation: string | null
  /** Left out of the list, though it is there. */
  hidden: boolean
  /** Its load cannot be read. */
  silent: boolean
}

export type Call = 'list' | 'launch' | 'terminate' | 'loads' | 'close' | 'route' | 'restart' | 'resize'

const CAPABILITIES: TargetCapabilities = {
  acts: true,
  choosesVictim: true,
  zones: [],
  idempotentLaunch: true,
  exclusive: true,
  highestCount: null,
}

export class SimulatedFleet {
  readonly members = new Map<string, Member>()
  /** Every call in order, e.g. `launch web/1/1`. */
  readonly calls: string[] = []
  readonly target: Target
  readonly router: SessionRouter
  readonly #clock: Clock
  /** The last list a router was shown. */
  routed: readonly RoutedInstance[] = []
  /** Zones where nothing can be launched now. */
  readonly downZones = new Set<string>()
  readonly #failures = new Map<Call, PluginError>()
  #answerLost = false
  readonly #tokens = new Map<string, string>()
  #launched = 0

  constructor(clock: Clock, capabilities: Partial<TargetCapabilities> = {}) {
    this.#clock = clock
    this.target = this.#createTarget({ ...CAPABILITIES, ...capabilities })
    this.router = this.#createRouter()
  }

  /** The next call of this kind fails with `error`. */
  failNext(call: Call, error: string, kind: PluginErrorKind = 'unavailable'): void {
    this.#failures.set(call, new PluginError(kind, error))
  }

  /** The next launch is carried out, but its caller never hears of it. */
  loseNextAnswer(): void {
    this.#answerLost = true
  }

  /** Everything that boots is ready. */
  boot(): void {
    for (const member of this.members.values()) {
      if (member.lifecycle === 'booting') {
        member.lifecycle = 'ready'
        member.health = 'healthy'
      }
    }
  }

  /** Another actor adds an instance that is ready at once. */
  addFromOutside(): string {
    return this.#add('outside', 'ready')
  }

  member(id: string): Member {
    const member = this.members.get(id)
    if (member === undefined) throw new Error(`no instance ${id}`)
    return member
  }

  ids(): string[] {
    return [...this.members.keys()].sort()
  }

  /** A whole zone is gone at once. */
  loseZone(zone: string): void {
    this.downZones.add(zone)
    for (const member of this.members.values()) {
      if (member.zone === zone) member.lifecycle = 'lost'
    }
  }

  /** How many are there and not lost, by zone. */
  byZone(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {}
    for (const { zone, lifecycle } of this.members.values()) {
      if (zone !== null && lifecycle !== 'lost') counts[zone] = (counts[zone] ?? 0) + 1
    }
    return counts
  }

  /** The provider uses the id of one that ended for another. */
  reuse(id: string, incarnation: string): void {
    this.members.set(id, { ...this.member(id), incarnation, sessions: 0, launchedAt: this.#clock.now() })
  }

  #add(token: string, lifecycle: Member['lifecycle'], zone: string | null = null): string {
    this.#launched += 1
    const id = `web-${this.#launched}`
    const launchedAt = this.#clock.now()
    const health = lifecycle === 'ready' ? 'healthy' : 'unknown'
    const kept = { sessions: 0, admission: 'open', incarnation: null, hidden: false, silent: false } as const
    this.members.set(id, { id, token, launchedAt, lifecycle, health, zone, ...kept })
    return id
  }

  #enter(call: Call, detail: string): void {
    this.calls.push(detail === '' ? call : `${call} ${detail}`)
    const error = this.#failures.get(call)
    if (error === undefined) return
    this.#failures.delete(call)
    throw error
  }

  #createTarget(capabilities: TargetCapabilities): Target {
    return {
      capabilities,
      check: async () => ({ ok: true, detail: 'simulated' }),
      close: async () => undefined,
      listInstances: async () => {
        this.#enter('list', '')
        const listed = [...this.members.values()].filter(({ hidden }) => !hidden)
        return listed.map(
          ({ id, token, launchedAt, lifecycle, health, zone, incarnation }): TargetInstance => ({
            id,
            lifecycle,
            health,
            zone,
            incarnation,
            address: `http://127.0.0.1/${id}`,
            launchedAt,
            token,
            detail: lifecycle === 'lost' ? 'exited with code 1' : null,
          }),
        )
      },
      launch: async (orders: readonly LaunchOrder[]) => {
        this.#enter('launch', orders.map(({ token }) => token).join(' '))
        const results = orders.map(({ token, zone }): LaunchResult => {
          if (zone !== null && this.downZones.has(zone)) {
            return { token, ok: false, kind: 'refused', error: `zone ${zone} is down` }
          }
          const instance = this.#tokens.get(token) ?? this.#add(token, 'booting', zone)
          this.#tokens.set(token, instance)
          return { token, ok: true, instance }
        })
        if (this.#answerLost) {
          this.#answerLost = false
          throw new PluginError('unavailable', 'the answer was lost')
        }
        return results
      },
      terminate: async (victims: readonly Victim[]) => {
        const ids = victims.map(({ id }) => id)
        this.#enter('terminate', ids.join(' '))
        return ids.map((instance): TerminateResult => {
          this.members.delete(instance)
          return { instance, ok: true, state: 'gone' }
        })
      },
      restart: async (victims: readonly Victim[]) => {
        this.#enter('restart', victims.map(({ id }) => id).join(' '))
        return victims.map(({ id }) => this.#restart(id))
      },
      resize: async (count: number, token: string) => {
        this.#enter('resize', `${count}`)
        while (this.members.size < count) this.#add(token, 'ready')
        for (const id of this.ids().slice(count)) this.members.delete(id)
      },
    }
  }

  #restart(id: string): TerminateResult {
    const member = this.members.get(id)
    if (member === undefined) return { instance: id, ok: true, state: 'gone' }
    this.members.set(id, { ...member, lifecycle: 'booting', health: 'unknown' })
    return { instance: id, ok: true, state: 'terminating' }
  }

  #createRouter(): SessionRouter {
    return {
      check: async () => ({ ok: true, detail: 'simulated' }),
      close: async () => undefined,
      route: async (instances: readonly RoutedInstance[]) => {
        this.#enter('route', '')
        this.routed = instances
        for (const { id, admission } of instances) {
          const member = this.members.get(id)
          if (member === undefined) continue
          member.admission = admission === 'open' ? 'open' : 'closed'
          if (admission === 'gone') member.sessions = 0
        }
      },
      readLoads: async () => {
        this.#enter('loads', '')
        const at = this.#clock.now()
        return new Map(
          [...this.members.values()].flatMap(({ id, sessions, silent }): [string, Load][] =>
            silent ? [] : [[id, { kind: 'known', slots: sessions, at }]],
          ),
        )
      },
      closeInstance: async instance => {
        this.#enter('close', instance)
        this.member(instance).admission = 'closed'
      },
      sealInstance: async instance => {
        const { admission, sessions } = this.member(instance)
        if (admission === 'open' || sessions > 0) {
          throw new PluginError('conflict', `${instance} is ${admission} and holds ${sessions} sessions`)
        }
      },
      reopenInstance: async instance => {
        this.member(instance).admission = 'open'
      },
    }
  }
}
