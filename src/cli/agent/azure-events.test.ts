/** What Azure plans, followed on a clock of the test's own: no second is waited for. */
import { describe, expect, it } from 'vitest'
import type { EventsDocument, ScheduledEvent } from '../../plugins/azure/instance-metadata.ts'
import { AzureEvents } from './azure-events.ts'

const NOON = Date.parse('2026-11-22T12:00:00Z')
const MINUTE = 60_000

const TERMINATE: ScheduledEvent = {
  id: 'e1',
  type: 'Terminate',
  resources: ['rooms_7'],
  notBefore: NOON + 10 * MINUTE,
  hasStarted: false,
}

interface Failing {
  name?: string
  events?: string
  shut?: string
  tell?: string
  approve?: string
}

/** Everything that happened, each with its second after noon. */
class Scene {
  readonly happened: string[] = []
  readonly troubles: string[] = []
  readonly failing: Failing
  events: readonly ScheduledEvent[] = []
  incarnation = 1
  isEmpty = false
  looks = 0
  #now = NOON
  readonly #waiting: { readonly at: number; readonly wake: () => void }[] = []
  readonly #stop = new AbortController()

  constructor(failing: Failing = {}) {
    this.failing = failing
    const world = {
      metadata: {
        self: async () => this.#unless('name', { name: 'Rooms_7', vmId: '6f1c', scaleSet: 'Rooms' }),
        events: async () => this.#look(),
        approve: async (id: string) => this.#unless('approve', this.#note(`approve ${id}`)),
      },
      subject: {
        shut: async () => this.#unless('shut', this.#note('shut')),
        unshut: async () => this.#note('unshut'),
        tell: async (event: ScheduledEvent | null) =>
          this.#unless('tell', this.#note(event === null ? 'tell all is well' : `tell ${event.type}`)),
        isEmpty: () => this.isEmpty,
        say: (message: string) => this.#note(`say ${message.replace(/^Azure: /, '')}`),
        trouble: (because: string) => void this.troubles.push(because),
      },
      now: () => this.#now,
      wait: (ms: number) => new Promise<void>(wake => this.#waiting.push({ at: this.#now + ms, wake })),
    }
    void new AzureEvents(world, this.#stop.signal).run()
  }

  /** Another document. */
  plan(...events: readonly ScheduledEvent[]): void {
    this.events = events
    this.incarnation += 1
  }

  async pass(ms: number): Promise<void> {
    const until = this.#now + ms
    for (;;) {
      // Everything that does not wait for time has its turn.
      for (let n = 0; n < 50; n += 1) await Promise.resolve()
      const next = this.#waiting.toSorted((a, b) => a.at - b.at)[0]
      if (next === undefined || next.at > until) break
      this.#now = next.at
      this.#waiting.splice(this.#waiting.indexOf(next), 1)
      next.wake()
    }
    this.#now = until
  }

  /** What happened since it was last asked. */
  since(): string[] {
    return this.happened.splice(0)
  }

  stop(): void {
    this.#stop.abort()
  }

  #look(): EventsDocument {
    this.looks += 1
    return this.#unless('events', { incarnation: String(this.incarnation), events: this.events })
  }

  #unless<T>(what: keyof Failing, value: T): T {
    const why = this.failing[what]
    if (why !== undefined) throw new Error(why)
    return value
  }

  #note(what: string): void {
    this.happened.push(`${(this.#now - NOON) / 1000} ${what}`)
  }
}

const seconds = (happened: readonly string[], what: string) =>
  happened.filter(one => one.endsWith(` ${what}`)).map(one => Number(one.split(' ')[0]))

