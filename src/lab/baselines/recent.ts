/**
 * Numbers of the last so many milliseconds, with their highest and their average, in constant time for each new one.
 *
 * Example: with 5 minutes and one number a minute, 5 are kept: that of five minutes ago is out.
 */
export class Recent {
  readonly #windowMs: number
  readonly #times: number[] = []
  readonly #values: number[] = []
  #head = 0
  #sum = 0
  /** Places in `#values` of those that nothing later exceeds, falling. */
  readonly #peaks: number[] = []
  #peakHead = 0

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  add(atMs: number, value: number): void {
    while (this.#peaks.length > this.#peakHead && this.#at(this.#peaks.at(-1)) <= value) this.#peaks.pop()
    this.#peaks.push(this.#values.length)
    this.#times.push(atMs)
    this.#values.push(value)
    this.#sum += value
    this.#drop(atMs)
  }

  get count(): number {
    return this.#values.length - this.#head
  }

  /** NaN where there is none. */
  get highest(): number {
    return this.#peaks.length > this.#peakHead ? this.#at(this.#peaks[this.#peakHead]) : Number.NaN
  }

  get average(): number {
    return this.#sum / this.count
  }

  #at(place: number | undefined): number {
    return this.#values[place ?? -1] ?? Number.NaN
  }

  #drop(nowMs: number): void {
    while ((this.#times[this.#head] ?? nowMs) <= nowMs - this.#windowMs) {
      this.#sum -= this.#values[this.#head] ?? 0
      this.#head += 1
    }
    while ((this.#peaks[this.#peakHead] ?? this.#head) < this.#head) this.#peakHead += 1
    if (this.#head > 4096) this.#compact()
  }

  #compact(): void {
    const gone = this.#head
    this.#times.splice(0, gone)
    this.#values.splice(0, gone)
    this.#peaks.splice(0, this.#peakHead)
    for (let index = 0; index < this.#peaks.length; index += 1) {
      this.#peaks[index] = (this.#peaks[index] ?? 0) - gone
    }
    this.#head = 0
    this.#peakHead = 0
    this.#sum = this.#values.reduce((sum, value) => sum + value, 0)
  }
}
