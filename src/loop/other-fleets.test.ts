import { describe, expect, it } from 'vitest'
import { NOON } from '../../test/builders/observation.ts'
import { fleetSpec } from '../../test/builders/spec.ts'
import { simulatedWorld } from '../../test/simulated/world.ts'
import { otherFleets } from './other-fleets.ts'
import type { World } from './world.ts'

/** A world in which db ticked once, with three instances, at `NOON + 1 s`. */
async function withDatabase(): Promise<World> {
  const db = simulatedWorld(fleetSpec({ name: 'db', min: 3, max: 9 }))
  await db.tick()
  const entry = await db.tick()
  const spec = { ...db.world.spec() }
  return { ...db.world, spec: () => spec, latest: name => (name === 'db' ? entry : null) }
}

describe('what one fleet knows of another', () => {
  it('is what that fleet saw at its latest tick, with its bounds', async () => {
    const world = await withDatabase()
    const at = world.latest('db')?.at ?? 0
    expect(otherFleets(world, ['db', 'cache'], at + 1_000)).toEqual({
      db: expect.objectContaining({ instances: 3, lowest: 3, highest: 9, draining: 0, slots: null }),
    })
  })

  it('is unknown once that tick is older than a minute', async () => {
    const world = await withDatabase()
    const at = world.latest('db')?.at ?? NOON
    expect(otherFleets(world, ['db'], at + 60_000)).toHaveProperty('db')
    expect(otherFleets(world, ['db'], at + 60_001)).toEqual({})
  })

  it('is unknown only after three intervals where these are longer', async () => {
    const world = await withDatabase()
    const at = world.latest('db')?.at ?? NOON
    const slow = fleetSpec({ name: 'db', spec: { everyMs: 600_000 } })
    const patient: World = { ...world, spec: () => ({ ...world.spec(), fleets: { db: slow } }) }
    expect(otherFleets(patient, ['db'], at + 1_800_000)).toHaveProperty('db')
    expect(otherFleets(patient, ['db'], at + 1_800_001)).toEqual({})
  })

  it('decides a rule about it, and is unknown, not zero, without it', async () => {
    const db = simulatedWorld(fleetSpec({ name: 'db', min: 3, max: 9 }))
    await db.tick()
    const entry = await db.tick()
    const rules = [{ name: 'Follow', when: 'fleet(db).ready + fleet(db).pending == 3', by: 2 }]
    const web = fleetSpec({ min: 1, max: 9, others: ['db'], rules })
    const together = await simulatedWorld(web, { others: { db: entry } }).tick()
    expect(together.observation.fleets).toHaveProperty('db')
    expect(together.decision.kpis).toEqual({})
    expect(together.decision.steps).toContainEqual(
      expect.objectContaining({ stage: 'conditions', rule: 'Follow', outcome: 'true' }),
    )
    const alone = await simulatedWorld(web).tick()
    expect(alone.observation.fleets).toEqual({})
    expect(alone.decision.steps).toContainEqual(
      expect.objectContaining({ stage: 'conditions', rule: 'Follow', outcome: 'unknown' }),
    )
  })
})
