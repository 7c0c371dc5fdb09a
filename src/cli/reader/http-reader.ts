/**
 * Asks a running daemon over its API. Every request has a deadline, every answer a largest size, and is checked against
 * the API's own schemas.
 *
 * Example: `openHttpReader('http://127.0.0.1:7070', null)` reads `GET /v1/fleets/web/journal?limit=1` for `explain web`.
 */
import { z } from 'zod'
import { NO_SUCH_RULE, NOTHING_RECORDED, RULES_NOT_KEPT } from '../../api/failure.ts'
import { ExplanationWire } from '../../api/wire/explanation.ts'
import { Failure } from '../../api/wire/failure.ts'
import { FleetSummaryWire } from '../../api/wire/fleet.ts'
import { JournalEntryWire, TimelinePointWire } from '../../api/wire/journal.ts'
import { KpiHistoryWire, KpisWire } from '../../api/wire/kpi.ts'
import { FleetSettingsWire, SettingChangeWire } from '../../api/wire/settings.ts'
import type { SettingChange } from '../../model/settings.ts'
import type { Interval } from '../../model/time.ts'
import type { TimelinePoint } from '../../ports/state-store.ts'
import { CliError } from '../cli-error.ts'
import { callDaemon, decodeAnswer, whatOf } from '../daemon-call.ts'
import { isoOf } from '../instant.ts'
import {
  type FleetNow,
  MOST_INTERVALS,
  MOST_POINTS,
  type Reader,
  type Tick,
  type TickQuery,
} from './reader.ts'

const DEADLINE_MS = 10_000
const MOST_ANSWER_BYTES = 64 * 1024 * 1024
const ADVICE =
  'Is `plimsoll run` running there? Without it, name the state file (--state PATH) or the configuration that names it ' +
  '(--config FILE).'
const NO_SUCH_FLEET = 'PLM-461'

/** Most entries and points the API gives at a time, and how often we turn the page: enough for the largest limits. */
const ENTRIES_PER_PAGE = 200
const SMALL_PAGE = 50
const CHANGES_PER_PAGE = 500
const POINTS_PER_PAGE = 10_000
const MOST_PAGES = 500

const Fleets = z.object({ fleets: z.array(FleetSummaryWire) })
const Entries = z.object({ entries: z.array(JournalEntryWire), next: z.number().nullable() })
const Settings = z.object({ fleets: z.array(FleetSettingsWire) })
const SettingChanges = z.object({ changes: z.array(SettingChangeWire), next: z.number().nullable() })
const Points = z.object({ points: z.array(TimelinePointWire) })

export function openHttpReader(url: string, token: string | null): Reader {
  const base = baseOf(url)
  const ask = <Schema extends z.ZodType>(path: string, query: Query, schema: Schema) =>
    get(base, token, path, query, schema)

  function page(query: TickQuery, before: number | null): Promise<z.output<typeof Entries> | null> {
    return ask(`/v1/fleets/${encodeURIComponent(query.fleet)}/journal`, pageQuery(query, before), Entries)
  }
  async function ticks(query: TickQuery): Promise<readonly Tick[]> {
    const found: Tick[] = []
    let before: number | null = null
    for (let pages = 0; pages < MOST_PAGES && found.length < query.limit; pages++) {
      const answer = await page(query, before)
      if (answer === null) return []
      found.push(...answer.entries)
      if (answer.next === null) break
      before = answer.next
    }
    return found.slice(0, query.limit)
  }
  /** As small as they come: a daemon ticks between two pages. */
  async function eachTick(
    fleet: string,
    { from, to }: Interval,
    take: (tick: Tick) => boolean,
  ): Promise<void> {
    const query = { fleet, since: from, at: to - 1, limit: SMALL_PAGE }
    for (let before: number | null = null; ; ) {
      const answer = await page(query, before)
      if (answer === null || !answer.entries.every(take) || answer.next === null) return
      before = answer.next
    }
  }

  return {
    from: `the daemon at ${base.origin}`,
    async fleets() {
      const answer = await ask('/v1/fleets', {}, Fleets)
      const summaries = [...(answer?.fleets ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1))
      return Promise.all(summaries.map(summary => fleetNow(summary, ticks)))
    },
    ticks,
    eachTick,
    explain({ fleet, at, whyNot, next }) {
      const query = {
        ...(at === undefined ? {} : { at: isoOf(at) }),
        ...(whyNot === null ? {} : { whyNot }),
        ...(next ? { next: 'true' } : {}),
      }
      return ask(`/v1/fleets/${encodeURIComponent(fleet)}/explain`, query, ExplanationWire)
    },
    async settings() {
      const answer = await ask('/v1/settings', {}, Settings)
      return (answer?.fleets ?? [])
        .map(({ details, ...told }) => ({ ...told, settings: details }))
        .sort((a, b) => (a.fleet < b.fleet ? -1 : 1))
    },
    async settingChanges(fleet: string, limit: number) {
      const found: SettingChange[] = []
      let before: number | null = null
      for (let page = 0; page < MOST_PAGES && found.length < limit; page++) {
        const answer: z.output<typeof SettingChanges> | null = await ask(
          `/v1/settings/${encodeURIComponent(fleet)}/history`,
          { limit: Math.min(limit, CHANGES_PER_PAGE), ...(before === null ? {} : { before }) },
          SettingChanges,
        )
        found.push(...(answer?.changes ?? []))
        before = answer?.next ?? null
        if (before === null) break
      }
      return found.slice(0, limit)
    },
    async kpis(fleet) {
      const answer = await ask(`/v1/fleets/${encodeURIComponent(fleet)}/kpis`, {}, KpisWire)
      return answer?.at === null ? null : (answer?.kpis ?? null)
    },
    async kpiHistory(fleet, kpi, window) {
      const path = `/v1/fleets/${encodeURIComponent(fleet)}/kpis/${encodeURIComponent(kpi)}/history`
      const query = { since: isoOf(window.from), until: isoOf(window.to), limit: MOST_INTERVALS }
      const answer = await ask(path, query, KpiHistoryWire)
      if (answer === null) throw new CliError('PLM-511', `GET ${path}: there is no such fleet any more.`)
      return answer
    },
    async timeline(fleet: string, window: Interval) {
      const points: TimelinePoint[] = []
      let until = window.to - 1
      for (let page = 0; page < MOST_PAGES && points.length < MOST_POINTS && until >= window.from; page++) {
        const answer = await ask(
          `/v1/fleets/${encodeURIComponent(fleet)}/timeline`,
          { since: isoOf(window.from), until: isoOf(until), limit: POINTS_PER_PAGE },
          Points,
        )
        const first = answer?.points[0]
        if (answer === null || first === undefined) break
        points.unshift(...answer.points)
        if (answer.points.length < POINTS_PER_PAGE) break
        until = first.at - 1
      }
      return points
    },
    close: async () => {},
  }
}