describe('what Azure plans for an instance', () => {
  it('shuts it and tells Plimsoll at once, and may begin when nobody is left', async () => {
    const scene = new Scene()
    await scene.pass(5_000)
    expect(scene.since()).toEqual([])
    scene.plan(TERMINATE)
    await scene.pass(2_000)
    const [said, ...done] = scene.since()
    expect(said).toBe('6 say Terminate of rooms_7 is planned, not before 2026-11-22T12:10:00.000Z')
    expect(done.sort()).toEqual(['7 shut', '7 tell Terminate'])
    await scene.pass(4 * MINUTE)
    expect(scene.since()).toEqual([])
    scene.isEmpty = true
    await scene.pass(5_000)
    expect(scene.since()).toEqual(['248 approve e1', '248 say Terminate of rooms_7 may begin'])
    await scene.pass(20 * MINUTE)
    expect(scene.since()).toEqual([])
  })

  it('may begin just before its time where somebody stays', async () => {
    const scene = new Scene()
    scene.plan(TERMINATE)
    await scene.pass(30 * MINUTE)
    expect(seconds(scene.since(), 'approve e1')).toEqual([595])
  })

  it('that is withdrawn opens it again', async () => {
    const scene = new Scene()
    scene.plan(TERMINATE)
    await scene.pass(2 * MINUTE)
    scene.since()
    scene.plan()
    await scene.pass(2_000)
    expect(
      scene
        .since()
        .map(one => one.split(' ').slice(1).join(' '))
        .sort(),
    ).toEqual(['say Terminate of rooms_7 was withdrawn', 'tell all is well', 'unshut'])
  })

  it('that is over opens it again, where it is still there', async () => {
    const scene = new Scene()
    scene.isEmpty = true
    scene.plan({ ...TERMINATE, type: 'Reboot' })
    await scene.pass(5_000)
    scene.plan({ ...TERMINATE, type: 'Reboot', hasStarted: true, notBefore: null })
    await scene.pass(5_000)
    scene.plan()
    await scene.pass(5_000)
    const happened = scene.since().map(one => one.split(' ').slice(1).join(' '))
    expect(happened.filter(one => one.startsWith('approve'))).toHaveLength(1)
    expect(happened.filter(one => one.startsWith('say')).map(one => one.replace(/, not.*/, ''))).toEqual([
      'say Reboot of rooms_7 is planned',
      'say Reboot of rooms_7 may begin',
      'say Reboot of rooms_7 has begun',
      'say Reboot of rooms_7 is over',
    ])
    expect(happened.slice(-3).sort()).toEqual(['say Reboot of rooms_7 is over', 'tell all is well', 'unshut'])
  })

  it.each(['Preempt', 'Reboot', 'Redeploy', 'terminate'])('is seen through when it is %s', async type => {
    const scene = new Scene()
    scene.isEmpty = true
    scene.plan({ ...TERMINATE, type })
    await scene.pass(5_000)
    expect(scene.since().some(one => one.endsWith('approve e1'))).toBe(true)
  })

  it.each(['Freeze', 'SomethingNew'])('is only noted when it is %s', async type => {
    const scene = new Scene()
    scene.isEmpty = true
    scene.plan({ ...TERMINATE, type })
    await scene.pass(30 * MINUTE)
    expect(scene.since()).toEqual([
      `0 say ${type} of rooms_7 is planned, not before 2026-11-22T12:10:00.000Z; only noted`,
    ])
  })

  it('is left to its time when it concerns others too', async () => {
    const scene = new Scene()
    scene.isEmpty = true
    scene.plan({ ...TERMINATE, resources: ['rooms_6', 'rooms_7'] })
    await scene.pass(30 * MINUTE)
    const happened = scene.since()
    expect(happened.some(one => one.endsWith(' shut'))).toBe(true)
    expect(happened.some(one => one.includes('approve'))).toBe(false)
  })

  it('that has begun before it was seen is not approved', async () => {
    const scene = new Scene()
    scene.isEmpty = true
    scene.plan({ ...TERMINATE, hasStarted: true, notBefore: null })
    await scene.pass(MINUTE)
    const happened = scene.since().map(one => one.split(' ').slice(1).join(' '))
    expect(happened.sort()).toEqual([
      'say Terminate of rooms_7 is planned and has begun',
      'shut',
      'tell Terminate',
    ])
  })

  it('of other VMs is none of its business', async () => {
    const scene = new Scene()
    scene.isEmpty = true
    scene.plan({ ...TERMINATE, resources: ['rooms_6'] }, { ...TERMINATE, id: 'e2', resources: ['rooms_77'] })
    await scene.pass(30 * MINUTE)
    expect(scene.since()).toEqual([])
  })

  it('is told again when its time changes, and approved by the new one', async () => {
    const scene = new Scene()
    scene.plan(TERMINATE)
    await scene.pass(MINUTE)
    scene.plan({ ...TERMINATE, notBefore: NOON + 14 * MINUTE })
    await scene.pass(30 * MINUTE)
    const happened = scene.since()
    expect(seconds(happened, 'tell Terminate')).toEqual([1, 62])
    expect(seconds(happened, 'shut')).toEqual([1])
    expect(seconds(happened, 'approve e1')).toEqual([14 * 60 - 5])
  })

  it('twice is each seen through once, and keeps it shut until both are over', async () => {
    const scene = new Scene()
    const soon = { ...TERMINATE, id: 'e0', type: 'Reboot', notBefore: NOON + MINUTE }
    scene.plan(TERMINATE, soon)
    await scene.pass(2 * MINUTE)
    scene.plan(TERMINATE)
    await scene.pass(20 * MINUTE)
    const happened = scene.since()
    expect(seconds(happened, 'shut')).toEqual([1])
    expect(seconds(happened, 'unshut')).toEqual([])
    expect(seconds(happened, 'tell Reboot')).toEqual([1])
    expect(seconds(happened, 'tell Terminate')).toEqual([122])
    expect([seconds(happened, 'approve e0'), seconds(happened, 'approve e1')]).toEqual([[55], [595]])
  })

  it('is not read twice from a document that has not changed', async () => {
    const scene = new Scene()
    scene.plan(TERMINATE)
    await scene.pass(5_000)
    // Withdrawn, under the same number: it cannot be.
    scene.events = []
    await scene.pass(5_000)
    expect(scene.happened.some(one => one.includes('withdrawn'))).toBe(false)
    expect(scene.looks).toBeGreaterThanOrEqual(9)
  })
})

