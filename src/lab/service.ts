/**
 * A fleet of interchangeable instances under load, in simulated time: who is ready, what is served, what waits, what is lost. Load
 * is even within a bin, so everything between two events (a boot that ends, a bin's edge, a decision) is computed in one go.
 *
 * Example: 2 ready of 100 each, one booting for 30 s more, a load of 250 a minute for a minute: 200 * 0.5 + 250 * 0.5 = 225 is
 * served and 25 lost.
 */
import type { BootTime, ServiceModel } from './service-model.ts'

/** What happened in a bin. Load in the unit of a bin's load, instances in instance-milliseconds. */
export interface Tally {
  served: number
  lost: number
  refused: number
  readyMs: number
  paidMs: number
}

/** Uniform in [0, 1). */
export type Chance = () => number

export class Service {
  readonly #model: ServiceModel
  readonly #stepMs: number
  readonly #chance: Chance
  #nowMs = 0
  #backlog = 0
  /** When each booting instance will be ready, earliest first. */
  readonly #booting: number[] = []
  /** When each ready instance serves at full capacity, earliest first; those that already do are only counted. */
  readonly #warming: number[] = []
  #warm: number
  /** Until when each released instance is paid for. */
  readonly #draining: number[] = []
  #tally: Tally = { served: 0, lost: 0, refused: 0, readyMs: 0, paidMs: 0 }
  /** Given away last, and filled next: a replay takes one for each bin. */
  #otherTally: Tally = { ...this.#tally }

  /** @param stepMs length of a bin: load and `perInstance` are per bin */
  constructor(model: ServiceModel, stepMs: number, initial: number, chance: Chance) {
    this.#model = model
    this.#stepMs = stepMs
    this.#chance = chance
    this.#warm = initial
  }

  get nowMs(): number {
    return this.#nowMs
  }

  get ready(): number {
    return this.#warm + this.#warming.length
  }

  get booting(): number {
    return this.#booting.length
  }

  get draining(): number {
    return this.#draining.length
  }

  /** What waits for room, in the unit of a bin's load. */
  get backlog(): number {
    return this.#backlog
  }

  /** What the ready instances can serve in a bin. */
  get capacity(): number {
    const { perInstance, warmupShare } = this.#model
    return (this.#warm + this.#warming.length * warmupShare) * perInstance
  }

  /** @param load per bin, even until then; a gap (NaN) is no load */
  advance(untilMs: number, load: number): void {
    const arriving = load > 0 ? load : 0
    while (this.#nowMs < untilMs) {
      const nextMs = Math.min(
        untilMs,
        this.#booting[0] ?? untilMs,
        this.#warming[0] ?? untilMs,
        this.#draining[0] ?? untilMs,
      )
      if (nextMs > this.#nowMs) this.#serve(nextMs - this.#nowMs, arriving)
      this.#nowMs = Math.max(this.#nowMs, nextMs)
      this.#settle()
    }
  }

  /** What happened since the last call. The same object is used again after the next one. */
  takeTally(): Readonly<Tally> {
    const tally = this.#tally
    this.#tally = this.#otherTally
    this.#otherTally = tally
    clear(this.#tally)
    return tally
  }

  /** One more is ordered, and paid for from now on. @returns when it will be ready */
  launch(): number {
    const readyMs = this.#nowMs + drawBootMs(this.#model.boot, this.#chance)
    insertSorted(this.#booting, readyMs)
    this.#settle()
    return readyMs
  }

  /** Those that boot go first, the ones that have longest to boot before the others; then ready ones, the newest first. */
  release(count: number): void {
    for (let left = count; left > 0; left -= 1) {
      if (this.#booting.pop() !== undefined) continue
      if (this.#warming.pop() === undefined) {
        if (this.#warm === 0) return
        this.#warm -= 1
      }
      if (this.#model.drainMs > 0) this.#draining.push(this.#nowMs + this.#model.drainMs)
    }
  }

  /** The one that was to be ready then goes, booting or ready. */
  end(readyMs: number): void {
    const booting = this.#booting.indexOf(readyMs)
    if (booting >= 0) {
      this.#booting.splice(booting, 1)
      return
    }
    const warming = this.#warming.indexOf(readyMs + this.#model.warmupMs)
    if (warming >= 0) this.#warming.splice(warming, 1)
    else if (this.#warm > 0) this.#warm -= 1
    else return
    if (this.#model.drainMs > 0) this.#draining.push(this.#nowMs + this.#model.drainMs)
  }

  /** So many ready and booting together from now on. */
  order(count: number): void {
    const change = count - this.ready - this.booting
    for (let left = change; left > 0; left -= 1) this.launch()
    if (change < 0) this.release(-change)
  }

  #settle(): void {
    const { warmupMs } = this.#model
    for (
      let ready = this.#booting[0];
      ready !== undefined && ready <= this.#nowMs;
      ready = this.#booting[0]
    ) {
      this.#booting.shift()
      if (warmupMs > 0) this.#warming.push(ready + warmupMs)
      else this.#warm += 1
    }
    for (let warm = this.#warming[0]; warm !== undefined && warm <= this.#nowMs; warm = this.#warming[0]) {
      this.#warming.shift()
      this.#warm += 1
    }
    for (let end = this.#draining[0]; end !== undefined && end <= this.#nowMs; end = this.#draining[0]) {
      this.#draining.shift()
    }
  }

  #serve(ms: number, load: number): void {
    const share = ms / this.#stepMs
    const arriving = load * share
    const room = this.capacity * share
    const tally = this.#tally
    tally.readyMs += this.ready * ms
    tally.paidMs += (this.ready + this.#booting.length + this.#draining.length) * ms
    const { excess } = this.#model
    if (excess.kind === 'lost') {
      const served = Math.min(arriving, room)
      tally.served += served
      tally.lost += arriving - served
      return
    }
    const waiting = this.#backlog + arriving
    const served = Math.min(waiting, room)
    // No more waits than can be served in time; what waits already is not sent away when instances go.
    const most = Math.max(this.#backlog, (this.capacity * excess.longestMs) / this.#stepMs)
    const left = waiting - served
    this.#backlog = Math.min(left, most)
    tally.served += served
    tally.refused += left - this.#backlog
  }
}

function clear(tally: Tally): void {
  tally.served = 0
  tally.lost = 0
  tally.refused = 0
  tally.readyMs = 0
  tally.paidMs = 0
}

function insertSorted(sorted: number[], value: number): void {
  let index = sorted.length
  while (index > 0 && (sorted[index - 1] ?? 0) > value) index -= 1
  if (index === sorted.length) sorted.push(value)
  else sorted.splice(index, 0, value)
}

/** Linear between the points of the distribution. */
export function drawBootMs(boot: BootTime, chance: Chance): number {
  if (boot.kind === 'constant') return boot.ms
  const { shares, ms } = boot
  const share = chance()
  const above = shares.findIndex(point => point >= share)
  const last = ms[ms.length - 1] ?? 0
  if (above < 0) return last
  const high = ms[above] ?? last
  if (above === 0) return high
  const low = ms[above - 1] ?? high
  const from = shares[above - 1] ?? 0
  const to = shares[above] ?? 1
  return to === from ? high : low + ((high - low) * (share - from)) / (to - from)
}

/** The boot time that this share of the launches stays within. */
export function bootQuantileMs(boot: BootTime, share: number): number {
  return drawBootMs(boot, () => share)
}