type Query = Readonly<Record<string, string | number>>

function pageQuery({ limit, at, since, changesOnly }: TickQuery, before: number | null): Query {
  return {
    limit: Math.min(limit, ENTRIES_PER_PAGE),
    ...(at === undefined ? {} : { at: isoOf(at) }),
    ...(since === undefined ? {} : { since: isoOf(since) }),
    ...(changesOnly === true ? { changesOnly: 'true' } : {}),
    ...(before === null ? {} : { before }),
  }
}

async function fleetNow(
  { name, everyMs, lastTick }: z.output<typeof FleetSummaryWire>,
  ticks: (query: TickQuery) => Promise<readonly Tick[]>,
): Promise<FleetNow> {
  const [tick] = await ticks({ fleet: name, limit: 1 })
  return { fleet: name, tick: tick ?? null, trouble: troubleOf(lastTick), everyMs }
}

function troubleOf(lastTick: z.output<typeof FleetSummaryWire>['lastTick']): string | null {
  switch (lastTick?.outcome) {
    case 'failed':
      return `the last tick failed: ${lastTick.code ?? ''} ${lastTick.error ?? ''}`.trim()
    case 'standby':
      return 'standing by: another process holds the lease of this fleet'
    case 'ticked':
    case undefined:
      return null
  }
}

function baseOf(url: string): URL {
  const base = URL.canParse(url) ? new URL(url) : null
  if (base === null || !/^https?:$/.test(base.protocol)) {
    throw new CliError('PLM-501', `--url "${url}" is not an address. Give one as http://127.0.0.1:7070`)
  }
  return base
}

/** The decoded answer; `null` when the daemon knows no such fleet. */
async function get<Schema extends z.ZodType>(
  base: URL,
  token: string | null,
  path: string,
  query: Query,
  schema: Schema,
): Promise<z.output<Schema> | null> {
  const url = new URL(path, base)
  for (const [key, value] of Object.entries(query)) url.searchParams.set(key, String(value))
  const call = { url, token, deadlineMs: DEADLINE_MS, mostBytes: MOST_ANSWER_BYTES, advice: ADVICE }
  const { ok, status, body } = await callDaemon(call)
  if (ok) return decodeAnswer(schema, body, whatOf(call))
  const failure = Failure.safeParse(body)
  if (failure.success) {
    const { code, message, hint } = failure.data.error
    if (code === NO_SUCH_FLEET || code === NOTHING_RECORDED) return null
    if (code === NO_SUCH_RULE) throw new CliError('PLM-507', `${message} ${hint}`)
    if (code === RULES_NOT_KEPT) throw new CliError('PLM-513', `${message} ${hint}`)
  }
  const said = failure.success ? `${failure.data.error.message} ${failure.data.error.hint}` : ''
  throw new CliError('PLM-511', `${whatOf(call)} answered ${status}. ${said}`.trim())
}
