import { afterEach, describe, expect, it } from 'vitest'
import { SimulatedClock } from '../../test/simulated/clock.ts'
import type { NoticeEvent, NotifierSpec } from '../model/spec.ts'
import { systemClock } from '../plugins/clocks/system.ts'
import { type Receiver, startReceiver } from '../plugins/notifiers/receiver.fixture.ts'
import { createWebhookNotifier, webhookNotifierOptions } from '../plugins/notifiers/webhook.ts'
import { createMemoryStore } from '../plugins/stores/memory.ts'
import { sampleNotice } from '../ports/notifier.acceptance.ts'
import type { Notice, Notifier } from '../ports/notifier.ts'
import { PluginError } from '../ports/plugin.ts'
import type { StateStore } from '../ports/state-store.ts'
import { Deliveries } from './deliveries.ts'
import type { Told } from './notices.ts'
import type { LoopEvent } from './world.ts'

const MINUTE = 60_000
const NOON = Date.UTC(2026, 10, 21, 12)

type Answer = 'taken' | 'hangs' | PluginError | Error

/** A notifier that answers as the test says; after that it takes everything. */
class Scripted implements Notifier {
  readonly tried: string[] = []
  readonly taken: Notice[] = []
  readonly answers: Answer[] = []
  always: Answer = 'taken'
  readonly tells?: readonly NoticeEvent[]

  constructor(tells?: readonly NoticeEvent[]) {
    if (tells !== undefined) this.tells = tells
  }

  async send(notice: Notice, signal: AbortSignal): Promise<void> {
    this.tried.push(notice.id)
    const answer = this.answers.shift() ?? this.always
    if (answer === 'hangs') {
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }
    if (answer instanceof Error) throw answer
    this.taken.push(notice)
  }

  check = async () => ({ ok: true, detail: 'scripted' })
  close = async () => undefined
}

const busy = (retryAfterMs?: number) =>
  new PluginError('unavailable', 'PLM-386 busy', retryAfterMs === undefined ? {} : { retryAfterMs })
const wrong = () => new PluginError('misconfigured', 'PLM-386 no such address')

interface Shared {
  readonly clock: SimulatedClock
  readonly store: StateStore
}

/** One process; two of them share a clock and a store. */
function scene(
  names: readonly string[] = ['ops'],
  everyMs = 0,
  { clock, store }: Shared = { clock: new SimulatedClock(NOON), store: createMemoryStore() },
  holder = 'a',
) {
  const events: Extract<LoopEvent, { type: 'delivery' }>[] = []
  const notifiers = new Map(names.map(name => [name, new Scripted()]))
  const specs = new Map(
    names.map((name): [string, NotifierSpec] => [
      name,
      { name, type: 'command', options: {}, on: ['scaled', 'failed', 'gap-began', 'gap-ended'], everyMs },
    ]),
  )
  const troubles: string[] = []
  const deliveries = new Deliveries({
    clock,
    store,
    holder,
    random: { next: () => 0 },
    notifiers: () => Object.fromEntries(specs),
    notifier: name => notifiers.get(name) ?? null,
    emit: event => {
      if (event.type === 'delivery') events.push(event)
      if (event.type === 'trouble') troubles.push(event.what)
    },
  })
  const notifier = (name = 'ops'): Scripted => {
    const found = notifiers.get(name)
    if (found === undefined) throw new Error(`no notifier ${name}`)
    return found
  }
  const tell = (id: string, change: Partial<Notice> = {}, told: Partial<Told> = {}) =>
    deliveries.take({
      notice: sampleNotice({ id, at: clock.now(), ...change }),
      to: null,
      kind: change.event ?? 'scaled',
      ...told,
    })
  const states = () => events.map(({ notice, state }) => `${notice} ${state}`)
  const waiting = async () => (await store.readNotices('web')).map(({ notice }) => notice.id)
  /** This process begins to hold the lease, and has ticked once. */
  const takeOver = async () => {
    expect(await store.acquireLease('web', holder, clock.now(), MINUTE)).not.toBeNull()
    await deliveries.takeOver('web')
    deliveries.begin()
    await clock.advance(1)
  }
  return {
    clock,
    store,
    events,
    troubles,
    specs,
    notifiers,
    deliveries,
    notifier,
    tell,
    states,
    waiting,
    takeOver,
  }
}

const idsOf = (notices: readonly Notice[]) => notices.map(({ id }) => id)

