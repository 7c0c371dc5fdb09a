/**
 * Counts what had to be repaired while a record is read, and keeps the first place of each kind: a file with a million bad rows makes
 * one line of report.
 *
 * Example: 12 times `note('disorder', '', () => 'line 318')`, then `list(...)` says `12 rows are out of order, first at line 318; sorted`.
 */
import type { Interval } from '../../model/time.ts'
import type { Repair } from '../trace.ts'

interface Noted {
  readonly what: Repair['what']
  readonly first: string
  count: number
}

export class RepairNotes {
  readonly #noted = new Map<string, Noted>()
  readonly #whole: Repair[] = []

  /** `kind` tells things of one sort apart; `first` is asked for only once. */
  note(what: Repair['what'], kind: string, first: () => string): void {
    const key = `${what} ${kind}`
    const known = this.#noted.get(key)
    if (known === undefined) this.#noted.set(key, { what, first: first(), count: 1 })
    else known.count++
  }

  /** Something that is said in one piece. */
  say(what: Repair['what'], detail: string, count: number, when: Interval | null = null): void {
    this.#whole.push({ what, detail, count, when })
  }

  countOf(what: Repair['what'], kind: string): number {
    return this.#noted.get(`${what} ${kind}`)?.count ?? 0
  }

  firstOf(what: Repair['what'], kind: string): string | null {
    return this.#noted.get(`${what} ${kind}`)?.first ?? null
  }

  /** Turns what was noted of one kind into a repair; nothing where nothing was. */
  settle(what: Repair['what'], kind: string, detail: (count: number, first: string) => string): void {
    const known = this.#noted.get(`${what} ${kind}`)
    if (known === undefined) return
    this.say(what, detail(known.count, known.first), known.count)
  }

  get list(): readonly Repair[] {
    return this.#whole
  }
}

/** `1 row`, `12 rows`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}
