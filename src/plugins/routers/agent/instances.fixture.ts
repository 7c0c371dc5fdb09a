/**
 * For tests: instances that hold sessions themselves and report them, again and again, as an agent would: each goes by what
 * it was answered last, and asks before it takes a session.
 *
 * Example: `const instances = new ReportingInstances(router, ['a', 'b'])`, `await instances.place()` answers 'a'.
 */
import { PluginError } from '../../../ports/plugin.ts'
import type { LoadReports } from './reports.ts'

interface Life {
  readonly incarnation: string | null
  sessions: Set<number>
  close: string | null
  /** As it was answered; closed until it is known. */
  isOpen: boolean
}

export class ReportingInstances {
  readonly #reports: LoadReports
  readonly #lives = new Map<string, Life>()
  #sessions = 0
  #next = 0
  #ended = false
  #reporting: Promise<void>

  constructor(reports: LoadReports, ids: readonly string[]) {
    this.#reports = reports
    for (const id of ids) this.begin(id, null)
    this.#reporting = this.#goOn()
  }

  /** It starts anew, without sessions. */
  begin(id: string, incarnation: string | null): void {
    this.#lives.set(id, { incarnation, sessions: new Set(), close: null, isOpen: false })
  }

  incarnationOf(id: string): string | null {
    return this.#lives.get(id)?.incarnation ?? null
  }

  /** On the next that may take one, in turn; `null`: none may. */
  place(): { readonly instance: string; readonly session: number } | null {
    const ids = [...this.#lives.keys()]
    for (let tried = 0; tried < ids.length; tried++) {
      const instance = ids[this.#next++ % ids.length] ?? ''
      const life = this.#lives.get(instance)
      // It asks before it takes one: what it was answered before may have changed.
      this.#report(instance)
      if (life?.isOpen !== true) continue
      const session = this.#sessions++
      life.sessions.add(session)
      this.#report(instance)
      return { instance, session }
    }
    return null
  }

  whereIs(session: number): string | null {
    return [...this.#lives].find(([, { sessions }]) => sessions.has(session))?.[0] ?? null
  }

  endAll(): void {
    for (const life of this.#lives.values()) life.sessions.clear()
  }

  /** Every instance has said how it is and obeyed what it was answered. */
  heard(): void {
    for (let times = 0; times < 2; times++) for (const id of this.#lives.keys()) this.#report(id)
  }

  async end(): Promise<void> {
    this.#ended = true
    await this.#reporting
  }

  #report(id: string): void {
    const life = this.#lives.get(id)
    if (life === undefined) return
    const { incarnation, close, sessions } = life
    try {
      const answer = this.#reports.report(id, {
        slots: sessions.size,
        ...(incarnation === null ? {} : { incarnation }),
        ...(close === null ? {} : { closed: close }),
      })
      life.isOpen = answer.admission === 'open'
      life.close = answer.close
    } catch (error) {
      if (!(error instanceof PluginError)) throw error
      life.isOpen = false
    }
  }

  async #goOn(): Promise<void> {
    while (!this.#ended) {
      for (const id of this.#lives.keys()) this.#report(id)
      await new Promise(next => setImmediate(next))
    }
  }
}
