import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fleetSpec } from '../../../test/builders/spec.ts'
import type { Scores } from '../scores.ts'
import type { Crew, MakeJob } from './crew.ts'
import { byMerit } from './front.ts'
import type { Job } from './job.ts'
import { boundsOf, parseObjective } from './objective.ts'
import { planSearch } from './plan.ts'
import { scoresWith } from './scores.fixture.ts'
import { AS_IT_IS, type Configured, type Outcome, type SearchOptions, search, spread } from './search.ts'

interface World {
  readonly combinations: number
  readonly budget: number
  readonly objective?: string
  readonly invalid?: readonly number[]
  /** What a configuration comes to on so many bins. */
  readonly worth: (number: number, bins: number) => { readonly cost: number; readonly lost: number }
  /** How many results there are before Ctrl-C. */
  readonly stopAfter?: number
  readonly changes?: (number: number) => number
}

const BINS = 14_400
const TUNED = 10_080

/** A configuration that knows its number. */
function configuredAs(number: number): Configured {
  return { fleet: fleetSpec({ name: `fleet ${number}` }), schedules: {} }
}

class Played {
  readonly replays: { readonly number: number; readonly bins: number; readonly parts: Job['parts'] }[] = []
  isStopped = false
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  crew(): Pick<Crew, 'all'> {
    return {
      all: async (make: readonly MakeJob[], onDone = () => undefined) => {
        // A stop lasts until the list it came in is over, as in a real crew.
        let isOver = false
        return make.map((makeOne, index) => {
          const job = isOver ? null : makeOne()
          if (job === null) return null
          const scores = this.#replay(job)
          onDone(index)
          if (this.replays.length === this.#world.stopAfter) {
            this.isStopped = true
            isOver = true
          }
          return scores
        })
      },
    }
  }

