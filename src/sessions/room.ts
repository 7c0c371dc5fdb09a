/**
 * The open instances by their free slots, so that the fullest one with room, the emptiest one, and any two of them are
 * found without looking at the others.
 *
 * Example: free slots a: 3, b: 1, c: 3. The fullest with room for 2 is a or c, the emptiest a or c; after b's session
 * ended b moves from the row of 1 to the row of 2.
 */

/** One instance in one index: in which row it is, and where. Rows and `all` are unordered. */
export class RoomCell<T> {
  readonly of: T
  /** Some number of its own, of 32 bits. */
  readonly key: number
  free = 0
  atRow = -1
  atAll = -1

  constructor(of: T, key: number) {
    this.of = of
    this.key = key
  }
}

export class Room<T> {
  readonly #rows: RoomCell<T>[][] = []
  /** Bit f is set when row f holds something: 32 rows per number. */
  readonly #filled: number[] = []
  readonly #all: RoomCell<T>[] = []
  #keys = new Uint32Array(16)

  /** Those with at least one free slot, in no order. */
  get all(): readonly RoomCell<T>[] {
    return this.#all
  }

  /** Their keys, in the same order, and maybe more after them. */
  get keys(): Uint32Array {
    return this.#keys
  }

  /** With 0 or less it is not (any more) among those with room. */
  put(cell: RoomCell<T>, free: number): void {
    if (cell.atRow >= 0) {
      if (cell.free === free) return
      this.#leaveRow(cell)
    }
    if (free > 0) {
      if (cell.atAll < 0) this.#join(cell)
      this.#enterRow(cell, free)
    } else if (cell.atAll >= 0) {
      moveLast(this.#all, cell.atAll, 'atAll')
      this.#keys[cell.atAll] = this.#all[cell.atAll]?.key ?? 0
      cell.atAll = -1
    }
  }

  /** The one with the fewest free slots, but at least so many. */
  fullest(need: number): T | null {
    const from = need >>> 5
    let word = (this.#filled[from] ?? 0) & (-1 << (need & 31))
    for (let at = from; at < this.#filled.length; word = this.#filled[++at] ?? 0) {
      if (word !== 0) return this.#inRow((at << 5) + (31 - Math.clz32(word & -word)))
    }
    return null
  }

  /** The one with the most free slots, if these are at least so many. */
  emptiest(need: number): T | null {
    for (let at = this.#filled.length - 1; at >= 0; at--) {
      const word = this.#filled[at] ?? 0
      if (word === 0) continue
      const free = (at << 5) + (31 - Math.clz32(word))
      return free >= need ? this.#inRow(free) : null
    }
    return null
  }

  #inRow(free: number): T | null {
    return this.#rows[free]?.at(-1)?.of ?? null
  }

  #join(cell: RoomCell<T>): void {
    cell.atAll = this.#all.push(cell) - 1
    if (cell.atAll >= this.#keys.length) {
      const larger = new Uint32Array(2 * this.#keys.length)
      larger.set(this.#keys)
      this.#keys = larger
    }
    this.#keys[cell.atAll] = cell.key
  }

  #enterRow(cell: RoomCell<T>, free: number): void {
    for (let row = this.#rows.length; row <= free; row++) this.#rows.push([])
    cell.free = free
    cell.atRow = (this.#rows[free]?.push(cell) ?? 0) - 1
    const word = free >>> 5
    while (this.#filled.length <= word) this.#filled.push(0)
    this.#filled[word] = (this.#filled[word] ?? 0) | (1 << (free & 31))
  }

  #leaveRow(cell: RoomCell<T>): void {
    const row = this.#rows[cell.free] ?? []
    moveLast(row, cell.atRow, 'atRow')
    cell.atRow = -1
    const word = cell.free >>> 5
    if (row.length === 0) this.#filled[word] = (this.#filled[word] ?? 0) & ~(1 << (cell.free & 31))
  }
}

/** Takes out what is at this place by putting the last one there. */
function moveLast<T>(cells: RoomCell<T>[], at: number, place: 'atRow' | 'atAll'): void {
  const last = cells.pop()
  if (last === undefined || at === cells.length) return
  cells[at] = last
  last[place] = at
}
