/**
 * HAProxy as the session router of a fleet: it places sessions, we tell it over its runtime socket where it may, and
 * read from it how many each instance holds.
 *
 * open is `ready`, closed is `drain` (users who are there stay, new ones go elsewhere), sealed is `maint` and deleted.
 *
 * Example: `closeInstance('web-3')` says `set server rooms/rooms:web-3 state drain` and reads the state back;
 * `sealInstance('web-3')` looks for sessions, says `maint`, looks again, and `del server`; whatever is in flight then
 * is a conflict, and web-3 drains on.
 */
import type { Load } from '../../../model/inventory.ts'
import type { CheckResult, PluginError } from '../../../ports/plugin.ts'
import type { RoutedInstance, SessionRouter } from '../../../ports/session-router.ts'
import { readAddress } from './address.ts'
import { Backend } from './backend.ts'
import { cutSessions, deleteServer, setCookieKey, setState } from './commands.ts'
import { badAddress, misfit, notEmpty, notInEffect, sealedForGood, unknownInstance } from './faults.ts'
import { Names } from './names.ts'
import { type HaproxyContext, type HaproxyRouterOptions, LIMITS } from './options.ts'
import { type Reconciliation, reconcile, type Wish, type Wishes } from './reconcile.ts'
import type { Server } from './servers.ts'
import { loadOf, type Snapshot, whyNotEmpty } from './snapshot.ts'
import { Turns } from './turns.ts'

export type { HaproxyContext, HaproxyRouterOptions } from './options.ts'

/** Servers of instances that nobody lists any more; the rest has time until the next tick. */
const MOST_REMOVED = 20

/** Connects at each call, never before. Throws `PluginError('misconfigured')` (PLM-324) for options that cannot be said to HAProxy. */
export function createHaproxyRouter(options: HaproxyRouterOptions, context: HaproxyContext): SessionRouter {
  refuseUnsayable(options)
  return new HaproxyRouter(options, context)
}

function refuseUnsayable({
  backend,
  prefix,
  table,
  cookieKey,
  serverOptions = null,
}: HaproxyRouterOptions): void {
  const words = { backend, prefix, table }
  for (const [option, word] of Object.entries(words)) {
    if (word !== null && !/^[A-Za-z0-9_.:-]{1,64}$/.test(word)) {
      throw misfit(
        `"${word}" cannot be the ${option} of a HAProxy router`,
        'Use letters, digits and - _ . : (at most 64).',
      )
    }
  }
  if (cookieKey !== null && !/^[\x20-\x7e]+$/.test(cookieKey)) {
    throw misfit(
      'The cookie key of a HAProxy router is empty or has characters that HAProxy cannot be told',
      'Use printable ASCII.',
    )
  }
  if (serverOptions !== null && !/^[\x20-\x3a\x3c-\x7e]+$/.test(serverOptions)) {
    throw misfit(
      'The server options of a HAProxy router are empty or have a semicolon or a line break',
      'Write them as on a line "server".',
    )
  }
}

class HaproxyRouter implements SessionRouter {
  readonly #fleet: string
  readonly #options: HaproxyRouterOptions
  readonly #backend: Backend
  readonly #names: Names
  readonly #log: (line: string) => void
  readonly #turns = new Turns()
  readonly #ending = new AbortController()
  /** As we were last told and have told HAProxy, by instance id. */
  #wanted: ReadonlyMap<string, Wish> = new Map()
  /** Names of servers that were sealed: they hold nothing and never come back. */
  readonly #sealed = new Set<string>()

  constructor(options: HaproxyRouterOptions, { fleet, clock, log, limits }: HaproxyContext) {
    this.#fleet = fleet
    this.#options = options
    this.#backend = new Backend(options, { ...LIMITS, ...limits }, clock)
    this.#names = new Names(fleet, options.prefix)
    this.#log = log
  }