describe('deliveries', () => {
  it('reach everyone who wants to hear of the event, in order', async () => {
    const { clock, specs, notifier, tell } = scene(['ops', 'chat'])
    specs.set('chat', { name: 'chat', type: 'slack', options: {}, on: ['failed'], everyMs: 0 })
    tell('1')
    tell('2', { event: 'failed' })
    tell('3')
    await clock.advance(1)
    expect(idsOf(notifier('ops').taken)).toEqual(['1', '2', '3'])
    expect(idsOf(notifier('chat').taken)).toEqual(['2'])
  })

  it('reach whom a rule names, whatever else those want to hear', async () => {
    const { clock, notifier, tell } = scene(['ops', 'chat'])
    tell('1', { event: 'rule' }, { to: ['chat'], kind: 'rule Backlog' })
    await clock.advance(1)
    expect(idsOf(notifier('ops').taken)).toEqual([])
    expect(idsOf(notifier('chat').taken)).toEqual(['1'])
  })

  it('are only what the notifier has words for', async () => {
    const { clock, notifiers, tell } = scene()
    const azure = new Scripted(['scaled'])
    notifiers.set('ops', azure)
    tell('1', { event: 'failed' })
    tell('2')
    await clock.advance(1)
    expect(idsOf(azure.taken)).toEqual(['2'])
  })

  it('tell nobody the same thing twice', async () => {
    const { clock, notifier, tell } = scene()
    tell('1')
    await clock.advance(1)
    tell('1')
    await clock.advance(1)
    expect(notifier().tried).toEqual(['1'])
  })

  it('are tried again with growing pauses until they are taken, and complain once', async () => {
    const { clock, notifier, tell, states } = scene()
    notifier().answers.push(busy(), busy(), busy())
    tell('1')
    // Half of 1, 2 and 4 s, since chance says 0.
    const tries: number[] = []
    for (const ms of [1, 499, 1_000, 2_000]) {
      await clock.advance(ms)
      tries.push(notifier().tried.length)
    }
    expect(tries).toEqual([1, 2, 3, 4])
    expect(states()).toEqual(['1 retrying', '1 sent'])
  })

  it('wait as long as the other side asks them to', async () => {
    const { clock, notifier, tell } = scene()
    notifier().answers.push(busy(60_000))
    tell('1')
    await clock.advance(59_000)
    expect(notifier().taken).toEqual([])
    await clock.advance(2_000)
    expect(idsOf(notifier().taken)).toEqual(['1'])
  })

  it('are given up at once where they will never be taken, and the next one goes out', async () => {
    const { clock, notifier, tell, states } = scene()
    notifier().answers.push(wrong())
    tell('1')
    tell('2')
    await clock.advance(1)
    expect(states()).toEqual(['1 failed', '2 sent'])
    expect(notifier().tried).toEqual(['1', '2'])
  })

  it('are given up when they are too old', async () => {
    const { clock, notifier, tell, events } = scene()
    notifier().always = busy()
    tell('1')
    await clock.advance(7 * 60 * MINUTE)
    expect(events.at(-1)).toMatchObject({
      notice: '1',
      state: 'failed',
      detail: expect.stringContaining('tries'),
    })
    expect(events).toHaveLength(2)
  })

  it('end a try that never ends', async () => {
    const { clock, notifier, tell } = scene()
    notifier().answers.push('hangs')
    tell('1')
    await clock.advance(2 * MINUTE)
    expect(idsOf(notifier().taken)).toEqual(['1'])
  })

  it('of a dead notifier disturb no other', async () => {
    const { clock, notifier, tell } = scene(['dead', 'ops'])
    notifier('dead').always = 'hangs'
    tell('1')
    tell('2')
    await clock.advance(1)
    expect(idsOf(notifier('ops').taken)).toEqual(['1', '2'])
    expect(notifier('dead').tried).toEqual(['1'])
  })

  it('survive a defect of the notifier', async () => {
    const { clock, notifier, tell } = scene()
    notifier().answers.push(new TypeError('undefined is not a function'))
    tell('1')
    await clock.advance(MINUTE)
    expect(idsOf(notifier().taken)).toEqual(['1'])
  })

  it('are bounded: of too many the oldest go (PLM-623)', async () => {
    const { clock, notifier, tell, events } = scene()
    notifier().answers.push('hangs')
    tell('0')
    await clock.advance(1)
    for (let n = 1; n <= 250; n++) tell(String(n))
    const dropped = events.filter(({ detail }) => detail.startsWith('PLM-623'))
    expect(dropped.map(({ notice }) => notice)).toEqual(Array.from({ length: 51 }, (_, n) => String(n + 1)))
    await clock.advance(2 * MINUTE)
    expect(notifier().taken).toHaveLength(200)
    expect(notifier().taken.at(-1)?.id).toBe('250')
  })

  it('go to the notifier as it is configured now', async () => {
    const { clock, notifiers, notifier, deliveries, tell } = scene()
    notifier().always = busy(MINUTE)
    tell('1')
    await clock.advance(1)
    const mended = new Scripted()
    notifiers.set('ops', mended)
    deliveries.renew()
    await clock.advance(1)
    expect(idsOf(mended.taken)).toEqual(['1'])
  })

  it('to a notifier that is gone are given up (PLM-624)', async () => {
    const { clock, specs, notifier, deliveries, tell, events } = scene()
    notifier().always = busy(MINUTE)
    tell('1')
    await clock.advance(1)
    specs.delete('ops')
    deliveries.renew()
    expect(events.at(-1)).toMatchObject({ state: 'failed', detail: expect.stringContaining('PLM-624') })
  })
})

