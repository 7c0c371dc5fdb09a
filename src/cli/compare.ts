/**
 * `plimsoll compare [FILE]`: a fleet that only recommends, beside whoever scales it: for how long Plimsoll would have changed nothing,
 * where the two differ, why, and what followed. Read from the journal, also while the daemon runs; with `--replay` beside it what would
 * have become of the fleet by the rules of FILE.
 *
 * Example: `plimsoll compare plimsoll.yaml --since 7d -o week.html`.
 */
import path from 'node:path'
import { backtest, NO_DEMAND } from '../lab/backtest.ts'
import { type Comparison, compare } from '../lab/compare/comparison.ts'
import { htmlComparison } from '../lab/compare/html.ts'
import { jsonComparison } from '../lab/compare/json.ts'
import { svgComparison } from '../lab/compare/picture.ts'
import { ComparedRecord } from '../lab/compare/record.ts'
import { sightingOf } from '../lab/compare/sighting.ts'
import { SPAN_KINDS } from '../lab/compare/spans.ts'
import { textComparison } from '../lab/compare/text.ts'
import { KIND_WORDS } from '../lab/compare/words.ts'
import { LabError } from '../lab/lab-error.ts'
import { backtestReport } from '../lab/report/backtest-report.ts'
import { jsonReport } from '../lab/report/json.ts'
import type { Report } from '../lab/report/report.ts'
import { sessionsReport } from '../lab/report/sessions-report.ts'
import { textReport } from '../lab/report/text.ts'
import { spanText } from '../lab/span-text.ts'
import { NO_LENGTHS, NO_SESSIONS } from '../lab/traces/recorded-sessions.ts'
import type { Interval } from '../model/time.ts'
import { createCalendar } from '../plugins/calendars/temporal.ts'
import { playSessions, tellWritten, zoneOf } from './backtest.ts'
import { CliError, EXIT_OK } from './cli-error.ts'
import { coloursFor } from './colours.ts'
import { findUsualFile, loadFile } from './config-file.ts'
import { nothingRecorded } from './explain.ts'
import { writeOutputFile } from './files.ts'
import { isoOf, parseInstant } from './instant.ts'
import { type Io, printJson } from './io.ts'
import type { FeedWords } from './load-words.ts'
import { parseModelWords } from './model-words.ts'
import { suggest } from './nearest.ts'
import { type ReaderOptions, withReader } from './reader/open.ts'
import type { Reader } from './reader/reader.ts'
import { feedOptions, type RecordOptions, readRecord } from './trace-options.ts'
import { createProgress } from './tune/progress.ts'

export interface CompareOptions extends ReaderOptions, FeedWords {
  readonly fleet?: string
  readonly since: string
  readonly until: string
  readonly limit: number
  readonly zone?: string
  readonly output?: readonly string[]
  readonly replay?: boolean
  readonly play?: string
  readonly model?: readonly string[]
  readonly step?: string
  readonly seed?: number
  readonly price?: number
  readonly json?: boolean
}

export async function compareCommand(
  file: string | undefined,
  options: CompareOptions,
  io: Io,
): Promise<number> {
  const timeZone = options.zone === undefined ? io.timeZone : zoneOf(options.zone)
  const window = windowOf(options, timeZone, io)
  const outputs = outputsFor(options.output)
  const from = readFrom(file, options)
  const rules = options.replay === true ? await rulesOf(from, io) : null
  const comparison = await withReader(io, from, async reader => {
    const fleet = await fleetOf(reader, options.fleet)
    return read(reader, fleet, window, io)
  })
  const played = rules === null ? null : await replay(rules, comparison, { ...options, timeZone }, io)
  const isPlayed = played !== null && !(played instanceof LabError)
  const told: Told = {
    timeZone,
    replayed: isPlayed ? played : null,
    replay: isPlayed ? null : replayCommand(from, comparison, options),
    notPlayed: played instanceof LabError ? `${played.code}: ${played.message}` : null,
  }
  for (const { output, write } of outputs) await writeOutputFile(io, output, write(comparison, told))
  if (options.json === true) printJson(io, jsonOf(comparison, told))
  else {
    tell(comparison, told, options.limit, io)
    tellWritten(options.output, io)
  }
  return EXIT_OK
}

