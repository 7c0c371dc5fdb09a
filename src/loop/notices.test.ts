import { describe, expect, it } from 'vitest'
import { fleetSpec } from '../../test/builders/spec.ts'
import { type SimulatedWorld, simulatedWorld } from '../../test/simulated/world.ts'
import type { FleetSpec, Mode, NoticeEvent } from '../model/spec.ts'
import { createFunctionAction } from '../plugins/actions/function.ts'
import { PluginError } from '../ports/plugin.ts'
import { isTold, Notices, type NoticeTimes, type Told } from './notices.ts'
import type { LoopEvent } from './world.ts'

const TIMES: NoticeTimes = {
  heldMs: 5_000,
  flappingMs: 5_000,
  limitMs: 3_000,
  reversals: 3,
  reversalsWithinMs: 60_000,
}

const metrics = { orders: { kind: 'total' as const } }
const rules = [
  { name: 'up', when: 'last(orders) > 100', by: 1 },
  { name: 'down', when: 'last(orders) < 10', by: -1 },
]

function fleet(mode: Mode, change: Parameters<typeof fleetSpec>[0] = {}): FleetSpec {
  return fleetSpec({ min: 1, max: 3, metrics, rules, ...change, spec: { mode, ...change.spec } })
}

/** A world whose every tick is turned into notices. */
function scene(spec: FleetSpec, actions: NonNullable<Parameters<typeof simulatedWorld>[1]>['actions'] = {}) {
  const simulated = simulatedWorld(spec, { actions })
  const notices = new Notices(simulated.world.spec, TIMES)
  const told: Told[] = []
  let heard = 0
  const hear = (event: LoopEvent) => told.push(...notices.take(event))
  const tick = async () => {
    const entry = await simulated.tick()
    hear({ type: 'tick', report: { outcome: 'ticked', fleet: 'web', at: entry.at, entry } })
    for (const event of simulated.events.slice(heard)) hear(event)
    heard = simulated.events.length
    simulated.fleet.boot()
    return entry
  }
  const ticks = async (count: number) => {
    for (let n = 0; n < count; n++) await tick()
  }
  const of = (event: NoticeEvent) => told.filter(({ notice }) => notice.event === event)
  return { ...simulated, tick, ticks, hear, told, of }
}

/** Grows from 1 to 2. */
async function grow({ measure, tick }: Pick<SimulatedWorld, 'measure'> & { tick: () => Promise<unknown> }) {
  await tick()
  measure('orders', 500)
  return tick()
}

describe('a change of the count', () => {
  it('is told in scale-and-notify mode, with counts, rule, reason and what was done', async () => {
    const world = scene(fleet('scale-and-notify'))
    await grow(world)
    const [, grown] = world.of('scaled')
    expect(grown?.notice).toMatchObject({
      id: expect.stringMatching(/^web\/\d+\/scaled$/),
      fleet: 'web',
      title: 'web 1 -> 2',
      text: expect.stringMatching(/^Because "up" fired: last\(orders.*\) = 500.*\nDone: launch\.$/),
      change: { from: 1, to: 2, rule: 'up' },
      withdraws: null,
    })
  })

  it('is not told in scale mode', async () => {
    const world = scene(fleet('scale'))
    await grow(world)
    expect(world.told).toEqual([])
  })

  it('that failed is told as a failure in both', async () => {
    for (const mode of ['scale', 'scale-and-notify'] as const) {
      const world = scene(fleet(mode))
      await world.tick()
      world.fleet.failNext('launch', 'quota exceeded')
      world.measure('orders', 500)
      await world.tick()
      expect(world.of('failed').map(({ notice }) => notice)).toMatchObject([
        {
          title: 'web failed: 1 of 1 actions (1 -> 2)',
          text: expect.stringMatching(/launch failed: .*quota exceeded/),
        },
      ])
    }
  })
})

describe('in recommend mode', () => {
  it('nothing is told but failures', async () => {
    const spec = fleet('recommend')
    const noisy = spec.rules.map(rule => ({ ...rule, effects: { set: {}, notify: ['ops'], run: [] } }))
    const world = scene({ ...spec, rules: noisy })
    await grow(world)
    world.hear({ type: 'gap-began', fleet: 'web', operand: 'last(orders)', at: 1, gap: 'gone' })
    expect(world.told).toEqual([])
    world.hear({
      type: 'tick',
      report: { outcome: 'failed', fleet: 'web', at: 5, code: 'PLM-600', error: 'disk full' },
    })
    expect(world.told.map(({ notice }) => [notice.event, notice.id])).toEqual([
      ['failed', 'web/tick-failed/5'],
    ])
  })

  it('also when an operator set it at run time, and again everything when that is over', async () => {
    const world = scene(fleet('scale-and-notify'))
    await world.tick()
    const before = world.told.length
    const at = world.clock.now()
    const frame = { fleet: 'web', at, who: 'ada', why: 'sale' }
    const change = { kind: 'mode' as const, mode: 'recommend' as const }
    const override = { ...frame, id: 'm1', until: at + 2_500, change }
    await world.store.saveOverride(override, { ...frame, act: 'set', override })
    world.measure('orders', 500)
    await world.ticks(2)
    expect(world.told).toHaveLength(before)
    await world.ticks(2)
    expect(world.told.length).toBeGreaterThan(before)
  })
})

