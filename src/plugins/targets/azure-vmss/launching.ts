/**
 * Launches in a scale set. It knows a capacity and no tokens: one is raised by as many as are ordered, and each order is
 * given one of the instances that appear.
 *
 * Example: capacity 3, three listed, two ordered: the capacity is raised to 5 on the condition that the set is still the one that was
 * read (its ETag). The reply is lost. Asked again, the capacity is 5 and three are listed: two places are being filled
 * already, so nothing is raised, and the instances that appear are the orders'.
 *
 * The capacity is never lowered, not even after a launch that failed: Azure would choose who goes.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { PluginError, type PluginErrorKind } from '../../../ports/plugin.ts'
import type { LaunchResult } from '../../../ports/target.ts'
import { calledOff } from '../../azure/failure.ts'
import { isInLedger, LEDGER_TOKENS, withTokens } from './ledger.ts'
import type { ScaleSetModel } from './model.ts'
import type { ScaleSet } from './scale-set.ts'
import type { Underway } from './underway.ts'
import { isLeaving, type Vm } from './vm-state.ts'

export interface LaunchingOptions {
  /** Keep tokens as tags of the scale set. */
  readonly ledger: boolean
  /** How long it is waited for instances to appear in the list. */
  readonly appearMs: number
  /** Between two looks, at first. */
  readonly lookEveryMs: number
}

/** Somebody else changed the set between reading and raising, so often. */
const MOST_ROUNDS = 4
const LONGEST_LOOK_MS = 5_000
/** Remembered; the oldest are forgotten first. */
const MOST_TOKENS = 10_000

interface Claim {
  readonly name: string
  readonly vmId: string | null
}

type Failed = Extract<LaunchResult, { readonly ok: false }>

