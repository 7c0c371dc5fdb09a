/**
 * Which record a lab command plays, and which column of it is what: the options that `backtest`, `diff --trace`, `tune` and `fit` share.
 *
 * Example: `--trace web.csv --load requests --metric queue=backlog --from 2026-11-01 --to 2026-11-08`.
 */
import { parseDuration } from '../config/expression/units.ts'
import type { MeasuredBoot } from '../lab/assumed-model.ts'
import type { FeedOptions, FeedSource } from '../lab/feeds.ts'
import { fitBoots } from '../lab/fit/boot-times.ts'
import { recordedBoots } from '../lab/fit/recorded-boots.ts'
import { seededRandom } from '../lab/simulation/seeded-random.ts'
import { endOf, type LoadTrace, type SessionTrace, type Trace } from '../lab/trace.ts'
import { readRecorded } from '../lab/traces/journal.ts'
import { type TraceOptions as ReadOptions, readTrace } from '../lab/traces/read-trace.ts'
import type { FleetSpec, Spec } from '../model/spec.ts'
import type { Interval } from '../model/time.ts'
import { isTimeZone } from '../pictures/zone-time.ts'
import type { StateStore } from '../ports/state-store.ts'
import { AZURE_MONITOR, readAzureHistory } from './azure-history.ts'
import { CliError } from './cli-error.ts'
import { loadFile } from './config-file.ts'
import { isoOf, parseInstant, parseIso } from './instant.ts'
import { type Io, resolvePath } from './io.ts'
import { recordedSessions, type WishWords, wishOf } from './journal-sessions.ts'
import { type FeedWords, type LoadWords, loadWordSaid } from './load-words.ts'
import { openReadOnly } from './reader/state-reader.ts'

export interface TraceOptions {
  readonly trace?: string
  readonly time?: string
  readonly step?: string
  readonly aggregate?: string
  readonly from?: string
  readonly to?: string
  /** Of times that name none; unless said UTC in the record, and that of this computer in `from` and `to`. */
  readonly zone?: string
}

/** Also what a daemon recorded. */
export interface RecordOptions extends TraceOptions {
  /** A state file or a configuration that names it, or `true` for that of the configuration that is played. */
  readonly journal?: string | boolean
  /** A source of the fleet's metrics that keeps them itself: `azure-monitor`. */
  readonly history?: string
  /** As `from` and `to`. */
  readonly since?: string
  readonly until?: string
  /** Of a journal: `load` or `sessions`. */
  readonly play?: string
}

/** Words on how load is read would do nothing to a list of sessions, quietly. */
export function refuseLoadWords(trace: SessionTrace, options: LoadWords): void {
  const said = loadWordSaid(options)
  if (said === undefined) return
  throw refused(`--${said} says how load is read, and ${trace.name} is a list of sessions: leave it out.`)
}

const AGGREGATES = ['avg', 'sum', 'max'] as const

/** Read whole, then cut to `--from` and `--to`. */
export async function readTraceOption(options: TraceOptions, io: Io): Promise<Trace> {
  const { trace: source } = options
  if (source === undefined) throw refused('Say which record to play with --trace FILE.')
  const file = source.includes('://') ? source : resolvePath(io, source)
  return cut(await readTrace(file, { ...readOptions(options), now: () => io.now() }), options, io)
}

/** What a daemon recorded is asked for by fleet, and lies in the state file of its configuration. */
export interface Recorder {
  readonly fleet: string
  readonly statePath: string
  /** Whose metrics say what is asked for where they are kept: of one file, or of two that are compared. */
  readonly specs: readonly Spec[]
}

export interface PlayedRecord {
  readonly trace: Trace
  /** As its launches took; `null` where none is recorded. */
  readonly measured: MeasuredBoot | null
}

/** A file, the journal of a daemon, or what a source of metrics kept. */
export async function readRecord(
  said: RecordOptions & WishWords,
  recorder: Recorder,
  io: Io,
): Promise<PlayedRecord> {
  const options = withRange(said)
  const { journal } = options
  if (options.play !== undefined && (journal === undefined || journal === false))
    throw refused('--play says what is played of a journal: leave it out, or give --journal.')
  if (options.history !== undefined) {
    if (options.trace !== undefined || (journal !== undefined && journal !== false))
      throw refused('Give one of --trace, --journal and --history.')
    return { trace: await readHistoryOption(options, recorder, io), measured: null }
  }
  if (journal !== undefined && journal !== false) return readJournalled(journal, options, recorder, io)
  if (options.trace !== undefined) return { trace: await readTraceOption(options, io), measured: null }
  throw refused(
    `Say which record to play: --trace FILE, --journal for what the daemon recorded, or --history ${AZURE_MONITOR} for what Azure kept.`,
  )
}