  async route(instances: readonly RoutedInstance[], signal: AbortSignal): Promise<void> {
    await this.#inTurn(signal, async both => {
      const { wishes, wrong } = this.#wishesOf(instances)
      this.#wanted = new Map(wishes.wanted.map(wish => [wish.id, wish]))
      this.#forgetSealed()
      const refusals = await this.#reconcile(wishes, both)
      await this.#confirm(wishes.wanted, both, [...wrong, ...refusals])
    })
  }

  async readLoads(signal: AbortSignal): Promise<ReadonlyMap<string, Load>> {
    const snapshot = await this.#backend.read(this.#with(signal))
    const listed = [...this.#wanted.values()].map(wish => [wish.id, this.#loadOf(wish, snapshot)] as const)
    return new Map([...this.#loadsOfUnlisted(snapshot), ...listed])
  }

  async closeInstance(instance: string, signal: AbortSignal): Promise<void> {
    await this.#admit(instance, false, signal)
  }

  async reopenInstance(instance: string, signal: AbortSignal): Promise<void> {
    await this.#admit(instance, true, signal)
  }

  async sealInstance(instance: string, signal: AbortSignal): Promise<void> {
    await this.#inTurn(signal, async both => {
      const { name } = this.#find(instance)
      if (this.#sealed.has(name)) return
      const snapshot = await this.#backend.read(both)
      if (snapshot.servers.get(name)?.state === 'ready') throw notEmpty(instance, 'it is open')
      const because = whyNotEmpty(name, snapshot) ?? (await this.#removeEmpty(name, both))
      if (because !== null) throw notEmpty(instance, because)
      this.#sealed.add(name)
    })
  }

  async check(signal: AbortSignal): Promise<CheckResult> {
    const { backend, load, masterSocket, hardStopAfterMs, socket } = this.#options
    if (this.#ending.signal.aborted) return { ok: false, detail: 'the HAProxy router is closed' }
    try {
      const { version } = await this.#backend.readProcess(this.#with(signal))
      const { servers, serving } = await this.#backend.read(this.#with(signal))
      const detail = `HAProxy ${version} at ${socket}: backend "${backend}" has ${servers.size} servers`
      if (masterSocket === null && hardStopAfterMs === null) {
        return {
          ok: false,
          detail: `${detail}, but no load is ever known: set \`hardStopAfter\` (as in HAProxy's configuration) or \`masterSocket\``,
        }
      }
      const inHttp = load === 'connections' && [...serving.values()].some(({ mode }) => mode === 'http')
      const warning = inHttp
        ? '. In HTTP mode connections are requests in flight: a user between two requests is not counted; see `load: stick-table`'
        : ''
      return { ok: true, detail: `${detail}${warning}` }
    } catch (error) {
      return { ok: false, detail: error instanceof Error ? error.message : String(error) }
    }
  }

  async close(): Promise<void> {
    this.#ending.abort(new Error('the HAProxy router is closed'))
  }

  #wishesOf(instances: readonly RoutedInstance[]): { wishes: Wishes; wrong: PluginError[] } {
    const wanted: Wish[] = []
    const wrong: PluginError[] = []
    const over = new Set(this.#sealed)
    for (const instance of instances) {
      const name = this.#names.nameOf(instance)
      const address = readAddress(instance.address)
      if (instance.admission === 'gone') over.add(name)
      else if (address === null) wrong.push(badAddress(instance.id, instance.address))
      else wanted.push({ id: instance.id, name, address, open: instance.admission === 'open' })
    }
    return { wishes: { wanted, over }, wrong }
  }

  /** Answers what was refused. */
  async #reconcile({ wanted, over }: Wishes, signal: AbortSignal): Promise<PluginError[]> {
    const usable = { wanted: wanted.filter(({ name }) => !this.#sealed.has(name)), over }
    const plan = (): Promise<Reconciliation> => this.#plan(usable, () => true, signal)
    const found = await plan()
    // First of all, so that nobody is led to an instance that took a dead one's place.
    await this.#end(found.end, signal)
    const refusals = await this.#carryOut(found, plan, signal)
    if (found.unlisted.length > 0) await this.#removeUnlisted(found.unlisted, signal)
    return refusals
  }

  async #plan(
    wishes: Wishes,
    scope: (server: Server) => boolean,
    signal: AbortSignal,
  ): Promise<Reconciliation> {
    const servers = await this.#backend.readServers(signal)
    return reconcile(this.#backend.name, this.#names, wishes, servers.filter(scope))
  }

  /** `again`: the plan once the missing ones are there. */
  async #carryOut(
    found: Reconciliation,
    again: () => Promise<Reconciliation>,
    signal: AbortSignal,
  ): Promise<PluginError[]> {
    const refusals = await this.#backend.add(found.add, signal)
    const plan = found.add.length === 0 ? found : await again()
    refusals.push(...(await this.#backend.obey([...this.#cookieKey(), ...plan.prepare], signal)))
    refusals.push(...(await this.#backend.obey(plan.open, signal)))
    return refusals
  }

  #cookieKey() {
    const { cookieKey, backend } = this.#options
    return cookieKey === null ? [] : [setCookieKey(backend, cookieKey)]
  }

  /** Their instances are over. One that HAProxy still holds on to is deleted at a later tick; until then it gets nothing. */
  async #end(servers: readonly Server[], signal: AbortSignal): Promise<void> {
    const { name: backend } = this.#backend
    const refusals = await this.#backend.obey(
      servers.flatMap(({ name }) => [setState(backend, name, 'maint'), cutSessions(backend, name)]),
      signal,
    )
    const [first] = refusals
    if (first !== undefined) throw first
    await this.#backend.obey(
      servers.map(({ name }) => deleteServer(backend, name)),
      signal,
    )
  }

  async #removeUnlisted(servers: readonly Server[], signal: AbortSignal): Promise<void> {
    const snapshot = await this.#backend.read(signal)
    const empty = servers.filter(({ name }) => whyNotEmpty(name, snapshot) === null)
    for (const { name } of empty.slice(0, MOST_REMOVED)) {
      const because = await this.#removeEmpty(name, signal)
      if (because !== null) this.#log(`HAProxy: "${name}" is in no list any more and stays: ${because}`)
    }
  }

  /**
   * Shuts it, looks whether anything came in before that took effect, and deletes it. Answers why not; then it drains on.
   */
  async #removeEmpty(name: string, signal: AbortSignal): Promise<string | null> {
    const { name: backend } = this.#backend
    const [refusal] = await this.#backend.obey([setState(backend, name, 'maint')], signal)
    if (refusal !== undefined) throw refusal
    const because = whyNotEmpty(name, await this.#backend.read(signal))
    const [held] = because === null ? await this.#backend.obey([deleteServer(backend, name)], signal) : []
    if (because === null && held === undefined) return null
    const [stuck] = await this.#backend.obey([setState(backend, name, 'drain')], signal)
    if (stuck !== undefined) throw stuck
    return because ?? held?.message ?? null
  }

  async #admit(instance: string, open: boolean, signal: AbortSignal): Promise<void> {
    await this.#inTurn(signal, async both => {
      const known = this.#find(instance)
      if (this.#sealed.has(known.name)) {
        if (open) throw sealedForGood(instance)
        return
      }
      const wish = { ...known, open }
      this.#wanted = new Map(this.#wanted).set(instance, wish)
      const wishes = { wanted: [wish], over: new Set<string>() }
      const plan = (): Promise<Reconciliation> => this.#plan(wishes, ({ name }) => name === wish.name, both)
      const refusals = await this.#carryOut(await plan(), plan, both)
      await this.#confirm([wish], both, refusals)
    })
  }

  /** What was agreed to counts when it shows. */
  async #confirm(
    wishes: readonly Wish[],
    signal: AbortSignal,
    refusals: readonly PluginError[],
  ): Promise<void> {
    const [first] = refusals
    if (first !== undefined) throw first
    const servers = await this.#backend.readServers(signal)
    const states = new Map(servers.map(server => [server.name, server.state]))
    for (const { id, name, open } of wishes) {
      if (this.#sealed.has(name)) continue
      const wanted = open ? 'ready' : 'drain'
      const seen = states.get(name) ?? 'missing'
      if (seen !== wanted) throw notInEffect(id, wanted, seen)
    }
  }

  /** Of instances that are missing from the list, as long as they hold anything. */
  #loadsOfUnlisted(snapshot: Snapshot): [string, Load][] {
    const listed = new Set([...this.#wanted.values()].map(({ name }) => name))
    return [...snapshot.servers.values()].flatMap(({ name, state }): [string, Load][] => {
      if (!this.#names.isOurs(name) || listed.has(name) || state !== 'drain') return []
      const load = loadOf(name, snapshot)
      return load.kind === 'known' && load.slots > 0 ? [[this.#names.instanceOf(name), load]] : []
    })
  }

  #loadOf({ name }: Wish, snapshot: Snapshot): Load {
    return this.#sealed.has(name) ? { kind: 'known', slots: 0, at: snapshot.at } : loadOf(name, snapshot)
  }

  #find(instance: string): Wish {
    const wish = this.#wanted.get(instance)
    if (wish === undefined) throw unknownInstance(this.#fleet, instance, [...this.#wanted.keys()])
    return wish
  }

  /** A sealed instance that left the list will not come back under the same name. */
  #forgetSealed(): void {
    const listed = new Set([...this.#wanted.values()].map(({ name }) => name))
    for (const name of this.#sealed) if (!listed.has(name)) this.#sealed.delete(name)
  }

  #inTurn<T>(signal: AbortSignal, work: (both: AbortSignal) => Promise<T>): Promise<T> {
    return this.#turns.take(() => work(this.#with(signal)))
  }

  #with(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#ending.signal])
  }
}
