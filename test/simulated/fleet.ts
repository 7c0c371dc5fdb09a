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
}

export type Call = 'list' | 'launch' | 'terminate' | 'loads' | 'close' | 'route'

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

  #add(token: string, lifecycle: Member['lifecycle']): string {
    this.#launched += 1
    const id = `web-${this.#launched}`
    const launchedAt = this.#clock.now()
    const health = lifecycle === 'ready' ? 'healthy' : 'unknown'
    this.members.set(id, { id, token, launchedAt, lifecycle, health, sessions: 0, admission: 'open' })
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
        return [...this.members.values()].map(
          ({ id, token, launchedAt, lifecycle, health }): TargetInstance => ({
            id,
            lifecycle,
            health,
            zone: null,
            address: `http://127.0.0.1/${id}`,
            launchedAt,
            token,
            detail: lifecycle === 'lost' ? 'exited with code 1' : null,
          }),
        )
      },
      launch: async (orders: readonly LaunchOrder[]) => {
        this.#enter('launch', orders.map(({ token }) => token).join(' '))
        const results = orders.map(({ token }): LaunchResult => {
          const instance = this.#tokens.get(token) ?? this.#add(token, 'booting')
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
    }
  }

  #createRouter(): SessionRouter {
    return {
      check: async () => ({ ok: true, detail: 'simulated' }),
      close: async () => undefined,
      route: async (instances: readonly RoutedInstance[]) => {
        this.#enter('route', '')
        for (const { id, admission } of instances) {
          if (admission !== 'gone') this.member(id).admission = admission
        }
      },
      readLoads: async () => {
        this.#enter('loads', '')
        const at = this.#clock.now()
        return new Map(
          [...this.members.values()].map(({ id, sessions }): [string, Load] => [
            id,
            { kind: 'known', slots: sessions, at },
          ]),
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