  #replay({ fleet, bins, parts }: Job): readonly Scores[] {
    const number = Number(fleet.name.replace('fleet ', ''))
    this.replays.push({ number, bins, parts })
    return parts.map(([, to]) => scoresWith(this.#world.worth(number, to)))
  }
}

async function searched(world: World): Promise<{ outcome: Outcome | null; played: Played }> {
  const { combinations, budget, objective = 'cost, lost<=1%', invalid = [] } = world
  const played = new Played(world)
  const options: SearchOptions = {
    crew: played.crew(),
    plan: planSearch({ combinations, budget, bins: TUNED, stepMs: 60_000 }),
    combinations,
    seed: 1,
    objective: parseObjective(objective),
    asItIs: configuredAs(AS_IT_IS),
    configure: number => (invalid.includes(number) ? null : configuredAs(number)),
    changes: world.changes ?? (() => 1),
    bins: BINS,
    tunedBins: TUNED,
    isStopped: () => played.isStopped,
    onProgress: () => undefined,
  }
  return { outcome: await search(options), played }
}

describe('a search', () => {
  /** The cheaper the more is lost; number 6 is the cheapest that keeps 1 %. */
  const worth = (number: number) =>
    number === AS_IT_IS ? { cost: 2, lost: 0.2 } : { cost: 2 - number / 10, lost: number * 0.16 }

  it('of a grid replays each once on the part to tune on, and what it shows on the whole', async () => {
    const { outcome, played } = await searched({ combinations: 20, budget: 200, worth })
    expect(outcome?.chosen?.index).toBe(6)
    const first = played.replays.slice(0, 21)
    expect(first.map(({ number }) => number).sort((a, b) => a - b)).toEqual([AS_IT_IS, ...Array(20).keys()])
    expect(first.every(({ bins }) => bins === TUNED)).toBe(true)
    const later = played.replays.slice(21)
    expect(later.every(({ bins }) => bins === BINS)).toBe(true)
    expect(later[0]?.parts).toEqual([
      [0, TUNED],
      [TUNED, BINS],
    ])
    expect([...(outcome?.finalists.keys() ?? [])]).toEqual(expect.arrayContaining([AS_IT_IS, 6]))
    expect(outcome).toMatchObject({ done: 21, planned: 20, invalid: 0, isInterrupted: false, bins: TUNED })
  })

  it('leaves out what makes no valid file, and counts it', async () => {
    const { outcome } = await searched({ combinations: 20, budget: 200, worth, invalid: [6, 7] })
    expect(outcome?.chosen?.index).toBe(5)
    expect(outcome?.invalid).toBe(2)
  })

  it('chooses nothing where the file as it is is the best', async () => {
    const better = (number: number) => (number === AS_IT_IS ? { cost: 1, lost: 0 } : worth(number))
    const { outcome } = await searched({ combinations: 20, budget: 200, worth: better })
    expect(outcome?.chosen).toBeNull()
    expect(outcome?.finalists.has(AS_IT_IS)).toBe(true)
  })

  it('of equals chooses the one that changes least', async () => {
    const { outcome } = await searched({
      combinations: 4,
      budget: 10,
      worth: number => (number === AS_IT_IS ? { cost: 2, lost: 0 } : { cost: 1, lost: 0 }),
      changes: number => (number === 2 ? 1 : 3),
    })
    expect(outcome?.chosen?.index).toBe(2)
  })

  it('stopped half way keeps what it has, and still replays the chosen on the whole', async () => {
    const { outcome } = await searched({ combinations: 50, budget: 200, worth, stopAfter: 12 })
    expect(outcome).toMatchObject({ isInterrupted: true, done: 12, planned: 50 })
    expect(outcome?.tried).toHaveLength(11)
    expect([...(outcome?.finalists.keys() ?? [])]).toEqual(
      outcome?.chosen === null ? [AS_IT_IS] : [AS_IT_IS, outcome?.chosen.index],
    )
  })

  it('stopped before there was anything to compare has nothing to say', async () => {
    expect((await searched({ combinations: 50, budget: 200, worth, stopAfter: 1 })).outcome).toBeNull()
  })

  it('stopped in a later round tells of the round before where that one has nothing', async () => {
    const { outcome } = await searched({
      combinations: 5_000,
      budget: 60,
      worth: number => worth(number % 20),
      stopAfter: 92,
    })
    expect(outcome?.isInterrupted).toBe(true)
    expect(outcome?.bins).toBe(TUNED / 3)
  })

  it('never loses the file as it is, and chooses no worse than it, whatever short parts pretend', async () => {
    const world = fc.record({
      combinations: fc.integer({ min: 1, max: 3_000 }),
      budget: fc.integer({ min: 3, max: 60 }),
      salt: fc.nat(1_000),
    })
    await fc.assert(
      fc.asyncProperty(world, async ({ combinations, budget, salt }) => {
        // Any order on a short part, another on a longer one.
        const chance = (number: number, bins: number) => {
          const mixed = Math.imul(number + 7 + salt, 2_654_435_761) ^ Math.imul(bins, 40_503)
          return { cost: 1 + ((mixed >>> 8) % 100) / 50, lost: ((mixed >>> 16) % 40) / 10 }
        }
        const { outcome, played } = await searched({ combinations, budget, worth: chance })
        if (outcome === null) throw new Error('nothing came of it')
        const rounds = new Set(played.replays.map(({ bins }) => bins))
        for (const bins of rounds) {
          expect(played.replays.some(each => each.bins === bins && each.number === AS_IT_IS)).toBe(true)
        }
        expect(outcome.asItIs.index).toBe(AS_IT_IS)
        expect(outcome.finalists.has(AS_IT_IS)).toBe(true)
        const objective = parseObjective('cost, lost<=1%')
        const aim = { objective, bounds: boundsOf(objective, outcome.asItIs.scores) }
        const best = byMerit([outcome.asItIs, ...outcome.tried], aim)[0]
        expect(outcome.chosen?.index ?? AS_IT_IS).toBe(best?.index)
      }),
      { numRuns: 50 },
    )
  })
})

describe('a spread', () => {
  it.each([
    [3, [0, 1, 2]],
    [5, [0, 2, 4]],
    [100, [0, 50, 99]],
  ])('of %d takes both ends and the middle', (length, taken) => {
    expect(spread([...Array(length).keys()], 3)).toEqual(taken)
  })
})
