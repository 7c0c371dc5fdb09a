/**
 * Brings notices to notifiers, beside the ticks. A dead notifier holds up nobody but itself (`delivery-line.ts`), and what
 * waits is kept with the state (`outbox.ts`): it is delivered at least once, by whichever process holds the fleet's lease.
 *
 * Example: the mail server is down when "web 5 -> 6" is told, and the process is killed. The next one takes the lease of web,
 * finds the notice, and delivers it under the same id.
 */
import type { NotifierSpec } from '../model/spec.ts'
import { type DeliveryWorld, Line } from './delivery-line.ts'
import type { Told } from './notices.ts'
import { Outbox, type OutboxWorld } from './outbox.ts'

export interface DeliveriesWorld extends Omit<DeliveryWorld, 'outbox'>, OutboxWorld {
  notifiers(): Readonly<Record<string, NotifierSpec>>
}

export class Deliveries {
  readonly #world: DeliveriesWorld
  readonly #ofLines: DeliveryWorld
  readonly #lines = new Map<string, Line>()

  constructor(world: DeliveriesWorld) {
    this.#world = world
    this.#ofLines = {
      clock: world.clock,
      random: world.random,
      outbox: new Outbox(world),
      notifier: name => world.notifier(name),
      emit: event => world.emit(event),
    }
  }

  take(told: Told): void {
    for (const spec of Object.values(this.#world.notifiers())) {
      const named = told.to?.includes(spec.name)
      if (named === false || (named === undefined && !spec.on.includes(told.notice.event))) continue
      this.#line(spec.name).take(told, spec.everyMs)
    }
  }

  /**
   * This process holds the fleet's lease from now on: what waits, it is to tell. Tries nothing before `begin`, so that what
   * the next tick takes back is not told at all. @throws what the store throws
   */
  async takeOver(fleet: string): Promise<void> {
    const waiting = await this.#ofLines.outbox.read(fleet)
    const specs = this.#world.notifiers()
    for (const one of waiting) this.#line(one.notifier).restore(one, specs[one.notifier]?.everyMs ?? 0)
    this.#forgetGone()
  }

  /** Tries what was taken over, unless that goes on already. */
  begin(): void {
    for (const line of this.#lines.values()) line.begin()
  }

  /** The configuration has changed: what waits is tried at once, and notifiers that are gone are forgotten. */
  renew(): void {
    this.#forgetGone()
    for (const line of this.#lines.values()) line.hurry()
  }

  /** One more try for what waits, for at most so long; the rest stays with the state, for the next start. */
  async close(patienceMs: number): Promise<void> {
    const lines = [...this.#lines.values()]
    let cancel = (): void => undefined
    const patience = new Promise<void>(resolve => {
      cancel = this.#world.clock.after(patienceMs, resolve)
    })
    await Promise.race([Promise.all(lines.map(line => line.finish())), patience])
    cancel()
    await this.#ofLines.outbox.close()
    for (const line of lines) line.leave()
  }

  #forgetGone(): void {
    const specs = this.#world.notifiers()
    for (const [name, line] of this.#lines) {
      if (specs[name] !== undefined) continue
      line.giveUp()
      this.#lines.delete(name)
    }
  }

  #line(name: string): Line {
    const known = this.#lines.get(name)
    if (known !== undefined) return known
    const line = new Line(name, this.#ofLines)
    this.#lines.set(name, line)
    return line
  }
}
