/**
 * Launches in a scale set. What is kept deallocated is started first; then the capacity is raised by as many as are missing, and each
 * order is given one of the instances that appear.
 *
 * Example: capacity 3, three listed, two ordered: the capacity is raised to 5 on the condition that the set is still the one that was
 * read (its ETag). The reply is lost. Asked again, the capacity is 5 and three are listed: two places are being filled
 * already, so nothing is raised, and the instances that appear are the orders'.
 *
 * The capacity is never lowered, not even after a launch that failed: Azure would choose who goes.
 */
import type { Clock } from '../../../ports/clock.ts'
import { PluginError } from '../../../ports/plugin.ts'
import type { LaunchOrder, LaunchResult } from '../../../ports/target.ts'
import { calledOff } from '../../azure/failure.ts'
import type { Underway } from '../../azure/underway.ts'
import type { Claims } from './claims.ts'
import { coveredOf } from './covered.ts'
import { isInLedger, LEDGER_TOKENS, withTokens } from './ledger.ts'
import { isUp, type LivesBook, lifeOf } from './lives.ts'
import type { ScaleSetModel } from './model.ts'
import type { ScaleSet } from './scale-set.ts'
import type { Started, Starting } from './starting.ts'
import { type Failed, failures, notYet, Unanswered } from './unlaunched.ts'
import { isLeaving, type Vm } from './vm-state.ts'
import { awaitAll, Wait } from './wait.ts'
import { Zonal } from './zonal.ts'

export interface LaunchingOptions {
  /** Keep tokens as tags of the scale set. */
  readonly ledger: boolean
  /** Zones that orders may ask for. */
  readonly zones: readonly string[]
  /** How long it is waited for instances to appear in the list. */
  readonly appearMs: number
  /** Between two looks, at first. */
  readonly lookEveryMs: number
}

/** What it works with. */
export interface LaunchingParts {
  readonly set: ScaleSet
  readonly claims: Claims
  readonly book: LivesBook
  readonly starting: Starting
  readonly clock: Clock
  /** Azure fills the place of this one itself. */
  readonly isRefilled: (vm: Vm) => boolean
}

/** Somebody else changed the set between reading and raising, so often. */
const MOST_ROUNDS = 4
const FEW = 8

