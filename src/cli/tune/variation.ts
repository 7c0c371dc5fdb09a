/**
 * What is to be varied in a file: which values, where they stand, and the text of the file with any choice of them. Everything
 * that is wrong with it is said before the first replay.
 *
 * Example: `--vary rules.scale-up.threshold=60..90/3 --vary cooldown.in=5m,10m` is six texts of the file; number 4 has 90% and 5m.
 */

import { CODES } from '../../config/codes.ts'
import { findSpot, unknown, variableSpots } from '../../config/edit/address.ts'
import { type Splice, spliced } from '../../config/edit/splice.ts'
import type { Spot } from '../../config/edit/spots.ts'
import { formatProblems, type LoadResult } from '../../config/load.ts'
import { LabError } from '../../lab/lab-error.ts'
import { seededRandom } from '../../lab/simulation/seeded-random.ts'
import { choiceAt, gridSize, sampled } from '../../lab/tune/grid.ts'
import { valuesOf } from './values.ts'

export interface Varied {
  readonly address: string
  /** As the file has it; `null`: it is not in the file. */
  readonly written: string | null
  readonly values: readonly string[]
}

export interface Variation {
  readonly varied: readonly Varied[]
  readonly combinations: number
  /** The values of a combination, in the order of `varied`. */
  choice(number: number): readonly string[]
  /** The whole file with them. */
  text(number: number): string
}

export interface VaryRequest {
  /** `PATH=VALUES` each. */
  readonly words: readonly string[]
  readonly text: string
  readonly fleet: string
  readonly load: (text: string) => LoadResult
}

/** As many as can be numbered and sampled evenly. */
const MOST_COMBINATIONS = 1e9
/** Of others, to find one that goes together with a value. */
const MOST_PARTNERS = 60

interface Place extends Varied {
  readonly spot: Spot
}

/** @throws LabError PLM-740 to 742, 744 */
export function prepareVariation({ words, text, fleet, load }: VaryRequest): Variation {
  if (words.length === 0) {
    throw new LabError(
      'PLM-740',
      'Nothing to vary: give --vary PATH=VALUES, e.g. --vary cooldown.in=1m..15m.',
    )
  }
  const pairs = words.map(splitWord)
  const { text: complete, unwritten } = withUnwritten(text, fleet, pairs, load)
  const places = pairs.map(([address, said]): Place => {
    const spot = spotAt(complete, fleet, address)
    const written = unwritten.has(address) ? null : spot.written
    return { address: spot.address, written, values: valuesOf(said, written), spot }
  })
  refuseTwice(places)
  const lengths = places.map(({ values }) => values.length)
  const combinations = gridSize(lengths)
  if (combinations > MOST_COMBINATIONS) {
    throw new LabError(
      'PLM-744',
      `${combinations.toExponential(1)} combinations are more than can be numbered; vary fewer values, or fewer of each.`,
    )
  }
  const edited = (choice: readonly number[]): string =>
    spliced(
      complete,
      places.flatMap(({ spot, values }, index): Splice[] => {
        const value = values[choice[index] ?? 0]
        return value === undefined ? [] : [spot.replace(value)]
      }),
    )
  const variation: Variation = {
    varied: places.map(({ address, written, values }) => ({ address, written, values })),
    combinations,
    choice: number => choiceAt(number, lengths).map((value, index) => places[index]?.values[value] ?? ''),
    text: number => edited(choiceAt(number, lengths)),
  }
  refuseInvalid({ places, complete, edited, load })
  return variation
}

function splitWord(word: string): readonly [address: string, values: string] {
  const split = word.indexOf('=')
  if (split > 0 && split < word.length - 1) return [word.slice(0, split).trim(), word.slice(split + 1).trim()]
  throw new LabError('PLM-742', `--vary ${word}: write PATH=VALUES, e.g. cooldown.in=1m..15m.`)
}

/** With what is not in the file written into it, so that everything to vary has a place. */
function withUnwritten(
  text: string,
  fleet: string,
  pairs: readonly (readonly [address: string, values: string])[],
  load: VaryRequest['load'],
): { readonly text: string; readonly unwritten: ReadonlySet<string> } {
  let complete = text
  const unwritten = new Set<string>()
  for (const [address, said] of pairs) {
    const found = findSpot(complete, fleet, address)
    if (found.kind !== 'unwritten') continue
    const [first = ''] = valuesOf(said, null)
    const next = spliced(complete, [found.insert(first)])
    const result = load(next)
    const isNoKey = !result.ok && result.problems.some(({ code }) => code === CODES.unknownKey)
    if (isNoKey) throw new LabError('PLM-740', noSuchKey(address, complete, fleet, result))
    complete = next
    unwritten.add(address)
  }
  return { text: complete, unwritten }
}

function noSuchKey(
  address: string,
  text: string,
  fleet: string,
  { problems }: Extract<LoadResult, { ok: false }>,
): string {
  const problem = problems.find(({ code }) => code === CODES.unknownKey)
  const hint = problem?.hint == null ? '' : ` (${problem.message}; ${problem.hint})`
  return `${unknown(address, variableSpots(text, fleet))}${hint}`
}

function spotAt(text: string, fleet: string, address: string): Spot {
  const found = findSpot(text, fleet, address)
  if (found.kind === 'written') return found.spot
  const message =
    found.kind === 'refused' ? found.message : `${address}: it could not be written into the file.`
  throw new LabError('PLM-740', message)
}

function refuseTwice(places: readonly Place[]): void {
  const seen = new Set<number>()
  for (const { address, spot } of places) {
    // One value goes by several addresses, and stands in one place.
    const { start } = spot.replace('')
    if (seen.has(start)) {
      throw new LabError('PLM-740', `${address} is varied twice; give all its values at once.`)
    }
    seen.add(start)
  }
}

interface Trial {
  readonly places: readonly Place[]
  readonly complete: string
  readonly edited: (choice: readonly number[]) => string
  readonly load: VaryRequest['load']
}

/** A value that is never valid, whatever the others are, is a mistake; one that is only not valid with some of them is not. */
function refuseInvalid({ places, complete, edited, load }: Trial): void {
  places.forEach(({ address, values, spot }, index) => {
    values.forEach((value, number) => {
      const alone = load(spliced(complete, [spot.replace(value)]))
      if (alone.ok || goesWithSome(places, index, number, choice => load(edited(choice)).ok)) return
      const problems = formatProblems(alone.problems, alone.text, { colour: false }).trimEnd()
      throw new LabError('PLM-741', `${address}=${value}: the file is not valid with it.\n${problems}`)
    })
  })
}

function goesWithSome(
  places: readonly Place[],
  index: number,
  value: number,
  isValid: (choice: readonly number[]) => boolean,
): boolean {
  if (places.length === 1) return false
  const lengths = places.map(({ values }, place) => (place === index ? 1 : values.length))
  return sampled(gridSize(lengths), MOST_PARTNERS, seededRandom(1)).some(number =>
    isValid(choiceAt(number, lengths).map((choice, place) => (place === index ? value : choice))),
  )
}
