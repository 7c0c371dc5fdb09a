/**
 * `plimsoll diff OLD NEW`: what changed between two configuration files, in words; with a record also what that would have changed:
 * scores side by side, and the moments at which they part, with the reasons of both. Both files must be valid.
 *
 * Example: `plimsoll diff plimsoll.yaml next.yaml --trace july.csv --model per-instance=100` prints
 * `web: rule "Scale up": when avg(cpu, 45m) > 80% -> avg(cpu, 45m) > 75%`, a table, and
 * `12 Jul 09:12 to 09:31  before 4, after 6`, with why.
 */
import { changeText, diffSpecs } from '../config/diff.ts'
import type { MeasuredBoot } from '../lab/assumed-model.ts'
import { type Backtest, backtest } from '../lab/backtest.ts'
import type { FeedOptions } from '../lab/feeds.ts'
import type { Parting } from '../lab/parting.ts'
import { type ComparedReport, diffReport } from '../lab/report/diff-report.ts'
import { jsonReport } from '../lab/report/json.ts'
import {
  AFTER,
  BEFORE,
  countsOfParting,
  reasonText,
  spanOfParting,
  untoldText,
} from '../lab/report/parting-text.ts'
import type { Change } from '../lab/report/report.ts'
import { sessionsDiffReport } from '../lab/report/sessions-report.ts'
import { textReport, wrapped } from '../lab/report/text.ts'
import type { SessionBacktest } from '../lab/session-backtest.ts'
import type { LoadTrace, SessionTrace } from '../lab/trace.ts'
import type { FleetSpec } from '../model/spec.ts'
import { createCalendar } from '../plugins/calendars/temporal.ts'
import {
  type BacktestCommandOptions,
  fleetNamed,
  outputsFor,
  playSessions,
  tellWritten,
  watching,
  zoneOf,
} from './backtest.ts'
import { CliError, EXIT_OK } from './cli-error.ts'
import { coloursFor } from './colours.ts'
import { type LoadedFile, loadFile } from './config-file.ts'
import { writeOutputFile } from './files.ts'
import { type Io, printJson, printLine } from './io.ts'
import { parseModelWords } from './model-words.ts'
import { suggest } from './nearest.ts'
import { feedOptions, readRecord, refuseLoadWords } from './trace-options.ts'

export type DiffOptions = Omit<BacktestCommandOptions, 'against'>

/** The longest partings are told. */
const PARTINGS_TOLD = 10

export async function diffCommand(
  before: string,
  after: string,
  options: DiffOptions,
  io: Io,
): Promise<number> {
  const [old, next] = [await loadFile(io, before), await loadFile(io, after)]
  const changes = diffSpecs(old.spec, next.spec).map(change => ({ ...change, text: changeText(change) }))
  const played = isPlayed(options) ? await play([old, next], changes, options, io) : null
  if (options.json === true) {
    printJson(io, {
      from: { file: before, digest: old.spec.digest },
      to: { file: after, digest: next.spec.digest },
      changes,
      ...(played === null ? {} : jsonReport(played, { steps: false })),
    })
    return EXIT_OK
  }
  if (changes.length === 0) printLine(io, 'No difference: both files mean the same.')
  for (const { text } of changes) printLine(io, text)
  if (played !== null) tell(played, options, io)
  return EXIT_OK
}

function isPlayed({ trace, journal, history }: DiffOptions): boolean {
  return trace !== undefined || history !== undefined || (journal !== undefined && journal !== false)
}

async function play(
  [old, next]: readonly [LoadedFile, LoadedFile],
  changes: readonly Change[],
  options: DiffOptions,
  io: Io,
): Promise<ComparedReport> {
  const outputs = outputsFor(options.output)
  const timeZone = zoneOf(options.zone)
  const fleet = fleetNamed(next.spec, options.fleet)
  const record = await readRecord(
    options,
    { fleet, statePath: old.state.path, specs: [next.spec, old.spec] },
    io,
  )
  const { trace, measured } = record
  const reported = {
    timeZone,
    pricePerHour: options.price ?? null,
    mostPartings: PARTINGS_TOLD,
    changes,
  }
  const compared =
    trace.kind === 'sessions'
      ? sessionsDiffReport(
          ...(await playSessionsOfBoth([old, next], fleet, { trace, measured }, options, io)),
          reported,
        )
      : diffReport(...playBoth([old, next], fleet, { trace, measured }, options, io), trace, reported)
  for (const { output, write } of outputs) await writeOutputFile(io, output, write(compared))
  return compared
}

