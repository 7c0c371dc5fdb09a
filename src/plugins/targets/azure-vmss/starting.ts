/**
 * Starts what is kept deallocated, before anything new is launched. Each start is in the book of lives before Azure is asked for it, so that
 * the same order never starts two, whatever becomes of the reply and of us.
 *
 * Example: two are parked, `web_3` since 9:00 and `web_5` since 9:40, and three are ordered: both are started, and one is left to be launched. Were one
 * ordered, it would be `web_3`: the longest parked goes first, so that none lies idle for months, and one that was parked for being sick
 * does not come back at once. Those that are not of the latest model come last.
 */
import type { Clock } from '../../../ports/clock.ts'
import type { PluginError } from '../../../ports/plugin.ts'
import type { LaunchOrder } from '../../../ports/target.ts'
import type { Underway } from '../../azure/underway.ts'
import { isDeallocated, isUp, type Life, type Lives, type LivesBook, lifeOf } from './lives.ts'
import type { Muster, Mustered } from './muster.ts'
import type { ScaleSet } from './scale-set.ts'
import { isLeaving, type Vm } from './vm-state.ts'

export interface Started {
  /** Up already. */
  readonly up: readonly { readonly token: string; readonly vm: Vm }[]
  /** Asked for, and to be looked for. */
  readonly coming: readonly { readonly token: string; readonly vm: Vm; readonly underway: Underway | null }[]
  readonly failed: ReadonlyMap<string, PluginError>
  /** Orders that nothing was there for. */
  readonly rest: readonly LaunchOrder[]
}

interface Assigned {
  readonly order: LaunchOrder
  readonly vm: Vm
  /** It was to be started for the same order before. */
  readonly isRepeated: boolean
}

/** A start that got no answer is asked for again: of one that starts already that changes nothing. */
const TRIES = 2
/** What failed to start is left alone for so long. */
const SPARED_MS = 600_000
/** What was to be started for an order that nobody asks about any more is free again after so long. */
const STALE_MS = 1_800_000
const MOST_SPARED = 1_000

export class Starting {
  readonly #set: ScaleSet
  readonly #book: LivesBook
  readonly #muster: Muster
  readonly #clock: Pick<Clock, 'now'>
  readonly #failedAt = new Map<string, number>()

  readonly #adopts: boolean

  /** @param adopts VMs may be deallocated though nothing was ever written down */
  constructor(
    set: ScaleSet,
    book: LivesBook,
    muster: Muster,
    { clock, adopts }: { readonly clock: Pick<Clock, 'now'>; readonly adopts: boolean },
  ) {
    this.#adopts = adopts
    this.#set = set
    this.#book = book
    this.#muster = muster
    this.#clock = clock
  }

