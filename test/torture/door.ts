/**
 * The session API as a client uses it that knows two daemons: who does not answer, or says that it is not its turn, is left
 * for the other, and asked again until there is an answer that means something.
 *
 * Example: `await door.place('s-1', signal)` answers `{ instance: 'rooms-3', address: 'http://127.0.0.1:41231' }` once a daemon
 * acknowledged it, however often either was ended meanwhile.
 */
import { z } from 'zod'
import { rest } from './rest.ts'
import { FLEET } from './scene.ts'

const ANSWER_MS = 5_000
const ASK_AGAIN_MS = 150
const SEEN_LATELY_MS = 3_000
const WAIT_FOR_ROOM_MS = 2_000

const Placed = z.looseObject({ session: z.string(), instance: z.string(), address: z.string().nullable() })
export type Placed = z.output<typeof Placed>
const Page = z.looseObject({
  sessions: z.array(z.looseObject({ session: z.string(), instance: z.string() })),
  next: z.string().nullable(),
})
const Listed = z.looseObject({
  at: z.string().nullable(),
  instances: z.array(z.looseObject({ id: z.string(), lifecycle: z.string(), admission: z.string() })),
})

export interface Answer {
  readonly status: number
  readonly body: unknown
}

export class Door {
  readonly #urls: readonly string[]
  #favourite = 0
  /** No room, answered with 409. */
  refused = 0

  constructor(urls: readonly string[]) {
    this.#urls = urls
  }

  /** `null`: called off before it was acknowledged. */
  async place(session: string, signal: AbortSignal): Promise<Placed | null> {
    for (;;) {
      const body = { sessionId: session, waitMs: WAIT_FOR_ROOM_MS }
      const answer = await this.ask('POST', 'sessions', body, signal)
      if (answer === null) return null
      if (answer.status === 200 || answer.status === 201) return Placed.parse(answer.body)
      if (answer.status !== 409) throw new Error(`placing answered ${JSON.stringify(answer)}`)
      this.refused += 1
      if (!(await rest(ASK_AGAIN_MS, signal))) return null
    }
  }

  /** `null`: called off before anyone knew. */
  heartbeat(session: string, signal: AbortSignal): Promise<Answer | null> {
    return this.ask('POST', `sessions/${session}/heartbeat`, undefined, signal)
  }

  release(session: string, signal: AbortSignal): Promise<Answer | null> {
    return this.ask('DELETE', `sessions/${session}`, undefined, signal)
  }

  async sessions(signal: AbortSignal): Promise<ReadonlyMap<string, string> | null> {
    const all = new Map<string, string>()
    for (let after: string | null = ''; after !== null; ) {
      const query: string = after === '' ? '' : `&after=${after}`
      const answer = await this.ask('GET', `sessions?limit=1000${query}`, undefined, signal)
      if (answer === null) return null
      const page = Page.parse(answer.body)
      for (const { session, instance } of page.sessions) all.set(session, instance)
      after = page.next
    }
    return all
  }

  /** As the daemon sees them that acts; one that stands by tells what it saw last. `null`: nobody has looked lately. */
  async instances(signal: AbortSignal) {
    const answers = await Promise.all(
      this.#urls.map((_, which) => this.#askOne(which, 'GET', 'instances', undefined, signal)),
    )
    const lists = answers.flatMap(answer => (answer?.status === 200 ? [Listed.parse(answer.body)] : []))
    const seenAt = ({ at }: z.output<typeof Listed>): number => (at === null ? 0 : Date.parse(at))
    const [newest] = lists.toSorted((a, b) => seenAt(b) - seenAt(a))
    return newest !== undefined && Date.now() - seenAt(newest) < SEEN_LATELY_MS ? newest.instances : null
  }

  /** The first answer that is no "not now". */
  async ask(method: string, path: string, body: unknown, signal: AbortSignal): Promise<Answer | null> {
    for (let which = this.#favourite; !signal.aborted; which = (which + 1) % this.#urls.length) {
      const answer = await this.#askOne(which, method, path, body, signal)
      if (answer !== null && answer.status < 500 && answer.status !== 429) {
        this.#favourite = which
        return answer
      }
      if (!(await rest(ASK_AGAIN_MS, signal))) return null
    }
    return null
  }

  async #askOne(
    which: number,
    method: string,
    path: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<Answer | null> {
    try {
      const response = await fetch(`${this.#urls[which]}/v1/fleets/${FLEET}/${path}`, {
        method,
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      })
      return { status: response.status, body: await response.json() }
    } catch {
      // It is ended, stands still, or was called off.
      return null
    }
  }
}