describe('at most one of a kind per period', () => {
  const EVERY = 30 * MINUTE

  it('is told; what came in between is summed up when the period is over', async () => {
    const { clock, notifier, tell } = scene(['ops'], EVERY)
    tell('1')
    await clock.advance(5 * MINUTE)
    tell('2')
    await clock.advance(5 * MINUTE)
    tell('3')
    await clock.advance(10 * MINUTE)
    expect(idsOf(notifier().taken)).toEqual(['1'])
    await clock.advance(10 * MINUTE)
    expect(idsOf(notifier().taken)).toEqual(['1', '3'])
    expect(notifier().taken[1]?.text).toMatch(/\nAnd 1 more of this kind since 12:00:00Z\.$/)
    await clock.advance(EVERY)
    tell('4')
    await clock.advance(1)
    expect(notifier().taken[2]).toMatchObject({
      id: '4',
      text: expect.not.stringContaining('more of this kind'),
    })
  })

  it('counts each fleet, each event and each notifier by itself', async () => {
    const { clock, specs, notifier, tell } = scene(['ops', 'chat'], EVERY)
    specs.set('chat', { name: 'chat', type: 'slack', options: {}, on: ['scaled'], everyMs: 0 })
    tell('1')
    tell('2', { fleet: 'shop' })
    tell('3', { event: 'failed' })
    tell('4')
    await clock.advance(1)
    expect(idsOf(notifier('ops').taken)).toEqual(['1', '2', '3'])
    expect(idsOf(notifier('chat').taken)).toEqual(['1', '2', '4'])
  })
})

describe('what is no longer needed', () => {
  const EVERY = 30 * MINUTE
  const end = (id: string) => ({ event: 'gap-ended' as const, withdraws: id })

  it('is said at once, even when one of its kind was said a moment ago', async () => {
    const { clock, notifier, tell } = scene(['ops'], EVERY)
    tell('a', { event: 'gap-began' })
    await clock.advance(1)
    tell('a-end', end('a'))
    tell('z-end', end('z'))
    await clock.advance(1)
    expect(idsOf(notifier().taken)).toEqual(['a', 'a-end', 'z-end'])
  })

  it('is not said of what was held back: both are dropped', async () => {
    const { clock, notifier, tell } = scene(['ops'], EVERY)
    tell('a', { event: 'gap-began' })
    tell('b', { event: 'gap-began' })
    await clock.advance(MINUTE)
    tell('b-end', end('b'))
    await clock.advance(EVERY)
    expect(idsOf(notifier().taken)).toEqual(['a'])
  })

  it('is not said of what was only summed up', async () => {
    const { clock, notifier, tell } = scene(['ops'], EVERY)
    for (const id of ['a', 'b', 'c']) tell(id, { event: 'gap-began' })
    await clock.advance(MINUTE)
    tell('b-end', end('b'))
    await clock.advance(EVERY)
    expect(idsOf(notifier().taken)).toEqual(['a', 'c'])
  })

  it('is not said of what still waits for a notifier that was away: both are dropped', async () => {
    const { clock, notifier, tell } = scene()
    notifier().answers.push(busy(MINUTE))
    tell('a', { event: 'gap-began' })
    await clock.advance(1)
    tell('a-end', end('a'))
    tell('next')
    await clock.advance(2 * MINUTE)
    expect(idsOf(notifier().taken)).toEqual(['next'])
  })
})

