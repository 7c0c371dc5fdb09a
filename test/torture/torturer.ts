/**
 * Whoever does the harm: ends daemons, instances and their guards by force (or deletes VMs, and disturbs what is asked of Azure), makes a daemon stand still for longer than its
 * lease, and keeps the store to itself for a while. One thing after the other begins at random; some last.
 *
 * Example: at 4.1 s `kill -9 of daemon 0`, at 6.0 s `SIGSTOP of daemon 1 for 17 s`, at 9.3 s `kill -9 of rooms-g2pc0x7-2`.
 */
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Chance } from './chance.ts'
import type { Daemons } from './daemons.ts'
import { processesIn } from './instances.ts'
import type { TortureLog } from './log.ts'
import { rest } from './rest.ts'
import { type Scene, STATE } from './scene.ts'

/** The lease of a daemon lasts 15 s at this pace of ticks. */
const LONGER_THAN_A_LEASE_MS = [16_000, 20_000] as const
const STORE_REFUSES_MS = [2_500, 9_000] as const
const LOCK_TRIES = 50

type Torture = 'daemon' | 'instance' | 'guard' | 'eviction' | 'cloud' | 'stop' | 'store'
/** How often each comes, of those that may come. */
const OF_PROCESSES: Weights = { daemon: 10, instance: 5, guard: 2, stop: 2, store: 3 }
const OF_SCALE_SETS: Weights = { daemon: 10, instance: 4, eviction: 3, cloud: 8, stop: 2, store: 3 }
type Weights = Readonly<Partial<Record<Torture, number>>>

export class Torturer {
  readonly kills = { daemon: 0, instance: 0, guard: 0, eviction: 0 }
  stops = 0
  refusals = 0
  readonly #scene: Scene
  readonly #daemons: Daemons
  readonly #chance: Chance
  readonly #log: TortureLog
  readonly #ended = new Set<string>()
  readonly #stopped = new Set<number>()
  readonly #lasting = new Set<Promise<void>>()
  readonly #weights: Weights
  readonly #first: Torture[]
  #holdsStore = false

  constructor(scene: Scene, daemons: Daemons, chance: Chance, log: TortureLog) {
    this.#scene = scene
    this.#weights = scene.scaleSet === null ? OF_PROCESSES : OF_SCALE_SETS
    this.#first = Object.keys(this.#weights) as Torture[]
    this.#daemons = daemons
    this.#chance = chance
    this.#log = log
  }

  get killed(): number {
    const { daemon, instance, guard, eviction } = this.kills
    return daemon + instance + guard + eviction
  }

  wasEnded(instance: string): boolean {
    return this.#ended.has(instance)
  }

  async once(signal: AbortSignal): Promise<void> {
    const torture = this.#draw()
    if (torture === 'daemon') this.#endDaemon()
    else if (torture === 'instance') this.#endInstance('room')
    else if (torture === 'guard') this.#endInstance('guard')
    else if (torture === 'eviction') this.#evict()
    else if (torture === 'cloud') this.#scene.scaleSet?.disturb(this.#chance)
    else this.#last(torture === 'stop' ? this.#stopDaemon(signal) : this.#holdStore(signal))
  }

  /** What lasts is over. */
  async calm(): Promise<void> {
    await Promise.all(this.#lasting)
  }

  /** First one of each, so that even a short torture is one; then by weight. */
  #draw(): Torture {
    const first = this.#chance.one(this.#first)
    if (first !== undefined) {
      this.#first.splice(this.#first.indexOf(first), 1)
      return first
    }
    const all = Object.entries(this.#weights) as [Torture, number][]
    let left = this.#chance.next() * all.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [torture, weight] of all) {
      left -= weight
      if (left < 0) return torture
    }
    return 'daemon'
  }

  #last(work: Promise<void>): void {
    const lasting = work.finally(() => this.#lasting.delete(lasting))
    this.#lasting.add(lasting)
  }

  #endDaemon(): void {
    const which = this.#chance.between(0, this.#daemons.count - 1)
    const pid = this.#daemons.pid(which)
    if (pid === null || !this.#daemons.endByForce(which)) return
    this.#stopped.delete(pid)
    this.kills.daemon += 1
    this.#log.say(`kill -9 of daemon ${which} (${pid})`)
  }

  /** With its guard ended, an instance is ended too: nobody watches over it. */
  #endInstance(kind: 'room' | 'guard'): void {
    const found = this.#chance.one(processesIn(this.#scene.folder).filter(one => one.kind === kind))
    if (found === undefined || found.instance === null) return
    // First the account, then the deed: whoever sees the end must know whose it was.
    this.#ended.add(found.instance)
    try {
      process.kill(found.pid, 'SIGKILL')
    } catch {
      return
    }
    this.kills[kind === 'room' ? 'instance' : 'guard'] += 1
    this.#log.say(`kill -9 of ${kind === 'room' ? '' : 'the guard of '}${found.instance} (${found.pid})`)
  }

  #evict(): void {
    const instance = this.#scene.scaleSet?.evict(this.#chance, name => this.#ended.add(name)) ?? null
    if (instance === null) return
    this.kills.eviction += 1
    this.#log.say(`${instance} is deleted by somebody else`)
  }

  async #stopDaemon(signal: AbortSignal): Promise<void> {
    const which = this.#chance.between(0, this.#daemons.count - 1)
    const pid = this.#daemons.pid(which)
    if (pid === null || this.#stopped.size > 0) return
    const ms = this.#chance.between(...LONGER_THAN_A_LEASE_MS)
    this.#stopped.add(pid)
    process.kill(pid, 'SIGSTOP')
    this.stops += 1
    this.#log.say(`SIGSTOP of daemon ${which} (${pid}) for ${ms / 1000} s`)
    await rest(ms, signal)
    // It may have been ended meanwhile, and its number be another's.
    if (!this.#stopped.delete(pid) || this.#daemons.pid(which) !== pid) return
    process.kill(pid, 'SIGCONT')
    this.#log.say(`SIGCONT of daemon ${which} (${pid})`)
  }

  /** As a backup does that copies at leisure: nobody else may write. The state, the sessions, or both. */
  async #holdStore(signal: AbortSignal): Promise<void> {
    if (this.#holdsStore) return
    this.#holdsStore = true
    const which = this.#chance.between(1, 3)
    const files = [STATE, `${STATE}.sessions`].filter((_, index) => (which & (index + 1)) !== 0)
    const ms = this.#chance.between(...STORE_REFUSES_MS)
    const held: DatabaseSync[] = []
    try {
      for (const file of files) {
        const lock = await lockOf(path.join(this.#scene.folder, file), signal)
        if (lock !== null) held.push(lock)
      }
      if (held.length === 0) return
      this.refusals += 1
      this.#log.say(`nobody else writes ${files.join(' and ')} for ${ms / 1000} s`)
      await rest(ms, signal)
    } finally {
      for (const lock of held) {
        lock.exec('ROLLBACK')
        lock.close()
      }
      this.#holdsStore = false
    }
  }
}

/** `null`: others wrote all the time, or there is no such file yet. */
async function lockOf(file: string, signal: AbortSignal): Promise<DatabaseSync | null> {
  let connection: DatabaseSync
  try {
    connection = new DatabaseSync(file, { readOnly: false })
  } catch {
    return null
  }
  for (let tries = 0; tries < LOCK_TRIES && !signal.aborted; tries += 1) {
    try {
      connection.exec('BEGIN IMMEDIATE')
      return connection
    } catch {
      await rest(10, signal)
    }
  }
  connection.close()
  return null
}
