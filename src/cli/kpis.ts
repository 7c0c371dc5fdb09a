/**
 * `plimsoll kpis FLEET [KPI]`: how the KPIs are and how much of the time they were green; of one KPI also when.
 *
 * Example, over a day:
 *
 *     KPI   NOW          GREEN   RED    UNKNOWN  SINCE 24h
 *     busy  red for 12m  91.2 %  6.1 %  2.7 %    ------------------?-------------##------#-------------##
 *           avg(cpu, 45m) = 83.2 against avg(cpu, 45m) < 80%
 */
import { z } from 'zod'
import type { KpiHistory, KpiInterval, KpiNow } from '../api/kpis.ts'
import { KpiHistoryWire, KpiNowWire } from '../api/wire/kpi.ts'
import { formatNumber, formatSpan } from '../engine/explain.ts'
import type { KpiState } from '../model/expression.ts'
import type { Interval } from '../model/time.ts'
import { CliError, EXIT_OK } from './cli-error.ts'
import { type Colours, coloursFor } from './colours.ts'
import { type TellOptions, tellTime } from './decision-text.ts'
import { nothingRecorded } from './explain.ts'
import { isoOf, parseInstant } from './instant.ts'
import { type Io, printJson, printLine } from './io.ts'
import { suggest } from './nearest.ts'
import { type ReaderOptions, withReader } from './reader/open.ts'
import { table } from './table.ts'

export interface KpisOptions extends ReaderOptions {
  readonly since: string
  readonly limit: number
  readonly json?: boolean
}

interface KpiTold {
  readonly now: KpiNow
  readonly history: KpiHistory
}

export async function kpisCommand(
  fleet: string,
  kpi: string | undefined,
  options: KpisOptions,
  io: Io,
): Promise<number> {
  const to = io.now()
  const from = parseInstant(options.since, '--since', { now: to, timeZone: io.timeZone })
  if (from >= to) throw new CliError('PLM-509', `--since ${options.since} is not in the past.`)
  return withReader(io, options, async reader => {
    const known = await reader.kpis(fleet)
    if (known === null) throw await nothingRecorded(reader, fleet, null, io)
    const chosen = kpi === undefined ? known : known.filter(now => now.kpi === kpi)
    if (kpi !== undefined && chosen.length === 0) throw noSuchKpi(fleet, kpi, known)
    const told: KpiTold[] = []
    for (const now of chosen) {
      told.push({ now, history: await reader.kpiHistory(fleet, now.kpi, { from, to }) })
    }
    if (options.json === true) {
      printJson(io, { fleet, since: isoOf(from), until: isoOf(to), kpis: told.map(kpiJson) })
      return EXIT_OK
    }
    const say = { colours: coloursFor(io), timeZone: io.timeZone, now: to }
    for (const line of tellKpis(told, { from, to }, options.since, say)) printLine(io, line)
    if (kpi !== undefined) {
      for (const line of tellIntervals(told, options.limit, say)) printLine(io, line)
    }
    if (known.length === 0) printLine(io, `"${fleet}" has no KPIs (kpis: in the file).`)
    return EXIT_OK
  })
}

function noSuchKpi(fleet: string, kpi: string, known: readonly KpiNow[]): CliError {
  const names = known.map(now => now.kpi)
  return new CliError('PLM-507', `"${fleet}" has no KPI "${kpi}". ${suggest(kpi, names)}`)
}

function kpiJson({ now, history }: KpiTold) {
  const { kpi, ...more } = z.encode(KpiHistoryWire, history)
  return { ...z.encode(KpiNowWire, now), kpi, ...more }
}

/** One row per KPI, and under it what it reads. */
function tellKpis(
  told: readonly KpiTold[],
  window: Interval,
  since: string,
  { colours, now }: TellOptions,
): string[] {
  const heads = ['KPI', 'NOW', 'GREEN', 'RED', 'UNKNOWN', `SINCE ${since}`].map(word => colours.dim(word))
  const rows = told.map(({ now: { kpi, state, since: began }, history: { share, intervals } }) => [
    colours.bold(kpi),
    coloured(colours, state, `${state}${began === null ? '' : ` for ${formatSpan(now - began)}`}`),
    percent(share.green),
    percent(share.red),
    percent(share.unknown),
    strip(intervals, window, colours),
  ])
  const [head = '', ...lines] = table([heads, ...rows])
  const body = told.flatMap((one, index) => [lines[index] ?? '', readText(one)])
  return told.length === 0 ? [] : [head, ...body]
}

function readText({ now: { found, goal }, history }: KpiTold): string {
  const parts = Object.entries(found).map(
    ([operand, value]) => `${operand} ${value === null ? 'is unknown' : `= ${formatNumber(value)}`}`,
  )
  const cut = history.next === null ? '' : `; told since ${isoOf(history.window.from)}, it changed too often`
  return `  ${parts.length === 0 ? 'not read yet,' : parts.join(', ')} against ${goal}${cut}`
}

const STRIP = 48
const MARKS: Readonly<Record<KpiState, string>> = { green: '-', red: '#', unknown: '?' }
/** Of several states in one place of the strip the worst is shown: a short red time must not be lost. */
const WORST: readonly KpiState[] = ['red', 'unknown', 'green']

function strip(intervals: readonly KpiInterval[], { from, to }: Interval, colours: Colours): string {
  const widthMs = (to - from) / STRIP
  return Array.from({ length: STRIP }, (_, place) => {
    const [begin, end] = [from + place * widthMs, from + (place + 1) * widthMs]
    const seen = new Set(
      intervals
        .filter(interval => interval.from < end && interval.to > begin)
        .map(({ state, ticked }) => (ticked ? state : null)),
    )
    const state = WORST.find(candidate => seen.has(candidate))
    return state === undefined ? ' ' : coloured(colours, state, MARKS[state])
  }).join('')
}

function tellIntervals(told: readonly KpiTold[], limit: number, options: TellOptions): string[] {
  const { colours } = options
  return told.flatMap(({ history: { intervals } }) => {
    const rows = intervals
      .slice(0, limit)
      .map(({ from, to, state, ticked }) => [
        `  ${tellTime(from, options)}`,
        `${tellTime(to, options)}`,
        coloured(colours, state, state),
        `${formatSpan(to - from)}${ticked ? '' : '  (no tick looked)'}`,
      ])
    const more = intervals.length > limit ? [`  and ${intervals.length - limit} more: --limit`] : []
    return [...table(rows), ...more]
  })
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`
}

function coloured(colours: Colours, state: KpiState, text: string): string {
  switch (state) {
    case 'green':
      return colours.green(text)
    case 'red':
      return colours.red(text)
    case 'unknown':
      return colours.yellow(text)
  }
}
