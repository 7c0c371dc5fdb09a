/**
 * A made-up report for the tests of its pictures and pages: a seeded load with days, weekends, noise and spikes, and contenders
 * that follow it each in their own way.
 *
 * Example: `madeReport({ days: 30, contenders: ['web', 'hpa', 'oracle'] })` is 43,200 minutes of three fleets.
 */
import type { Decision, Step } from '../../model/decision.ts'
import type { Course, CourseDecision } from '../course.ts'
import { instancesFor } from '../service-model.ts'
import { type SeededRandom, seededRandom } from '../simulation/seeded-random.ts'
import type { Report, ScoreRow } from './report.ts'

export interface MadeOptions {
  readonly days?: number
  readonly contenders?: readonly string[]
  readonly seed?: number
  readonly title?: string
}

const MINUTE = 60_000
const DAY = 1440
const PER_INSTANCE = 100
const BOOT = 3
/** A Monday. */
export const MADE_AT = Date.parse('2026-06-01T00:00:00Z')

export function madeReport(options: MadeOptions = {}): Report {
  const { days = 2, contenders = ['web', 'hpa', 'oracle'], seed = 7, title = 'web on made-up-days' } = options
  const load = madeLoad(days * DAY, seededRandom(seed))
  const courses = contenders.map((name, index) => madeCourse(name, load, index))
  return {
    title,
    subtitle: `${days} days by the minute, 100 requests a minute per instance, ready after 3 minutes`,
    timeZone: 'Europe/London',
    loadUnit: 'requests a minute',
    facts: [
      { label: 'Trace', value: `made-up-days.csv, column value: ${days * DAY} bins of 1 minute` },
      { label: 'Service', value: '100 requests a minute per instance; ready 3 minutes after it is ordered' },
      { label: 'Excess', value: 'is lost' },
      { label: 'Decided', value: 'every minute, on the minute before' },
    ],
    notes: [
      '12 rows are out of order, first at line 318; sorted.',
      'For 2h 0m the record is at its ceiling: the true load was at least that (hatched).',
    ],
    contenders: contenders.map(name => ({ name, outOfCompetition: name === 'oracle' || name === 'static' })),
    table: madeTable(courses),
    courses,
  }
}

function madeLoad(length: number, random: SeededRandom): Float64Array {
  let drift = 1
  return Float64Array.from({ length }, (_, minute) => {
    const day = Math.floor(minute / DAY)
    const phase = ((minute % DAY) / DAY) * 2 * Math.PI
    const wave = 1400 - 1050 * Math.cos(phase - 0.6) - 260 * Math.cos(2 * phase)
    drift += (1 - drift) * 0.01 + (random.next() - 0.5) * 0.04
    const spike = minute % DAY === 795 + (day % 5) * 37 ? 1400 : 0
    return Math.max(
      0,
      Math.round(wave * (day % 7 >= 5 ? 0.6 : 1) * drift + spike + (random.next() - 0.5) * 160),
    )
  })
}

/** How each follows: what it looks back over, how much room it keeps. */
const WAYS = [
  { room: 1.15, back: 12 },
  { room: 1.3, back: 5 },
  { room: 1, back: 0 },
  { room: 1.4, back: 20 },
  { room: 1.22, back: 9 },
] as const

function madeCourse(name: string, load: Float64Array, index: number): Course {
  const length = load.length
  const fill = (value: number) => new Float64Array(length).fill(value)
  const series = {
    load,
    served: fill(0),
    lost: fill(0),
    refused: fill(0),
    backlog: fill(0),
    needed: Float64Array.from(load, value => instancesFor(value, PER_INSTANCE)),
    ready: fill(0),
    paid: fill(0),
    desired: fill(0),
    lowest: Float64Array.from(load, (_, minute) => (minute % DAY >= 420 && minute % DAY < 1140 ? 6 : 3)),
    highest: fill(34),
  }
  const decisions: CourseDecision[] = []
  const way = WAYS[index % WAYS.length] ?? WAYS[0]
  let desired = series.needed[0] ?? 1
  const ordered: number[] = []
  for (let minute = 0; minute < length; minute++) {
    const want = wantAt(name, series, minute, way)
    if (want !== desired) {
      decisions.push(madeDecision(minute, desired, want, load[Math.max(0, minute - 1)] ?? 0, index === 0))
      desired = want
    }
    ordered.push(desired)
    const ready = name === 'oracle' ? desired : Math.min(...ordered.slice(-BOOT - 1))
    const room = ready * PER_INSTANCE
    series.desired[minute] = desired
    series.ready[minute] = ready
    series.paid[minute] = desired
    series.served[minute] = Math.min(room, load[minute] ?? 0)
    series.lost[minute] = Math.max(0, (load[minute] ?? 0) - room)
  }
  return {
    name,
    startAt: MADE_AT,
    stepMs: MINUTE,
    length,
    ...series,
    decisions,
    censored: [{ from: MADE_AT + 900 * MINUTE, to: MADE_AT + 1020 * MINUTE }],
    doubtful: [{ from: MADE_AT + 1900 * MINUTE, to: MADE_AT + 2020 * MINUTE }],
    ticks: length,
    elapsedMs: 100,
  }
}

