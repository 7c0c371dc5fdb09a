/**
 * A balancer that places sessions itself and is only told by agents what instances hold: the other way of knowing the load.
 * What it tells was true a moment before, sometimes it tells nothing of an instance, and it cannot seal: only the load read
 * after the close protects a session.
 *
 * Example: i-3 holds 2; its agent reported 2 at 12:00:05. A close at 12:00:07 needs a report of 0 from after that.
 */
import type { Load } from '../../model/inventory.ts'
import { PluginError } from '../../ports/plugin.ts'
import type { SessionRouter } from '../../ports/session-router.ts'
import type { Host, SimulatedCloud } from './cloud.ts'
import type { Faults } from './faults.ts'
import type { Replica } from './replica.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { Timeline } from './timeline.ts'

export interface FrontDoorOptions {
  readonly timeline: Timeline
  readonly faults: Faults
  readonly random: SeededRandom
  readonly cloud: SimulatedCloud
  readonly slotsPerInstance: number
  readonly meanSessionMs: number
}

const RETRY_MS = 4_000
const LOOK_MS = 30_000
const MOST_TRIES = 30

interface Behind {
  readonly host: Host
  admission: 'open' | 'closed'
  sessions: number
}

export class FrontDoor {
  readonly #options: FrontDoorOptions
  readonly #behind = new Map<string, Behind>()
  #meanGapMs = 3_000
  #ended = false
  placed = 0
  refused = 0

  constructor(options: FrontDoorOptions) {
    this.#options = options
    this.#nextArrival()
  }

  set meanGapMs(ms: number) {
    this.#meanGapMs = ms
  }

  end(): void {
    this.#ended = true
  }

  on(host: Host): number {
    return this.#behind.get(host.incarnation)?.sessions ?? 0
  }

  get size(): number {
    let sum = 0
    for (const { sessions } of this.#behind.values()) sum += sessions
    return sum
  }

  hostEnded({ incarnation }: Host): void {
    this.#behind.delete(incarnation)
  }

  routerFor(replica: Replica): SessionRouter {
    const { faults, cloud, timeline, random } = this.#options
    const asked = <T>(what: string, signal: AbortSignal, call: () => T): Promise<T> =>
      replica.call(what, async () => {
        if (faults.strikes('call-slow')) await wait(timeline, random.whole(500, 20_000))
        if (signal.aborted || faults.strikes('router-fails'))
          throw new PluginError('unavailable', `${what}: no route`)
        return call()
      })
    return {
      check: async () => ({ ok: true, detail: 'simulated' }),
      close: async () => undefined,
      route: (instances, signal) =>
        asked('route', signal, () => {
          for (const { id, incarnation, admission } of instances) {
            const host = cloud.find(id, incarnation)
            if (host === undefined || host.state === 'ended' || admission === 'gone') continue
            const known = this.#behind.get(host.incarnation)
            if (known === undefined) this.#behind.set(host.incarnation, { host, admission, sessions: 0 })
            else known.admission = admission
          }
        }),
      readLoads: async signal => {
        const at = replica.clock.now()
        return asked('loads', signal, () => this.#loads(at))
      },
      closeInstance: (instance, signal) =>
        asked('close', signal, () => {
          this.#known(instance).admission = 'closed'
        }),
      reopenInstance: (instance, signal) =>
        asked('reopen', signal, () => {
          this.#known(instance).admission = 'open'
        }),
      sealInstance: (instance, signal) => asked('seal', signal, () => void this.#known(instance)),
    }
  }

  #loads(at: number): ReadonlyMap<string, Load> {
    const { faults } = this.#options
    const loads = new Map<string, Load>()
    for (const { host, sessions } of this.#behind.values()) {
      if (host.state === 'ended') continue
      if (faults.strikes('router-silent'))
        loads.set(host.id, { kind: 'unknown', because: 'its agent is silent' })
      else loads.set(host.id, { kind: 'known', slots: sessions, at })
    }
    return loads
  }

  #known(id: string): Behind {
    const known = [...this.#behind.values()].findLast(({ host }) => host.id === id && host.state !== 'ended')
    if (known === undefined) throw new PluginError('not-found', `no ${id}`)
    return known
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
    const { timeline, slotsPerInstance, random, meanSessionMs } = this.#options
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const open = [...this.#behind.values()].filter(
        ({ host, admission, sessions }) =>
          host.state === 'ready' && admission === 'open' && sessions < slotsPerInstance,
      )
      const fullest = open.sort(
        (a, b) => b.sessions - a.sessions || (a.host.incarnation < b.host.incarnation ? -1 : 1),
      )[0]
      if (fullest !== undefined) {
        fullest.sessions += 1
        this.placed += 1
        timeline.after(random.exponential(meanSessionMs), () => {
          fullest.sessions -= 1
        })
        return
      }
      await wait(timeline, RETRY_MS)
    }
    this.refused += 1
  }
}

function wait(timeline: Timeline, ms: number): Promise<void> {
  return new Promise(resolve => {
    timeline.after(ms, resolve)
  })
}
