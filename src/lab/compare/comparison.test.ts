/** What a journal of recommendations says of whoever scaled the fleet meanwhile: tables, and what holds of any journal. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { instance, T0 } from '../../../test/builders/journal.ts'
import { whatIsNotWellFormed } from '../../../test/oracles/xml.ts'
import type { JournalEntry } from '../../model/journal.ts'
import type { Override } from '../../model/override.ts'
import { comparisonOf, MINUTE, type Scripted } from './compare.fixture.ts'
import { compare } from './comparison.ts'
import { htmlComparison } from './html.ts'
import { svgComparison } from './picture.ts'
import type { Sighting, Standing } from './sighting.ts'
import { SPAN_KINDS } from './spans.ts'
import { textComparison } from './text.ts'
import { notesOf, summaryOf } from './words.ts'

/** A tick a minute. */
function minutes(count: number, each: (minute: number) => Omit<Scripted, 'minute'>): readonly Scripted[] {
  return Array.from({ length: count }, (_, minute) => ({ minute, ...each(minute) }))
}

const wanting = (desired: number) => (entry: JournalEntry) => ({
  ...entry,
  decision: { ...entry.decision, desired },
})

const calm = (theirs: number) => ({ theirs, cpu: 50 })

describe('a comparison', () => {
  it('of a fleet that Plimsoll would have left alone is agreement, of all of the time', () => {
    const comparison = comparisonOf(
      minutes(60, () => calm(4)),
      { minutes: 60 },
    )
    expect(comparison).toMatchObject({
      ticks: 60,
      tickMs: MINUTE,
      agreementRatio: 1,
      comparedMs: 60 * MINUTE,
      theirs: { instanceHours: 4, changes: 0, flaps: 0, lowest: 4, highest: 4 },
      ours: { instanceHours: 4, changes: 0, flaps: 0 },
      short: { ms: 0, heldMs: 0 },
      disagreements: [],
    })
    expect(comparison.kpis).toEqual([
      {
        kpi: 'busy',
        ms: {
          same: { green: 60 * MINUTE, red: 0, unknown: 0 },
          more: { green: 0, red: 0, unknown: 0 },
          fewer: { green: 0, red: 0, unknown: 0 },
        },
      },
    ])
  })

  it('tells a stretch in which they had too few: when, why, how it ended, and that a KPI was red', () => {
    const script = minutes(120, minute => ({
      theirs: minute < 30 ? 4 : 5,
      cpu: minute >= 10 && minute < 30 ? 90 : 50,
    }))
    const comparison = comparisonOf(script, { minutes: 120 })
    expect(comparison.disagreements).toEqual([
      {
        from: T0 + 10 * MINUTE,
        to: T0 + 30 * MINUTE,
        direction: 'more',
        theirs: 4,
        ours: 5,
        widest: 1,
        apartMs: 20 * MINUTE,
        instanceHours: 1 / 3,
        because: '"Scale up" fired: avg(cpu, 1m) = 90 (avg(cpu, 1m) > 80%)',
        rule: 'Scale up',
        step: '"Scale up" holds: avg(cpu, 1m) = 90 (avg(cpu, 1m) > 80%)',
        ended: 'they-came',
        kpis: [
          {
            kpi: 'busy',
            atStart: 'red',
            became: 'recovered',
            redAt: T0 + 10 * MINUTE,
            redMs: 20 * MINUTE,
          },
        ],
      },
    ])
    expect(comparison.short).toEqual({ ms: 20 * MINUTE, heldMs: 0 })
    expect(comparison.timeMs).toMatchObject({ same: 100 * MINUTE, more: 20 * MINUTE, fewer: 0 })
    expect(comparison.theirs).toMatchObject({ changes: 1, moves: [{ at: T0 + 30 * MINUTE, from: 4, to: 5 }] })
  })

  it.each<[string, (minute: number) => Omit<Scripted, 'minute'>, string]>([
    [
      'they came to the count',
      m => ({ theirs: m < 20 ? 4 : 5, cpu: m >= 10 && m < 20 ? 90 : 50 }),
      'they-came',
    ],
    [
      'they came, and the load was measured late',
      m => ({ theirs: m < 20 ? 4 : 5, cpu: m >= 10 && m < 22 ? 90 : 50 }),
      'they-came',
    ],
    [
      'each came half the way',
      m => ({
        theirs: m < 15 ? 2 : 3,
        cpu: m >= 10 && m < 20 ? 90 : 50,
        ...(m === 10 ? { change: wanting(4) } : {}),
      }),
      'both',
    ],
    ['the rule fires no more', m => ({ theirs: 4, cpu: m >= 10 && m < 20 ? 90 : 50 }), 'we-came'],
    ['it turned', m => ({ theirs: 4, cpu: m < 10 ? 50 : m < 20 ? 90 : 10 }), 'turned'],
    ['the target did not answer', m => ({ theirs: m >= 20 ? null : 4, cpu: m < 10 ? 50 : 90 }), 'unknown'],
    ['its rules had no data', m => ({ theirs: 4, cpu: m < 10 ? 50 : m < 20 ? 90 : null }), 'blind'],
    ['it goes on', m => ({ theirs: 4, cpu: m < 10 ? 50 : 90 }), 'goes-on'],
    [
      'Plimsoll began to scale',
      m => ({ theirs: 4, cpu: m < 10 ? 50 : 90, mode: m < 20 ? 'recommend' : 'scale' }),
      'stopped',
    ],
  ])('knows how a stretch ended: %s', (_, each, ended) => {
    const { disagreements } = comparisonOf(minutes(30, each), { minutes: 30 })
    expect(disagreements[0]).toMatchObject({ from: T0 + 10 * MINUTE, ended })
  })

  it('takes a meeting of less than five minutes for none, and counts only the time really apart', () => {
    const script = minutes(30, minute => ({ theirs: 4, cpu: minute >= 10 && minute % 4 !== 0 ? 90 : 50 }))
    const { disagreements, timeMs } = comparisonOf(script, { minutes: 30 })
    expect(disagreements).toHaveLength(1)
    expect(disagreements[0]).toMatchObject({ apartMs: 15 * MINUTE })
    expect(timeMs.more).toBe(15 * MINUTE)
  })

  it('says when a KPI that was green turned red, also shortly after the end', () => {
    const script = minutes(60, minute => ({
      theirs: minute < 10 ? 6 : 5,
      // Below 20 the rules want one less; they take one away, and it is too many.
      cpu: minute < 10 ? 10 : minute < 16 ? 50 : minute < 20 ? 90 : 50,
    }))
    const { disagreements } = comparisonOf(script, { minutes: 60 })
    expect(disagreements[0]).toMatchObject({
      direction: 'fewer',
      ended: 'they-came',
      kpis: [
        { kpi: 'busy', atStart: 'green', became: 'turned-red', redAt: T0 + 16 * MINUTE, redMs: 4 * MINUTE },
      ],
    })
  })

  it('counts flaps of theirs, and none where half an hour lies between', () => {
    const counts = [4, 5, 4, 4, 4, 4, 5]
    const script = minutes(140, minute => calm(counts[Math.floor(minute / 20)] ?? 4))
    expect(comparisonOf(script, { minutes: 140 }).theirs).toMatchObject({ changes: 3, flaps: 1 })
  })

  it('knows where its own guards withhold what its rules ask for: that is no difference, and is said', () => {
    const held = (entry: JournalEntry) => ({
      ...entry,
      decision: { ...entry.decision, desired: entry.decision.current },
    })
    const script = minutes(30, minute => ({
      theirs: 4,
      cpu: minute >= 10 && minute < 20 ? 90 : 50,
      change: held,
    }))
    const comparison = comparisonOf(script, { minutes: 30 })
    expect(comparison.agreementRatio).toBe(1)
    expect(comparison.short).toEqual({ ms: 10 * MINUTE, heldMs: 10 * MINUTE })
    expect(summaryOf(comparison).join('\n')).toContain('its own guards would have held the change back')
  })
})

