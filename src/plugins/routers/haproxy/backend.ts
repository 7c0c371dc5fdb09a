/**
 * One backend of one HAProxy over its runtime socket: reads what it has, carries out commands, and says which were refused.
 *
 * Example: `await backend.read(signal)` is a snapshot; `await backend.obey([setState('rooms', 'rooms:web-3', 'drain')], signal)`.
 */
import type { Clock } from '../../../ports/clock.ts'
import type { PluginError } from '../../../ports/plugin.ts'
import { addServer, type Command, NUMBER_TAKEN } from './commands.ts'
import { type Ask, converse, type Place, withoutSecret } from './conversation.ts'
import { misfit, notUnderstood, refused, shorten } from './faults.ts'
import { readOldProcesses } from './old-processes.ts'
import type { HaproxyLimits, HaproxyRouterOptions } from './options.ts'
import type { Wish } from './reconcile.ts'
import { readServers, type Server } from './servers.ts'
import { readServing, type Serving } from './serving.ts'
import type { Snapshot } from './snapshot.ts'
import { type OwnKeys, ownKeys, readTable, tableType, whyDoubtful } from './stick-table.ts'

export interface ProcessFacts {
  readonly version: string
  readonly pid: number
  readonly uptimeMs: number
}

/** Other numbers to try for a server whose own is taken. */
const MOST_NUMBERS = 5

export class Backend {
  readonly name: string
  readonly #options: HaproxyRouterOptions
  readonly #limits: HaproxyLimits
  readonly #clock: Clock
  readonly #place: Place
  readonly #master: Place | null

  constructor(options: HaproxyRouterOptions, limits: HaproxyLimits, clock: Clock) {
    this.name = options.backend
    this.#options = options
    this.#limits = limits
    this.#clock = clock
    const { timeoutMs } = options
    const { answerBytes } = limits
    this.#place = { socket: options.socket, timeoutMs, answerBytes }
    this.#master =
      options.masterSocket === null ? null : { socket: options.masterSocket, timeoutMs, answerBytes }
  }