function windowOf({ since, until }: CompareOptions, timeZone: string, io: Io): Interval {
  const context = { now: io.now(), timeZone }
  const window = {
    from: parseInstant(since, '--since', context),
    // What is still to come is no gap.
    to: Math.min(context.now, parseInstant(until, '--until', context)),
  }
  if (window.to > window.from) return window
  throw new CliError('PLM-509', `--until ${until} is not after --since ${since}.`)
}

/** A file is a configuration, or a state file. */
function readFrom(file: string | undefined, { url, state, config }: CompareOptions): ReaderOptions {
  const named = { ...(url && { url }), ...(state && { state }), ...(config && { config }) }
  if (file === undefined) return named
  if (Object.keys(named).length > 0) {
    throw new CliError('PLM-501', 'Give FILE, or one of --url, --state and --config, not both.')
  }
  return /\.ya?ml$/i.test(file) ? { config: file } : { state: file }
}

/** Of the file that is named, or of the usual one. */
async function rulesOf({ url, state, config }: ReaderOptions, io: Io): Promise<string> {
  const usual = url === undefined && state === undefined ? await findUsualFile(io) : null
  const file = config ?? usual
  if (file !== null && file !== undefined) return file
  throw new CliError(
    'PLM-812',
    '--replay plays the rules of a configuration over what its daemon recorded: name the configuration instead of a daemon or a state file, plimsoll compare FILE --replay.',
  )
}

async function fleetOf(reader: Reader, name: string | undefined): Promise<string> {
  const names = (await reader.fleets()).map(({ fleet }) => fleet)
  const [only] = names
  if (name === undefined && only !== undefined && names.length === 1) return only
  if (name === undefined && names.length > 1) {
    throw new CliError(
      'PLM-501',
      `There are the fleets ${names.join(', ')} in ${reader.from}; say which one with --fleet.`,
    )
  }
  if (name !== undefined && names.includes(name)) return name
  throw new CliError(
    'PLM-507',
    `There is no fleet${name === undefined ? '' : ` "${name}"`} in ${reader.from}. ${suggest(name ?? '', names)}`,
  )
}

async function read(reader: Reader, fleet: string, window: Interval, io: Io): Promise<Comparison> {
  const record = new ComparedRecord()
  const bar = io.stderrIsTerminal === true ? createProgress(io) : null
  let done = 0
  try {
    await reader.eachTick(fleet, window, tick => {
      done += 1
      const share = Math.max(1e-6, (window.to - tick.at) / (window.to - window.from))
      bar?.update({ done, of: Math.ceil(done / share), share })
      return record.take(tick)
    })
  } finally {
    bar?.end()
  }
  const { sightings, removals, isCut } = record
  if (sightings.length === 0) throw await nothingThen(reader, fleet, window, io)
  const [earlier] = await reader.ticks({ fleet, limit: 1, at: window.from - 1 })
  const before = earlier === undefined ? null : sightingOf(earlier)
  const comparison = compare({ fleet, window, sightings, before, removals, isCut })
  if (comparison.comparedMs === 0) throw nothingCompared(comparison)
  return comparison
}

async function nothingThen(reader: Reader, fleet: string, window: Interval, io: Io): Promise<CliError> {
  const [newest] = await reader.ticks({ fleet, limit: 1 })
  if (newest === undefined) return nothingRecorded(reader, fleet, null, io)
  return new CliError(
    'PLM-810',
    `Nothing is recorded of "${fleet}" between ${isoOf(window.from)} and ${isoOf(window.to)} in ${reader.from}: no daemon ` +
      `ran then. The newest tick is of ${isoOf(newest.at)}; --since and --until choose another time.`,
  )
}

function nothingCompared({ fleet, window, timeMs }: Comparison): CliError {
  const why = SPAN_KINDS.filter(kind => timeMs[kind] > 0)
    .map(kind => `${KIND_WORDS[kind]} (${spanText(timeMs[kind])})`)
    .join('; ')
  return new CliError(
    'PLM-811',
    `Between ${isoOf(window.from)} and ${isoOf(window.to)} there is nothing to compare "${fleet}" with: ${why}. Let Plimsoll ` +
      `recommend beside whoever scales it: plimsoll mode ${fleet} recommend, or mode: recommend in the file.`,
  )
}

interface Told {
  readonly timeZone: string
  readonly replayed: Report | null
  readonly replay: string | null
  /** Why a replay that was asked for is not there. */
  readonly notPlayed: string | null
}

type Replaying = CompareOptions & { readonly timeZone: string }