describe('what cannot be compared', () => {
  it('is told apart where no daemon ran, and is no agreement', () => {
    const script = minutes(60, () => calm(4)).filter(({ minute }) => minute < 20 || minute >= 40)
    const comparison = comparisonOf(script, { minutes: 60 })
    expect(comparison.gaps).toEqual([{ from: T0 + 20 * MINUTE, to: T0 + 40 * MINUTE }])
    expect(comparison.timeMs).toMatchObject({ same: 40 * MINUTE, gap: 20 * MINUTE })
    expect(comparison.agreementRatio).toBe(1)
    expect(notesOf(comparison, 'replay', 'UTC').join('\n')).toContain('Once nobody looked, for 20 min in all')
  })

  it('begins with the first record, and says that it is shorter than asked for', () => {
    const script = minutes(60, () => calm(4)).filter(({ minute }) => minute >= 30)
    const comparison = comparisonOf(script, { minutes: 60 })
    expect(comparison.window.from).toBe(T0 + 30 * MINUTE)
    expect(comparison.timeMs.gap).toBe(0)
    expect(notesOf(comparison, 'replay', 'UTC').join('\n')).toContain('The record begins on 21 Nov 12:30')
  })

  it('is a gap where the record is older and nothing ticked when the time began', () => {
    const script = minutes(90, () => calm(4)).filter(({ minute }) => minute < 10 || minute >= 60)
    const comparison = comparisonOf(script, { from: 30, minutes: 90 })
    expect(comparison.timeMs).toMatchObject({ gap: 30 * MINUTE, same: 30 * MINUTE })
  })

  it('is time in which the rules had no data: that nothing changed then is no agreement', () => {
    const script = minutes(60, minute => ({ theirs: 4, cpu: minute < 20 ? null : 50 }))
    const comparison = comparisonOf(script, { minutes: 60 })
    expect(comparison.timeMs).toMatchObject({ blind: 20 * MINUTE, same: 40 * MINUTE })
    expect(comparison.comparedMs).toBe(40 * MINUTE)
  })

  it('goes on from the tick before the time where that still speaks', () => {
    const comparison = comparisonOf(
      minutes(60, () => calm(4)).filter(({ minute }) => minute % 3 === 0),
      {
        from: 31,
        minutes: 60,
      },
    )
    expect(comparison.timeMs).toMatchObject({ gap: 0, same: 29 * MINUTE })
  })

  it('ends where the daemon ended', () => {
    const comparison = comparisonOf(
      minutes(30, () => calm(4)),
      { minutes: 60 },
    )
    expect(comparison.gaps).toEqual([{ from: T0 + 30 * MINUTE, to: T0 + 60 * MINUTE }])
  })

  const pause: Override = {
    id: 'pause',
    fleet: 'web',
    change: { kind: 'pause' },
    at: T0,
    until: null,
    who: 'ada',
    why: 'disks',
  }

  it.each<[string, Omit<Scripted, 'minute' | 'theirs' | 'cpu'>, string]>([
    ['Plimsoll scaled it itself', { mode: 'scale' }, 'itself'],
    ['also with notices', { mode: 'scale-and-notify' }, 'itself'],
    ['it was paused', { overrides: [pause] }, 'paused'],
    [
      'a person ordered the count',
      { overrides: [{ ...pause, change: { kind: 'capacity', count: 4 } }] },
      'ordered',
    ],
    ['an older version did not say the mode', { mode: 'unrecorded' }, 'unrecorded'],
  ])('is time in which %s', (_, more, kind) => {
    const script = minutes(60, minute => ({ theirs: 4, cpu: 90, ...(minute < 30 ? {} : more) }))
    const comparison = comparisonOf(script, { minutes: 60 })
    expect(comparison.timeMs).toMatchObject({ more: 30 * MINUTE, [kind]: 30 * MINUTE, same: 0 })
    expect(comparison.comparedMs).toBe(30 * MINUTE)
    expect(comparison.ours.instanceHours).toBe(2.5)
  })

  it('counts no change over it', () => {
    const script = minutes(60, minute => ({
      theirs: minute < 30 ? 4 : 6,
      cpu: 50,
      ...(minute >= 20 && minute < 40 ? { mode: 'scale' as const } : {}),
    }))
    expect(comparisonOf(script, { minutes: 60 }).theirs.changes).toBe(0)
  })

  it('is compared in notify mode, where what was approved counts for neither', () => {
    const script = minutes(60, minute => ({
      theirs: minute < 30 ? 4 : minute < 50 ? 5 : 6,
      cpu: 50,
      mode: 'notify' as const,
      change: (entry: JournalEntry) =>
        minute === 29
          ? {
              ...entry,
              outcomes: [{ action: 'a', outcome: 'done' as const, instance: 'web-5', at: entry.at }],
            }
          : entry,
    }))
    const comparison = comparisonOf(script, { minutes: 60 })
    expect(comparison.approved).toEqual([{ at: T0 + 30 * MINUTE, from: 4, to: 5 }])
    expect(comparison.theirs.moves).toEqual([{ at: T0 + 50 * MINUTE, from: 5, to: 6 }])
  })

  it('ends a stretch where another configuration came in force, and says so', () => {
    const script = minutes(30, minute => ({
      theirs: 4,
      cpu: 90,
      change: (entry: JournalEntry) => (minute < 15 ? entry : { ...entry, specDigest: 'another' }),
    }))
    const comparison = comparisonOf(script, { minutes: 30 })
    expect(comparison.disagreements.map(({ ended }) => ended)).toEqual(['configuration', 'goes-on'])
    expect(comparison.configurations.map(({ from }) => from)).toEqual([T0, T0 + 15 * MINUTE])
    expect(notesOf(comparison, 'replay', 'UTC').join('\n')).toContain(
      'The configuration changed once (21 Nov 12:15)',
    )
  })

  it('says so where what they took away counts as lost', () => {
    const script = minutes(20, minute => ({
      theirs: minute < 10 ? 4 : 3,
      cpu: 50,
      change: (entry: JournalEntry) =>
        minute < 10
          ? entry
          : {
              ...entry,
              memory: { ...entry.memory, owed: 1 },
              decision: { ...entry.decision, current: 4, desired: 4 },
            },
    }))
    const comparison = comparisonOf(script, { minutes: 20 })
    expect(comparison.disagreements[0]).toMatchObject({ direction: 'more', theirs: 3, ours: 4 })
    expect(comparison.disagreements[0]?.because).toContain('one instance is lost')
    expect(notesOf(comparison, 'replay', 'UTC').join('\n')).toContain('Say `exclusive: false`')
  })
})

