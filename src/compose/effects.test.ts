import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fleetSpec } from '../../test/builders/spec.ts'
import { SimulatedClock } from '../../test/simulated/clock.ts'
import type { LoopEvent } from '../loop/world.ts'
import type { NotifierSpec, Spec } from '../model/spec.ts'
import { deadUrl, type Receiver, startReceiver } from '../plugins/notifiers/receiver.fixture.ts'
import { createMemoryStore } from '../plugins/stores/memory.ts'
import { Effects } from './effects.ts'

let receiver: Receiver
beforeEach(async () => {
  receiver = await startReceiver()
})
afterEach(() => receiver.close())

function specWith(notifiers: Record<string, Partial<NotifierSpec>>, actions: Spec['actions'] = {}): Spec {
  const fleet = fleetSpec()
  return {
    digest: 'd1',
    fleets: { [fleet.name]: fleet },
    metrics: fleet.metrics,
    schedules: {},
    notifiers: Object.fromEntries(
      Object.entries(notifiers).map(([name, one]): [string, NotifierSpec] => [
        name,
        { name, type: 'webhook', options: {}, on: ['lost'], everyMs: 0, ...one },
      ]),
    ),
    actions,
  }
}

/** Effects under a configuration that can be changed, and every delivery as it is told. */
function scene() {
  const clock = new SimulatedClock(Date.UTC(2026, 10, 21, 12))
  let spec = specWith({})
  const deliveries: Extract<LoopEvent, { type: 'delivery' }>[] = []
  const waiting = new Set<() => void>()
  const effects = new Effects({
    clock,
    store: createMemoryStore(),
    holder: 'this process',
    host: {},
    spec: () => spec,
    emit: event => {
      if (event.type === 'delivery') deliveries.push(event)
      for (const look of waiting) look()
    },
    wake: () => undefined,
  })
  const apply = async (changed: Spec) => {
    await effects.apply(changed)
    spec = changed
  }
  const until = (state: string, count = 1) =>
    new Promise<void>(resolve => {
      const look = (): void => {
        if (deliveries.filter(delivery => delivery.state === state).length < count) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  const lose = (instance: string) =>
    effects.onEvent({ type: 'lost', fleet: 'web', instance, at: clock.now(), detail: 'crashed' })
  return { clock, effects, deliveries, apply, until, lose }
}

const webhook = (url: string) => ({ type: 'webhook' as const, options: { url } })

describe('a changed configuration', () => {
  it('brings what waited for the old address to the new one', async () => {
    const { effects, apply, until, lose } = scene()
    await apply(specWith({ hook: webhook(await deadUrl()) }))
    lose('web-1')
    await until('retrying')
    await apply(specWith({ hook: webhook(receiver.url) }))
    await until('sent')
    expect(JSON.parse(receiver.taken[0]?.body ?? '')).toMatchObject({
      event: 'lost',
      title: 'web lost web-1',
    })
    await effects.close()
  })

  it('that cannot be used changes nothing (PLM-388)', async () => {
    const { effects, apply, until, lose } = scene()
    await apply(specWith({ hook: webhook(receiver.url) }))
    const wrong = specWith({ hook: webhook('not an address') })
    await expect(apply(wrong)).rejects.toThrow(/PLM-388 notifier "hook" cannot be used: url: /)
    const nameless = specWith(
      { hook: webhook(receiver.url) },
      { warm: { name: 'warm', type: 'function', options: {} } },
    )
    await expect(apply(nameless)).rejects.toThrow(/PLM-389 action "warm"/)
    lose('web-1')
    await until('sent')
    await effects.close()
  })

  it('forgets a notifier that is gone', async () => {
    const { effects, deliveries, apply, until, lose } = scene()
    await apply(specWith({ hook: webhook(await deadUrl()) }))
    lose('web-1')
    await until('retrying')
    await apply(specWith({}))
    lose('web-2')
    await effects.close()
    expect(deliveries.map(({ state }) => state)).toEqual(['retrying', 'failed'])
  })
})

describe('the kinds of notifiers and actions', () => {
  it('are made from what the file says, and checked without doing anything', async () => {
    const { effects, apply } = scene()
    await apply(
      specWith(
        {
          hook: webhook(receiver.url),
          chat: { type: 'slack', options: { url: receiver.url } },
          pager: { type: 'command', options: { command: ['true'] } },
          mail: { type: 'email', options: { to: 'a@example.org', smtp: 'smtp://127.0.0.1:1' } },
        },
        {
          run: { name: 'run', type: 'command', options: { command: ['true'], timeout: '1s' } },
          post: { name: 'post', type: 'webhook', options: { url: receiver.url, timeout: 1_000 } },
        },
      ),
    )
    const checks = await effects.check()
    expect(checks.map(({ what, ok }) => `${what} ${ok}`)).toEqual([
      'notifier hook true',
      'notifier chat true',
      'notifier pager true',
      'notifier mail false',
      'action run true',
      'action post true',
    ])
    expect(receiver.posts).toEqual([])
    await effects.close()
  })
})