export class Launching {
  readonly #parts: LaunchingParts
  readonly #options: LaunchingOptions
  readonly #zonal: Zonal
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: LaunchingParts, options: LaunchingOptions) {
    this.#parts = parts
    this.#options = options
    this.#zonal = new Zonal(parts.set)
  }

  /** One call at a time: two would raise each other's capacity. */
  launch(orders: readonly LaunchOrder[], signal: AbortSignal): Promise<readonly LaunchResult[]> {
    const launched = this.#turn.then(() => this.#launch(orders, signal))
    this.#turn = launched.catch(() => {})
    return launched
  }

  async #launch(orders: readonly LaunchOrder[], signal: AbortSignal): Promise<readonly LaunchResult[]> {
    if (signal.aborted) throw calledOff(`launch ${orders.length} instances`)
    const { claims } = this.#parts
    const unique = [...new Map(orders.map(order => [order.token, order])).values()]
    const open = unique.filter(({ token }) => !claims.has(token)).map(order => this.#inZone(order))
    const failed = new Map<string, Failed>()
    // The ledger holds no more; and a raise by so many is one Azure has to think about anyway.
    for (let from = 0; from < open.length; from += LEDGER_TOKENS) {
      const batch = open.slice(from, from + LEDGER_TOKENS)
      for (const [token, why] of await this.#launchOpen(batch, signal)) failed.set(token, why)
    }
    return orders.map(({ token }): LaunchResult => {
      const instance = claims.of(token)
      return instance === null ? (failed.get(token) ?? notYet(token)) : { token, ok: true, instance }
    })
  }

  /** A zone nobody told us of is Azure's choice. */
  #inZone({ token, zone }: LaunchOrder): LaunchOrder {
    return { token, zone: zone !== null && this.#options.zones.includes(zone) ? zone : null }
  }

  async #launchOpen(orders: readonly LaunchOrder[], signal: AbortSignal): Promise<Map<string, Failed>> {
    const failed = new Map<string, Failed>()
    const waits: Wait[] = []
    const fail = (tokens: readonly string[], error: PluginError): void => {
      for (const [token, why] of this.#failures(tokens, error)) failed.set(token, why)
    }
    let started: Started
    try {
      started = await this.#parts.starting.begin(orders, () => this.#raised(signal), signal)
    } catch (error) {
      if (!(error instanceof PluginError)) throw error
      return this.#failures(tokensOf(orders), error)
    }
    for (const { token, vm } of started.up) await this.#cameUp(token, vm)
    for (const [token, error] of started.failed) fail([token], error)
    for (const { token, vm, underway } of started.coming) waits.push(new Wait([token], underway, vm))
    for (const [zone, some] of byZone(started.rest)) {
      try {
        waits.push(new Wait(tokensOf(some), await this.#raise(tokensOf(some), zone, signal), null))
      } catch (error) {
        if (!(error instanceof PluginError)) throw error
        fail(tokensOf(some), error)
      }
    }
    await this.#await(waits, signal)
    for (const wait of waits.filter(({ refused }) => refused !== null)) {
      const left = wait.tokens.filter(token => !this.#parts.claims.has(token))
      if (left.length === 0 || wait.refused === null) continue
      this.#parts.claims.giveUp(left)
      if (wait.vm !== null) await this.#parts.starting.gaveUp([wait.vm])
      for (const [token, why] of failures(left, wait.refused.kind, wait.refused)) failed.set(token, why)
    }
    return failed
  }

  /** Orders that the capacity was raised for, by this run or, as far as the ledger tells, by one before. */
  async #raised(signal: AbortSignal): Promise<(token: string) => boolean> {
    const { claims, set } = this.#parts
    const tags = this.#options.ledger ? (await set.read('act', signal)).tags : {}
    return token => claims.isTried(token) || isInLedger(tags, token)
  }

  /** What was tried before and never answered may be launched yet, whatever this call met. */
  #failures(tokens: readonly string[], error: PluginError): Map<string, Failed> {
    const isOpen = (token: string) => this.#parts.claims.isTried(token)
    return new Map([
      ...failures(
        tokens.filter(token => !isOpen(token)),
        error.kind,
        error,
      ),
      ...failures(tokens.filter(isOpen), 'unavailable', error),
    ])
  }

  async #cameUp(token: string, vm: Vm): Promise<void> {
    this.#parts.claims.settle(token, vm)
    await this.#parts.starting.cameUp([vm])
  }

  /**
   * Raises the capacity by what is not covered yet; `null`: all is. One that got no answer is looked into by reading again.
   * @throws PluginError `unavailable` where it may have been raised; any other kind: it was not
   */
  async #raise(open: readonly string[], zone: string | null, signal: AbortSignal): Promise<Underway | null> {
    /** Asked for by nobody before this call. */
    const fresh = new Set<string>()
    let unanswered: PluginError | null = null
    for (let round = 1; ; round += 1) {
      try {
        return await this.#raiseOnce({ open, zone, fresh }, signal)
      } catch (error) {
        if (!(error instanceof PluginError)) throw error
        if (error instanceof Unanswered) unanswered = error
        // Refused for sure: what appeared meanwhile is somebody else's.
        if (unanswered === null) this.#parts.claims.giveUp(fresh)
        const isOver = round === MOST_ROUNDS || signal.aborted
        const isWorthIt = error instanceof Unanswered || error.kind === 'conflict'
        if (isOver || !isWorthIt) throw unanswered ?? error
      }
    }
  }

  async #raiseOnce({ open, zone, fresh }: Raising, signal: AbortSignal): Promise<Underway | null> {
    const { claims, set } = this.#parts
    const { model, vms } = await this.#readAll(signal)
    this.#requireLedgerable(model)
    if (this.#options.ledger) this.#recall(open, model, vms)
    await this.#claim(open, vms)
    const asked = open.filter(token => !claims.has(token))
    const missing = asked.length - coveredOf(asked, model.capacity, vms, this.#parts)
    // Also where nothing is missing: that makes Azure fill places it gave up on, and enters the tokens in the ledger.
    const untried = asked.filter(token => !claims.isTried(token))
    for (const token of untried) {
      fresh.add(token)
      claims.try(token, zone, vms)
    }
    if (missing <= 0 && untried.length === 0) return null
    const raise = {
      capacity: model.capacity + Math.max(0, missing),
      etag: model.etag,
      tags: this.#options.ledger ? withTokens(model.tags, asked) : null,
      zone,
    }
    try {
      return await (zone === null ? set.raise(raise, signal) : this.#zonal.raise(raise, model, signal))
    } catch (error) {
      if (error instanceof PluginError && error.kind === 'unavailable') throw new Unanswered(error)
      throw error
    }
  }

  /** @throws PluginError `unavailable` where a ledger could not be read: an earlier run may have launched what is asked for */
  async #readAll(signal: AbortSignal): Promise<{ model: ScaleSetModel; vms: readonly Vm[] }> {
    const { set } = this.#parts
    try {
      const model = await set.read('act', signal)
      return { model, vms: await set.list('act', 'without-view', signal) }
    } catch (error) {
      if (!this.#options.ledger || !(error instanceof PluginError)) throw error
      throw new PluginError('unavailable', error.message, { cause: error })
    }
  }

  /**
   * Tokens of an earlier run. For as many as the capacity has places that nothing fills, the instance is still to come; the
   * others' are listed, and any that nobody else claims may be theirs.
   */
  #recall(open: readonly string[], { tags, capacity }: ScaleSetModel, vms: readonly Vm[]): void {
    const { claims } = this.#parts
    const recalled = open.filter(token => !claims.isTried(token) && isInLedger(tags, token))
    const toCome = Math.max(0, capacity - vms.filter(vm => !isLeaving(vm)).length)
    for (const [index, token] of recalled.entries()) {
      claims.try(token, null, index < recalled.length - toCome ? [] : vms)
    }
  }

  /** What is deallocated, or was started again, was there before. */
  async #claim(open: readonly string[], vms: readonly Vm[]): Promise<void> {
    const lives = await this.#parts.book.read()
    const isTaken = (vm: Vm): boolean => {
      const { state, life } = lifeOf(vm, lives)
      return state !== 'out' || life > 0
    }
    this.#parts.claims.claim(open, vms, isTaken)
  }

  /** Until each has its instance, its operation has failed, or it took too long. */
  #await(waits: readonly Wait[], signal: AbortSignal): Promise<void> {
    const { set, claims, clock } = this.#parts
    const isOpen = (token: string) => !claims.has(token)
    const raised = waits.filter(({ vm }) => vm === null).flatMap(({ tokens }) => tokens)
    const started = waits.filter(({ vm }) => vm !== null)
    return awaitAll(waits, {
      ...this.#options,
      clock,
      signal,
      isOpen,
      look: async within => {
        if (raised.some(isOpen)) await this.#claim(raised, await set.list('act', 'without-view', within))
        const open = started.filter(({ tokens }) => tokens.some(isOpen))
        const vms = await this.#seen(open, within)
        for (const { vm: asked, tokens } of open) {
          const vm = vms.find(({ vmId }) => vmId === asked?.vmId)
          for (const token of tokens) if (vm !== undefined && isUp(vm)) await this.#cameUp(token, vm)
        }
      },
    })
  }

  /** A few are asked one by one: a list of all with their views costs more of what Azure allows. */
  async #seen(waits: readonly Wait[], signal: AbortSignal): Promise<readonly Vm[]> {
    const { set } = this.#parts
    if (waits.length > FEW) return set.list('act', 'with-view', signal)
    const found = await Promise.all(
      waits.map(({ vm }) => (vm === null ? null : set.find(vm.name, signal, 'with-view'))),
    )
    return found.filter(vm => vm !== null)
  }

  #requireLedgerable({ upgradeMode }: ScaleSetModel): void {
    if (!this.#options.ledger || upgradeMode.toLowerCase() === 'manual') return
    throw new PluginError(
      'misconfigured',
      `PLM-766 the target keeps launch tokens as tags (ledger: true), and the scale set applies changes of its model by itself (upgrade policy ${upgradeMode}): a changed tag could restart instances with their sessions. Nothing was launched. Set the upgrade policy to Manual, or ledger: false.`,
    )
  }
}

interface Raising {
  readonly open: readonly string[]
  readonly zone: string | null
  readonly fresh: Set<string>
}

function tokensOf(orders: readonly LaunchOrder[]): readonly string[] {
  return orders.map(({ token }) => token)
}

function byZone(orders: readonly LaunchOrder[]): ReadonlyMap<string | null, readonly LaunchOrder[]> {
  return Map.groupBy(orders, ({ zone }) => zone)
}
