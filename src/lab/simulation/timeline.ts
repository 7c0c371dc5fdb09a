/**
 * Simulated time: one queue of what happens when, for everything in a simulation. Nothing happens between two entries, and
 * what falls on the same moment happens in the order in which it was planned, so a run can be had again exactly.
 *
 * Example: `timeline.after(5_000, boot)`, then `await timeline.advance(60_000)` has called `boot` on the way.
 */
export class Timeline {
  #now = 0
  #planned = 0
  readonly #heap: Entry[] = []

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
    await atRest()
    for (let next = this.#heap[0]; next !== undefined && next.at <= until; next = this.#heap[0]) {
      pop(this.#heap)
      if (next.happen === null) continue
      this.#now = next.at
      next.happen()
      await atRest()
      settled()
    }
    this.#now = until
  }
}

interface Entry {
  readonly at: number
  readonly order: number
  /** `null` once it was called off. */
  happen: (() => void) | null
}

/** Every promise that can settle without time passing has settled. */
function atRest(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
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
