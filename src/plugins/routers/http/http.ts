/**
 * A session router that asks each instance for its load, and, where it has calls for that, tells it to take no more sessions
 * and to take them again. Without those calls it only looks: another router of the fleet must do the closing.
 *
 * Example: `GET http://127.0.0.1:41231/load` answers `{"sessions": 3}`: with `pointer: /sessions` the load is 3. A close is
 * `POST http://127.0.0.1:41231/drain`, in effect when it answered 200.
 */
import type { Load } from '../../../model/inventory.ts'
import type { Clock } from '../../../ports/clock.ts'
import { type CheckResult, PluginError } from '../../../ports/plugin.ts'
import type { RoutedInstance, SessionRouter } from '../../../ports/session-router.ts'
import { Asking, fewAtOnce, type InstanceCall } from './asking.ts'
import { cannotSeal, isSealed, notObeyed, unknownInstance } from './faults.ts'
import { slotsIn } from './slots.ts'

export interface HttpRouterOptions {
  readonly path: string
  readonly pointer: string
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** `null`: it cannot close, another router does. */
  readonly calls: { readonly close: InstanceCall; readonly reopen: InstanceCall } | null
}

export interface HttpRouterContext {
  readonly fleet: string
  readonly clock: Clock
}

/** For all instances together; a tick waits a little longer. Whoever was not asked by then has an unknown load. */
const READ_ALL_MS = 4_000
const ROUTE_ALL_MS = 4_000

interface Asked {
  readonly id: string
  incarnation: string | null
  address: string
  listed: boolean
  isOpen: boolean
  sealed: boolean
  /** What it said it does; `unknown`: it was not told, or did not answer. */
  obeys: 'open' | 'closed' | 'unknown'
}

export function createHttpRouter(options: HttpRouterOptions, context: HttpRouterContext): SessionRouter {
  return new HttpRouter(options, context)
}

class HttpRouter implements SessionRouter {
  readonly #options: HttpRouterOptions
  readonly #fleet: string
  readonly #clock: Clock
  readonly #asking: Asking
  readonly #instances = new Map<string, Asked>()
  #ended = false

  constructor(options: HttpRouterOptions, { fleet, clock }: HttpRouterContext) {
    this.#options = options
    this.#fleet = fleet
    this.#clock = clock
    this.#asking = new Asking(options.headers, options.timeoutMs)
  }

