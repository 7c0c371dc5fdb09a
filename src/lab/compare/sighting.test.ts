/** What one tick says of both: how many they had, how many were recommended, and what the rules asked for. */
import { describe, expect, it } from 'vitest'
import { instance, T0 } from '../../../test/builders/journal.ts'
import type { Step } from '../../model/decision.ts'
import type { JournalEntry } from '../../model/journal.ts'
import { entriesOf, type Scripted } from './compare.fixture.ts'
import { sightingOf } from './sighting.ts'

function sightingFor(change: Partial<Scripted>, alter: (entry: JournalEntry) => JournalEntry = one => one) {
  const [entry] = entriesOf([{ minute: 0, theirs: 4, cpu: 50, ...change }])
  if (entry === undefined) throw new Error('no entry')
  return sightingOf(alter(entry))
}

const four = ['a', 'b', 'c', 'd'].map(id => instance(id))
const [, ...three] = four

describe('how many they had', () => {
  it.each<[string, readonly ReturnType<typeof instance>[], number]>([
    ['those that are ready', four, 4],
    ['those on their way', [...three, instance('e', { lifecycle: 'booting', readyAt: null })], 4],
    ['an unhealthy one, which is there', [...three, instance('e', { health: 'unhealthy' })], 4],
    ['one that a list is late with', [...three, instance('e', { listed: false })], 4],
    ['no lost one', [...four, instance('e', { lifecycle: 'lost' })], 4],
    ['none that is on its way out', [...four, instance('e', { lifecycle: 'terminating' })], 4],
    ['none that is closed', [...four, instance('e', { admission: 'closed', closedAt: T0 })], 4],
  ])('counts %s', (_, instances, count) => {
    expect(sightingFor({ instances }).theirs).toBe(count)
  })

  it('is what a target without a list is told', () => {
    const counted = sightingFor({ instances: [] }, entry => ({
      ...entry,
      observation: { ...entry.observation, capacity: { open: 3, pending: 1, draining: 0, replacing: 0 } },
      decision: { ...entry.decision, current: 4, desired: 5 },
    }))
    expect(counted).toMatchObject({ theirs: 4, ours: 5 })
  })

  it('is not known where the target could not be asked, and neither is ours', () => {
    expect(sightingFor({ theirs: null })).toMatchObject({ theirs: null, ours: null, because: '' })
  })
})

describe('what the rules asked for', () => {
  const with_ =
    (...more: readonly Step[]) =>
    (entry: JournalEntry): JournalEntry => ({
      ...entry,
      decision: { ...entry.decision, steps: [...entry.decision.steps, ...more] },
    })
  const floor = {
    stage: 'floors',
    outcome: 'raised',
    rule: 'reserve',
    reason: 'room',
    from: 4,
    to: 6,
  } as const

  it.each<[string, Partial<Scripted>, ReturnType<typeof with_>, string]>([
    ['nothing where none fires', {}, with_(), 'keep'],
    ['more where one that grows fires', { cpu: 90 }, with_(), 'grow'],
    ['fewer where one that shrinks fires', { cpu: 10 }, with_(), 'shrink'],
    ['more where there are fewer than the lowest bound', { theirs: 1 }, with_(), 'grow'],
    ['fewer where there are more than the highest bound', { theirs: 10 }, with_(), 'shrink'],
    ['nothing above the highest bound', { theirs: 8, cpu: 90 }, with_(), 'keep'],
    ['more where room is short', {}, with_(floor), 'grow'],
  ])('is %s', (_, change, alter, asked) => {
    expect(sightingFor(change, alter).asked).toBe(asked)
  })

  it('is told with the bounds that did, where no rule did', () => {
    expect(sightingFor({ theirs: 1 })).toMatchObject({
      ours: 2,
      rule: 'capacity',
      because: '"capacity" asks for at least 2',
      step: 'bounds 2..8 from "capacity" (rank 0)',
    })
  })

  it('is not known where a rule has no data and nothing changes; what a bound asks is', () => {
    expect(sightingFor({ cpu: null })).toMatchObject({ ours: 4, blind: true })
    expect(sightingFor({ cpu: null, theirs: 1 })).toMatchObject({ ours: 2, blind: false })
  })
})
