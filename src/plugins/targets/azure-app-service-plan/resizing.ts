/**
 * Gives a plan another capacity, once for each token, and never over what somebody else did meanwhile.
 *
 * Example: 5 are wanted, and the fleet was last seen with 3. The plan is read: still 3, so it is read again, nothing in it has changed,
 * and it is put back with capacity 5. The reply is lost; it is read once more: 5, so it was done. Had it been 4 at the first reading,
 * then somebody else has scaled it since the fleet was looked at, the 5 was worked out from what is not so, and nothing is changed.
 */
import type { Clock } from '../../../ports/clock.ts'
import { PluginError } from '../../../ports/plugin.ts'
import { calledOff } from '../../azure/failure.ts'
import { pause, within } from '../../azure/waiting.ts'
import { requireAllowed, requireOurs } from './limits.ts'
import type { Plan, PlanModel, Underway } from './plan.ts'

export interface ResizingOptions {
  readonly clock: Clock
  /** Keep tokens as a tag of the plan. */
  readonly ledger: boolean
  /** How long it is waited to see what becomes of it. */
  readonly settleMs: number
  /** Between two looks, at first. */
  readonly lookEveryMs: number
}

/** Somebody else changed the plan between reading and putting, so often. */
const MOST_ROUNDS = 4
const LONGEST_LOOK_MS = 5_000
/** Remembered; the oldest are forgotten first. */
const MOST_TOKENS = 1_000
const TAG = 'plimsoll-resizes'
/** Azure allows so many letters in a tag. */
const TAG_LETTERS = 256

export class Resizing {
  readonly #plan: Plan
  readonly #options: ResizingOptions
  readonly #done = new Set<string>()
  /** Asked for without an answer: the capacity before. */
  readonly #tried = new Map<string, number>()
  /** The capacity by which the fleet counts. */
  #known: number | null = null
  #turn: Promise<unknown> = Promise.resolve()

  constructor(plan: Plan, options: ResizingOptions) {
    this.#plan = plan
    this.#options = options
  }

  /** The fleet was listed with this capacity: what is asked for from now on is worked out from it. */
  saw({ capacity }: PlanModel): void {
    this.#known = capacity
  }

  /** One call at a time. */
  resize(count: number, token: string, signal: AbortSignal): Promise<void> {
    const resized = this.#turn.then(() => this.#resize(count, token, signal))
    this.#turn = resized.catch(() => {})
    return resized
  }

