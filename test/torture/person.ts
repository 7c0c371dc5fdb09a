/**
 * One client: asks for a place, talks to its room over a WebSocket of its own, gives signs of life, leaves, and gives the
 * place back. And keeps account: what became of its session, and whose doing that was.
 *
 * Example: place acknowledged at 3 s on rooms-3; at 9 s the torturer ends rooms-3: the socket breaks, and that is nobody's fault.
 * Had it broken by itself, it would be `sessionsCut`; had a heartbeat been answered with 410, `acknowledgedLost`.
 */
import type { Door, Placed } from './door.ts'
import { rest } from './rest.ts'
import { LEASE_MS } from './scene.ts'

const HEARTBEAT_MS = LEASE_MS / 5
const ENTER_MS = 10_000

/** What everyone adds to. */
export interface Account {
  placements: number
  /** Sessions that went from the first to the last word. */
  finished: number
  /** Ended with an instance that the torturer had ended. */
  crashed: number
  acknowledgedLost: number
  sessionsCut: number
}

export interface Surroundings {
  readonly door: Door
  readonly account: Account
  /** The torturer ended it, or is about to. */
  wasEnded(instance: string): boolean
  say(what: string): void
}

export class Person {
  readonly session: string
  readonly #around: Surroundings
  readonly #leaving = new AbortController()
  #placed: Placed | null = null
  #isOver = false

  constructor(session: string, around: Surroundings) {
    this.session = session
    this.#around = around
  }

  /** Where its acknowledged session is, while it goes on. */
  get place(): Placed | null {
    return this.#isOver ? null : this.#placed
  }

  leave(): void {
    this.#leaving.abort()
  }

  /** @param hurry calls everything off that is not acknowledged */
  async live(stayMs: number, hurry: AbortSignal): Promise<void> {
    const { door, account } = this.#around
    const placed = await door.place(this.session, AbortSignal.any([hurry, this.#leaving.signal]))
    if (placed === null) return
    this.#placed = placed
    account.placements += 1
    const room = await this.#enter(placed)
    if (room === null) return this.#wasCut(placed, 'it could not be entered')
    const end = new AbortController()
    const stay = AbortSignal.any([end.signal, this.#leaving.signal])
    const late = setTimeout(() => end.abort(), stayMs)
    const cut = room.ended.then(why => {
      end.abort()
      return why
    })
    await this.#giveSigns(placed, stay)
    clearTimeout(late)
    if (room.isOpen()) {
      room.close()
      await this.#giveBack(placed)
    } else this.#wasCut(placed, await cut)
    this.#isOver = true
  }

  async #enter({ address }: Placed): Promise<Room | null> {
    if (address === null) return null
    const url = `${address.replace('http:', 'ws:')}/?session=${this.session}`
    const socket = new WebSocket(url)
    const opened = Promise.withResolvers<boolean>()
    const ended = Promise.withResolvers<string>()
    const late = setTimeout(() => socket.close(), ENTER_MS)
    socket.addEventListener('open', () => opened.resolve(true))
    socket.addEventListener('close', ({ code, reason }) => {
      opened.resolve(false)
      ended.resolve(`the socket was closed with ${code} ${reason}`.trim())
    })
    const isIn = await opened.promise
    clearTimeout(late)
    if (!isIn) return null
    return {
      isOpen: () => socket.readyState === WebSocket.OPEN,
      ended: ended.promise,
      close: () => socket.close(),
    }
  }

  /** Until the signal; nobody who knows the session may say that it is over. */
  async #giveSigns(placed: Placed, stay: AbortSignal): Promise<void> {
    const { door, account } = this.#around
    while (await rest(HEARTBEAT_MS, stay)) {
      const answer = await door.heartbeat(this.session, stay)
      if (answer === null || answer.status === 200) continue
      if (this.#around.wasEnded(placed.instance)) return
      account.acknowledgedLost += 1
      this.#around.say(`LOST ${this.session} on ${placed.instance}: a heartbeat was answered ${told(answer)}`)
      return
    }
  }

  async #giveBack({ instance }: Placed): Promise<void> {
    const { door, account } = this.#around
    const answer = await door.release(this.session, AbortSignal.timeout(120_000))
    if (answer?.status === 200) account.finished += 1
    else if (this.#around.wasEnded(instance)) account.crashed += 1
    else {
      account.acknowledgedLost += 1
      this.#around.say(`LOST ${this.session} on ${instance}: its release was answered ${told(answer)}`)
    }
  }

  #wasCut({ instance }: Placed, why: string): void {
    this.#isOver = true
    if (this.#around.wasEnded(instance)) {
      this.#around.account.crashed += 1
      return
    }
    this.#around.account.sessionsCut += 1
    this.#around.say(`CUT ${this.session} on ${instance}: ${why}`)
  }
}

interface Room {
  isOpen(): boolean
  readonly ended: Promise<string>
  close(): void
}

function told(answer: { readonly status: number; readonly body: unknown } | null): string {
  return answer === null ? 'not at all' : `${answer.status} ${JSON.stringify(answer.body)}`
}