describe('which modes let what out', () => {
  it.each([
    ['scale', 'scaled', false],
    ['scale', 'limit-reached', true],
    ['scale', 'failed', true],
    ['notify', 'approval-wanted', true],
    ['notify', 'scaled', true],
    ['scale-and-notify', 'scaled', true],
    ['recommend', 'rule', false],
    ['recommend', 'failed', true],
  ] as const)('%s: %s is %s', (mode, event, told) => {
    expect(isTold(event, mode)).toBe(told)
  })
})

describe('a rule that begins to fire', () => {
  it('tells those it names, with what it saw, once', async () => {
    const spec = fleet('scale')
    const noisy = spec.rules.map(rule => ({
      ...rule,
      effects: { set: {}, notify: ['ops', 'chat'], run: [] },
    }))
    const world = scene({ ...spec, rules: noisy })
    await grow(world)
    await world.tick()
    expect(world.of('rule')).toHaveLength(1)
    expect(world.of('rule')[0]).toMatchObject({
      to: ['ops', 'chat'],
      kind: 'rule up',
      notice: { title: 'web "up" fires', text: expect.stringContaining('= 500 (last(orders) > 100)') },
    })
  })
})

describe('what lasts', () => {
  it('is told as a limit when more is wanted than allowed for long enough, once until it is over', async () => {
    const world = scene(fleet('scale', { max: 2 }))
    await grow(world)
    await world.ticks(2)
    expect(world.of('limit-reached')).toEqual([])
    await world.ticks(8)
    expect(world.of('limit-reached').map(({ notice }) => notice)).toMatchObject([
      {
        title: 'web is at its limit of 2',
        text: 'For 3 s it has wanted more instances than it may have: now 3, and "capacity" allows 2.',
      },
    ])
    world.measure('orders', 50)
    await world.tick()
    world.measure('orders', 500)
    await world.ticks(5)
    expect(world.of('limit-reached')).toHaveLength(2)
  })

  it('is told as held when a guard holds for long enough', async () => {
    const world = scene(fleet('scale', { guards: { cooldownOutMs: 600_000 } }))
    await grow(world)
    await world.ticks(4)
    expect(world.of('held-long')).toEqual([])
    await world.ticks(6)
    expect(world.of('held-long').map(({ notice }) => notice)).toMatchObject([
      { title: 'web has been held for 5 s', text: expect.stringMatching(/held back for 5 s: .*cooldown/i) },
    ])
  })

  it('is told as held when the target does not answer for long enough', async () => {
    const world = scene(fleet('scale'))
    await world.tick()
    for (let n = 0; n < 8; n++) {
      world.fleet.failNext('list', 'connection refused')
      await world.tick()
    }
    expect(world.of('held-long').map(({ notice }) => notice.text)).toEqual([
      expect.stringContaining('connection refused'),
    ])
  })

  it('is told as flapping when the guard against it holds for long enough', async () => {
    const cpu = { cpu: { kind: 'total' as const } }
    const spec = fleet('scale', {
      min: 1,
      metrics: cpu,
      rules: [
        { name: 'up', when: 'last(cpu) / ready > 80', by: 1 },
        { name: 'down', when: 'last(cpu) / ready < 60', by: -1 },
      ],
    })
    const world = scene(spec)
    await world.tick()
    world.measure('cpu', 100)
    await world.ticks(10)
    const flapping = world.of('flapping').map(({ notice }) => notice)
    expect(flapping).toMatchObject([{ title: 'web would swing', text: expect.stringContaining('margin') }])
    expect(world.of('held-long')).toEqual([])
  })
})

describe('swinging', () => {
  it('is told when the direction changes three times within ten minutes', async () => {
    const world = scene(fleet('scale'))
    await grow(world)
    for (const orders of [1, 500, 1]) {
      expect(world.of('flapping')).toEqual([])
      world.measure('orders', orders)
      await world.tick()
    }
    expect(world.of('flapping').map(({ notice }) => notice)).toMatchObject([
      { title: 'web swings', text: expect.stringContaining('changed direction 3 times') },
    ])
  })

  it('is not told when that takes longer', async () => {
    const world = scene(fleet('scale'))
    await grow(world)
    for (const orders of [1, 500, 1, 500]) {
      await world.clock.advance(31_000)
      world.measure('orders', orders)
      await world.tick()
    }
    expect(world.of('flapping')).toEqual([])
  })
})

