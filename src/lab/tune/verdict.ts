/**
 * Says in words what a tuning comes to: what it gained where it was tuned, and whether that holds where it was not.
 *
 * Example: 12 % cheaper on the first 21 days, and on the last 9 days 4 % dearer than the file as it is: "not worth it".
 */
import type { Scores } from '../scores.ts'
import { excessOf } from './front.ts'
import { type Bound, boundsOf, type Measure, measureText, measureTexts, type Objective } from './objective.ts'
import type { Finalist } from './search.ts'

export interface Verdict {
  /** `holds`: the gain is there on both parts. `none`: there is nothing to gain. */
  readonly kind: 'holds' | 'partly' | 'fails' | 'none'
  /** A sentence each. */
  readonly words: readonly string[]
}

export interface Compared {
  readonly objective: Objective
  readonly asItIs: Finalist
  /** `null`: none is better than the file as it is. */
  readonly chosen: Finalist | null
}

/** Less than this is no difference. */
const ALIKE = 0.005
/** Of a gain, at least this share is expected again elsewhere. */
const KEPT_SHARE = 0.5
/** "No worse than now" is meant with this much play on a part that neither was tuned on. */
const PLAY = 1.1

export function verdictOf({ objective, asItIs, chosen }: Compared): Verdict {
  const bounds = boundsOf(objective, asItIs.tuned)
  if (chosen === null) return nothingBetter(objective, asItIs, bounds)
  const words = [tunedWords(objective, asItIs.tuned, chosen.tuned)]
  const overrun = brokenBound(chosen.tuned, bounds)
  if (overrun !== null) {
    const isKept = excessOf(asItIs.tuned, [overrun]) === 0
    if (isKept) return overrunning(words, chosen, overrun)
    words[0] += nearestWords(overrun)
  }
  const heldBounds = heldBoundsOf(objective, asItIs.held)
  const broken = brokenBound(chosen.held, heldBounds)
  if (broken !== null) return afterBreach(words, asItIs, chosen, broken, heldBounds)
  if (excessOf(asItIs.tuned, bounds) === 0) return gained(objective, words, asItIs, chosen)
  // The file as it is broke a bound; what keeps it may well cost more.
  const change = changeWords(objective.minimise, asItIs.held, chosen.held)
  const kept = 'On the part it was not tuned on the bounds are kept too'
  return { kind: 'holds', words: [...words, `${kept}; there it ${change}.`] }
}

/** What kept the bounds on a beginning of the part need not keep them on all of it: a search that was interrupted. */
function overrunning(words: readonly string[], chosen: Finalist, { measure, most }: Bound): Verdict {
  const [, bound] = measureTexts(measure, measure.read(chosen.tuned), most)
  const said = `There ${measure.name} is beyond ${bound}, which the file as it is keeps: not worth it.`
  return { kind: 'fails', words: [...words, said] }
}

function nearestWords({ measure, most }: Bound): string {
  return ` No configuration keeps ${measure.name} within ${measureText(measure, most)}; this one comes nearest.`
}

function afterBreach(
  words: readonly string[],
  asItIs: Finalist,
  chosen: Finalist,
  broken: Bound,
  bounds: readonly Bound[],
): Verdict {
  const { measure, most } = broken
  const now = measureText(measure, measure.read(asItIs.held))
  const [then, bound] = measureTexts(measure, measure.read(chosen.held), most)
  const there = `On the part it was not tuned on ${measure.name} is ${then}, beyond ${bound}`
  return excessOf(chosen.held, bounds) < excessOf(asItIs.held, bounds)
    ? { kind: 'partly', words: [...words, `${there}; with the file as it is it is ${now} there.`] }
    : { kind: 'fails', words: [...words, `${there}: not worth it.`] }
}

function heldBoundsOf(objective: Objective, asItIs: Scores): readonly Bound[] {
  return boundsOf(objective, asItIs).map((bound, index) =>
    objective.constraints[index]?.most === 'now' ? { ...bound, most: bound.most * PLAY } : bound,
  )
}

function gained(objective: Objective, words: readonly string[], asItIs: Finalist, chosen: Finalist): Verdict {
  const { minimise } = objective
  const before = gainOf(minimise, asItIs.tuned, chosen.tuned)
  const after = gainOf(minimise, asItIs.held, chosen.held)
  const change = changeWords(minimise, asItIs.held, chosen.held)
  const there = `On the part it was not tuned on it ${change}`
  if (after < ALIKE && before >= ALIKE) return { kind: 'fails', words: [...words, `${there}: not worth it.`] }
  if (after < before * KEPT_SHARE) {
    return { kind: 'partly', words: [...words, `${there}: less than half of the gain holds there.`] }
  }
  return { kind: 'holds', words: [...words, `${there}: the gain holds.`] }
}

function tunedWords(objective: Objective, asItIs: Scores, chosen: Scores): string {
  const { minimise } = objective
  const change = changeWords(minimise, asItIs, chosen)
  const others = objective.constraints.map(({ measure }) => {
    const [after, before] = measureTexts(measure, measure.read(chosen), measure.read(asItIs))
    return `${measure.name} ${after} instead of ${before}`
  })
  const beside = others.length === 0 ? '' : ` (${others.join(', ')})`
  return `On the part it was tuned on it ${change}${beside}.`
}

function nothingBetter(objective: Objective, asItIs: Finalist, bounds: readonly Bound[]): Verdict {
  const broken = brokenBound(asItIs.tuned, bounds)
  const words = ['Nothing that was tried is better than the file as it is.']
  if (broken !== null) {
    const { measure, most } = broken
    const [now, bound] = measureTexts(measure, measure.read(asItIs.tuned), most)
    words.push(`It does not keep ${measure.name} within ${bound} either (${now}).`)
  } else {
    const { minimise } = objective
    words.push(`There ${minimise.name} is ${measureText(minimise, minimise.read(asItIs.tuned))}.`)
  }
  return { kind: 'none', words }
}

function brokenBound(scores: Scores, bounds: readonly Bound[]): Bound | null {
  return bounds.find(bound => excessOf(scores, [bound]) > 0) ?? null
}

function gainOf({ read }: Measure, before: Scores, after: Scores): number {
  const was = read(before)
  return was === 0 ? (read(after) === 0 ? 0 : Number.NEGATIVE_INFINITY) : (was - read(after)) / was
}

/** `costs 4 % more than the file as it is`. */
function changeWords(measure: Measure, before: Scores, after: Scores): string {
  const gain = gainOf(measure, before, after)
  const isCost = measure.name === 'cost' || measure.name === 'hours'
  const verb = isCost ? 'costs' : 'has'
  const what = isCost ? '' : ` ${measure.name}`
  if (!Number.isFinite(gain)) {
    return `has ${measure.name} ${measureText(measure, measure.read(after))}, where the file as it is has none`
  }
  if (Math.abs(gain) < ALIKE)
    return isCost ? 'costs as much as the file as it is' : `has as much${what} as the file as it is`
  const share = `${percent(Math.abs(gain))} %`
  return `${verb} ${share} ${gain > 0 ? 'less' : 'more'}${what} than the file as it is`
}

function percent(ratio: number): string {
  const value = ratio * 100
  return value >= 10 ? String(Math.round(value)) : String(Number(value.toFixed(1)))
}
