/**
 * What Azure plans for the instance an agent runs on, seen through to its end: from the notice on no new session comes, and Azure may go ahead
 * as soon as nobody is left, or just before it would anyway.
 *
 * Example: at 12:00 Azure says that `rooms_7` is terminated not before 12:10. It is closed at once, and Plimsoll is asked to drain it and to launch
 * another. Its last session ends at 12:04: the event is approved, and Azure need not wait. With a session that stays it is approved at
 * 12:09:55. Withdrawn at 12:02, it is opened again.
 *
 * Every VM of a placement group is told of the events of all. One that concerns others too is left to its time: what it would do to
 * them is not for us to bring about.
 */
import type { EpochMs } from '../../model/time.ts'
import type { InstanceMetadata, ScheduledEvent } from '../../plugins/azure/instance-metadata.ts'
import { isoOf } from '../instant.ts'

/** The instance, as far as an event concerns it. Each call is tried again until it has ended well. */
export interface EventSubject {
  /** Keeps new sessions away, on the spot. */
  shut(): Promise<void>
  /** Undoes it. */
  unshut(): Promise<void>
  /** Asks Plimsoll to place no sessions there, to launch another, and to let it go, until then at the latest; `null`: no longer. */
  tell(event: ScheduledEvent | null): Promise<void>
  /** None is left, and none can come. */
  isEmpty(): boolean
  say(message: string, fields: object): void
  /** What did not work; the same again is not said twice. */
  trouble(because: string): void
}

export interface EventsWorld {
  readonly metadata: Pick<InstanceMetadata, 'self' | 'events' | 'approve'>
  readonly subject: EventSubject
  now(): EpochMs
  /** Resolves after so long, or when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>
}

/** A Spot instance has a notice of thirty seconds. */
const LOOK_EVERY_MS = 1_000
const LONGEST_PAUSE_MS = 15_000
/** So that it is us who say when. */
const BEFORE_ITS_TIME_MS = 5_000

/** After these the instance, or what it holds, is gone. */
const TAKES_IT_AWAY = ['terminate', 'preempt', 'reboot', 'redeploy']

interface Tries {
  readonly failures: number
  readonly againAt: EpochMs
}

export class AzureEvents {
  readonly #world: EventsWorld
  readonly #signal: AbortSignal
  /** Those of the last document that are about us; what is no longer in it is forgotten. */
  #followed: ReadonlyMap<string, ScheduledEvent> = new Map()
  readonly #approved = new Set<string>()
  #incarnation: string | null = null
  #isShut = false
  /** Of which event, and of which time, Plimsoll knows. */
  #told: string | null = null
  readonly #tries = new Map<string, Tries>()

  constructor(world: EventsWorld, signal: AbortSignal) {
    this.#world = world
    this.#signal = signal
  }

