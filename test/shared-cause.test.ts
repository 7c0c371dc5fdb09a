/**
 * Something all instances depend on is down for seven minutes, and every health probe says so of its instance. Elsewhere such
 * an outage has had every node of a fleet replaced at once, with all that ran on them. Here nothing may be lost by it.
 */
import { describe, expect, it } from 'vitest'
import { createHealthWatch } from '../src/loop/health-watch.ts'
import type { HealthSpec } from '../src/model/health.ts'
import type { JournalEntry } from '../src/model/journal.ts'
import { type FleetSpec, type ReserveRule, USUAL_SESSIONS } from '../src/model/spec.ts'
import type { HealthProbe, ProbedInstance, ProbeVerdict } from '../src/ports/health-probe.ts'
import { fleetSpec } from './builders/spec.ts'
import { type SimulatedWorld, simulatedWorld } from './simulated/world.ts'

const OUTAGE_S = 7 * 60
const INSTANCES = 10
const SESSIONS = 3

const HEALTH: HealthSpec = {
  probe: { type: 'http', options: {} },
  everyMs: 5_000,
  timeoutMs: 2_000,
  graceMs: 30_000,
  suspectAfter: 3,
  unhealthyAfter: 6,
  healthyAfter: 2,
}

/** Ten for thirty sessions of fifty slots: what is launched in vain is let go again. */
const ROOM: ReserveRule = {
  kind: 'reserve',
  name: 'Room',
  rank: 0,
  enabled: true,
  forMs: 0,
  during: null,
  cooldownMs: null,
  effects: { set: {}, notify: [], run: [] },
  reserve: { kind: 'slots', slots: 15 },
  slotsPerInstance: 5,
}

const SPEC: FleetSpec = {
  ...fleetSpec({ min: INSTANCES, max: 2 * INSTANCES }),
  routers: [{ type: 'broker', options: {} }],
  sessions: { ...USUAL_SESSIONS, slotsPerInstance: 5 },
  health: HEALTH,
  rules: [ROOM],
}

/** What a probe answers about an instance now. */
type Answers = (instance: ProbedInstance) => ProbeVerdict

interface Scene extends SimulatedWorld {
  readonly ids: readonly string[]
  answer(with_: Answers): void
  /** One tick a second; what each journalled. Whatever is launched boots within a second. */
  pass(seconds: number): Promise<readonly JournalEntry[]>
}

const WELL: ProbeVerdict = { state: 'healthy', detail: 'HTTP 200' }

async function fleetAtWork(spec: FleetSpec = SPEC): Promise<Scene> {
  let answers: Answers = () => WELL
  let drawn = 0
  const probe: HealthProbe = {
    probe: async instance => answers(instance),
    check: async () => ({ ok: true, detail: '' }),
    close: async () => undefined,
  }
  const world = simulatedWorld(spec, {
    routed: true,
    health: clock =>
      createHealthWatch({
        spec: HEALTH,
        probe,
        clock,
        random: { next: () => (drawn++ * 0.618_034) % 1 },
      }),
  })
  const pass = async (seconds: number): Promise<readonly JournalEntry[]> => {
    const entries: JournalEntry[] = []
    for (let second = 0; second < seconds; second++) {
      entries.push(await world.tick())
      world.fleet.boot()
    }
    return entries
  }
  await pass(120)
  for (const member of world.fleet.members.values()) member.sessions = SESSIONS
  await pass(30)
  return {
    ...world,
    ids: world.fleet.ids(),
    pass,
    answer: with_ => {
      answers = with_
    },
  }
}

function actions(entries: readonly JournalEntry[], ...kinds: readonly string[]): readonly string[] {
  return entries.flatMap(({ plan }) =>
    (plan?.actions ?? []).flatMap(action => (kinds.includes(action.kind) ? [action.kind] : [])),
  )
}

function admissions({ fleet, ids }: Scene): readonly string[] {
  return ids.map(id => fleet.members.get(id)?.admission ?? 'gone')
}

const ALL_OPEN = Array.from({ length: INSTANCES }, () => 'open')

