/**
 * Simulated time: one queue of what happens when, for everything in a simulation. Nothing happens between two entries, and
 * what falls on the same moment happens in the order in which it was planned, so a run can be had again exactly.
 *
 * Example: `timeline.after(5_000, boot)`, then `await timeline.advance(60_000)` has called `boot` on the way.
 */
export class Timeline {
  readonly #reach: Reach
  #now = 0
  #planned = 0
  #rests = 0
  readonly #heap: Entry[] = []

  constructor(reach: Reach = 'outside') {
    this.#reach = reach
  }

  /** Since the simulation began. */
  get now(): number {
    return this.#now
  }

  after(ms: number, happen: () => void): () => void {
    const entry: Entry = { at: this.#now + Math.max(0, ms), order: this.#planned++, happen }
    push(this.#heap, entry)
    return () => {
      entry.happen = null
    }
  }

  /** @param settled called after each entry, once all work it set going has come to rest */
  async advance(ms: number, settled: () => void = () => undefined): Promise<void> {
    const until = this.#now + ms
    await this.#atRest()
    for (let next = this.#heap[0]; next !== undefined && next.at <= until; next = this.#heap[0]) {
      pop(this.#heap)
      if (next.happen === null) continue
      this.#now = next.at
      next.happen()
      await this.#atRest()
      settled()
    }
    this.#now = until
  }

  /** Every promise that can settle without time passing has settled. */
  #atRest(): Promise<void> {
    this.#rests += 1
    const isTurn = this.#reach === 'outside' || this.#rests % TURN_EVERY === 0
    return isTurn ? eventLoopTurned() : promisesSettled()
  }
}

/**
 * What entries set going: `promises` that only wait for each other, or also something `outside` of them, such as streams. A turn
 * of the event loop costs more than most entries do; promises alone need none, so that only now and then others have theirs.
 */
export type Reach = 'promises' | 'outside'

/** Entries between two turns of the event loop. */
const TURN_EVERY = 64

interface Entry {
  readonly at: number
  readonly order: number
  /** `null` once it was called off. */
  happen: (() => void) | null
}

function eventLoopTurned(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

/** A tick that is asked for by a promise's reaction comes when no reaction is left, however many follow from each other. */
function promisesSettled(): Promise<void> {
  return new Promise(resolve => queueMicrotask(() => process.nextTick(resolve)))
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

function push(heap: Entry[], entry: Entry): void {
  let index = heap.push(entry) - 1
  while (index > 0) {
    const above = (index - 1) >> 1
    const parent = heap[above]
    if (parent === undefined || isBefore(parent, entry)) break
    heap[index] = parent
    index = above
  }
  heap[index] = entry
}

function pop(heap: Entry[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let index = 0
  for (;;) {
    const left = heap[2 * index + 1]
    const right = heap[2 * index + 2]
    const child = right !== undefined && left !== undefined && isBefore(right, left) ? right : left
    if (child === undefined || isBefore(last, child)) break
    heap[index] = child
    index = child === right ? 2 * index + 2 : 2 * index + 1
  }
  heap[index] = last
}