/** The fleet with the metrics that any of the files has. */
function wantedOf({ fleet, specs }: Pick<Recorder, 'fleet' | 'specs'>): FleetSpec {
  const found = specs.flatMap(({ fleets }) => fleets[fleet] ?? [])
  const [first] = found
  if (first === undefined) throw new CliError('PLM-507', `No fleet "${fleet}" in the file.`)
  return { ...first, metrics: Object.assign({}, ...found.map(({ metrics }) => metrics)) }
}

/** What a source of the fleet's metrics kept, of the last week unless said. */
export async function readHistoryOption(
  options: HistoryOptions,
  recorder: Pick<Recorder, 'fleet' | 'specs'>,
  io: Io,
): Promise<LoadTrace> {
  if (options.history !== AZURE_MONITOR) {
    throw refused(`--history ${options.history}: what keeps its metrics is ${AZURE_MONITOR}.`)
  }
  const { from, to } = withRange(options)
  const context = { now: io.now(), timeZone: options.zone ?? io.timeZone }
  const window = {
    from: parseInstant(from ?? USUAL_HISTORY, '--from', context),
    to: Math.min(io.now(), to === undefined ? io.now() : parseInstant(to, '--to', context)),
  }
  refuseEmpty(window, withRange(options))
  const { stepMs } = readOptions(options)
  return readAzureHistory({ fleet: wantedOf(recorder), window, stepMs }, io)
}

const USUAL_HISTORY = '7d'

type HistoryOptions = Pick<RecordOptions, 'history' | 'from' | 'to' | 'since' | 'until' | 'step' | 'zone'>

