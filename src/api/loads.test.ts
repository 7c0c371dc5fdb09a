/** Load reports over HTTP, to a real daemon with an agent router. */
import { afterEach, describe, expect, it } from 'vitest'
import { type Answer, openRooms, type Rooms } from '../../test/builders/rooms.ts'
import { until } from '../../test/builders/until.ts'

let rooms: Rooms
let ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends) await end()
  ends = []
})

async function open(router = '{ type: agent, lease: 30s }'): Promise<void> {
  rooms = await openRooms({ router })
  ends.push(() => rooms.end())
}

function report(instance: string, body: unknown, signal?: AbortSignal): Promise<Answer> {
  return rooms.ask('PUT', `/v1/fleets/web/instances/${instance}/load`, body, signal)
}

describe('a load report', () => {
  it('is the load of the instance at the next tick, and is answered with its admission', async () => {
    await open()
    const sent = { slots: 3, lease: '20s', remainingMs: 60_000, worth: 2 }
    expect(await report('web-1', sent)).toMatchObject({
      status: 200,
      body: { admission: 'open', close: null },
    })
    await rooms.until(({ inventory }) => {
      const load = inventory.instances.find(({ id }) => id === 'web-1')?.load
      return load?.kind === 'known' && load.slots === 3 && load.remainingMs === 60_000 && load.worth === 2
    })
    await rooms.post('overrides', {
      change: { kind: 'instance', instance: 'web-1', order: 'drain' },
      who: 'ada',
    })
    const told = await until('it is closed', async () => {
      const answer = await report('web-1', { slots: 3 })
      return answer.body.admission === 'closed' && answer
    })
    const closed = told.body.close
    expect(await report('web-1', { slots: 3, closed })).toMatchObject({
      body: { admission: 'closed', close: closed },
    })
    await rooms.until(({ inventory }) =>
      inventory.instances.some(({ id, closedAt }) => id === 'web-1' && closedAt !== null),
    )
    await until('it is gone', async () => {
      await report('web-1', { slots: 0, closed })
      rooms.daemon.wake('web')
      return !rooms.fleet.ids().includes('web-1')
    })
    await until('nobody knows it any more', async () => (await report('web-1', { slots: 0 })).status === 404)
  })

  it('is answered as soon as the instance is to close, where it waits for that', async () => {
    await open()
    const waiting = report('web-2', { slots: 1, waitMs: 60_000 })
    await until('it is heard', () => {
      rooms.daemon.wake('web')
      return rooms.daemon.latest('web')?.inventory.instances.some(({ load }) => load.kind === 'known')
    })
    await rooms.post('overrides', {
      change: { kind: 'instance', instance: 'web-2', order: 'drain' },
      who: 'ada',
    })
    expect(await waiting).toMatchObject({
      status: 200,
      body: { admission: 'closed', close: expect.any(String) },
    })
    expect(await report('web-2', { slots: 1, waitMs: 60_000 })).toMatchObject({
      body: { admission: 'closed' },
    })
  })

  it('of an instance that is not there is refused', async () => {
    await open()
    expect(await report('web-9', { slots: 0 })).toMatchObject({
      status: 404,
      body: { error: { code: 'PLM-372' } },
    })
  })

  it('is refused where nothing is reported', async () => {
    await open('{ type: broker }')
    expect(await report('web-1', { slots: 0 })).toMatchObject({
      status: 404,
      body: { error: { code: 'PLM-483' } },
    })
  })

  it('is refused unless it says a number of slots', async () => {
    await open()
    const wrong = [
      {},
      { slots: -1 },
      { slots: '3' },
      { slots: null },
      { slots: 1, lease: '1ms' },
      { slots: 1, x: 1 },
      3,
    ]
    for (const body of wrong) {
      expect({ body, answer: await report('web-1', body) }).toMatchObject({
        body,
        answer: { status: 400, body: { error: { code: 'PLM-456' } } },
      })
    }
  })
})
