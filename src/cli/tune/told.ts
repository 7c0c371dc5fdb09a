/**
 * What came of a tuning, for a person, for programs and as a picture.
 *
 * Example row: `* 70%   2m   1.31 x  0.80 %   1.35 x  1.10 %`: the chosen values, on the part they were tuned on, and on the other.
 */
import type { Scores } from '../../lab/scores.ts'
import { spanText } from '../../lab/span-text.ts'
import { counted } from '../../lab/traces/repair-notes.ts'
import { boundText, MEASURES, type Measure, measureText, type Objective } from '../../lab/tune/objective.ts'
import type { SearchPlan } from '../../lab/tune/plan.ts'
import { AS_IT_IS, type Outcome, type Tried } from '../../lab/tune/search.ts'
import type { Verdict } from '../../lab/tune/verdict.ts'
import { drawFront } from '../../pictures/front.ts'
import type { Colours } from '../colours.ts'
import { table } from '../table.ts'
import { plotText } from './text-plot.ts'
import type { TunedTrace } from './tuned.ts'
import type { Variation } from './variation.ts'

export interface Told {
  readonly fleet: string
  readonly trace: TunedTrace
  readonly tunedBins: number
  readonly objective: Objective
  readonly plan: SearchPlan
  readonly budget: number
  readonly variation: Variation
  readonly outcome: Outcome
  readonly verdict: Verdict
  /** Empty where nothing is proposed. */
  readonly diff: string
  /** What a reader must know before believing it. */
  readonly notes: readonly string[]
  readonly workers: number
  readonly seconds: number
}

export function tuneText(
  told: Told,
  { width, colours }: { readonly width: number; readonly colours: Colours },
): string {
  const { outcome, verdict, diff, notes } = told
  const lines = [
    colours.bold(titleOf(told)),
    ...introduction(told),
    '',
    ...frontTable(told, colours),
    '',
    ...plotOf(told, width),
    '. tried   o front   * chosen   = the file as it is',
    '',
    ...verdict.words,
  ]
  lines.push(...atTheEnd(told))
  if (outcome.isInterrupted) lines.push('It was stopped before its end; more may be found.')
  if (diff !== '')
    lines.push(
      '',
      ...diff
        .trimEnd()
        .split('\n')
        .map(line => coloured(line, colours)),
    )
  if (notes.length > 0) lines.push('', ...notes.map(note => colours.dim(note)))
  return `${lines.join('\n')}\n`
}

function titleOf({ fleet, trace }: Told): string {
  return `${fleet} on ${trace.name}`
}

function introduction(told: Told): readonly string[] {
  const { objective, trace, tunedBins, variation, outcome, plan } = told
  const span = (bins: number): string => spanText(bins * trace.stepMs)
  const bounds = objective.constraints.map(boundText)
  const skipped = outcome.invalid === 0 ? '' : `, ${outcome.invalid} that make no valid file left out`
  const how = outcome.isInterrupted
    ? `${outcome.done} of ${outcome.planned + plan.rounds.length} replays done`
    : howText(told)
  const tuned =
    outcome.bins < tunedBins
      ? `compared on the first ${span(outcome.bins)} of the ${span(tunedBins)} to tune on`
      : `tuned on the first ${span(tunedBins)}`
  return [
    `${counted(variation.combinations, 'combination')} of ${counted(variation.varied.length, 'value')}: ${how}${skipped}`,
    `the least ${objective.minimise.name}${bounds.length === 0 ? '' : ` with ${bounds.join(' and ')}`}; ${tuned}, held against the ${span(trace.length - tunedBins)} after`,
  ]
}

function howText({ plan, outcome, workers, seconds }: Told): string {
  const speed = `${seconds.toFixed(1)} s on ${workers} ${workers === 1 ? 'core' : 'cores'}`
  switch (plan.kind) {
    case 'grid':
      return `all tried, ${speed}`
    case 'sample':
      return `${outcome.tried.length} of them drawn and tried, ${speed}`
    case 'halving':
      return `${plan.rounds.map(({ count }) => count).join(', then ')} tried, each time on three times as much, ${speed}`
  }
}

function frontTable(told: Told, colours: Colours): readonly string[] {
  const { objective, variation, outcome } = told
  const { minimise, against } = objective
  const measures = [minimise, against, ...objective.constraints.map(({ measure }) => measure)].filter(
    (measure, index, all) => all.indexOf(measure) === index,
  )
  const heads = measures.map(({ name }) => name)
  const rows = shownOf(told).map(tried => {
    const whole = outcome.finalists.get(tried.index)
    const cells = (scores: Scores | undefined): string[] =>
      measures.map(measure => (scores === undefined ? '-' : measureText(measure, measure.read(scores))))
    const row = [
      markOf(tried, outcome),
      ...valuesShown(tried, variation),
      ...cells(whole?.tuned ?? tried.scores),
      ...cells(whole?.held),
    ]
    return tried.index === outcome.chosen?.index ? row.map(cell => colours.bold(cell)) : row
  })
  const addresses = variation.varied.map(({ address }) => address)
  const blank = (count: number): string[] => Array.from({ length: count }, () => '')
  const above = ['', ...blank(addresses.length), 'TUNED ON', ...blank(measures.length - 1), 'HELD AGAINST']
  return table([above, ['', ...addresses, ...heads, ...heads], ...rows])
}

/** The front as far as it was replayed on the whole, and the file as it is. */
function shownOf({ outcome, objective }: Told): readonly Tried[] {
  const { front, chosen, asItIs, finalists, isInterrupted } = outcome
  const all = [
    ...front.filter(({ index }) => isInterrupted || finalists.has(index)),
    ...(chosen === null ? [] : [chosen]),
    asItIs,
  ]
  const unique = [...new Map(all.map(tried => [tried.index, tried])).values()]
  const { minimise } = objective
  return unique.sort(
    (one, other) => minimise.read(one.scores) - minimise.read(other.scores) || one.index - other.index,
  )
}