  /**
   * @param isRaised which orders the capacity was raised for before: theirs is to come
   * @throws PluginError where Azure, or the book of lives, cannot be read or written
   */
  async begin(
    orders: readonly LaunchOrder[],
    isRaised: () => Promise<(token: string) => boolean>,
    signal: AbortSignal,
  ): Promise<Started> {
    const lives = await this.#book.read()
    const isIdle = lives === null ? !this.#adopts : [...lives.values()].every(({ state }) => state === 'out')
    if (isIdle && !orders.some(({ token }) => holderOf(token, lives) !== null)) return nothing(orders)
    const isOthers = await isRaised()
    const mustered = await this.#muster.call('act', signal)
    const { up, repeated, open } = await this.#known(orders, mustered, signal)
    const { assigned, rest } = this.#assign(
      open.filter(({ token }) => !isOthers(token)),
      mustered,
    )
    await this.#write(assigned)
    const { coming, failed, refused } = await this.#ask([...repeated, ...assigned], signal)
    const raised = open.filter(({ token }) => isOthers(token))
    return { up, coming, failed, rest: [...raised, ...rest, ...refused] }
  }

  /** Seen up. */
  async cameUp(vms: readonly Vm[]): Promise<void> {
    await this.#change(vms, life => (life.state === 'starting' ? { ...life, state: 'out' } : life))
  }

  /** Azure gave up on these: others are taken first for a while. */
  async gaveUp(vms: readonly Vm[]): Promise<void> {
    const at = this.#clock.now()
    for (const { vmId, name } of vms) this.#failedAt.set(vmId ?? name, at)
    for (const [key] of this.#failedAt) if (this.#failedAt.size > MOST_SPARED) this.#failedAt.delete(key)
    await this.#change(vms, life =>
      life.state === 'starting' ? { ...life, state: 'parked', token: null, at } : life,
    )
  }

  /** Orders that something was started for before. */
  async #known(orders: readonly LaunchOrder[], { all, lives }: Mustered, signal: AbortSignal) {
    const up: { token: string; vm: Vm }[] = []
    const repeated: Assigned[] = []
    const open: LaunchOrder[] = []
    for (const order of orders) {
      const holder = holderOf(order.token, lives)
      const vm = holder === null ? null : await this.#there(holder, all, signal)
      // One that was up and is down again was what the order came to.
      if (holder !== null && vm !== null && (holder.life.state !== 'starting' || isUp(vm))) {
        up.push({ token: order.token, vm })
      } else if (vm !== null && !isLeaving(vm)) repeated.push({ order, vm, isRepeated: true })
      else open.push(order)
    }
    return { up, repeated, open }
  }

  /** A list may be behind, so one that is missing from it is asked for by name; `null`: it was deleted. */
  async #there({ vmId, life }: Holder, all: readonly Vm[], signal: AbortSignal): Promise<Vm | null> {
    const listed = all.find(vm => vm.vmId === vmId)
    if (listed !== undefined) return listed
    const found = await this.#set.find(life.name, signal, 'with-view')
    return found?.vmId === vmId ? found : null
  }

  #assign(orders: readonly LaunchOrder[], { parked, lives }: Mustered) {
    const now = this.#clock.now()
    const asked = new Set(orders.map(({ token }) => token))
    const free = parked
      .filter(vm => this.#isFree(vm, lifeOf(vm, lives), asked, now))
      .sort((a, b) => rankOf(a) - rankOf(b) || lifeOf(a, lives).at - lifeOf(b, lives).at)
    const assigned: Assigned[] = []
    const rest: LaunchOrder[] = []
    for (const order of orders) {
      const index = free.findIndex(({ zone }) => order.zone === null || zone === order.zone)
      const [vm] = index === -1 ? [] : free.splice(index, 1)
      if (vm === undefined) rest.push(order)
      else assigned.push({ order, vm, isRepeated: false })
    }
    return { assigned, rest }
  }

  #isFree(vm: Vm, { state, token, at }: Life, asked: ReadonlySet<string>, now: number): boolean {
    if (vm.vmId === null || !isDeallocated(vm) || isLeaving(vm)) return false
    const failedAt = this.#failedAt.get(vm.vmId)
    if (failedAt !== undefined && now - failedAt < SPARED_MS) return false
    return state === 'parked' || (token !== null && !asked.has(token) && now - at >= STALE_MS)
  }

  /** What is intended, before anything is asked. */
  async #write(assigned: readonly Assigned[]): Promise<void> {
    if (assigned.length === 0) return
    const at = this.#clock.now()
    await this.#book.change(lives => {
      for (const { vm, order } of assigned) {
        if (vm.vmId === null) continue
        const { life } = lifeOf(vm, lives)
        lives.set(vm.vmId, { life: life + 1, state: 'starting', token: order.token, name: vm.name, at })
      }
    })
  }

  async #ask(all: readonly Assigned[], signal: AbortSignal) {
    const underway = new Map<string, Underway>()
    const errors = new Map<string, PluginError>()
    /** Never answered, so that it may start whatever a later answer says. */
    const unsure = new Set<string>()
    let open = all
    for (let tried = 1; open.length > 0 && tried <= TRIES && !signal.aborted; tried += 1) {
      const asked = open.map(({ vm }) => vm)
      const turned = await this.#set.turn('start', asked, signal)
      for (const [name, one] of turned.accepted) underway.set(name, one)
      for (const [name, error] of turned.failed) errors.set(name, error)
      open = open.filter(({ vm }) => turned.failed.get(vm.name)?.kind === 'unavailable')
      for (const { vm } of open) unsure.add(vm.name)
    }
    const isComing = ({ vm: { name }, isRepeated }: Assigned): boolean => {
      // One that is being started answers that it is busy.
      const isBusy = isRepeated && errors.get(name)?.kind === 'conflict'
      return underway.has(name) || unsure.has(name) || isBusy || !errors.has(name)
    }
    const coming = all.filter(isComing).map(({ order, vm }) => ({
      token: order.token,
      vm,
      underway: underway.get(vm.name) ?? null,
    }))
    const not = all.filter(one => !isComing(one))
    const isThrottled = ({ vm }: Assigned) => errors.get(vm.name)?.kind === 'throttled'
    const failed = new Map<string, PluginError>()
    for (const { order, vm } of not.filter(isThrottled)) {
      const error = errors.get(vm.name)
      if (error !== undefined) failed.set(order.token, error)
    }
    const refused = not.filter(one => !isThrottled(one))
    await this.gaveUp(refused.map(({ vm }) => vm))
    await this.#release(not.filter(isThrottled).map(({ vm }) => vm))
    return { coming, failed, refused: refused.map(({ order }) => order) }
  }

  /** It was not asked for after all. */
  #release(vms: readonly Vm[]): Promise<void> {
    return this.#change(vms, life =>
      life.state === 'starting' ? { ...life, state: 'parked', token: null } : life,
    )
  }

  async #change(vms: readonly Vm[], next: (life: Life) => Life): Promise<void> {
    if (vms.length === 0) return
    await this.#book.change(lives => {
      for (const vm of vms) if (vm.vmId !== null) lives.set(vm.vmId, next(lifeOf(vm, lives)))
    })
  }
}

interface Holder {
  readonly vmId: string
  readonly life: Life
}

function holderOf(token: string, lives: Lives | null): Holder | null {
  for (const [vmId, life] of lives ?? []) if (life.token === token) return { vmId, life }
  return null
}

function nothing(rest: readonly LaunchOrder[]): Started {
  return { up: [], coming: [], failed: new Map(), rest }
}

function rankOf({ isOfLatestModel }: Vm): number {
  return isOfLatestModel === false ? 1 : 0
}