  /** Until the signal aborts. None of its parts waits for another: Azure's clock does not wait for Plimsoll. */
  async run(): Promise<void> {
    let name: string | null = null
    await this.#again(async () => {
      await this.#attempt('PLM-779 the name of this VM could not be read', async () => {
        name = (await this.#world.metadata.self(this.#signal)).name.toLowerCase()
      })
      return name !== null
    })
    await Promise.all([
      this.#again(() => this.#look(name ?? '')),
      this.#again(() => this.#keepShut()),
      this.#again(() => this.#keepTold()),
      this.#again(() => this.#approveDue()),
    ])
  }

  async #look(name: string): Promise<void> {
    await this.#attempt('PLM-779 scheduled events could not be read', async () => {
      const { incarnation, events } = await this.#world.metadata.events(this.#signal)
      if (incarnation === this.#incarnation) return
      this.#incarnation = incarnation
      this.#follow(events.filter(({ resources }) => resources.includes(name)))
    })
  }

  #follow(events: readonly ScheduledEvent[]): void {
    const before = this.#followed
    this.#followed = new Map(events.map(event => [event.id, event]))
    for (const [id, event] of before) {
      if (this.#followed.has(id)) continue
      const wasApproved = this.#approved.delete(id)
      const isOver = event.hasStarted || wasApproved
      this.#tries.delete(approvalOf(event))
      this.#say(event, isOver ? 'is over' : 'was withdrawn')
    }
    for (const event of events) {
      const known = before.get(event.id)
      if (known === undefined)
        this.#say(event, `is planned${timeOf(event)}${isNoted(event) ? '; only noted' : ''}`)
      else if (event.hasStarted && !known.hasStarted) this.#say(event, 'has begun')
    }
  }

  async #keepShut(): Promise<void> {
    const { subject } = this.#world
    const shall = this.#next() !== null
    if (shall === this.#isShut) return
    await this.#attempt('PLM-780 new sessions could not be kept away, or let in again', async () => {
      await (shall ? subject.shut() : subject.unshut())
      this.#isShut = shall
    })
  }

  async #keepTold(): Promise<void> {
    const event = this.#next()
    const what = event === null ? null : `${event.id} ${event.notBefore}`
    if (what === this.#told) return
    await this.#attempt('PLM-780 Plimsoll could not be told what Azure plans', async () => {
      await this.#world.subject.tell(event)
      this.#told = what
    })
  }

  async #approveDue(): Promise<void> {
    for (const event of this.#followed.values()) {
      if (isNoted(event) || !this.#isDue(event)) continue
      await this.#attempt(approvalOf(event), async () => {
        await this.#world.metadata.approve(event.id, this.#signal)
        this.#approved.add(event.id)
        this.#say(event, 'may begin')
      })
    }
  }

  #isDue({ id, notBefore, hasStarted, resources }: ScheduledEvent): boolean {
    if (hasStarted || this.#approved.has(id) || resources.length > 1) return false
    if (notBefore !== null && this.#world.now() >= notBefore - BEFORE_ITS_TIME_MS) return true
    return this.#isShut && this.#world.subject.isEmpty()
  }

  /** The one that takes the instance away first. */
  #next(): ScheduledEvent | null {
    const taking = [...this.#followed.values()].filter(event => !isNoted(event))
    const [first] = taking.sort((a, b) => (a.notBefore ?? 0) - (b.notBefore ?? 0))
    return first ?? null
  }

  #say({ id, type, resources, notBefore }: ScheduledEvent, what: string): void {
    const fields = { event: id, type, resources, notBefore: notBefore === null ? null : isoOf(notBefore) }
    this.#world.subject.say(`Azure: ${type} of ${resources.join(', ')} ${what}`, fields)
  }

  /** Until it answers true, or the signal aborts. */
  async #again(step: () => Promise<unknown>): Promise<void> {
    while (!this.#signal.aborted && (await step()) !== true) {
      await this.#world.wait(LOOK_EVERY_MS, this.#signal)
    }
  }

  /** Not before its time, where it did not work lately. */
  async #attempt(what: string, action: () => Promise<void>): Promise<void> {
    const before = this.#tries.get(what)
    if (before !== undefined && this.#world.now() < before.againAt) return
    try {
      await action()
      this.#tries.delete(what)
    } catch (error) {
      if (this.#signal.aborted) return
      const failures = (before?.failures ?? 0) + 1
      const pauseMs = Math.min(LOOK_EVERY_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS)
      this.#tries.set(what, { failures, againAt: this.#world.now() + pauseMs })
      this.#world.subject.trouble(`${what}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}

function isNoted({ type }: ScheduledEvent): boolean {
  return !TAKES_IT_AWAY.includes(type.toLowerCase())
}

function approvalOf({ id }: ScheduledEvent): string {
  return `PLM-781 the event ${id} could not be approved`
}

function timeOf({ notBefore, hasStarted }: ScheduledEvent): string {
  if (hasStarted) return ' and has begun'
  return notBefore === null ? '' : `, not before ${isoOf(notBefore)}`
}
