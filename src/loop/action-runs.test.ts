import { describe, expect, it } from 'vitest'
import { fleetSpec } from '../../test/builders/spec.ts'
import { simulatedWorld } from '../../test/simulated/world.ts'
import type { FleetSpec, Mode } from '../model/spec.ts'
import { createFunctionAction } from '../plugins/actions/function.ts'
import type { ActionRequest, ScalingAction } from '../ports/scaling-action.ts'
import { beginsActions } from './action-runs.ts'

/** "Backlog" runs `names` when more than 100 orders wait. */
function backlogFleet(names: readonly string[] = ['provision'], mode: Mode = 'scale'): FleetSpec {
  const spec = fleetSpec({
    min: 1,
    max: 5,
    metrics: { orders: { kind: 'total' } },
    rules: [{ name: 'Backlog', when: 'last(orders) > 100', by: 1 }],
    spec: { mode },
  })
  const rules = spec.rules.map(rule => ({ ...rule, effects: { set: {}, notify: [], run: names } }))
  return { ...spec, rules }
}

/** An action whose runs the test ends, and a record of who asked. */
function slowAction() {
  const asked: ActionRequest[] = []
  const endings: ((output: string) => void)[] = []
  const action = createFunctionAction('provision', request => {
    asked.push(request)
    return new Promise<string>(resolve => endings.push(resolve))
  })
  const end = async (output: string) => {
    endings.shift()?.(output)
    await new Promise(resolve => setImmediate(resolve))
  }
  return { action, asked, end, ids: () => asked.map(({ id }) => id) }
}

function worldWith(actions: Record<string, ScalingAction>, spec = backlogFleet()) {
  return simulatedWorld(spec, { actions })
}