interface Needs {
  readonly needed: Float64Array
  readonly lowest: Float64Array
  readonly highest: Float64Array
}

function wantAt(name: string, series: Needs, minute: number, way: { room: number; back: number }): number {
  const { needed, lowest, highest } = series
  if (name === 'oracle') return needed[minute] ?? 1
  let most = 0
  for (let back = 1; back <= way.back + 1; back++)
    most = Math.max(most, needed[Math.max(0, minute - back)] ?? 0)
  const want = Math.ceil(most * way.room)
  return Math.min(highest[minute] ?? want, Math.max(lowest[minute] ?? 1, want))
}

function madeDecision(minute: number, from: number, to: number, load: number, own: boolean): CourseDecision {
  const at = MADE_AT + minute * MINUTE
  const direction = to > from ? 'out' : 'in'
  const rule = to > from ? 'Follow the load' : 'Let go'
  const because = own
    ? `"${rule}" fired: last(requests) = ${load} (last(requests) / 100 against ${from})`
    : `wants ${to}: ${load} at 100 each`
  if (!own) return { at, from, to, rule: null, because, decision: null }
  const steps: Step[] = [
    {
      stage: 'bounds',
      outcome: 'set',
      constraint: 'capacity',
      rank: 1,
      lowest: 3,
      highest: 34,
      default: 3,
      schedule: null,
      until: null,
      over: [],
      tied: [],
    },
    {
      stage: 'conditions',
      outcome: 'true',
      rule,
      condition: 'last(requests) / 100 > instances',
      found: { 'last(requests)': load },
      since: null,
    },
    { stage: 'proposals', outcome: 'want', rule, rank: 10, want: to },
    {
      stage: 'guards',
      guard: 'cooldown',
      outcome: 'passed',
      from,
      to,
      lastChangeAt: at - 600_000,
      cooldownMs: 300_000,
      until: null,
    },
  ]
  const decision: Decision = {
    fleet: 'web',
    at,
    current: from,
    desired: to,
    direction,
    rule,
    bounds: { lowest: 3, highest: 34, default: 3, constraint: 'capacity', until: null },
    because,
    kpis: {},
    settings: {},
    effects: [],
    steps,
  }
  return { at, from, to, rule, because, decision }
}

function madeTable(courses: readonly Course[]): readonly ScoreRow[] {
  const sum = (bins: Float64Array) => bins.reduce((total, value) => total + value, 0)
  const of = (score: (course: Course) => number) => courses.map(score)
  const oracle = courses.find(({ name }) => name === 'oracle') ?? courses[0]
  const oracleHours = oracle === undefined ? 1 : sum(oracle.paid) / 60
  return [
    {
      key: 'lostPercent',
      label: 'load lost',
      unit: '%',
      betterIs: 'lower',
      group: 'Service',
      isHeadline: true,
      means: 'Share of the load that found no ready capacity.',
      values: of(({ lost, load }) => (sum(lost) / sum(load)) * 100),
    },
    {
      key: 'shortTimePercent',
      label: 'time short',
      unit: '%',
      betterIs: 'lower',
      group: 'Service',
      values: of(({ lost }) => (lost.filter(value => value > 0).length / lost.length) * 100),
    },
    {
      key: 'instanceHours',
      label: 'instance-hours',
      unit: 'h',
      betterIs: 'lower',
      group: 'Cost',
      isHeadline: true,
      values: of(({ paid }) => sum(paid) / 60),
    },
    {
      key: 'costRatio',
      label: 'against the oracle',
      unit: 'x',
      betterIs: 'lower',
      group: 'Cost',
      isHeadline: true,
      means: 'Instance-hours over those of the least capacity that would have served the same load.',
      values: of(({ paid }) => sum(paid) / 60 / oracleHours),
    },
    {
      key: 'changes',
      label: 'changes',
      unit: '',
      betterIs: 'lower',
      group: 'Elasticity',
      isHeadline: true,
      values: of(({ decisions }) => decisions.length),
    },
    {
      key: 'ticks',
      label: 'decisions made',
      unit: '',
      betterIs: 'neither',
      group: 'Elasticity',
      values: of(({ ticks }) => ticks),
    },
  ]
}
