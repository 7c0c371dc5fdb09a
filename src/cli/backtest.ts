/**
 * `plimsoll backtest FILE --trace T`: what the rules of a file would have made of a record, beside other autoscalers, as one table
 * and on request as a page, a picture or JSON.
 *
 * Example: `plimsoll backtest plimsoll.yaml --trace july.csv --model per-instance=100 --against hpa,oracle -o july.html`.
 */
import path from 'node:path'
import type { MeasuredBoot } from '../lab/assumed-model.ts'
import { backtest, type Chosen } from '../lab/backtest.ts'
import { BASELINES } from '../lab/baselines/registry.ts'
import { backtestReport } from '../lab/report/backtest-report.ts'
import { htmlReport } from '../lab/report/html.ts'
import { jsonReport } from '../lab/report/json.ts'
import { svgReport } from '../lab/report/picture.ts'
import type { Report } from '../lab/report/report.ts'
import { sessionsReport } from '../lab/report/sessions-report.ts'
import { textReport } from '../lab/report/text.ts'
import { backtestSessions, type SessionBacktest } from '../lab/session-backtest.ts'
import type { SessionTrace, Trace } from '../lab/trace.ts'
import type { Spec } from '../model/spec.ts'
import { isTimeZone } from '../pictures/zone-time.ts'
import { createCalendar } from '../plugins/calendars/temporal.ts'
import { createMemoryStore } from '../plugins/stores/memory.ts'
import { CliError, EXIT_OK } from './cli-error.ts'
import { coloursFor } from './colours.ts'
import { loadFile } from './config-file.ts'
import { writeOutputFile } from './files.ts'
import { type Io, printJson, printLine } from './io.ts'
import type { FeedWords } from './load-words.ts'
import { parseModelWords } from './model-words.ts'
import { suggest } from './nearest.ts'
import { feedOptions, type RecordOptions, readRecord, refuseLoadWords } from './trace-options.ts'
import { createProgress } from './tune/progress.ts'

export interface BacktestCommandOptions extends RecordOptions, FeedWords {
  readonly fleet?: string
  readonly against?: string
  readonly model?: readonly string[]
  readonly seed?: number
  readonly price?: number
  readonly output?: readonly string[]
  readonly json?: boolean
}

export async function backtestCommand(
  file: string,
  options: BacktestCommandOptions,
  io: Io,
): Promise<number> {
  const against = parseAgainst(options.against)
  const model = parseModelWords(options.model ?? [])
  const outputs = outputsFor(options.output)
  const zone = zoneOf(options.zone)
  const { spec, state } = await loadFile(io, file)
  const fleet = fleetNamed(spec, options.fleet)
  const record = await readRecord(options, { fleet, statePath: state.path, specs: [spec] }, io)
  const report = await reportFor({ spec, fleet, ...record, options, against, model, zone }, io)
  for (const { output, write } of outputs) await writeOutputFile(io, output, write(report))
  if (options.json === true) {
    printJson(io, jsonReport(report, { steps: false }))
    return EXIT_OK
  }
  const { bold, dim } = coloursFor(io)
  io.stdout.write(textReport(report, { width: io.columns, emphasise: bold, subdue: dim }))
  tellWritten(options.output, io)
  return EXIT_OK
}

export function tellWritten(files: readonly string[] = [], io: Io): void {
  if (files.length > 0) printLine(io, `\nWrote ${files.join(', ')}`)
}

interface Asked {
  readonly spec: Spec
  readonly fleet: string
  readonly trace: Trace
  readonly measured: MeasuredBoot | null
  readonly options: BacktestCommandOptions
  readonly against: readonly Chosen[]
  readonly model: ReturnType<typeof parseModelWords>
  readonly zone: string
}

const NO_BASELINES =
  'Sessions are played one by one through the session broker, which no baseline has: leave --against out.'

async function reportFor(asked: Asked, io: Io): Promise<Report> {
  const { spec, fleet, trace, measured, options, against, model, zone } = asked
  const reportOptions = { timeZone: zone, pricePerHour: options.price ?? null }
  if (trace.kind === 'sessions') {
    if (against.length > 0) throw new CliError('PLM-501', NO_BASELINES)
    refuseLoadWords(trace, options)
    return sessionsReport(
      await playSessions({ spec, fleet, trace, measured, options, model }, io),
      reportOptions,
    )
  }
  const played = watching(io, trace.length, onProgress =>
    backtest({
      spec,
      fleet,
      trace,
      feeds: feedOptions(options),
      model,
      measured,
      against,
      calendar: createCalendar(),
      seed: options.seed ?? 1,
      onProgress,
    }),
  )
  return backtestReport(played, trace, reportOptions)
}