/** Both must have it: what one of them does not know cannot be compared. */
function fleetIn({ spec, file }: LoadedFile, name: string): FleetSpec {
  const fleet = spec.fleets[name]
  if (fleet !== undefined) return fleet
  throw new CliError('PLM-507', `${file} has no fleet "${name}". ${suggest(name, Object.keys(spec.fleets))}`)
}

/** With one service model: an instance serves no more because one of the files says so. */
function playBoth(
  [old, next]: readonly [LoadedFile, LoadedFile],
  fleet: string,
  record: { readonly trace: LoadTrace; readonly measured: MeasuredBoot | null },
  options: DiffOptions,
  io: Io,
): readonly [Backtest, Backtest] {
  const [before, after] = [fleetIn(old, fleet), fleetIn(next, fleet)]
  const feeds = feedOptions(options)
  const play = ({ spec }: LoadedFile, own: FleetSpec, other: FleetSpec): Backtest =>
    watching(io, record.trace.length, onProgress =>
      backtest({
        spec,
        fleet,
        ...record,
        feeds: { ...feeds, sources: sourcesFor(own, other, feeds.sources) },
        model: parseModelWords(options.model ?? []),
        modelRules: [...after.rules, ...before.rules],
        against: [],
        calendar: createCalendar(),
        seed: options.seed ?? 1,
        onProgress,
      }),
    )
  return [play(old, before, after), play(next, after, before)]
}

/** One after the other, each as it says: how many an instance holds is up to its file. */
async function playSessionsOfBoth(
  [old, next]: readonly [LoadedFile, LoadedFile],
  fleet: string,
  record: { readonly trace: SessionTrace; readonly measured: MeasuredBoot | null },
  options: DiffOptions,
  io: Io,
): Promise<readonly [SessionBacktest, SessionBacktest]> {
  refuseLoadWords(record.trace, options)
  fleetIn(old, fleet)
  const model = parseModelWords(options.model ?? [])
  const play = ({ spec }: LoadedFile) => playSessions({ spec, fleet, ...record, options, model }, io)
  return [await play(old), await play(next)]
}

/** What is said of a metric that only the other one reads is not for this one. */
function sourcesFor(own: FleetSpec, other: FleetSpec, said: FeedOptions['sources']): FeedOptions['sources'] {
  const isForOther = (name: string) => own.metrics[name] === undefined && other.metrics[name] !== undefined
  return Object.fromEntries(Object.entries(said).filter(([name]) => !isForOther(name)))
}

function tell(report: ComparedReport, { output }: DiffOptions, io: Io): void {
  const { timeZone } = report
  const { count, listed } = report.comparison.partings
  const { bold, dim } = coloursFor(io)
  io.stdout.write(`\n${textReport(report, { width: io.columns, emphasise: bold, subdue: dim })}`)
  if (listed.length > 0) printLine(io, bold(`\nWhere they part (${timeZone})`))
  for (const parting of listed) tellParting(parting, timeZone, io)
  const untold = untoldText(count - listed.length)
  if (untold !== '') printLine(io, dim(untold))
  tellWritten(output, io)
}

function tellParting(parting: Parting, timeZone: string, io: Io): void {
  printLine(io, `${spanOfParting(parting, timeZone)}  ${countsOfParting(parting)}`)
  tellWhy(BEFORE, parting.beforeSaid, io)
  tellWhy(AFTER, parting.afterSaid, io)
}

function tellWhy(who: string, said: Parting['beforeSaid'], io: Io): void {
  const first = `  ${who.padEnd(BEFORE.length)}  `
  const next = ' '.repeat(first.length)
  for (const line of wrapped(reasonText(said), { width: io.columns, first, next })) printLine(io, line)
}
