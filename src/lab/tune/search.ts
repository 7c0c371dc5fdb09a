/**
 * Tries configurations on the part of the record they are tuned on, picks the best, and has what it shows replayed on the part that
 * nothing was tuned on. The file as it is takes part in every round.
 *
 * Example: 125 configurations of three values: each is replayed on the first 21 days, the ten of the front and the file as it is on
 * all 30, of which the last 9 say whether the gain holds.
 */
import type { FleetSpec, Spec } from '../../model/spec.ts'
import type { Scores } from '../scores.ts'
import { seededRandom } from '../simulation/seeded-random.ts'
import type { Crew, MakeJob } from './crew.ts'
import { type Aim, byMerit, excessOf, frontOf, promoted } from './front.ts'
import { sampled } from './grid.ts'
import { type Bound, boundsOf, type Objective } from './objective.ts'
import { type SearchPlan, workOf } from './plan.ts'

/** A configuration as it is replayed. */
export interface Configured {
  readonly fleet: FleetSpec
  readonly schedules: Spec['schedules']
}

export interface SearchOptions {
  readonly crew: Pick<Crew, 'all'>
  readonly plan: SearchPlan
  /** How many there are. */
  readonly combinations: number
  readonly seed: number
  readonly objective: Objective
  readonly asItIs: Configured
  /** `null`: the values do not go together. */
  readonly configure: (number: number) => Configured | null
  /** In how many values it differs from the file as it is: of equals, the one that changes least is chosen. */
  readonly changes: (number: number) => number
  /** Bins of the whole record, and of the part to tune on, which is its beginning. */
  readonly bins: number
  readonly tunedBins: number
  readonly isStopped: () => boolean
  readonly onProgress: (progress: SearchProgress) => void
}

export interface SearchProgress {
  readonly done: number
  readonly of: number
  /** Of the work, which counts bins, not configurations. */
  readonly share: number
}

export interface Tried {
  /** Its number among all combinations; `AS_IT_IS` is the file's own. */
  readonly index: number
  /** On what it was tuned on, or as much of that as the search came to. */
  readonly scores: Scores
}

/** Replayed on the whole. */
export interface Finalist {
  readonly tuned: Scores
  readonly held: Scores
}

export interface Outcome {
  /** Those that came furthest, in the order of their numbers, without the file as it is. */
  readonly tried: readonly Tried[]
  readonly asItIs: Tried
  readonly bounds: readonly Bound[]
  /** `null`: none is better than the file as it is. */
  readonly chosen: Tried | null
  readonly front: readonly Tried[]
  /** By number. Of an interrupted search only the chosen and the file as it is. */
  readonly finalists: ReadonlyMap<number, Finalist>
  /** Bins of the round that `tried` is of. */
  readonly bins: number
  readonly done: number
  readonly planned: number
  /** Combinations that the loader refuses. */
  readonly invalid: number
  readonly isInterrupted: boolean
}

export const AS_IT_IS = -1
/** Of the front, spread over all of it. */
const MOST_FINALISTS = 12

export async function search(options: SearchOptions): Promise<Outcome | null> {
  return new Search(options).run()
}

class Search {
  readonly #options: SearchOptions
  readonly #configured = new Map<number, Configured | null>()
  readonly #work: number
  #workDone = 0
  #done = 0

  constructor(options: SearchOptions) {
    const { plan, bins } = options
    this.#options = options
    this.#configured.set(AS_IT_IS, options.asItIs)
    this.#work = workOf(plan.rounds) + bins * Math.min(MOST_FINALISTS, options.combinations)
  }

  /** @returns `null` where it was stopped before anything was done */
  async run(): Promise<Outcome | null> {
    const { plan, combinations, seed, objective, isStopped } = this.#options
    const random = seededRandom(seed)
    // Also where all are tried: stopped half way, they are spread over everything.
    let numbers = sampled(combinations, plan.rounds[0]?.count ?? 0, random)
    let last: Round | null = null
    for (const [index, { bins }] of plan.rounds.entries()) {
      const round = await this.#round(numbers, bins)
      if (round === null) break
      last = round
      const next = plan.rounds[index + 1]
      if (next === undefined || isStopped()) break
      const bounds = boundsOf(objective, round.asItIs.scores)
      numbers = promoted(round.tried, next.count, { objective, bounds }).map(tried => tried.index)
    }
    return last === null ? null : this.#conclude(last)
  }