export class Launching {
  readonly #set: ScaleSet
  readonly #options: LaunchingOptions
  readonly #claims = new Map<string, Claim>()
  readonly #tokenOf = new Map<string, string>()
  /** Asked for, and nothing has appeared yet: what was there before, which is not theirs. */
  readonly #tried = new Map<string, ReadonlySet<string>>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(set: ScaleSet, options: LaunchingOptions) {
    this.#set = set
    this.#options = options
  }

  /** The token an instance was launched for, where this run launched it. */
  tokenOf(vm: Vm): string | null {
    return this.#tokenOf.get(keyOf(vm)) ?? null
  }

  /** One call at a time: two would raise each other's capacity. */
  launch(tokens: readonly string[], signal: AbortSignal): Promise<readonly LaunchResult[]> {
    const launched = this.#turn.then(() => this.#launch(tokens, signal))
    this.#turn = launched.catch(() => {})
    return launched
  }

  async #launch(tokens: readonly string[], signal: AbortSignal): Promise<readonly LaunchResult[]> {
    if (signal.aborted) throw calledOff(`launch ${tokens.length} instances`)
    const open = [...new Set(tokens)].filter(token => !this.#claims.has(token))
    const failed = new Map<string, Failed>()
    // The ledger holds no more; and a raise by so many is one Azure has to think about anyway.
    for (let from = 0; from < open.length; from += LEDGER_TOKENS) {
      const batch = open.slice(from, from + LEDGER_TOKENS)
      for (const [token, why] of await this.#launchOpen(batch, signal)) failed.set(token, why)
    }
    return tokens.map((token): LaunchResult => {
      const claim = this.#claims.get(token)
      return claim === undefined
        ? (failed.get(token) ?? notYet(token))
        : { token, ok: true, instance: claim.name }
    })
  }

  async #launchOpen(open: readonly string[], signal: AbortSignal): Promise<Map<string, Failed>> {
    let underway: Underway | null = null
    try {
      underway = await this.#raise(open, signal)
    } catch (error) {
      if (!(error instanceof PluginError)) throw error
      // What was tried before and never answered may be launched yet, whatever this call met.
      const isOpen = (token: string) => this.#tried.has(token)
      return new Map([
        ...failures(
          open.filter(token => !isOpen(token)),
          error.kind,
          error,
        ),
        ...failures(open.filter(isOpen), 'unavailable', error),
      ])
    }
    const refused = await this.#await(open, underway, signal)
    const left = open.filter(token => !this.#claims.has(token))
    if (refused === null) return new Map(left.map(token => [token, notYet(token)]))
    for (const token of left) this.#tried.delete(token)
    return failures(left, refused.kind, refused)
  }

  /**
   * Raises the capacity by what is not covered yet; `null`: all is. One that got no answer is looked into by reading again.
   * @throws PluginError `unavailable` where it may have been raised; any other kind: it was not
   */
  async #raise(open: readonly string[], signal: AbortSignal): Promise<Underway | null> {
    /** Asked for by nobody before this call. */
    const fresh = new Set<string>()
    let unanswered: PluginError | null = null
    for (let round = 1; ; round += 1) {
      try {
        return await this.#raiseOnce(open, fresh, signal)
      } catch (error) {
        if (!(error instanceof PluginError)) throw error
        if (error instanceof Unanswered) unanswered = error
        // Refused for sure: what appeared meanwhile is somebody else's.
        if (unanswered === null) for (const token of fresh) this.#tried.delete(token)
        const isOver = round === MOST_ROUNDS || signal.aborted
        const isWorthIt = error instanceof Unanswered || error.kind === 'conflict'
        if (isOver || !isWorthIt) throw unanswered ?? error
      }
    }
  }

  async #raiseOnce(
    open: readonly string[],
    fresh: Set<string>,
    signal: AbortSignal,
  ): Promise<Underway | null> {
    const { set, vms } = await this.#readAll(signal)
    this.#requireLedgerable(set)
    if (this.#options.ledger) this.#recall(open, set, vms)
    this.#claim(open, vms)
    const asked = open.filter(token => !this.#claims.has(token))
    const missing = asked.length - this.#coveredOf(asked, set, vms)
    // Also where nothing is missing: that makes Azure fill places it gave up on, and enters the tokens in the ledger.
    const untried = asked.filter(token => !this.#tried.has(token))
    const before = new Set(vms.map(keyOf))
    for (const token of untried) {
      fresh.add(token)
      this.#try(token, before)
    }
    if (missing <= 0 && untried.length === 0) return null
    const raise = {
      capacity: set.capacity + Math.max(0, missing),
      etag: set.etag,
      tags: this.#options.ledger ? withTokens(set.tags, asked) : null,
      zone: null,
    }
    try {
      return await this.#set.raise(raise, signal)
    } catch (error) {
      if (error instanceof PluginError && error.kind === 'unavailable') throw new Unanswered(error)
      throw error
    }
  }

  /** @throws PluginError `unavailable` where a ledger could not be read: an earlier run may have launched what is asked for */
  async #readAll(signal: AbortSignal): Promise<{ set: ScaleSetModel; vms: readonly Vm[] }> {
    try {
      const set = await this.#set.read('act', signal)
      return { set, vms: await this.#set.list('act', 'without-view', signal) }
    } catch (error) {
      if (!this.#options.ledger || !(error instanceof PluginError)) throw error
      throw new PluginError('unavailable', error.message, { cause: error })
    }
  }

  /**
   * Places that the capacity has already and that no instance fills yet. Those that leave may or may not count in it still, so
   * for an order that was never tried they count as filling one (rather one too many than none); for one that was tried, not.
   */
  #coveredOf(asked: readonly string[], { capacity }: ScaleSetModel, vms: readonly Vm[]): number {
    const tried = asked.filter(token => this.#tried.has(token)).length
    const staying = vms.filter(vm => !isLeaving(vm)).length
    const ofTried = Math.min(tried, Math.max(0, capacity - staying))
    const others = [...this.#tried.keys()].filter(token => !asked.includes(token)).length
    const free = Math.max(0, capacity - vms.length - ofTried - others)
    return ofTried + Math.min(asked.length - tried, free)
  }

  /**
   * Tokens of an earlier run. For as many as the capacity has places that nothing fills, the instance is still to come; the
   * others' are listed, and any that nobody else claims may be theirs.
   */
  #recall(open: readonly string[], { tags, capacity }: ScaleSetModel, vms: readonly Vm[]): void {
    const recalled = open.filter(token => !this.#tried.has(token) && isInLedger(tags, token))
    const toCome = Math.max(0, capacity - vms.filter(vm => !isLeaving(vm)).length)
    for (const [index, token] of recalled.entries()) {
      this.#try(token, index < recalled.length - toCome ? new Set() : new Set(vms.map(keyOf)))
    }
  }

  #try(token: string, before: ReadonlySet<string>): void {
    this.#tried.set(token, before)
    forgetOldest(this.#tried)
  }

  /** The newest first: the others were there before. */
  #claim(open: readonly string[], vms: readonly Vm[]): void {
    const free = vms
      .filter(vm => !isLeaving(vm) && !this.#tokenOf.has(keyOf(vm)))
      .sort((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0))
    for (const token of open) {
      const before = this.#claims.has(token) ? undefined : this.#tried.get(token)
      if (before === undefined) continue
      const index = free.findIndex(vm => !before.has(keyOf(vm)))
      const [vm] = index === -1 ? [] : free.splice(index, 1)
      if (vm === undefined) continue
      this.#tried.delete(token)
      this.#claims.set(token, { name: vm.name, vmId: vm.vmId })
      this.#tokenOf.set(keyOf(vm), token)
      forgetOldest(this.#claims)
      forgetOldest(this.#tokenOf)
    }
  }

  /** Until each has its instance, the operation has failed, or it took too long; answers why Azure gave up, if it did. */
  async #await(
    open: readonly string[],
    underway: Underway | null,
    signal: AbortSignal,
  ): Promise<PluginError | null> {
    const within = AbortSignal.any([signal, AbortSignal.timeout(this.#options.appearMs)])
    let refused: PluginError | null = null
    let isDone = underway === null
    let pauseMs = this.#options.lookEveryMs
    while (open.some(token => !this.#claims.has(token)) && !within.aborted) {
      try {
        this.#claim(open, await this.#set.list('act', 'without-view', within))
        if (refused !== null || open.every(token => this.#claims.has(token))) return refused
        if (!isDone && underway !== null) isDone = await underway.isDone(within)
      } catch (error) {
        if (!(error instanceof PluginError)) throw error
        // One more look, since some may be there all the same.
        if (error.kind === 'refused') refused = error
        else if (error.kind !== 'unavailable') return refused
      }
      await delay(pauseMs, undefined, { signal: within }).catch(() => {})
      pauseMs = Math.min(LONGEST_LOOK_MS, 2 * pauseMs)
    }
    return refused
  }

  #requireLedgerable({ upgradeMode }: ScaleSetModel): void {
    if (!this.#options.ledger || upgradeMode.toLowerCase() === 'manual') return
    throw new PluginError(
      'misconfigured',
      `PLM-766 the target keeps launch tokens as tags (ledger: true), and the scale set applies changes of its model by itself (upgrade policy ${upgradeMode}): a changed tag could restart instances with their sessions. Nothing was launched. Set the upgrade policy to Manual, or ledger: false.`,
    )
  }
}

/** The capacity may be raised, or not. */
class Unanswered extends PluginError {
  constructor({ message, cause }: PluginError) {
    super('unavailable', message, { cause })
  }
}

/** Another VM under the same id is another one. */
function keyOf({ name, vmId }: Vm): string {
  return vmId ?? name
}

function notYet(token: string): Failed {
  return {
    token,
    ok: false,
    kind: 'unavailable',
    error: `PLM-770 the capacity is raised for ${token}, and no instance of it is listed yet; it is asked again, and raised no further.`,
  }
}

function failures(
  tokens: readonly string[],
  kind: PluginErrorKind,
  { message }: PluginError,
): Map<string, Failed> {
  return new Map(tokens.map(token => [token, { token, ok: false, kind, error: message }]))
}

function forgetOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys()
  if (map.size > MOST_TOKENS && oldest !== undefined) map.delete(oldest)
}