describe('an outage of what all instances depend on', () => {
  const down: Answers = ({ id }) => ({ state: 'unhealthy', detail: `HTTP 503 from ${id}: no database` })

  it('ends no instance and no session, and leaves all as it was', async () => {
    const scene = await fleetAtWork()
    expect(scene.ids).toHaveLength(INSTANCES)
    scene.answer(down)
    const during = await scene.pass(OUTAGE_S)
    expect(actions(during, 'seal', 'terminate', 'restart')).toEqual([])
    expect(scene.ids.map(id => scene.fleet.members.get(id)?.sessions)).toEqual(scene.ids.map(() => SESSIONS))
    expect(during.at(-1)?.memory.freeze).toMatchObject({ cause: 'unhealthy' })

    scene.answer(() => WELL)
    const after = await scene.pass(15 * 60)
    expect(after.at(-1)?.memory.freeze).toBeNull()
    expect(scene.ids.map(id => scene.fleet.members.get(id)?.sessions)).toEqual(scene.ids.map(() => SESSIONS))
    const members = [...scene.fleet.members.values()]
    expect(members.filter(({ admission }) => admission === 'open')).toHaveLength(INSTANCES)

    // What was launched in vain is gone again; one that was closed and replaced at the start waits for its sessions.
    expect(members.filter(({ sessions }) => sessions === 0).length).toBeLessThanOrEqual(2)
    for (const { id } of members) scene.fleet.member(id).sessions = 0
    await scene.pass(60)
    expect(scene.fleet.ids()).toHaveLength(INSTANCES)
  })

  it('keeps room for new sessions as long as it lasts: few are closed before the cause is seen to be shared', async () => {
    const scene = await fleetAtWork()
    scene.answer(down)
    const during = await scene.pass(OUTAGE_S)
    const closed = new Set(
      during.flatMap(({ plan }) =>
        (plan?.actions ?? []).flatMap(action => (action.kind === 'close' ? [action.instance] : [])),
      ),
    )
    expect(closed.size).toBeLessThanOrEqual(SPEC.repair.maxUnhealthyRatio * INSTANCES + 1)
  })

  it('is survived by a restart in the middle of it', async () => {
    const scene = await fleetAtWork()
    scene.answer(down)
    await scene.pass(OUTAGE_S / 2)
    await scene.restart()
    const rest = await scene.pass(OUTAGE_S / 2)
    expect(actions(rest, 'seal', 'terminate', 'restart')).toEqual([])
    expect(rest[0]?.memory.freeze).toMatchObject({ cause: 'unhealthy' })
  })
})

describe('a network of our own that is down', () => {
  it('says nothing about the instances, and nothing is done about them', async () => {
    const scene = await fleetAtWork()
    scene.answer(() => ({ state: 'unknown', detail: 'connect ENETUNREACH' }))
    const during = await scene.pass(OUTAGE_S)
    expect(during.flatMap(({ plan }) => plan?.actions ?? [])).toEqual([])
    expect(during.at(-1)?.memory.freeze).toBeNull()
    expect(admissions(scene)).toEqual(ALL_OPEN)
  })
})

describe('a single instance that is unhealthy', () => {
  it('is closed, replaced, and let go when its sessions have ended, not before', async () => {
    const scene = await fleetAtWork()
    const [ill = ''] = scene.ids
    scene.answer(({ id }) => (id === ill ? { state: 'unhealthy', detail: 'HTTP 500' } : WELL))
    const soon = await scene.pass(120)
    expect(actions(soon, 'terminate')).toEqual([])
    expect(scene.fleet.member(ill)).toMatchObject({ admission: 'closed', sessions: SESSIONS })
    const open = [...scene.fleet.members.values()].filter(({ admission }) => admission === 'open')
    expect(open).toHaveLength(INSTANCES)
    scene.fleet.member(ill).sessions = 0
    await scene.pass(30)
    expect(scene.fleet.members.has(ill)).toBe(false)
    expect(scene.fleet.ids()).toHaveLength(INSTANCES)
  })
})
