/** The agent router: its contract with instances that report, and what no report may prove. */
import { describe, expect, it } from 'vitest'
import type { Load } from '../../../model/inventory.ts'
import type { PluginError } from '../../../ports/plugin.ts'
import { type RouterRig, sessionRouterAcceptance } from '../../../ports/session-router.acceptance.ts'
import type { RoutedInstance, SessionRouter } from '../../../ports/session-router.ts'
import { seededRandom, TestClock } from '../../../sessions/broker.fixture.ts'
import { systemClock } from '../../clocks/system.ts'
import { type AgentRouter, createAgentRouter } from './agent.ts'
import { ReportingInstances } from './instances.fixture.ts'

const IDS = ['a', 'b', 'c']

async function createRig(): Promise<RouterRig> {
  const agent = createAgentRouter(
    { leaseMs: 30_000 },
    { fleet: 'rooms', clock: systemClock, random: seededRandom(7) },
  )
  const instances = new ReportingInstances(agent, IDS)
  const heard = async <T>(done: Promise<T>): Promise<T> => {
    const result = await done
    instances.heard()
    return result
  }
  /** As a tick sees it: between any two calls every instance has reported. */
  const router: SessionRouter = {
    check: signal => agent.check(signal),
    close: () => agent.close(),
    closeInstance: (id, signal) => heard(agent.closeInstance(id, signal)),
    reopenInstance: (id, signal) => heard(agent.reopenInstance(id, signal)),
    sealInstance: (id, signal) => agent.sealInstance(id, signal),
    readLoads: async signal => {
      instances.heard()
      return agent.readLoads(signal)
    },
    route: async (listed, signal) => {
      for (const { id, incarnation, admission } of listed) {
        // Another incarnation is another process: it begins with nothing. So does what is gone.
        const isAnother = incarnation !== null && incarnation !== instances.incarnationOf(id)
        if (admission === 'gone' ? !isAnother || instances.incarnationOf(id) === null : isAnother) {
          instances.begin(id, admission === 'gone' ? null : incarnation)
        }
      }
      await heard(agent.route(listed, signal))
    },
  }
  return {
    router,
    instances: IDS.map(id => ({ id, incarnation: null, address: `http://${id}.test`, zone: null })),
    placeSession: async () => {
      const placed = instances.place()
      if (placed === null) throw new Error('no instance takes a session')
      return { instance: placed.instance, goOn: async () => instances.whereIs(placed.session) }
    },
    endSessions: async () => {
      instances.endAll()
      instances.heard()
    },
    dispose: async () => {
      await instances.end()
      await agent.close()
    },
  }
}

sessionRouterAcceptance('agent', createRig)

function routed(id: string, admission: RoutedInstance['admission'] = 'open'): RoutedInstance {
  return { id, incarnation: null, address: `http://${id}.test`, zone: null, admission }
}

const soon = (): AbortSignal => AbortSignal.timeout(10_000)

async function openAgent(leaseMs = 30_000): Promise<{ agent: AgentRouter; clock: TestClock }> {
  const clock = new TestClock()
  const agent = createAgentRouter({ leaseMs }, { fleet: 'rooms', clock, random: seededRandom(7) })
  await agent.route([routed('a')], soon())
  return { agent, clock }
}

async function loadOf(agent: AgentRouter, id = 'a'): Promise<Load | undefined> {
  return (await agent.readLoads(soon())).get(id)
}

const refusal = (call: Promise<unknown>): Promise<PluginError> =>
  call.then(
    () => expect.fail('it was not refused'),
    error => error,
  )