/**
 * The rules of the file over what was recorded in the same time, in a loop of their own. A record that is too young for that is no
 * reason to withhold the comparison.
 */
async function replay(
  file: string,
  told: Comparison,
  options: Replaying,
  io: Io,
): Promise<Report | LabError> {
  try {
    return await replayed(file, told, options, io)
  } catch (error) {
    if (error instanceof LabError && TOO_YOUNG.has(error.code)) return error
    throw error
  }
}

const TOO_YOUNG: ReadonlySet<string> = new Set([NO_DEMAND, NO_LENGTHS, NO_SESSIONS])

async function replayed(file: string, told: Comparison, options: Replaying, io: Io): Promise<Report> {
  const { fleet, window } = told
  const { spec, state } = await loadFile(io, file)
  const { model, seed, price, timeZone } = options
  const { trace, measured } = await readRecord(
    { ...wordsOf(options), journal: true, from: isoOf(window.from), to: isoOf(window.to) },
    { fleet, statePath: state.path, specs: [spec] },
    io,
  )
  if (trace.kind === 'sessions') {
    const asked = {
      spec,
      fleet,
      trace,
      measured,
      options: { seed: seed ?? 1 },
      model: parseModelWords(model ?? []),
    }
    return sessionsReport(await playSessions(asked, io), { timeZone, pricePerHour: price ?? null })
  }
  const played = backtest({
    spec,
    fleet,
    trace,
    feeds: feedOptions(options),
    model: parseModelWords(model ?? []),
    measured,
    against: [],
    calendar: createCalendar(),
    seed: seed ?? 1,
  })
  return backtestReport(played, trace, { timeZone, pricePerHour: price ?? null })
}

/** What is played, and how load is read, where that is said. */
function wordsOf({
  play,
  step,
  load,
  instances,
  metric,
}: Replaying): FeedWords & Pick<RecordOptions, 'play' | 'step'> {
  return {
    ...(play === undefined ? {} : { play }),
    ...(step === undefined ? {} : { step }),
    ...(load === undefined ? {} : { load }),
    ...(instances === undefined ? {} : { instances }),
    ...(metric === undefined ? {} : { metric }),
  }
}

/** What to type to have it played. */
function replayCommand(
  { config }: ReaderOptions,
  { fleet }: Comparison,
  { since, until }: CompareOptions,
): string {
  const to = until === 'now' ? '' : ` --until ${quoted(until)}`
  return `plimsoll compare ${quoted(config ?? 'FILE')} --fleet ${quoted(fleet)} --since ${quoted(since)}${to} --replay`
}

function quoted(word: string): string {
  return /^[\w./:+-]+$/.test(word) ? word : `"${word}"`
}

function jsonOf(comparison: Comparison, { replay, timeZone, replayed, notPlayed }: Told) {
  return {
    ...jsonComparison(comparison, replay, timeZone),
    ...(replayed === null ? {} : { replay: jsonReport(replayed, { steps: false }) }),
    ...(notPlayed === null ? {} : { notPlayed }),
  }
}

function tell(
  comparison: Comparison,
  { timeZone, replay, replayed, notPlayed }: Told,
  most: number,
  io: Io,
): void {
  const { bold, dim } = coloursFor(io)
  const style = { emphasise: bold, subdue: dim }
  io.stdout.write(textComparison(comparison, { timeZone, width: io.columns, most, replay, ...style }))
  if (replayed !== null) io.stdout.write(`\n${textReport(replayed, { width: io.columns, ...style })}`)
  if (notPlayed !== null) io.stdout.write(`\nWhat would have become of it was not played. ${notPlayed}\n`)
}

const WRITERS: Readonly<Record<string, (comparison: Comparison, told: Told) => string>> = {
  '.html': htmlComparison,
  '.svg': (comparison, { timeZone }) => svgComparison(comparison, timeZone),
  '.json': (comparison, told) => `${JSON.stringify(jsonOf(comparison, told), null, 1)}\n`,
}

/** Each with what writes it, so that a name that cannot be written is refused before anything is read. */
function outputsFor(names: readonly string[] = []) {
  return names.map(output => {
    const write = WRITERS[path.extname(output).toLowerCase()]
    if (write !== undefined) return { output, write }
    throw new CliError('PLM-501', `-o ${output}: a name that ends in .html, .svg or .json is needed.`)
  })
}