describe('the end', () => {
  it('tries once more what waits, and what was held back', async () => {
    const { clock, notifier, deliveries, tell } = scene(['ops'], 30 * MINUTE)
    tell('1')
    tell('2')
    await clock.advance(1)
    notifier().answers.push('taken')
    await deliveries.close(3_000)
    expect(idsOf(notifier().taken)).toEqual(['1', '2'])
  })

  it('says what was not taken, and does not wait for it (PLM-625)', async () => {
    const { clock, notifier, deliveries, tell, events, waiting } = scene(['ops', 'chat'])
    notifier('ops').always = busy(MINUTE)
    notifier('chat').always = 'hangs'
    tell('1')
    await clock.advance(1)
    const closing = deliveries.close(3_000)
    await clock.advance(3_001)
    await closing
    const left = events.filter(({ detail }) => detail.startsWith('PLM-625'))
    expect(left.map(({ notifier: name, notice, state }) => `${name} ${notice} ${state}`).sort()).toEqual([
      'chat 1 retrying',
      'ops 1 retrying',
    ])
    expect(await waiting()).toEqual(['1', '1'])
    tell('2')
    await clock.advance(1)
    expect(notifier('ops').tried).not.toContain('2')
  })
})

describe('what a process did not deliver before its end', () => {
  /** Told and tried in vain by a process that does nothing more. */
  async function cutOff(tellIt: (first: ReturnType<typeof scene>) => void, everyMs = 0) {
    const first = scene(['ops'], everyMs)
    await first.takeOver()
    first.notifier().always = busy(7 * MINUTE)
    tellIt(first)
    await first.clock.advance(1)
    const { clock, store } = first
    return { first, clock, store, next: scene(['ops'], everyMs, { clock, store }, 'b') }
  }

  it('is kept before its first try, and forgotten when it is taken or given up', async () => {
    const { clock, notifier, tell, waiting } = scene()
    const seen: string[][] = []
    const { send } = notifier()
    notifier().send = async (notice, signal) => {
      seen.push(await waiting())
      await send.call(notifier(), notice, signal)
    }
    notifier().answers.push('taken', wrong())
    tell('1')
    tell('2')
    await clock.advance(1)
    expect(seen).toEqual([['1', '2'], ['2']])
    expect(await waiting()).toEqual([])
  })

  it('is delivered once by the next that holds the lease, under the same id, in the same order', async () => {
    const { clock, next } = await cutOff(({ tell }) => {
      tell('1')
      tell('2', { event: 'failed' })
    })
    await clock.advance(MINUTE)
    await next.takeOver()
    expect(idsOf(next.notifier().taken)).toEqual(['1', '2'])
    expect(await next.waiting()).toEqual([])
    await next.takeOver()
    expect(idsOf(next.notifier().taken)).toEqual(['1', '2'])
  })

  it('is left alone by who does not hold the lease, and told no more by who lost it', async () => {
    const { first, clock, next } = await cutOff(({ tell }) => tell('1'))
    next.tell('2')
    await clock.advance(1)
    expect(next.notifier().tried).toEqual([])
    await clock.advance(MINUTE)
    await next.takeOver()
    expect(idsOf(next.notifier().taken)).toEqual(['1'])
    first.notifier().always = 'taken'
    await clock.advance(10 * MINUTE)
    first.tell('3')
    await clock.advance(1)
    expect(first.notifier().tried).toEqual(['1'])
  })

  it('is told by the first again when the lease comes back to it', async () => {
    const { first, clock, next } = await cutOff(({ tell }) => tell('1'))
    await clock.advance(MINUTE)
    next.notifier().always = busy(7 * MINUTE)
    await next.takeOver()
    first.notifier().always = 'taken'
    await clock.advance(2 * MINUTE)
    await first.takeOver()
    await clock.advance(30 * MINUTE)
    expect(idsOf(first.notifier().taken)).toEqual(['1'])
    expect(next.notifier().taken).toEqual([])
  })

  it('is not told when the first tick takes it back: both are dropped', async () => {
    const { clock, next } = await cutOff(({ tell }) => tell('a', { event: 'gap-began' }))
    await clock.advance(MINUTE)
    await next.store.acquireLease('web', 'b', clock.now(), MINUTE)
    await next.deliveries.takeOver('web')
    next.tell('a-end', { event: 'gap-ended', withdraws: 'a' })
    next.deliveries.begin()
    await clock.advance(1)
    expect(next.notifier().tried).toEqual([])
    expect(await next.waiting()).toEqual([])
  })

  it('and was held back is summed up when its period is over, as if nothing had happened', async () => {
    const { clock, next } = await cutOff(first => {
      first.notifier().always = 'taken'
      for (const id of ['1', '2', '3', '4']) first.tell(id)
    }, 30 * MINUTE)
    await clock.advance(5 * MINUTE)
    await next.takeOver()
    next.tell('5')
    await clock.advance(20 * MINUTE)
    expect(next.notifier().tried).toEqual([])
    await clock.advance(5 * MINUTE)
    expect(idsOf(next.notifier().taken)).toEqual(['5'])
    expect(next.notifier().taken[0]?.text).toMatch(/\nAnd 3 more of this kind since 12:00:00Z\.$/)
    expect(await next.waiting()).toEqual([])
  })

  it('is tried a last time when it has become too old meanwhile', async () => {
    const { clock, store, next } = await cutOff(({ tell }) => tell('1'))
    await clock.advance(MINUTE)
    await store.acquireLease('web', 'b', clock.now(), MINUTE)
    await clock.advance(24 * 60 * MINUTE)
    next.notifier().always = busy()
    await next.takeOver()
    expect(next.states()).toEqual(['1 failed'])
    expect(await next.waiting()).toEqual([])
  })

  it('is given up when its notifier has left the configuration (PLM-624)', async () => {
    const { clock, next } = await cutOff(({ tell }) => tell('1'))
    await clock.advance(MINUTE)
    next.specs.delete('ops')
    await next.takeOver()
    expect(next.events).toMatchObject([
      { notice: '1', state: 'failed', detail: expect.stringContaining('PLM-624') },
    ])
    expect(await next.waiting()).toEqual([])
  })

  it('is told all the same when the store cannot keep it, with one complaint (PLM-626)', async () => {
    const store: StateStore = {
      ...createMemoryStore(),
      saveNotice: async () => {
        throw new PluginError('unavailable', 'PLM-403 no space is left')
      },
    }
    const { clock, notifier, deliveries, tell, troubles, events } = scene(['ops'], 0, {
      clock: new SimulatedClock(NOON),
      store,
    })
    notifier().answers.push(busy())
    tell('1')
    tell('2')
    await clock.advance(MINUTE)
    expect(idsOf(notifier().taken)).toEqual(['1', '2'])
    expect(troubles).toEqual([expect.stringMatching(/^PLM-626 cannot keep a notice: PLM-403 /)])
    notifier().always = 'hangs'
    tell('3')
    const closing = deliveries.close(3_000)
    await clock.advance(3_001)
    await closing
    expect(events.at(-1)).toMatchObject({
      notice: '3',
      state: 'failed',
      detail: expect.stringContaining('PLM-625'),
    })
  })
})

