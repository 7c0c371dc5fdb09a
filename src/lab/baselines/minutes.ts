/**
 * Measurements as a monitoring service keeps them: one average a minute, and alarms that count minutes in a row.
 *
 * Example: a measurement of 5 minutes stands for five minutes; six of 10 s become one. "3 minutes above 0.8" is met by one of the former.
 */
const MINUTE_MS = 60_000

export class Minutes {
  #lastMs = 0
  #sum = 0
  #ms = 0

  /** How much time the last average stands for; 0 while its minute is not over. */
  lastingMs = 0
  average = Number.NaN

  /** A gap is a minute that was not measured. */
  add(atMs: number, value: number): void {
    const elapsedMs = atMs - this.#lastMs
    this.#lastMs = atMs
    this.lastingMs = 0
    if (Number.isNaN(value)) return
    this.#sum += value * elapsedMs
    this.#ms += elapsedMs
    if (this.#ms < MINUTE_MS) return
    this.average = this.#sum / this.#ms
    this.lastingMs = this.#ms
    this.#sum = 0
    this.#ms = 0
  }
}

/** So many minutes in a row on one side of a threshold. */
export class Alarm {
  readonly #neededMs: number
  #lastingMs = 0

  constructor(minutes: number) {
    this.#neededMs = minutes * MINUTE_MS
  }

  add(isBreached: boolean, lastingMs: number): void {
    if (lastingMs > 0) this.#lastingMs = isBreached ? this.#lastingMs + lastingMs : 0
  }

  clear(): void {
    this.#lastingMs = 0
  }

  get isOn(): boolean {
    return this.#lastingMs >= this.#neededMs
  }
}
