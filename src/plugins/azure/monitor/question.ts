/**
 * What is asked of Azure Monitor for a metric, and which metrics share a call: those of one place, subscription, kind of resource,
 * length of bins and choice of dimensions, for up to 50 resources and 20 names at once.
 *
 * Example: `Percentage CPU` and `Network In Total` of one scale set, by the minute, are one call with both names and both aggregations;
 * a third one split by VMName is a call of its own.
 */
import { z } from 'zod'
import type { MetricSpec } from '../../../model/spec.ts'
import type { EpochMs, Interval } from '../../../model/time.ts'
import { optionsOf } from '../../sources/options.ts'

const MINUTE_MS = 60_000
/** Lengths that Azure has bins of. */
const INTERVALS_MS = [1, 5, 15, 30, 60, 360, 720, 1440].map(minutes => minutes * MINUTE_MS)
const MOST_RESOURCES = 50
const MOST_NAMES = 20
/** Of one series in one call. */
export const MOST_BINS = 1440

const dimensionSchema = z.object({ name: z.string(), isIn: z.boolean(), values: z.array(z.string()).min(1) })

const optionsSchema = z.object({
  resource: z.string().min(1),
  metric: z.string().min(1),
  namespace: z.string().min(1),
  aggregation: z.enum(['average', 'minimum', 'maximum', 'total', 'count']),
  intervalMs: z.number().nullable(),
  dimensions: z.array(dimensionSchema),
  instance: z.string().nullable(),
  splitBy: z.array(z.string()),
  endpoint: z.url({ protocol: /^https$/ }),
  audience: z.string(),
  authorityHost: z.string().nullable(),
  timeoutMs: z.number().positive(),
})
type MonitorOptions = z.output<typeof optionsSchema>

export interface Question extends Omit<MonitorOptions, 'intervalMs'> {
  readonly intervalMs: number
  /** Azure's condition on dimensions; null: none. */
  readonly filter: string | null
  /** Dimensions that are chosen by, and not kept apart. */
  readonly rollUpBy: string | null
}

/** One call. */
export interface Batch {
  readonly like: Question
  readonly members: readonly Question[]
  readonly resources: readonly string[]
  readonly metrics: readonly string[]
  readonly aggregations: readonly string[]
}

/** @throws PluginError PLM-366 */
export function questionOf(metric: MetricSpec): Question {
  const options = optionsOf(optionsSchema, metric)
  const intervalMs = options.intervalMs ?? longestIn(metric.grainMs)
  const { filter, rollUpBy } = choiceOf(options)
  return { ...options, intervalMs, filter, rollUpBy }
}

/** Of the lengths Azure has, the longest that the grain is made of. */
function longestIn(grainMs: number | null): number {
  return INTERVALS_MS.findLast(ms => grainMs !== null && grainMs % ms === 0) ?? MINUTE_MS
}

/** In Azure `or` binds the values of one dimension, and `and` the dimensions: it needs no parentheses. */
function choiceOf({ dimensions, instance, splitBy }: MonitorOptions): Pick<Question, 'filter' | 'rollUpBy'> {
  const split = [...(instance === null ? [] : [instance]), ...splitBy]
  const isSplit = (name: string): boolean => split.some(each => isSame(each, name))
  const chosen = dimensions.map(({ name, isIn, values }) => {
    const parts = values.map(value => `${name} ${isIn ? 'eq' : 'ne'} '${value.replaceAll("'", "''")}'`)
    return parts.join(isIn ? ' or ' : ' and ')
  })
  const open = split.filter(name => !dimensions.some(each => isSame(each.name, name)))
  const parts = [...chosen, ...open.map(name => `${name} eq '*'`)]
  const rolled = dimensions.map(({ name }) => name).filter(name => !isSplit(name))
  return {
    filter: parts.length === 0 ? null : parts.join(' and '),
    rollUpBy: rolled.length === 0 ? null : rolled.join(','),
  }
}

/** Azure writes the names of dimensions in small letters. */
export function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

export function batchesOf(questions: readonly Question[]): Batch[] {
  const alike = new Map<string, Question[]>()
  for (const question of new Set(questions)) {
    const together = alike.get(sharedBy(question))
    if (together === undefined) alike.set(sharedBy(question), [question])
    else together.push(question)
  }
  return [...alike.values()].flatMap(inBatches)
}

/** What must be the same in one call. */
function sharedBy(question: Question): string {
  const { resource, namespace, intervalMs, filter, rollUpBy, endpoint, audience, authorityHost, timeoutMs } =
    question
  const subscription = resource.split('/')[2]?.toLowerCase()
  return JSON.stringify([
    subscription,
    namespace.toLowerCase(),
    intervalMs,
    filter,
    rollUpBy,
    endpoint,
    audience,
    authorityHost,
    timeoutMs,
  ])
}

function inBatches(questions: readonly Question[]): Batch[] {
  const batches: Batch[] = []
  let members: Question[] = []
  for (const question of questions) {
    const grown = batchOf([...members, question])
    if (grown.resources.length > MOST_RESOURCES || grown.metrics.length > MOST_NAMES) {
      batches.push(batchOf(members))
      members = []
    }
    members.push(question)
  }
  return members.length === 0 ? batches : [...batches, batchOf(members)]
}

export function batchOf(members: readonly Question[]): Batch {
  const [like] = members
  if (like === undefined) throw new Error('A batch of nothing was to be made')
  return {
    like,
    members,
    resources: unique(members.map(({ resource }) => resource)),
    metrics: unique(members.map(({ metric }) => metric)),
    aggregations: unique(members.map(({ aggregation }) => aggregation)),
  }
}

function unique(texts: readonly string[]): string[] {
  return [...new Map(texts.map(text => [text.toLowerCase(), text])).values()]
}

/** The time a bin's sample has: the last millisecond of the bin, so that it is in a grain of the same length. */
export function sampleTimeOf(startAt: EpochMs, intervalMs: number): EpochMs {
  return startAt + intervalMs - 1
}

/** Begin of the first bin and end of the last one whose samples are in (from, to]; null where there is none. */
export function binsIn({ from, to }: Interval, intervalMs: number): Interval | null {
  const first = Math.floor((from + 1) / intervalMs) * intervalMs
  const end = Math.floor((to + 1) / intervalMs) * intervalMs
  return end > first ? { from: first, to: end } : null
}

const UNITS = [
  [86_400_000, 'P', 'D'],
  [3_600_000, 'PT', 'H'],
  [MINUTE_MS, 'PT', 'M'],
] as const

/** As Azure writes it: `PT5M`. */
export function isoInterval(ms: number): string {
  const [size, before, after] = UNITS.find(([unit]) => ms % unit === 0) ?? [MINUTE_MS, 'PT', 'M']
  return `${before}${ms / size}${after}`
}
