/**
 * What happened, with the time since the beginning: printed when asked, and shown in any case when something was lost.
 *
 * Example: `  12.4 s  kill -9 of daemon 0`.
 */
const LINES = 2_000

export class TortureLog {
  readonly #since = performance.now()
  readonly #lines: string[] = []
  readonly #print: (line: string) => void

  constructor(print: (line: string) => void) {
    this.#print = print
  }

  say(what: string): void {
    const line = `${((performance.now() - this.#since) / 1000).toFixed(1).padStart(6)} s  ${what}`
    this.#lines.push(line)
    if (this.#lines.length > LINES) this.#lines.shift()
    this.#print(line)
  }

  lines(): readonly string[] {
    return this.#lines
  }
}