describe('a load', () => {
  it('is unknown before the first report, and when its lease has run out', async () => {
    const { agent, clock } = await openAgent()
    expect(await loadOf(agent)).toEqual({ kind: 'unknown', because: 'it has not reported its load yet' })
    agent.report('a', { slots: 3 })
    clock.pass(29_999)
    expect(await loadOf(agent)).toMatchObject({ kind: 'known', slots: 3, at: clock.now() - 29_999 })
    clock.pass(1)
    expect(await loadOf(agent)).toMatchObject({ kind: 'unknown' })
    agent.report('a', { slots: 0, leaseMs: 5_000 })
    clock.pass(5_000)
    expect(await loadOf(agent)).toMatchObject({
      kind: 'unknown',
      because: expect.stringContaining('5000 ms'),
    })
  })

  it('is unknown when our clock was set back, until the next report, and its times only grow', async () => {
    const { agent, clock } = await openAgent()
    agent.report('a', { slots: 1 })
    const before = await loadOf(agent)
    clock.jump(-60_000)
    expect(await loadOf(agent)).toMatchObject({ kind: 'unknown' })
    agent.report('a', { slots: 1 })
    const after = await loadOf(agent)
    expect(after?.kind === 'known' ? after.at : 0).toBeGreaterThan(before?.kind === 'known' ? before.at : 0)
  })

  it('carries what the report says besides', async () => {
    const { agent } = await openAgent()
    agent.report('a', { slots: 2, remainingMs: 60_000, worth: 7 })
    expect(await loadOf(agent)).toMatchObject({ slots: 2, remainingMs: 60_000, worth: 7 })
  })

  it('of zero proves nothing before the close was acknowledged', async () => {
    const { agent } = await openAgent()
    agent.report('a', { slots: 0 })
    await agent.route([routed('a', 'closed')], soon())
    expect(await loadOf(agent)).toMatchObject({
      kind: 'unknown',
      because: expect.stringContaining('takes no more'),
    })
    const { close } = agent.report('a', { slots: 0 })
    expect(await loadOf(agent)).toMatchObject({ kind: 'unknown' })
    agent.report('a', { slots: 0, closed: close ?? '' })
    expect(await loadOf(agent)).toMatchObject({ kind: 'known', slots: 0 })
  })
})

describe('in a mode that touches nothing', () => {
  it('loads are reported and read, nobody is closed or opened by a list, and who is gone is forgotten with its lease', async () => {
    const clock = new TestClock()
    const agent = createAgentRouter({ leaseMs: 30_000 }, { fleet: 'rooms', clock, random: seededRandom(7) })
    agent.watch?.([routed('a'), routed('b', 'closed')])
    expect(agent.report('a', { slots: 3 })).toEqual({ admission: 'open', close: null })
    expect(agent.report('b', { slots: 1 })).toEqual({ admission: 'open', close: null })
    expect(await loadOf(agent, 'b')).toMatchObject({ kind: 'known', slots: 1 })
    agent.watch?.([routed('a')])
    expect(agent.report('b', { slots: 1 })).toEqual({ admission: 'open', close: null })
    clock.pass(30_000)
    agent.report('a', { slots: 3 })
    agent.watch?.([routed('a')])
    expect([...(await agent.readLoads(soon())).keys()]).toEqual(['a'])
    await agent.route([routed('a', 'closed')], soon())
    expect(agent.report('a', { slots: 3 })).toMatchObject({ admission: 'closed' })
    agent.watch?.([routed('a')])
    expect(agent.report('a', { slots: 3 })).toMatchObject({ admission: 'closed' })
  })
})