/** A year by the minute takes half a minute: who watches sees how far it is. */
export function watching<T>(io: Io, bins: number, work: (onProgress?: (share: number) => void) => T): T {
  if (io.stderrIsTerminal !== true) return work()
  const bar = createProgress(io)
  try {
    return work(share => bar.update({ done: Math.floor(share * bins), of: bins, share }))
  } finally {
    bar.end()
  }
}

type SessionsAsked = Pick<Asked, 'spec' | 'fleet' | 'measured' | 'model'> & {
  readonly trace: SessionTrace
  readonly options: Pick<BacktestCommandOptions, 'seed'>
}

/** A season of sessions takes minutes: who watches sees how far it is. */
export async function playSessions(
  { spec, fleet, trace, measured, options, model }: SessionsAsked,
  io: Io,
): Promise<SessionBacktest> {
  const bar = io.stderrIsTerminal === true ? createProgress(io) : null
  try {
    return await backtestSessions({
      spec,
      fleet,
      trace,
      model,
      measured,
      calendar: createCalendar(),
      seed: options.seed ?? 1,
      store: createMemoryStore(),
      onProgress: (done, share) => bar?.update({ done, of: trace.sessions.length, share }),
    })
  } finally {
    bar?.end()
  }
}

/** The fleet that is named, or the only one there is. */
export function fleetNamed(spec: Spec, name: string | undefined): string {
  const names = Object.keys(spec.fleets)
  const [only] = names
  if (name === undefined && only !== undefined && names.length === 1) return only
  if (name === undefined) {
    throw new CliError('PLM-501', `The file has the fleets ${names.join(', ')}; say which one with --fleet.`)
  }
  if (names.includes(name)) return name
  throw new CliError('PLM-507', `No fleet "${name}" in the file. ${suggest(name, names)}`)
}

/** `hpa,azure=0.7`: each with its knob where it is said; the same twice is one. */
export function parseAgainst(text: string | undefined): readonly Chosen[] {
  const words = (text ?? '').split(',').map(word => word.trim())
  const chosen = words.filter(word => word !== '').map(word => baselineSaid(word))
  return [...new Map(chosen.map(one => [`${one.baseline.name}=${one.knob}`, one])).values()]
}

function baselineSaid(word: string): Chosen {
  const [name = '', ...said] = word.split('=')
  const names = BASELINES.map(one => one.name)
  const baseline = BASELINES.find(one => one.name === name)
  if (baseline === undefined)
    throw new CliError('PLM-507', `There is no baseline "${name}". ${suggest(name, names)}`)
  const { usual, most = Number.POSITIVE_INFINITY } = baseline.knob
  const knob = said.length === 0 ? usual : Number(said.join('='))
  if (knob > 0 && knob <= most && Number.isFinite(knob)) return { baseline, knob }
  const upTo = most === Number.POSITIVE_INFINITY ? '' : ` and up to ${most}`
  throw new CliError(
    'PLM-501',
    `--against ${word}: the knob of ${name} (${baseline.knob.name}) is a number above 0${upTo}.`,
  )
}

const WRITERS: Readonly<Record<string, (report: Report) => string>> = {
  '.html': htmlReport,
  '.svg': svgReport,
  '.json': report => `${JSON.stringify(jsonReport(report, { bins: true }), null, 1)}\n`,
}

/** Each with what writes it, so that a name that cannot be written is refused before anything is played. */
export function outputsFor(names: readonly string[] = []) {
  return names.map(output => ({ output, write: writerFor(output) }))
}

function writerFor(output: string): (report: Report) => string {
  const ending = path.extname(output).toLowerCase()
  const writer = WRITERS[ending]
  if (writer !== undefined) return writer
  throw new CliError('PLM-501', `-o ${output}: a name that ends in .html, .svg or .json is needed.`)
}

export function zoneOf(zone = 'UTC'): string {
  if (isTimeZone(zone)) return zone
  throw new CliError('PLM-502', `--zone ${zone} is no time zone; write UTC or Europe/London.`)
}