describe('a custom action', () => {
  it('runs once when its rule begins to fire, named by the revision that was committed', async () => {
    const { action, asked, end } = slowAction()
    const { measure, tick, store } = worldWith({ provision: action })
    measure('orders', 500)
    const entry = await tick()
    expect(asked).toMatchObject([{ id: `web/${entry.revision}/run/1`, rule: 'Backlog', fleet: 'web' }])
    expect((await store.load('web')).runs).toMatchObject([{ id: `web/${entry.revision}/run/1` }])
    await end('queue created')
    await tick()
    await tick()
    expect(asked).toHaveLength(1)
    expect((await store.load('web')).runs).toEqual([])
    const [journalled] = await store.readJournal({ fleet: 'web', limit: 1, at: entry.at })
    expect(journalled?.outcomes.at(-1)).toEqual({
      action: `web/${entry.revision}/run/1`,
      outcome: 'done',
      instance: null,
      output: 'queue created',
      at: expect.any(Number),
    })
    expect(journalled?.outcomes.length).toBeGreaterThan(1)
  })

  it('never holds up a tick', async () => {
    const { action, ids } = slowAction()
    const { measure, tick } = worldWith({ provision: action })
    measure('orders', 500)
    await tick()
    expect((await tick()).decision.desired).toBeGreaterThan(1)
    expect(ids()).toHaveLength(1)
  })

  it('is not begun when the intent cannot be made durable', async () => {
    const { action, ids } = slowAction()
    const { measure, tick, store } = worldWith({ provision: action })
    const commit = store.commit
    store.commit = async () => {
      throw new Error('disk full')
    }
    measure('orders', 500)
    await expect(tick()).rejects.toThrow('disk full')
    expect(ids()).toEqual([])
    store.commit = commit
    await tick()
    expect(ids()).toHaveLength(1)
  })

  it('that a restart cut off is recorded as interrupted, and not run again', async () => {
    const { action, ids } = slowAction()
    const { measure, tick, restart, store, events } = worldWith({ provision: action })
    measure('orders', 500)
    const { revision, at } = await tick()
    await restart()
    await tick()
    await tick()
    expect(ids()).toEqual([`web/${revision}/run/1`])
    const [journalled] = await store.readJournal({ fleet: 'web', limit: 1, at })
    expect(journalled?.outcomes.at(-1)).toMatchObject({
      action: `web/${revision}/run/1`,
      outcome: 'failed',
      kind: 'interrupted',
      error: expect.stringContaining('PLM-620'),
    })
    const ran = events.filter(({ type }) => type === 'ran')
    expect(ran).toMatchObject([{ fleet: 'web', outcome: { kind: 'interrupted' } }])
    expect((await store.load('web')).runs).toEqual([])
  })

  it('waits for its turn: one run at a time per action, while another action runs beside it', async () => {
    const slow = slowAction()
    const other = slowAction()
    const spec = backlogFleet(['provision', 'provision', 'page'])
    const { measure, tick, store } = worldWith({ provision: slow.action, page: other.action }, spec)
    measure('orders', 500)
    const { revision } = await tick()
    expect(slow.ids()).toEqual([`web/${revision}/run/1`])
    expect(other.ids()).toEqual([`web/${revision}/run/3`])
    await slow.end('first')
    expect(slow.ids()).toEqual([`web/${revision}/run/1`, `web/${revision}/run/2`])
    await slow.end('second')
    await other.end('third')
    await tick()
    const entries = await store.readJournal({ fleet: 'web', limit: 9 })
    const outcomes = entries.find(entry => entry.revision === revision)?.outcomes ?? []
    expect(outcomes.flatMap(one => (one.outcome === 'done' ? (one.output ?? []) : []))).toEqual([
      'first',
      'second',
      'third',
    ])
  })

  it('is refused when 50 of its runs wait already (PLM-621)', async () => {
    const { action, ids } = slowAction()
    const spec = backlogFleet(Array.from({ length: 60 }, () => 'provision'))
    const { measure, tick, events } = worldWith({ provision: action }, spec)
    measure('orders', 500)
    await tick()
    const refused = events.filter(event => event.type === 'ran')
    expect(refused).toHaveLength(10)
    expect(refused[0]).toMatchObject({
      outcome: { kind: 'refused', error: expect.stringContaining('PLM-621') },
    })
    expect(ids()).toHaveLength(1)
  })

  it('that the configuration no longer has has failed (PLM-622)', async () => {
    const { measure, tick, events } = worldWith({})
    measure('orders', 500)
    await tick()
    await tick()
    expect(events.find(({ type }) => type === 'ran')).toMatchObject({
      outcome: { outcome: 'failed', kind: 'misconfigured', error: expect.stringContaining('PLM-622') },
    })
  })

  it('runs again when its rule begins to fire again', async () => {
    const { action, ids, end } = slowAction()
    const { measure, tick } = worldWith({ provision: action })
    measure('orders', 500)
    await tick()
    await end('')
    measure('orders', 0)
    await tick()
    measure('orders', 500)
    await tick()
    expect(ids()).toHaveLength(2)
  })

  it.each(['notify', 'recommend'] as const)('is not run in %s mode', async mode => {
    const { action, ids } = slowAction()
    const { measure, tick, store } = worldWith({ provision: action }, backlogFleet(['provision'], mode))
    measure('orders', 500)
    const entry = await tick()
    expect(entry.decision.effects).toHaveLength(1)
    expect(ids()).toEqual([])
    expect((await store.load('web')).runs).toEqual([])
    expect(beginsActions(mode)).toBe(false)
  })

  it('is not run while the fleet is paused', async () => {
    const { action, ids } = slowAction()
    const { measure, tick, store, clock } = worldWith({ provision: action })
    const frame = { fleet: 'web', at: clock.now(), who: 'ada', why: 'test' }
    const override = { ...frame, id: 'p1', until: null, change: { kind: 'pause' as const } }
    await store.saveOverride(override, { ...frame, act: 'set', override })
    measure('orders', 500)
    await tick()
    expect(ids()).toEqual([])
  })

  it('has its outcomes committed one revision after the other', async () => {
    const { action, end } = slowAction()
    const { measure, tick, store } = worldWith({ provision: action })
    const revisions: number[] = []
    for (const orders of [500, 0, 500]) {
      measure('orders', orders)
      const entry = await tick()
      if (orders > 0) revisions.push(entry.revision)
    }
    await end('first')
    await end('second')
    await tick()
    expect((await store.load('web')).runs.map(({ revision }) => revision)).toEqual(revisions.slice(1))
    await tick()
    expect((await store.load('web')).runs).toEqual([])
    const entries = await store.readJournal({ fleet: 'web', limit: 20 })
    const outputs = revisions.map(revision => {
      const last = entries.find(entry => entry.revision === revision)?.outcomes.at(-1)
      return last?.outcome === 'done' ? last.output : last
    })
    expect(outputs).toEqual(['first', 'second'])
  })
})
