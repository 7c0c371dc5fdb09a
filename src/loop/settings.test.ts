/** Settings through whole ticks: applied, not applied, kept over a restart. */
import { describe, expect, it } from 'vitest'
import { fleetSpec } from '../../test/builders/spec.ts'
import { simulatedWorld } from '../../test/simulated/world.ts'
import type { FleetSpec, Mode } from '../model/spec.ts'
import type { LoopEvent } from './world.ts'

const written = fleetSpec({
  min: 1,
  max: 1,
  metrics: { orders: { kind: 'independent' } },
  rules: [{ name: 'Shed load', when: 'last(orders) > 100', by: 0 }],
})

function shop(mode: Mode): FleetSpec {
  return {
    ...written,
    mode,
    settings: { reports: { name: 'reports', default: true, description: '' } },
    rules: written.rules.map(rule =>
      rule.kind === 'when'
        ? { ...rule, scale: null, effects: { set: { reports: false }, notify: [], run: [] } }
        : rule,
    ),
  }
}

function changesTold(events: readonly LoopEvent[]) {
  return events.flatMap(event => (event.type === 'settings' ? event.changes : []))
}

describe('a rule that sets', () => {
  it('changes the setting in the tick in which it fires, and lets go in the one in which it does not', async () => {
    const { tick, measure, events, store } = simulatedWorld(shop('scale'))
    measure('orders', 50)
    await tick()
    expect(changesTold(events)).toEqual([])
    measure('orders', 500)
    const off = await tick()
    await tick()
    expect((await store.load('web')).settings.values.reports).toEqual({
      value: false,
      rule: 'Shed load',
      since: off.at,
    })
    measure('orders', 50)
    const on = await tick()
    const changes = [
      { version: 2, at: off.at, setting: 'reports', from: true, to: false, rule: 'Shed load' },
      { version: 3, at: on.at, setting: 'reports', from: false, to: true, rule: null },
    ]
    expect(changesTold(events)).toEqual(changes)
    expect(await store.readSettingChanges({ fleet: 'web', limit: 9 })).toEqual(changes.toReversed())
  })

  it('is heard before the plan is carried out', async () => {
    const { tick, measure, events, fleet, world } = simulatedWorld(shop('scale'))
    await tick()
    fleet.boot()
    await tick()
    for (const id of fleet.ids()) fleet.members.delete(id)
    measure('orders', 500)
    const atLaunch: string[][] = []
    const { target } = world.ports('web')
    const launch = target.launch.bind(target)
    target.launch = (orders, signal) => {
      atLaunch.push(events.map(({ type }) => type))
      return launch(orders, signal)
    }
    await tick()
    expect(atLaunch).toHaveLength(1)
    expect(atLaunch[0]).toContain('settings')
  })

  it.each(['notify', 'recommend'] as const)(
    'changes nothing in mode %s, and the decision shows it',
    async mode => {
      const { tick, measure, events, store } = simulatedWorld(shop(mode))
      measure('orders', 500)
      await tick()
      const entry = await tick()
      if (mode === 'recommend') expect(entry.decision.settings).toBeDefined()
      expect(changesTold(events)).toEqual([])
      expect((await store.load('web')).settings).toMatchObject({
        applied: false,
        values: { reports: { value: true, rule: null } },
      })
    },
  )

  it('holds over a restart: nothing changes and nobody is told again', async () => {
    const { tick, measure, events, restart, store } = simulatedWorld(shop('scale'))
    measure('orders', 500)
    await tick()
    const before = (await store.load('web')).settings
    const told = changesTold(events).length
    await restart()
    await tick()
    expect((await store.load('web')).settings).toEqual(before)
    expect(changesTold(events)).toHaveLength(told)
  })
})
