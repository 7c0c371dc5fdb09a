/**
 * KPIs over time, from the journal. Every entry says since when a KPI has been in its state, so the walk backwards reads one
 * entry per interval, not one per tick.
 *
 * Example: red since 12:00, green from 11:00 on before that, no tick between 10:30 and 11:00. Asked at 12:10 for two hours:
 * `[red 12:00-12:10, green 11:00-12:00, unknown 10:31-11:00 (no ticks), green 10:10-10:31]`, and the shares of the two hours.
 */
import type { Step } from '../model/decision.ts'
import type { KpiState } from '../model/expression.ts'
import type { JournalEntry } from '../model/journal.ts'
import type { Kpi } from '../model/spec.ts'
import type { EpochMs, Interval } from '../model/time.ts'
import type { StateStore } from '../ports/state-store.ts'

export interface KpiNow {
  readonly kpi: string
  readonly goal: string
  readonly state: KpiState
  /** `null` before the first tick. */
  readonly since: EpochMs | null
  /** What its operands read; `null` is a gap. */
  readonly found: Readonly<Record<string, number | null>>
}

/** As the last tick left them; those of the file that it did not see yet are unknown. */
export function kpisNow(entry: JournalEntry | null, configured: readonly Kpi[]): readonly KpiNow[] {
  const seen = (entry?.decision.steps ?? []).flatMap(step => (step.stage === 'kpis' ? [step] : []))
  const names = new Set(seen.map(({ kpi }) => kpi))
  return [
    ...seen.map(({ kpi, goal, outcome, since, found }) => ({
      kpi,
      goal,
      state: outcome,
      since: since ?? entry?.at ?? null,
      found,
    })),
    ...configured
      .filter(({ name }) => !names.has(name))
      .map(({ name, goalText }) => ({
        kpi: name,
        goal: goalText,
        state: 'unknown' as const,
        since: null,
        found: {},
      })),
  ]
}

export interface KpiInterval extends Interval {
  readonly state: KpiState
  /** `false`: nobody looked (no daemon ran, or the KPI was not there), so the state is unknown. */
  readonly ticked: boolean
}

export interface KpiHistory {
  readonly kpi: string
  /** What is told of: shorter than what was asked for where `next` is not null. */
  readonly window: Interval
  /** Newest first, without a hole. */
  readonly intervals: readonly KpiInterval[]
  /** Of the window's time; they make 1. */
  readonly share: Readonly<Record<KpiState, number>>
  /** Ask for the time until then to go on; `null`: there is no more. */
  readonly next: EpochMs | null
}

export interface KpiHistoryQuery {
  readonly fleet: string
  readonly kpi: string
  readonly window: Interval
  /** At most so many intervals. */
  readonly limit: number
}

/** Where entries do not say since when, one is read per tick; a page ends after so many. */
const MOST_READ = 2_000
/** For how long the state of an entry that does not say so is taken to hold. */
const HOLDS_MS = 60_000

export async function kpiHistory(
  store: Pick<StateStore, 'readJournal'>,
  { fleet, kpi, window, limit }: KpiHistoryQuery,
): Promise<KpiHistory> {
  const intervals: KpiInterval[] = []
  let until = window.to
  for (let read = 0; read < MOST_READ && until > window.from && intervals.length <= limit; read++) {
    const [entry] = await store.readJournal({ fleet, limit: 1, at: until - 1 })
    for (const interval of backwards(entry, kpi, { from: window.from, to: until })) {
      lengthen(intervals, interval)
      until = interval.from
    }
  }
  intervals.splice(limit)
  const from = intervals.at(-1)?.from ?? window.from
  const told: Interval = { from, to: window.to }
  return { kpi, window: told, intervals, share: shareOf(intervals), next: from > window.from ? from : null }
}

/** What the newest entry of a window tells of its end, newest first. */
function backwards(
  entry: JournalEntry | undefined,
  kpi: string,
  { from, to }: Interval,
): readonly KpiInterval[] {
  if (entry === undefined) return [notSeen(from, to)]
  const step = stepOf(entry, kpi)
  const held = Math.min(to, step?.until ?? entry.at + HOLDS_MS)
  if (held <= from) return [notSeen(from, to)]
  const seen: KpiInterval = {
    from: Math.max(from, Math.min(step?.since ?? entry.at, entry.at)),
    to: held,
    state: step?.outcome ?? 'unknown',
    ticked: step !== undefined,
  }
  return held < to ? [notSeen(held, to), seen] : [seen]
}

function notSeen(from: EpochMs, to: EpochMs): KpiInterval {
  return { from, to, state: 'unknown', ticked: false }
}

function stepOf({ decision }: JournalEntry, kpi: string) {
  return decision.steps.find(
    (step): step is Extract<Step, { stage: 'kpis' }> => step.stage === 'kpis' && step.kpi === kpi,
  )
}

/** Towards the past: as one with the interval before, where it goes on alike. */
function lengthen(intervals: KpiInterval[], interval: KpiInterval): void {
  const last = intervals.at(-1)
  if (last === undefined || last.state !== interval.state || last.ticked !== interval.ticked) {
    intervals.push(interval)
  } else {
    intervals[intervals.length - 1] = { ...last, from: interval.from }
  }
}

function shareOf(intervals: readonly KpiInterval[]): Readonly<Record<KpiState, number>> {
  const lasted = { green: 0, red: 0, unknown: 0 }
  for (const { state, from, to } of intervals) lasted[state] += to - from
  const all = lasted.green + lasted.red + lasted.unknown
  if (all === 0) return { green: 0, red: 0, unknown: 1 }
  return { green: lasted.green / all, red: lasted.red / all, unknown: lasted.unknown / all }
}