  async #resize(count: number, token: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw calledOff(`resize the fleet to ${count}`)
    if (this.#done.has(token)) return
    const { underway, from } = await this.#ask(count, token, signal).catch((error: unknown) => {
      throw this.#isOpen(error, token)
        ? new PluginError('unavailable', error.message, { cause: error })
        : error
    })
    if (underway !== null) await this.#settle(underway, count, from, signal)
    // One that is in the ledger may have been done long ago.
    if (underway !== null || from === count) this.#known = count
    this.#note(token)
  }

  /** Until the plan was put as it had just been read, or was so already. */
  async #ask(count: number, token: string, signal: AbortSignal) {
    for (let round = 1; ; round += 1) {
      const before = await this.#plan.read('act', signal)
      if (this.#isDone(before, count, token)) return { underway: null, from: before.capacity }
      this.#requireUntouched(before, count, token)
      requireOurs(before)
      requireAllowed(count, before, await this.#plan.limits(before, 'act', signal))
      const now = await this.#plan.read('act', signal)
      if (this.#isDone(now, count, token)) return { underway: null, from: now.capacity }
      const isSame = marksOf(now) === marksOf(before)
      try {
        if (isSame) return { underway: await this.#put(now, count, token, signal), from: now.capacity }
      } catch (error) {
        if (!(error instanceof PluginError)) throw error
        const isWorthIt = error.kind === 'unavailable' || error.kind === 'conflict'
        if (!isWorthIt || round === MOST_ROUNDS || signal.aborted) throw error
      }
      if (round === MOST_ROUNDS)
        throw new OthersAct(`changed the plan ${now.name} ${MOST_ROUNDS} times in a row`)
      await pause(this.#options.clock, this.#options.lookEveryMs * round, signal)
      if (signal.aborted) throw calledOff(`resize the fleet to ${count}`)
    }
  }

  /** An earlier try got no answer, and what this one met says nothing of it. */
  #isOpen(error: unknown, token: string): error is PluginError {
    return error instanceof PluginError && !(error instanceof Overtaken) && this.#tried.has(token)
  }

  async #put(model: PlanModel, count: number, token: string, signal: AbortSignal): Promise<Underway> {
    const tags = this.#options.ledger
      ? { ...model.tags, [TAG]: withToken(model.tags[TAG], token) }
      : model.tags
    const isFirst = !this.#tried.has(token)
    this.#tried.set(token, model.capacity)
    forgetOldest(this.#tried)
    try {
      return await this.#plan.put(model, count, tags, signal)
    } catch (error) {
      const isOpen = error instanceof PluginError && error.kind === 'unavailable'
      if (isFirst && !isOpen) this.#tried.delete(token)
      throw error
    }
  }

  #isDone({ capacity, tags }: PlanModel, count: number, token: string): boolean {
    return capacity === count || tokensIn(tags[TAG]).includes(token)
  }

  /** What was asked for without an answer may be what changed it. */
  #requireUntouched({ name, capacity }: PlanModel, count: number, token: string): void {
    const tried = this.#tried.get(token)
    const expected = tried ?? this.#known
    if (expected === null || expected === capacity) return
    throw new Overtaken(
      `set the plan ${name} to ${capacity} instances, where there were ${expected} when ${count} was decided on`,
    )
  }

  /** Until it is done, or took longer than is waited here; then it is under way, and listings tell. */
  async #settle(underway: Underway, count: number, from: number, signal: AbortSignal): Promise<void> {
    const { clock, settleMs, lookEveryMs } = this.#options
    await within(clock, settleMs, signal, async late => {
      let pauseMs = lookEveryMs
      while (!late.aborted) {
        try {
          const capacity = await underway.outcome(late)
          if (capacity === count) return
          if (capacity !== null) throw othersSet(count, capacity)
        } catch (error) {
          if (!(error instanceof PluginError)) throw error
          if (error.kind !== 'unavailable' && error.kind !== 'throttled') {
            this.#known = from
            throw error
          }
        }
        await pause(clock, pauseMs, late)
        pauseMs = Math.min(LONGEST_LOOK_MS, 2 * pauseMs)
      }
    })
  }

  #note(token: string): void {
    this.#tried.delete(token)
    this.#done.add(token)
    const [oldest] = this.#done
    if (this.#done.size > MOST_TOKENS && oldest !== undefined) this.#done.delete(oldest)
  }
}

/** All that is sent back: what Azure counts by itself may change at any time. */
function marksOf({ whole }: PlanModel): string {
  const { status, provisioningState, numberOfWorkers, numberOfSites, systemData, ...sent } = whole
  return JSON.stringify(sent)
}

function tokensIn(tag: string | undefined): readonly string[] {
  return tag === undefined || tag === '' ? [] : tag.split(' ')
}

/** The newest last, as many as there is room for. */
function withToken(tag: string | undefined, token: string): string {
  let tokens = [...tokensIn(tag).filter(known => known !== token), token.slice(0, TAG_LETTERS)]
  while (tokens.join(' ').length > TAG_LETTERS) tokens = tokens.slice(1)
  return tokens.join(' ')
}

class OthersAct extends PluginError {
  constructor(what: string) {
    super(
      'conflict',
      `PLM-785 somebody else ${what}; nothing was changed, and the next tick decides anew. Switch Azure's own autoscale off for it.`,
    )
  }
}

/** Whatever became of our own try, what they did since is what holds. */
class Overtaken extends OthersAct {}

function othersSet(count: number, capacity: number): PluginError {
  return new PluginError(
    'refused',
    `PLM-784 asked for ${count} instances, and Azure left the plan at ${capacity}. The next tick decides anew. Where Azure keeps more than was asked for, raise the fleet's min.`,
  )
}

function forgetOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys()
  if (map.size > MOST_TOKENS && oldest !== undefined) map.delete(oldest)
}