describe('when something does not answer', () => {
  it('the metadata service is asked again, ever more seldom, and nothing else waits for it', async () => {
    const scene = new Scene()
    scene.plan(TERMINATE)
    await scene.pass(2_000)
    const before = scene.looks
    scene.failing.events = 'answered 500'
    await scene.pass(2 * MINUTE)
    expect(scene.looks - before).toBe(11)
    expect(new Set(scene.troubles)).toEqual(
      new Set(['PLM-779 scheduled events could not be read: answered 500']),
    )
    scene.isEmpty = true
    await scene.pass(2_000)
    expect(scene.happened.at(-1)).toMatch(/may begin/)
  })

  it('its name is asked for until it is known', async () => {
    const scene = new Scene({ name: 'answered 503' })
    scene.plan(TERMINATE)
    await scene.pass(MINUTE)
    expect([scene.happened, scene.looks]).toEqual([[], 0])
    delete scene.failing.name
    await scene.pass(20_000)
    expect(scene.happened.some(one => one.endsWith(' shut'))).toBe(true)
  })

  it.each(['shut', 'tell', 'approve'] as const)('%s is tried again until it has worked', async what => {
    const scene = new Scene()
    scene.failing[what] = 'no'
    scene.isEmpty = true
    scene.plan(TERMINATE)
    await scene.pass(MINUTE)
    const tried = scene.since().filter(one => one.includes(` ${what}`)).length
    expect(tried).toBe(7)
    delete scene.failing[what]
    await scene.pass(MINUTE)
    expect(scene.since().filter(one => one.includes(` ${what}`))).toHaveLength(1)
    expect(scene.troubles[0]).toMatch(what === 'approve' ? /^PLM-781 the event e1/ : /^PLM-780/)
  })

  it('Plimsoll is not waited for: Azure may begin in time', async () => {
    const scene = new Scene()
    scene.failing.tell = 'nobody there'
    scene.plan(TERMINATE)
    await scene.pass(20 * MINUTE)
    expect(seconds(scene.since(), 'approve e1')).toEqual([595])
  })

  it('ends with the signal', async () => {
    const scene = new Scene()
    scene.plan(TERMINATE)
    await scene.pass(5_000)
    scene.stop()
    const looks = scene.looks
    await scene.pass(MINUTE)
    expect(scene.looks).toBe(looks)
  })
})
