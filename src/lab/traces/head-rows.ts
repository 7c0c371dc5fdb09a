/**
 * The first rows of a record as they came, kept until the step is known from them: at most a million, and fewer of a wide record.
 *
 * Example: of 3 rows at 12:02, 12:00 and 12:01 the order by time is 1, 2, 0.
 */
import type { EpochMs } from '../../model/time.ts'

const MOST_HEAD_ROWS = 1_000_000
const MOST_HEAD_CELLS = 4_000_000

export class HeadRows {
  readonly #width: number
  readonly #most: number
  times: Float64Array
  lines: Float64Array
  #values: Float64Array
  #rows = 0

  constructor(width: number) {
    this.#width = width
    this.#most = Math.max(1000, Math.min(MOST_HEAD_ROWS, Math.floor(MOST_HEAD_CELLS / Math.max(1, width))))
    this.times = new Float64Array(1024)
    this.lines = new Float64Array(1024)
    this.#values = new Float64Array(1024 * width)
  }

  get full(): boolean {
    return this.#rows >= this.#most
  }

  add(line: number, at: EpochMs, values: Float64Array): void {
    if (this.#rows === this.times.length) {
      this.times = longer(this.times)
      this.lines = longer(this.lines)
      this.#values = longer(this.#values)
    }
    this.times[this.#rows] = at
    this.lines[this.#rows] = line
    this.#values.set(values, this.#rows * this.#width)
    this.#rows++
  }

  valuesOf(row: number, into: Float64Array): void {
    into.set(this.#values.subarray(row * this.#width, (row + 1) * this.#width))
  }

  /** Rows by time; those of one time as they came. */
  sorted(): Uint32Array {
    const order = Uint32Array.from({ length: this.#rows }, (_, row) => row)
    const { times } = this
    let inOrder = true
    for (let row = 1; row < this.#rows && inOrder; row++) inOrder = (times[row] ?? 0) >= (times[row - 1] ?? 0)
    return inOrder ? order : order.sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b)
  }
}

function longer(values: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(values.length * 2)
  larger.set(values)
  return larger
}