describe('instances that they took away', () => {
  const load = (id: string, slots: number | null) =>
    instance(id, {
      load: slots === null ? { kind: 'unknown', because: 'no answer' } : { kind: 'known', slots, at: T0 },
    })
  const three = [load('a', 5), load('b', 0), load('c', null)]

  it('are told with the sessions they had when they were last seen; unknown is not none', () => {
    const script = minutes(10, minute => ({
      theirs: 3,
      cpu: 50,
      instances: minute < 5 ? three : [load('d', 0)],
    }))
    const { removals, ...comparison } = comparisonOf(script, { minutes: 10 })
    const seen = { at: T0 + 5 * MINUTE, seenAt: T0 + 4 * MINUTE }
    expect(removals).toEqual(
      expect.arrayContaining([
        { ...seen, instance: 'a', sessions: 5 },
        { ...seen, instance: 'b', sessions: 0 },
        { ...seen, instance: 'c', sessions: null },
      ]),
    )
    expect(removals).toHaveLength(3)
    expect(summaryOf({ removals, ...comparison }).at(-1)).toBe(
      'They took 3 instances away, 1 of them with 5 sessions, which Plimsoll would have drained first; of 1 the load was not known.',
    )
  })

  it.each<[string, readonly ReturnType<typeof instance>[]]>([
    ['is only missing from a list for a while', [{ ...load('a', 5), listed: false }]],
    ['ended by itself', [{ ...load('a', 5), lifecycle: 'lost' }]],
  ])('are not those of which one %s', (_, then) => {
    const script = minutes(10, minute => ({
      theirs: 1,
      cpu: 50,
      instances: minute === 5 ? then : minute > 5 && then[0]?.lifecycle === 'lost' ? [] : [load('a', 5)],
    }))
    expect(comparisonOf(script, { minutes: 10 }).removals).toEqual([])
  })

  it('are those that are on their way out', () => {
    const script = minutes(10, minute => ({
      theirs: 1,
      cpu: 50,
      instances: [minute < 5 ? load('a', 2) : { ...load('a', 2), lifecycle: 'terminating' as const }],
    }))
    expect(comparisonOf(script, { minutes: 10 }).removals).toMatchObject([
      { instance: 'a', sessions: 2, at: T0 + 5 * MINUTE },
    ])
  })

  it('are another where the id is used again', () => {
    const script = minutes(10, minute => ({
      theirs: 1,
      cpu: 50,
      instances: [{ ...load('a', minute < 5 ? 4 : 0), incarnation: minute < 5 ? 'one' : 'two' }],
    }))
    expect(comparisonOf(script, { minutes: 10 }).removals).toMatchObject([{ instance: 'a', sessions: 4 }])
  })

  it('are none of a fleet without sessions, and none while Plimsoll scales', () => {
    const plain = instance('a', { load: { kind: 'untracked' } })
    const untracked = minutes(10, minute => ({ theirs: 1, cpu: 50, instances: minute < 5 ? [plain] : [] }))
    expect(comparisonOf(untracked, { minutes: 10 }).removals).toEqual([])
    const own = minutes(10, minute => ({
      theirs: 1,
      cpu: 50,
      mode: 'scale' as const,
      instances: minute < 5 ? [load('a', 5)] : [],
    }))
    expect(comparisonOf(own, { minutes: 10 }).removals).toEqual([])
  })
})

