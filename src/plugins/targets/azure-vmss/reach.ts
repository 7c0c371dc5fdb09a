/**
 * How people reach each instance, through a load balancer's ports. What is known is told at once; what is not is asked for in the background, so
 * that neither its slowness nor its failure is ever seen in the list of instances.
 *
 * Example: of three instances two are known. `accessOf` answers `Map { 'rooms_1' => { name: 'ssh', address: '203.0.113.7:50001' }, ... }` for those and asks
 * for the third alone; the list fifteen seconds later has all three. One that is behind no rule is asked for after 30 s, 60 s, ... and
 * then every ten minutes.
 */

import type { AccessPoint } from '../../../model/inventory.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Doorway } from './nat.ts'
import type { Vm as ScaleSetVm } from './vm-state.ts'

/** What of a VM it needs. */
type Vm = Pick<ScaleSetVm, 'name' | 'vmId' | 'power'>

export interface ReachOptions {
  /** Of the load balancer. */
  readonly resourceGroup: string
  readonly loadBalancer: string
  /** Of the instances. */
  readonly port: number
  /** What is shown, with {host} and {port} filled in: `ssh -p {port} azureuser@{host}`. */
  readonly show: string
}

export interface Doorways {
  read(names: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Doorway>>
  close(): void
}

interface Known {
  /** `null`: it is behind no rule. */
  readonly doorway: Doorway | null
  readonly tries: number
  readonly againAt: number
}

/** Ports stay with an instance; only somebody who changes the load balancer changes them. */
const HOLDS_MS = 3_600_000
const FIRST_PAUSE_MS = 30_000
const LONGEST_PAUSE_MS = 600_000
/** In one reading; the rest in the next. */
const MOST_AT_ONCE = 50
/** Of one reading, all its calls together. */
const DEADLINE_MS = 120_000

export class Reach {
  readonly #options: ReachOptions
  readonly #doorways: Doorways
  readonly #clock: Pick<Clock, 'now'>
  /** By name and VM, since a name may come back with another VM behind it. */
  readonly #known = new Map<string, Known>()
  readonly #closing = new AbortController()
  #underway: Promise<void> | null = null
  #failures = 0
  #pausedUntil = 0
  #trouble: string | null = null

  constructor(options: ReachOptions, doorways: Doorways, clock: Pick<Clock, 'now'>) {
    this.#options = options
    this.#doorways = doorways
    this.#clock = clock
  }

  /** Of all that are listed, by name. */
  accessOf(vms: readonly Vm[]): ReadonlyMap<string, AccessPoint> {
    this.#forgetAllBut(vms)
    void this.#askFor(vms)
    return new Map(
      vms.flatMap(vm => {
        const doorway = this.#known.get(keyOf(vm))?.doorway ?? null
        return doorway === null ? [] : [[vm.name, this.#pointOf(doorway)]]
      }),
    )
  }

  /** Asks now, and tells how it went, or that it is still asking. */
  async check(vms: readonly Vm[], signal: AbortSignal): Promise<string> {
    this.#pausedUntil = 0
    const { loadBalancer, port } = this.#options
    const isDone = await Promise.race([this.#askFor(vms).then(() => true), aborted(signal)])
    if (!isDone) return `${loadBalancer} is still asked how to reach them`
    const reached = vms.filter(vm => this.#isReached(vm)).length
    return this.#trouble ?? `port ${port} of ${reached} of them is reached through ${loadBalancer}`
  }

  close(): void {
    this.#closing.abort()
    this.#doorways.close()
  }

  #askFor(vms: readonly Vm[]): Promise<void> {
    this.#underway ??= this.#ask(vms).finally(() => {
      this.#underway = null
    })
    return this.#underway
  }

  async #ask(vms: readonly Vm[]): Promise<void> {
    const now = this.#clock.now()
    if (now < this.#pausedUntil || this.#closing.signal.aborted) return
    const due = vms.filter(vm => isUp(vm) && (this.#known.get(keyOf(vm))?.againAt ?? 0) <= now)
    const asked = due.slice(0, MOST_AT_ONCE)
    if (asked.length === 0) return
    try {
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(DEADLINE_MS)])
      const found = await this.#doorways.read(
        asked.map(({ name }) => name),
        signal,
      )
      for (const vm of asked) this.#note(vm, found.get(vm.name) ?? null)
      this.#failures = 0
      this.#trouble = null
    } catch (error) {
      this.#pausedUntil = this.#clock.now() + pauseAfter(this.#failures)
      this.#failures += 1
      const saw = error instanceof Error ? error.message : String(error)
      this.#trouble = `PLM-777 how to reach them is not known (${saw})`
    }
  }

  #note(vm: Vm, doorway: Doorway | null): void {
    const tries = this.#known.get(keyOf(vm))?.tries ?? 0
    const pauseMs = doorway === null ? pauseAfter(tries) : HOLDS_MS
    this.#known.set(keyOf(vm), {
      doorway,
      tries: doorway === null ? tries + 1 : 0,
      againAt: this.#clock.now() + pauseMs,
    })
  }

  #isReached(vm: Vm): boolean {
    const known = this.#known.get(keyOf(vm))
    return known !== undefined && known.doorway !== null
  }

  #forgetAllBut(vms: readonly Vm[]): void {
    const listed = new Set(vms.map(keyOf))
    for (const key of this.#known.keys()) if (!listed.has(key)) this.#known.delete(key)
  }

  #pointOf({ host, port }: Doorway): AccessPoint {
    const shown: Record<string, string> = { host, port: String(port) }
    const address = this.#options.show.replace(/\{(host|port)\}/g, (_, key: string) => shown[key] ?? '')
    return { name: nameOf(this.#options.port), address }
  }
}

function aborted(signal: AbortSignal): Promise<false> {
  if (signal.aborted) return Promise.resolve(false)
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(false), { once: true }))
}

function keyOf({ name, vmId }: Vm): string {
  return `${name} ${vmId}`
}

/** Only one that runs has its ports. */
function isUp({ power }: Vm): boolean {
  return power === 'running'
}

function pauseAfter(times: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(times, 10), LONGEST_PAUSE_MS)
}

function nameOf(port: number): string {
  switch (port) {
    case 22:
      return 'ssh'
    case 3389:
      return 'rdp'
    default:
      return `port ${port}`
  }
}