describe('what happens to data and instances', () => {
  it('is told: a gap with its end, and a lost instance', () => {
    const world = scene(fleet('scale'))
    world.hear({ type: 'gap-began', fleet: 'web', operand: 'avg(cpu, 5m)', at: 1, gap: 'no samples' })
    world.hear({ type: 'gap-ended', fleet: 'web', operand: 'avg(cpu, 5m)', at: 2, since: 1 })
    world.hear({ type: 'lost', fleet: 'web', instance: 'web-3', at: 3, detail: 'exited with code 1' })
    const [began, ended, lost] = world.told.map(({ notice }) => notice)
    expect(began).toMatchObject({ event: 'gap-began', title: 'web does not know avg(cpu, 5m)' })
    expect(began?.text).toContain('no samples')
    expect(ended).toMatchObject({ event: 'gap-ended', withdraws: began?.id })
    expect(lost).toMatchObject({ event: 'lost', title: 'web lost web-3' })
  })

  it('is taken back by another process than the one that told it, too', () => {
    const [before, after] = [scene(fleet('scale')), scene(fleet('scale'))]
    before.hear({ type: 'gap-began', fleet: 'web', operand: 'avg(cpu, 5m)', at: 1, gap: 'no samples' })
    after.hear({ type: 'gap-ended', fleet: 'web', operand: 'avg(cpu, 5m)', at: 2, since: 1 })
    expect(after.told[0]?.notice.withdraws).toBe(before.told[0]?.notice.id)
  })
})

describe('a custom action', () => {
  it('that failed is told as a failure, one that did its work is not', async () => {
    const spec = fleet('scale')
    const running = spec.rules.map(rule => ({
      ...rule,
      effects: { set: {}, notify: [], run: ['good', 'bad'] },
    }))
    const world = scene(
      { ...spec, rules: running },
      {
        good: createFunctionAction('good', () => 'done'),
        bad: createFunctionAction('bad', () => {
          throw new PluginError('refused', 'PLM-386 no quota')
        }),
      },
    )
    await grow(world)
    await world.tick()
    expect(world.of('failed').map(({ notice }) => notice)).toMatchObject([
      {
        id: expect.stringMatching(/^web\/\d+\/run\/2\/failed$/),
        title: 'web failed to run bad',
        text: expect.stringContaining('PLM-386 no quota'),
      },
    ])
  })
})

describe('in notify mode', () => {
  it('a decision is told as a question, and what becomes of it as its end', async () => {
    const world = scene(fleet('notify', { min: 0, default: 0 }))
    await grow(world)
    const [wanted] = world.of('approval-wanted').map(({ notice }) => notice)
    expect(wanted).toMatchObject({
      title: expect.stringMatching(/^web wants \d -> \d: approve\?$/),
      text: expect.stringMatching(/plimsoll approve web-\d+, or plimsoll reject web-\d+; it expires at /),
    })
    world.measure('orders', 50)
    await world.tick()
    const [withdrawn] = world.of('approval-withdrawn').map(({ notice }) => notice)
    expect(withdrawn).toMatchObject({
      withdraws: wanted?.id,
      title: expect.stringContaining('no longer needed'),
    })
  })

  it('an approved change is told as the end of the question and as a change', async () => {
    const world = scene(fleet('notify', { min: 0, default: 0 }))
    const entry = await grow(world)
    const id = (await world.store.load('web')).approval?.id ?? ''
    const frame = { fleet: 'web', at: world.clock.now(), who: 'ada', why: 'yes' }
    await world.store.recordAct({ ...frame, act: 'approved', approval: id })
    await world.tick()
    expect(entry).toBeDefined()
    expect(world.of('approval-withdrawn').map(({ notice }) => notice.title)).toEqual([
      expect.stringContaining('was approved'),
    ])
    expect(world.of('scaled')).toHaveLength(1)
  })
})

describe('a fleet that is gone', () => {
  it('is forgotten, and is told nothing of', () => {
    const notices = new Notices(() => ({
      digest: '',
      fleets: {},
      metrics: {},
      schedules: {},
      notifiers: {},
      actions: {},
    }))
    const lost = { type: 'lost', fleet: 'web', instance: 'web-3', at: 3, detail: 'crashed' } as const
    expect(notices.take(lost)).toEqual([])
    expect(notices.take({ type: 'spec-applied', digest: 'd', at: 1 })).toEqual([])
  })
})