describe('a close', () => {
  it('returns once the instance has said that it takes no more', async () => {
    const { agent } = await openAgent()
    agent.report('a', { slots: 1 })
    let isClosed = false
    const closing = agent.closeInstance('a', soon()).then(() => {
      isClosed = true
    })
    const { admission, close } = agent.report('a', { slots: 1 })
    expect(admission).toBe('closed')
    await agent.readLoads(soon())
    expect(isClosed).toBe(false)
    agent.report('a', { slots: 1, closed: close ?? '' })
    await closing
  })

  it('fails when nothing is heard in time, and is asked again', async () => {
    const { agent, clock } = await openAgent()
    const { close: open } = agent.report('a', { slots: 1 })
    expect(open).toBeNull()
    const closing = refusal(agent.closeInstance('a', soon()))
    clock.pass(2_000)
    expect(await closing).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('PLM-373') })
    const { close } = agent.report('a', { slots: 1 })
    agent.report('a', { slots: 1, closed: close ?? '' })
    await agent.closeInstance('a', soon())
  })

  it('is not acknowledged by what was said of one before', async () => {
    const { agent, clock } = await openAgent()
    await agent.route([routed('a', 'closed')], soon())
    const first = agent.report('a', { slots: 0 }).close ?? ''
    agent.report('a', { slots: 0, closed: first })
    await agent.reopenInstance('a', soon())
    const closing = refusal(agent.closeInstance('a', soon()))
    agent.report('a', { slots: 0, closed: first })
    clock.pass(2_000)
    expect(await closing).toMatchObject({ kind: 'unavailable' })
    expect(await loadOf(agent)).toMatchObject({ kind: 'unknown' })
  })

  it('is forgotten by an instance that starts anew, which is told again', async () => {
    const { agent, clock } = await openAgent()
    await agent.route([routed('a', 'closed')], soon())
    const close = agent.report('a', { slots: 0 }).close ?? ''
    agent.report('a', { slots: 0, closed: close })
    expect(agent.report('a', { slots: 0 })).toEqual({ admission: 'closed', close })
    const sealing = refusal(agent.sealInstance('a', soon()))
    clock.pass(2_000)
    expect(await sealing).toMatchObject({ kind: 'unavailable' })
  })

  it('is told at once to one who waits for it', async () => {
    const { agent, clock } = await openAgent()
    agent.report('a', { slots: 0 })
    const waiting = agent.awaitChange('a', null, 10_000, soon())
    await agent.route([routed('a', 'closed')], soon())
    expect(await waiting).toMatchObject({ admission: 'closed', close: expect.any(String) })
    const inVain = agent.awaitChange('a', (await waiting).close, 10_000, soon())
    clock.pass(10_000)
    expect(await inVain).toEqual(await waiting)
  })

  it('wakes the tick when it is acknowledged, and when the last session is over', async () => {
    const { agent } = await openAgent()
    let woken = 0
    agent.subscribe(() => {
      woken += 1
    })
    await agent.route([routed('a', 'closed')], soon())
    const close = agent.report('a', { slots: 2 }).close ?? ''
    expect(woken).toBe(0)
    agent.report('a', { slots: 2, closed: close })
    agent.report('a', { slots: 1, closed: close })
    expect(woken).toBe(1)
    agent.report('a', { slots: 0, closed: close })
    agent.report('a', { slots: 0, closed: close })
    expect(woken).toBe(2)
  })
})

describe('a seal', () => {
  it('is refused on a report that is too old', async () => {
    const { agent, clock } = await openAgent()
    await agent.route([routed('a', 'closed')], soon())
    const close = agent.report('a', { slots: 0 }).close ?? ''
    agent.report('a', { slots: 0, closed: close })
    clock.pass(30_000)
    expect(await refusal(agent.sealInstance('a', soon()))).toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('PLM-374'),
    })
  })
})

describe('a report', () => {
  it('of an instance that knows its VM, and not how often it was started, is taken', async () => {
    const { agent } = await openAgent()
    await agent.route([{ ...routed('a'), incarnation: '6f1c.2' }], soon())
    expect(() => agent.report('a', { slots: 0, incarnation: '6f1' })).toThrow(/PLM-375/)
    expect(() => agent.report('a', { slots: 0, incarnation: '6f1c.1' })).toThrow(/PLM-375/)
    agent.report('a', { slots: 4, incarnation: '6f1c' })
    expect(await loadOf(agent)).toMatchObject({ slots: 4 })
  })

  it('of an instance that is not there, or of another incarnation, is refused', async () => {
    const { agent } = await openAgent()
    await agent.route([{ ...routed('a'), incarnation: '2' }], soon())
    expect(() => agent.report('b', { slots: 0 })).toThrow(/PLM-372/)
    expect(() => agent.report('a', { slots: 0, incarnation: '1' })).toThrow(/PLM-375/)
    expect(await loadOf(agent)).toMatchObject({ kind: 'unknown' })
    agent.report('a', { slots: 4, incarnation: '2' })
    expect(await loadOf(agent)).toMatchObject({ slots: 4 })
  })
})