  async #round(numbers: readonly number[], bins: number): Promise<Round | null> {
    const listed = [AS_IT_IS, ...numbers]
    const jobs = listed.map(
      (number): MakeJob =>
        () => {
          const configured = this.#configure(number)
          return configured === null ? null : { ...configured, bins, parts: [[0, bins]] }
        },
    )
    const results = await this.#options.crew.all(jobs, () => this.#progress(bins, 1))
    const tried = listed.flatMap((index, place): Tried[] => {
      const scores = results[place]?.[0]
      return scores === undefined ? [] : [{ index, scores }]
    })
    const [asItIs, ...others] = tried
    if (asItIs?.index !== AS_IT_IS || (others.length === 0 && this.#options.isStopped())) return null
    return { asItIs, tried: others.sort((one, other) => one.index - other.index), bins }
  }

  async #conclude({ asItIs, tried, bins }: Round): Promise<Outcome> {
    const { objective, plan, isStopped } = this.#options
    const isInterrupted = isStopped()
    const aim: Aim = { objective, bounds: boundsOf(objective, asItIs.scores) }
    const chosen = this.#choose(asItIs, tried, aim)
    const front = frontOf([asItIs, ...tried], objective)
    const shown = isInterrupted ? [] : spread(front, MOST_FINALISTS)
    const finalists = await this.#replayWhole([asItIs, ...(chosen === null ? [] : [chosen]), ...shown])
    return {
      tried,
      asItIs,
      bounds: aim.bounds,
      chosen,
      front,
      finalists,
      bins,
      done: this.#done,
      planned: plan.rounds.reduce((sum, { count }) => sum + count, 0),
      invalid: [...this.#configured.values()].filter(each => each === null).length,
      isInterrupted,
    }
  }

  #choose(asItIs: Tried, tried: readonly Tried[], aim: Aim): Tried | null {
    const ranked = byMerit([asItIs, ...tried], aim)
    const best = ranked[0] ?? asItIs
    if (best.index === AS_IT_IS) return null
    const { changes } = this.#options
    const equals = ranked.filter(each => isAsGood(each.scores, best.scores, aim))
    return equals.reduce((least, each) => (changes(each.index) < changes(least.index) ? each : least), best)
  }

  async #replayWhole(chosen: readonly Tried[]): Promise<ReadonlyMap<number, Finalist>> {
    const { crew, bins, tunedBins } = this.#options
    const numbers = [...new Set(chosen.map(({ index }) => index))]
    const jobs = numbers.map(
      (number): MakeJob =>
        () => {
          const configured = this.#configure(number)
          return configured === null
            ? null
            : {
                ...configured,
                bins,
                parts: [
                  [0, tunedBins],
                  [tunedBins, bins],
                ],
              }
        },
    )
    const results = await crew.all(jobs, () => this.#progress(bins, 0))
    return new Map(
      numbers.flatMap((number, place): [number, Finalist][] => {
        const [tuned, held] = results[place] ?? []
        return tuned === undefined || held === undefined ? [] : [[number, { tuned, held }]]
      }),
    )
  }

  #configure(number: number): Configured | null {
    const known = this.#configured.get(number)
    if (known !== undefined) return known
    const made = this.#options.configure(number)
    this.#configured.set(number, made)
    return made
  }

  #progress(bins: number, done: number): void {
    this.#workDone += bins
    this.#done += done
    this.#options.onProgress({
      done: this.#done,
      of: this.#options.plan.rounds.reduce((sum, { count }) => sum + count + 1, 0),
      share: Math.min(1, this.#workDone / this.#work),
    })
  }
}

function isAsGood(one: Scores, other: Scores, { objective, bounds }: Aim): boolean {
  const { minimise, against } = objective
  return (
    minimise.read(one) === minimise.read(other) &&
    against.read(one) === against.read(other) &&
    excessOf(one, bounds) === excessOf(other, bounds)
  )
}

interface Round {
  readonly asItIs: Tried
  readonly tried: readonly Tried[]
  readonly bins: number
}

/** Both ends, and evenly between them. */
export function spread<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list
  const places = Array.from({ length: most }, (_, place) =>
    Math.round((place * (list.length - 1)) / (most - 1)),
  )
  return [...new Set(places)].flatMap(place => list.slice(place, place + 1))
}