  async route(listed: readonly RoutedInstance[], signal: AbortSignal): Promise<void> {
    this.#requireOpen()
    this.#reconcile(listed)
    const disobedient = [...this.#instances.values()].filter(one => !one.sealed && !this.#isObeying(one))
    const over = AbortSignal.any([signal, AbortSignal.timeout(ROUTE_ALL_MS)])
    // One that does not answer is told again by the next list; its close returns only when it obeyed.
    await fewAtOnce(disobedient, async one => void (await this.#tell(one, over)))
  }

  watch(instances: readonly RoutedInstance[]): void {
    if (this.#ended) return
    const here = instances.filter(({ admission }) => admission !== 'gone')
    const ids = new Set(here.map(({ id }) => id))
    for (const id of [...this.#instances.keys()]) if (!ids.has(id)) this.#instances.delete(id)
    for (const routed of here) {
      const known = this.#instances.get(routed.id)
      const isOpen = known?.isOpen ?? true
      this.#isListed({ ...routed, admission: isOpen ? 'open' : 'closed' })
    }
  }

  async readLoads(signal: AbortSignal): Promise<ReadonlyMap<string, Load>> {
    this.#requireOpen()
    const over = AbortSignal.any([signal, AbortSignal.timeout(READ_ALL_MS)])
    const loads = new Map<string, Load>()
    await fewAtOnce([...this.#instances.values()], async one => {
      const load = await this.#loadOf(one, over)
      const isEmpty = load.kind === 'known' && load.slots === 0
      if (this.#instances.get(one.id) !== one) return
      if (!one.listed && isEmpty && this.#isObeying(one)) this.#instances.delete(one.id)
      else loads.set(one.id, load)
    })
    return loads
  }

  async closeInstance(instance: string, signal: AbortSignal): Promise<void> {
    const one = this.#known(instance)
    one.isOpen = false
    if (!one.sealed) await this.#obey(one, signal)
  }

  async reopenInstance(instance: string, signal: AbortSignal): Promise<void> {
    const one = this.#known(instance)
    if (one.sealed) throw isSealed(instance)
    one.isOpen = true
    await this.#obey(one, signal)
  }

  async sealInstance(instance: string, signal: AbortSignal): Promise<void> {
    const one = this.#known(instance)
    if (one.sealed) return
    if (one.isOpen) throw cannotSeal(instance, 'it is open')
    // Told once more: it may have been started anew since, and forgotten.
    if (this.#options.calls !== null) one.obeys = 'unknown'
    await this.#obey(one, signal)
    const load = await this.#loadOf(one, signal)
    if (load.kind === 'unknown') throw cannotSeal(instance, `its load is not known: ${load.because}`)
    if (load.kind === 'known' && load.slots > 0) {
      throw cannotSeal(instance, `it says that ${load.slots} slots are in use`)
    }
    if (one.isOpen || this.#instances.get(instance) !== one) throw cannotSeal(instance, 'it was reopened')
    one.sealed = true
  }

  async check(): Promise<CheckResult> {
    if (this.#ended) return { ok: false, detail: `the HTTP router of fleet "${this.#fleet}" is closed` }
    const closes = this.#options.calls === null ? 'another router closes them' : 'and tells them to close'
    return { ok: true, detail: `asks ${this.#instances.size} instances for ${this.#options.path}, ${closes}` }
  }

  async close(): Promise<void> {
    this.#ended = true
    await this.#asking.close()
  }

  // ---- who is there

  #reconcile(listed: readonly RoutedInstance[]): void {
    for (const { id, incarnation, admission } of listed) {
      const known = this.#instances.get(id)
      if (admission === 'gone' && known !== undefined && isSame(known.incarnation, incarnation)) {
        this.#instances.delete(id)
      }
    }
    for (const one of this.#instances.values()) one.listed = false
    for (const routed of listed) if (routed.admission !== 'gone') this.#isListed(routed)
    for (const one of this.#instances.values()) if (!one.listed) one.isOpen = false
  }

  #isListed({ id, incarnation, address, admission }: RoutedInstance): void {
    const known = this.#instances.get(id)
    const isOpen = admission === 'open'
    if (known === undefined || !isSame(known.incarnation, incarnation)) {
      // One that starts takes sessions, as far as we know; one that is listed as closed may have been told by another process.
      const obeys = isOpen ? 'open' : 'unknown'
      this.#instances.set(id, { id, incarnation, address, listed: true, isOpen, sealed: false, obeys })
      return
    }
    known.incarnation = incarnation ?? known.incarnation
    known.address = address
    known.listed = true
    known.isOpen = isOpen && !known.sealed
  }

  #known(instance: string): Asked {
    this.#requireOpen()
    const one = this.#instances.get(instance)
    if (one === undefined) throw unknownInstance(this.#fleet, instance)
    return one
  }

  #requireOpen(): void {
    if (!this.#ended) return
    throw new PluginError('unavailable', `the HTTP router of fleet "${this.#fleet}" is closed`)
  }

  // ---- asking

  #isObeying({ isOpen, obeys }: Asked): boolean {
    return this.#options.calls === null || obeys === (isOpen ? 'open' : 'closed')
  }

  async #obey(one: Asked, signal: AbortSignal): Promise<void> {
    const failure = this.#isObeying(one) ? null : await this.#tell(one, signal)
    if (failure !== null) throw failure
  }

  /** `null`: it does. Of two calls at once, what came of the last one counts. */
  async #tell(one: Asked, signal: AbortSignal): Promise<PluginError | null> {
    const { calls } = this.#options
    if (calls === null) return null
    const wanted = one.isOpen
    const call = wanted ? calls.reopen : calls.close
    one.obeys = 'unknown'
    const said = await this.#asking.ask(one.address, call, signal)
    const what = `${call.method} ${call.path} of ${one.id}`
    if (!said.ok) return notObeyed(what, said.saw)
    if (one.isOpen !== wanted) return notObeyed(what, 'was overtaken by another order')
    one.obeys = wanted ? 'open' : 'closed'
    return null
  }

  async #loadOf({ sealed, address }: Asked, signal: AbortSignal): Promise<Load> {
    const at = this.#clock.now()
    if (sealed) return { kind: 'known', slots: 0, at }
    const { path, pointer } = this.#options
    const where = `GET ${path}`
    if (signal.aborted) return { kind: 'unknown', because: `${where} was not asked in time` }
    const said = await this.#asking.ask(address, { method: 'GET', path }, signal)
    if (!said.ok) return { kind: 'unknown', because: `${where} ${said.saw}` }
    const slots = slotsIn(said.text, pointer)
    return typeof slots === 'number'
      ? { kind: 'known', slots, at }
      : { kind: 'unknown', because: `${where} answered, but ${slots}` }
  }
}

function isSame(known: string | null, told: string | null): boolean {
  return known === null || told === null || known === told
}