describe('of any journal', () => {
  const sighting: fc.Arbitrary<Omit<Sighting, 'at'> & { readonly afterMs: number }> = fc.record({
    afterMs: fc.integer({ min: 0, max: 400_000 }),
    digest: fc.constantFrom('one', 'one', 'one', 'two'),
    mode: fc.constant('recommend' as const),
    standing: fc.constantFrom<Standing>(
      'compared',
      'compared',
      'compared',
      'itself',
      'paused',
      'ordered',
      'unrecorded',
    ),
    theirs: fc.option(fc.nat(5), { freq: 9 }),
    ours: fc.option(fc.nat(5), { freq: 9 }),
    asked: fc.constantFrom('grow' as const, 'shrink' as const, 'keep' as const),
    blind: fc.boolean(),
    held: fc.boolean(),
    kpis: fc.record({ busy: fc.constantFrom('green' as const, 'red' as const, 'unknown' as const) }),
    lowest: fc.constant(0),
    highest: fc.constant(5),
    because: fc.constant(''),
    rule: fc.constant(null),
    step: fc.constant(null),
    acted: fc.nat(1),
    owed: fc.constant(0),
  })

  const journal = fc.array(sighting, { minLength: 1, maxLength: 60 }).map(all => {
    let at = T0
    return all.map(({ afterMs, ...one }): Sighting => {
      at += afterMs
      return { at, ...one }
    })
  })

  function comparedIn(sightings: readonly Sighting[], laterMs: number, hasBefore: boolean) {
    const [first] = sightings
    const window = { from: T0 - 90_000, to: (sightings.at(-1)?.at ?? T0) + laterMs }
    const before = hasBefore && first !== undefined ? { ...first, at: T0 - 100_000 } : null
    return compare({ fleet: 'web', window, sightings, before, removals: [], isCut: false })
  }

  it('the shares of its time make one, and every stretch lies in the time that is compared', () => {
    fc.assert(
      fc.property(
        journal,
        fc.integer({ min: 1, max: 900_000 }),
        fc.boolean(),
        (sightings, laterMs, hasBefore) => {
          const { shares, timeMs, window, disagreements, comparedMs, spans, kpis, short } = comparedIn(
            sightings,
            laterMs,
            hasBefore,
          )
          expect(SPAN_KINDS.reduce((sum, kind) => sum + shares[kind], 0)).toBeCloseTo(1, 9)
          expect(SPAN_KINDS.reduce((sum, kind) => sum + timeMs[kind], 0)).toBe(window.to - window.from)
          expect(spans.every((span, n) => span.from === (spans[n - 1]?.to ?? window.from))).toBe(true)
          const apartMs = disagreements.reduce((sum, one) => sum + one.apartMs, 0)
          expect(apartMs).toBe(timeMs.more + timeMs.fewer)
          expect(disagreements.every((one, n) => one.from >= (disagreements[n - 1]?.to ?? window.from))).toBe(
            true,
          )
          for (const { ms } of kpis) {
            const all = Object.values(ms).flatMap(states => Object.values(states))
            expect(all.reduce((sum, one) => sum + one, 0)).toBe(comparedMs)
          }
          expect(short.ms).toBeLessThanOrEqual(comparedMs)
        },
      ),
    )
  })

  it('it can be told, in words, as a picture and as a page', () => {
    fc.assert(
      fc.property(
        journal,
        fc.integer({ min: 1, max: 900_000 }),
        fc.boolean(),
        (sightings, laterMs, hasBefore) => {
          const comparison = comparedIn(sightings, laterMs, hasBefore)
          fc.pre(comparison.comparedMs > 0)
          const options = { timeZone: 'UTC', replay: null, replayed: null }
          const svg = svgComparison(comparison, 'UTC')
          expect(whatIsNotWellFormed(svg)).toBeNull()
          const told = [
            svg,
            textComparison(comparison, { ...options, width: 80, most: 3 }),
            htmlComparison(comparison, options),
          ]
          expect(told.join('\n')).not.toMatch(/NaN|undefined|Infinity/)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('identical courses agree in all the time compared, come to the same, and never differ', () => {
    fc.assert(
      fc.property(journal, fc.integer({ min: 1, max: 900_000 }), (sightings, laterMs) => {
        const same = sightings.map(one => ({ ...one, ours: one.theirs, acted: 0 }))
        const comparison = comparedIn(same, laterMs, false)
        const { agreementRatio, comparedMs, disagreements, theirs, ours } = comparison
        expect(agreementRatio).toBe(comparedMs === 0 ? null : 1)
        expect(disagreements).toEqual([])
        expect(ours).toEqual(theirs)
      }),
    )
  })
})