function withRange<T extends Pick<RecordOptions, 'from' | 'to' | 'since' | 'until'>>(options: T): T {
  const from = options.from ?? options.since
  const to = options.to ?? options.until
  return { ...options, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
}

function refuseEmpty(window: Interval, { from = '', to }: Pick<RecordOptions, 'from' | 'to'>): void {
  if (window.to > window.from) return
  const said = to === undefined ? `${from} is not in the past: nothing is recorded since.` : NOT_AFTER
  throw new CliError('PLM-509', said)
}

const NOT_AFTER = '--to is not after --from.'

async function readJournalled(
  journal: string | true,
  options: RecordOptions & WishWords,
  recorder: Recorder,
  io: Io,
): Promise<PlayedRecord> {
  const { fleet, statePath } = recorder
  const wish = wishOf(options, recorder)
  if (options.trace !== undefined) throw refused('Give --trace or --journal, not both.')
  const context = { now: io.now(), timeZone: options.zone ?? io.timeZone }
  const window = {
    from: options.from === undefined ? 0 : parseInstant(options.from, '--from', context),
    to: options.to === undefined ? io.now() : parseInstant(options.to, '--to', context),
  }
  refuseEmpty(window, options)
  const path = journal === true ? statePath : await stateNamed(journal, io)
  const store = await openReadOnly(path, 'name it with --journal FILE')
  try {
    const { stepMs } = readOptions(options)
    const trace =
      (await recordedSessions(store, { fleet, window }, wish)) ??
      (await readRecorded(store, { fleet, window, ...(stepMs === undefined ? {} : { stepMs }) }))
    return { trace: { ...trace, name: 'its journal' }, measured: await measuredBoot(store, fleet, window) }
  } finally {
    await store.close()
  }
}

async function measuredBoot(
  store: StateStore,
  fleet: string,
  window: Interval,
): Promise<MeasuredBoot | null> {
  const { boots, resolutionMs } = await recordedBoots(store, fleet, window)
  const fit = fitBoots(boots, resolutionMs, seededRandom(1))
  return fit === null ? null : { boot: fit.boot, launches: fit.ready }
}

async function stateNamed(journal: string, io: Io): Promise<string> {
  return /\.ya?ml$/i.test(journal) ? (await loadFile(io, journal)).state.path : resolvePath(io, journal)
}

function readOptions({ time, step, aggregate, zone }: TraceOptions): ReadOptions {
  if (zone !== undefined && !isTimeZone(zone))
    throw new CliError('PLM-502', `--zone ${zone} is no time zone; write UTC or Europe/London.`)
  const stepMs = step === undefined ? undefined : stepOf(step)
  return { time, timeZone: zone, stepMs, aggregate: aggregateOf(aggregate) }
}

function stepOf(text: string): number {
  const ms = parseDuration(text)
  if (ms !== null && ms > 0) return ms
  throw refused(`--step ${text} is no duration; write 10s, 1m or 5m.`)
}

function aggregateOf(text: string | undefined): ReadOptions['aggregate'] {
  if (text === undefined) return undefined
  const known = AGGREGATES.find(name => name === text)
  if (known !== undefined) return known
  throw refused(`--aggregate ${text}: there is ${AGGREGATES.join(', ')}.`)
}

function cut(trace: Trace, { from, to, zone }: TraceOptions, io: Io): Trace {
  if (from === undefined && to === undefined) return trace
  const timeZone = zone ?? io.timeZone
  const fromAt = from === undefined ? Number.NEGATIVE_INFINITY : instant(from, '--from', timeZone)
  const toAt = to === undefined ? Number.POSITIVE_INFINITY : instant(to, '--to', timeZone)
  if (toAt <= fromAt) throw new CliError('PLM-509', NOT_AFTER)
  const left = trace.kind === 'load' ? cutLoad(trace, fromAt, toAt) : cutSessions(trace, fromAt, toAt)
  const isEmpty = left.kind === 'load' ? left.length === 0 : left.sessions.length === 0
  if (!isEmpty) return left
  const [first, last] = [trace.startAt, lastOf(trace)].map(at => isoOf(at))
  throw new CliError(
    'PLM-509',
    `Between --from and --to ${trace.name} has nothing: it is from ${first} to ${last}.`,
  )
}

function lastOf(trace: Trace): number {
  if (trace.kind === 'load') return endOf(trace)
  return trace.startAt + (trace.sessions.at(-1)?.atMs ?? 0)
}

export function cutLoad(trace: LoadTrace, fromAt: number, toAt: number): LoadTrace {
  const { startAt, stepMs, length } = trace
  const first = Math.min(length, Math.max(0, Math.ceil((fromAt - startAt) / stepMs)))
  const last = Math.max(first, Math.min(length, Math.floor((toAt - startAt) / stepMs)))
  const columns = Object.fromEntries(
    Object.entries(trace.columns).map(([name, values]) => [name, values.slice(first, last)]),
  )
  return { ...trace, startAt: startAt + first * stepMs, length: last - first, columns }
}

function cutSessions(trace: SessionTrace, fromAt: number, toAt: number): SessionTrace {
  const startAt = Math.max(fromAt, trace.startAt)
  const later = startAt - trace.startAt
  const sessions = trace.sessions
    .filter(({ atMs }) => trace.startAt + atMs >= fromAt && trace.startAt + atMs < toAt)
    .map(({ atMs, lengthMs }) => ({ atMs: atMs - later, lengthMs }))
  return { ...trace, startAt, sessions }
}

function instant(text: string, what: string, timeZone: string): number {
  const at = parseIso(text, timeZone)
  if (at !== null) return at
  throw new CliError('PLM-502', `${what} ${text} is no time; write 2026-11-21 or 2026-11-21T12:04:00Z.`)
}

export function feedOptions({ load, instances, metric }: FeedWords): FeedOptions {
  const sources: Record<string, FeedSource> = {}
  for (const word of metric ?? []) {
    const split = word.indexOf('=')
    if (split < 1 || split === word.length - 1)
      throw refused(`--metric ${word}: write NAME=COLUMN, or NAME=load, =utilization, =backlog.`)
    sources[word.slice(0, split)] = feedSource(word.slice(split + 1))
  }
  return { loadColumn: load ?? null, instancesColumn: instances ?? null, sources }
}

function feedSource(text: string): FeedSource {
  switch (text) {
    case 'load':
    case 'utilization':
    case 'backlog':
      return text
    default:
      return { column: text }
  }
}

function refused(message: string): CliError {
  return new CliError('PLM-501', message)
}
