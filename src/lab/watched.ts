/**
 * A contender that tells how far its replay is, now and then, and is otherwise what it was.
 *
 * Example: over 525,600 minutes with a decision each, `heard` hears 0.0005, 0.001 and so on: once in 256 decisions.
 */
import type { Decision } from '../model/decision.ts'
import type { Contender, Seen } from './contender.ts'

const EVERY = 256

export class Watched implements Contender {
  readonly name: string
  readonly #watched: Contender
  readonly #wholeMs: number
  readonly #heard: (share: number) => void
  #count = 0

  /** @param wholeMs how long the record is */
  constructor(watched: Contender, wholeMs: number, heard: (share: number) => void) {
    this.name = watched.name
    this.#watched = watched
    this.#wholeMs = wholeMs
    this.#heard = heard
  }

  next(seen: Seen): number {
    this.#count += 1
    if (this.#count % EVERY === 0) this.#heard(Math.min(1, seen.atMs / this.#wholeMs))
    return this.#watched.next(seen)
  }

  get bounds(): { readonly lowest: number; readonly highest: number } | null {
    return this.#watched.bounds ?? null
  }

  get decision(): Decision | null {
    return this.#watched.decision ?? null
  }

  tell(): Decision | null {
    return this.#watched.tell?.() ?? this.#watched.decision ?? null
  }
}