describe('deliveries over a real connection', () => {
  let receiver: Receiver | null = null
  let notifier: Notifier | null = null
  afterEach(async () => {
    await notifier?.close()
    await receiver?.close()
  })

  it('get through a receiver that hangs up, is overloaded, and asks to wait', async () => {
    receiver = await startReceiver()
    receiver.answerNext({ status: 503 }, { status: 429, headers: { 'retry-after': '1' } })
    const made = createWebhookNotifier(webhookNotifierOptions.parse({ url: receiver.url }), {
      clock: systemClock,
    })
    notifier = made
    const events: LoopEvent[] = []
    let sent = (): void => undefined
    const delivered = new Promise<void>(resolve => {
      sent = resolve
    })
    const deliveries = new Deliveries({
      // A hundred times as fast.
      clock: { now: systemClock.now, after: (ms, wake) => systemClock.after(ms / 100, wake) },
      store: createMemoryStore(),
      holder: 'a',
      random: { next: () => 0.5 },
      notifiers: () => ({ hook: { name: 'hook', type: 'webhook', options: {}, on: ['scaled'], everyMs: 0 } }),
      notifier: () => made,
      emit: event => {
        events.push(event)
        if (event.type === 'delivery' && event.state === 'sent') sent()
      },
    })
    deliveries.take({ notice: sampleNotice(), to: null, kind: 'scaled' })
    await delivered
    expect(receiver.posts).toHaveLength(3)
    expect(receiver.taken).toHaveLength(1)
    expect(events).toMatchObject([{ state: 'retrying' }, { state: 'sent' }])
    await deliveries.close(100)
  })
})