  async readServers(signal: AbortSignal): Promise<Server[]> {
    return converse(this.#place, signal, ask => this.#askServers(ask))
  }

  async readProcess(signal: AbortSignal): Promise<ProcessFacts> {
    return converse(this.#place, signal, ask => this.#askProcess(ask))
  }

  /** The new process first and the old ones after it: what moves meanwhile is counted twice rather than missed. */
  async read(signal: AbortSignal): Promise<Snapshot> {
    const at = this.#clock.now()
    const present = await converse(this.#place, signal, async ask => {
      const facts = await this.#askProcess(ask)
      const servers = await this.#askServers(ask)
      const serving = await this.#askServing(ask)
      const entries =
        this.#options.load === 'stick-table' ? await this.#askEntries(ask, facts.uptimeMs) : null
      return { facts, serving, entries, servers: new Map(servers.map(server => [server.name, server])) }
    })
    const { facts, ...seen } = present
    return { at, ...seen, old: await this.#readOld(facts, signal) }
  }

  /** Carries out every one of them, even if some are refused; answers those. */
  async obey(commands: readonly Command[], signal: AbortSignal): Promise<PluginError[]> {
    if (commands.length === 0) return []
    const answers = await converse(this.#place, signal, ask => ask(commands.map(({ line }) => line)))
    return commands.flatMap(({ line, agreed }, i) => {
      const answer = answers[i] ?? ''
      return agreed.test(answer) ? [] : [refused(this.#place.socket, withoutSecret(line), answer)]
    })
  }

  /** Adds servers; one whose number is taken gets another. */
  async add(wishes: readonly Wish[], signal: AbortSignal): Promise<PluginError[]> {
    let left = wishes
    const refusals: PluginError[] = []
    for (let attempt = 0; left.length > 0; attempt++) {
      const commands = left.map(wish => addServer(this.name, wish, attempt, this.#options))
      const answers = await converse(this.#place, signal, ask => ask(commands.map(({ line }) => line)))
      const again: Wish[] = []
      for (const [i, wish] of left.entries()) {
        const [command, answer = ''] = [commands[i], answers[i]]
        if (command === undefined || command.agreed.test(answer)) continue
        if (NUMBER_TAKEN.test(answer) && attempt < MOST_NUMBERS) again.push(wish)
        else refusals.push(refused(this.#place.socket, command.line, answer))
      }
      left = again
    }
    return refusals
  }

  async #askServers(ask: Ask): Promise<Server[]> {
    const command = `show servers state ${this.name}`
    const [text = ''] = await ask([command])
    if (text.includes("Can't find backend")) throw this.#noBackend()
    return readServers(text) ?? this.#puzzled(command, text)
  }

  async #askServing(ask: Ask): Promise<Serving> {
    const command = `show stat ${this.name} 4 -1`
    const [text = ''] = await ask([command])
    if (text.includes('No such proxy')) throw this.#noBackend()
    return readServing(text) ?? this.#puzzled(command, text)
  }

  async #askProcess(ask: Ask): Promise<ProcessFacts> {
    const [text = ''] = await ask(['show info'])
    const fact = (name: string): string | undefined => new RegExp(`^${name}: (.+)$`, 'm').exec(text)?.[1]
    const [version, pid, uptime] = [fact('Version'), fact('Pid'), fact('Uptime_sec')]
    if (version === undefined || pid === undefined || uptime === undefined)
      return this.#puzzled('show info', text)
    return { version, pid: Number(pid), uptimeMs: Number(uptime) * 1000 }
  }

  /** By server number; a text says why they are not all there is. */
  async #askEntries(ask: Ask, uptimeMs: number): Promise<ReadonlyMap<number, number> | string> {
    const table = this.#options.table ?? this.name
    const keys = await this.#keysOf(ask, table)
    const set = `set table ${table} key ${keys.probe}`
    const show = `show table ${table}`
    const [refusal = '', text = ''] = await ask([set, show])
    if (refusal.trim() !== '') throw refused(this.#place.socket, set, refusal)
    const read = readTable(text, keys) ?? this.#puzzled(show, text)
    if (read.expireMs === 0)
      throw misfit(
        `The stick table "${table}" of HAProxy has no "expire"`,
        'Give it one: it is how long a user may be idle.',
      )
    const doubt = whyDoubtful(read, uptimeMs, this.#limits.resyncMs)
    if (doubt !== null) return doubt
    await ask([`set table ${table} key ${keys.mark}`])
    return read.byServer
  }

  async #keysOf(ask: Ask, table: string): Promise<OwnKeys> {
    const [tables = ''] = await ask(['show table'])
    const type = tableType(tables, table)
    if (type === null) {
      throw misfit(
        `HAProxy has no stick table "${table}"`,
        'Write one into the backend, or name another (`table`), or count connections (`load: connections`).',
      )
    }
    const keys = ownKeys(type)
    if (keys === null)
      throw misfit(
        `The stick table "${table}" of HAProxy has keys of the type ${type}`,
        'Use string, ip, ipv6 or integer.',
      )
    return keys
  }

  async #readOld({ pid, uptimeMs }: ProcessFacts, signal: AbortSignal): Promise<readonly Serving[] | string> {
    if (this.#master !== null) return readOldProcesses(this.#master, this.name, pid, signal)
    const { hardStopAfterMs } = this.#options
    if (hardStopAfterMs === null) {
      return 'a HAProxy process of before a reload may hold connections, for any time: set `hardStopAfter` or `masterSocket`'
    }
    if (uptimeMs >= hardStopAfterMs) return []
    return `HAProxy has been up for ${uptimeMs / 1000} s; a process of before may hold connections for ${hardStopAfterMs / 1000} s`
  }

  #noBackend(): PluginError {
    return misfit(
      `HAProxy at ${this.#place.socket} has no backend "${this.name}"`,
      'Name one of its backends (`backend`).',
    )
  }

  #puzzled(command: string, text: string): never {
    throw notUnderstood(this.#place.socket, command, text.trim() === '' ? 'nothing' : `"${shorten(text)}"`)
  }
}