function markOf({ index }: Tried, { chosen }: Outcome): string {
  if (index === chosen?.index) return '*'
  return index === AS_IT_IS ? '=' : ''
}

function valuesShown({ index }: Tried, variation: Variation): readonly string[] {
  return index === AS_IT_IS
    ? variation.varied.map(({ written }) => written ?? 'not said')
    : variation.choice(index)
}

function plotOf({ objective, outcome }: Told, width: number): readonly string[] {
  const { minimise, against } = objective
  const front = new Set(outcome.front.map(({ index }) => index))
  const point = ({ index, scores }: Tried) => ({
    across: against.read(scores),
    up: minimise.read(scores),
    mark:
      index === AS_IT_IS
        ? ('=' as const)
        : index === outcome.chosen?.index
          ? ('*' as const)
          : front.has(index)
            ? ('o' as const)
            : ('.' as const),
  })
  return plotText({
    across: against,
    up: minimise,
    points: [...outcome.tried, outcome.asItIs].map(point),
    width,
  })
}

function coloured(line: string, { green, red, dim }: Colours): string {
  if (line.startsWith('+')) return green(line)
  if (line.startsWith('-')) return red(line)
  return line.startsWith('@') ? dim(line) : line
}

/** An SVG document. */
export function tuneSvg(told: Told): string {
  const { objective, outcome, variation } = told
  const { minimise, against } = objective
  const point = (tried: Tried) => ({
    across: against.read(tried.scores),
    up: minimise.read(tried.scores),
    label: labelOf(tried, variation),
  })
  const goals = outcome.bounds.flatMap(({ measure, most }) => (measure === against ? [most] : []))
  const [, what = ''] = introduction(told)
  return drawFront({
    title: `${titleOf(told)}: ${minimise.name} against ${against.name}`,
    subtitle: what,
    across: { label: axisText(against), scale: 'linear' },
    up: { label: axisText(minimise), scale: 'linear' },
    groups: [
      { name: 'tried', points: outcome.tried.map(point) },
      { name: 'as it is', points: [point(outcome.asItIs)] },
    ],
    chosen: outcome.chosen === null ? null : point(outcome.chosen),
    goals,
    goalText: most => boundText({ measure: against, most }),
  })
}

function axisText({ means, unit }: Measure): string {
  return unit === '' || unit === 'x' ? means : `${means}, ${unit}`
}

const MOST_LABEL = 58

/** The values alone where there is no room for what they are of. */
function labelOf(tried: Tried, variation: Variation): string {
  if (tried.index === AS_IT_IS) return 'the file as it is'
  const values = variation.choice(tried.index)
  const named = variation.varied.map(({ address }, index) => `${shortOf(address)} ${values[index]}`)
  const label = named.join(', ')
  return label.length <= MOST_LABEL ? label : values.join(', ')
}

function shortOf(address: string): string {
  return address.split('.').slice(-2).join('.')
}

/** Of numbers whose best is the first or last that was tried, there may be better ones beyond. */
function atTheEnd({ variation, outcome }: Told): readonly string[] {
  if (outcome.chosen === null) return []
  const chosen = variation.choice(outcome.chosen.index)
  return variation.varied.flatMap(({ address, values }, index) => {
    const value = chosen[index]
    const isEnd = values.length > 2 && (value === values[0] || value === values.at(-1))
    return isEnd ? [`${address} = ${value} is the end of what was tried; there may be better beyond.`] : []
  })
}

/** For programs; times are ISO, scores under the names an objective knows them by. */
export function tuneJson(told: Told): object {
  const { fleet, trace, tunedBins, objective, plan, variation, outcome, verdict } = told
  const isoAt = (bin: number): string => new Date(trace.startAt + bin * trace.stepMs).toISOString()
  const valuesOf = ({ index }: Tried): object =>
    Object.fromEntries(
      variation.varied.map(({ address, written }, place) => [
        address,
        index === AS_IT_IS ? written : variation.choice(index)[place],
      ]),
    )
  const whole = (tried: Tried): object => {
    const finalist = outcome.finalists.get(tried.index)
    return {
      values: valuesOf(tried),
      tuned: measured(finalist?.tuned ?? tried.scores),
      held: finalist === undefined ? null : measured(finalist.held),
    }
  }
  const two = [objective.minimise, objective.against]
  return {
    fleet,
    trace: trace.name,
    objective: objective.text,
    tunedOn: { from: isoAt(0), to: isoAt(tunedBins) },
    heldAgainst: { from: isoAt(tunedBins), to: isoAt(trace.length) },
    search: {
      kind: plan.kind,
      rounds: plan.rounds,
      combinations: variation.combinations,
      invalid: outcome.invalid,
    },
    replays: { done: outcome.done, planned: outcome.planned + plan.rounds.length },
    isInterrupted: outcome.isInterrupted,
    workers: told.workers,
    seconds: Number(told.seconds.toFixed(3)),
    asItIs: whole(outcome.asItIs),
    chosen: outcome.chosen === null ? null : whole(outcome.chosen),
    verdict: { kind: verdict.kind, words: verdict.words },
    front: outcome.front.map(whole),
    tried: outcome.tried.map(tried => ({
      values: valuesOf(tried),
      scores: Object.fromEntries(two.map(measure => [measure.name, measure.read(tried.scores)])),
    })),
    diff: told.diff,
    notes: told.notes,
  }
}

function measured(scores: Scores): object {
  return Object.fromEntries(MEASURES.map(measure => [measure.name, measure.read(scores)]))
}
