/**
 * `plimsoll diff OLD NEW`: what changed between two configuration files, in words; with a record also what that would have changed:
 * scores side by side, and the moments at which they part, with the reasons of both. Both files must be valid.
 *
 * Example: `plimsoll diff plimsoll.yaml next.yaml --trace july.csv --model per-instance=100` prints
 * `web: rule "Scale up": when avg(cpu, 45m) > 80% -> avg(cpu, 45m) > 75%`, a table, and
 * `12 Jul 09:12 to 09:31  4 against 6  ...`.
 */
import { changeText, diffSpecs } from '../config/diff.ts'
import { type Backtest, backtest } from '../lab/backtest.ts'
import { LabError } from '../lab/lab-error.ts'
import type { Parting } from '../lab/parting.ts'
import { AFTER, BEFORE, type DiffReport, diffReport } from '../lab/report/diff-report.ts'
import { jsonReport } from '../lab/report/json.ts'
import { textReport } from '../lab/report/text.ts'
import type { LoadTrace } from '../lab/trace.ts'
import type { Spec } from '../model/spec.ts'
import { createCalendar } from '../plugins/calendars/temporal.ts'
import { type BacktestCommandOptions, fleetNamed, outputsFor, zoneOf } from './backtest.ts'
import { EXIT_OK } from './cli-error.ts'
import { coloursFor } from './colours.ts'
import { type LoadedFile, loadFile } from './config-file.ts'
import { writeOutputFile } from './files.ts'
import { isoOf } from './instant.ts'
import { type Io, printJson, printLine } from './io.ts'
import { parseModelWords } from './model-words.ts'
import { feedOptions, readRecordOption } from './trace-options.ts'

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
  const played = isPlayed(options) ? await play(old, next, options, io) : null
  if (options.json === true) {
    printJson(io, {
      from: { file: before, digest: old.spec.digest },
      to: { file: after, digest: next.spec.digest },
      changes,
      ...(played === null
        ? {}
        : { ...jsonReport(played.report, { steps: false }), partings: partingsJson(played) }),
    })
    return EXIT_OK
  }
  if (changes.length === 0) printLine(io, 'No difference: both files mean the same.')
  for (const { text } of changes) printLine(io, text)
  if (played !== null) tell(played, options, io)
  return EXIT_OK
}

function isPlayed({ trace, journal }: DiffOptions): boolean {
  return trace !== undefined || (journal !== undefined && journal !== false)
}

async function play(old: LoadedFile, next: LoadedFile, options: DiffOptions, io: Io): Promise<DiffReport> {
  const outputs = outputsFor(options.output)
  const timeZone = zoneOf(options.zone)
  const fleet = fleetNamed(next.spec, options.fleet)
  const trace = await readRecordOption(options, { fleet, statePath: old.state.path }, io)
  if (trace.kind === 'sessions') {
    throw new LabError(
      'PLM-728',
      `${trace.name} is a list of sessions; diff plays load. \`plimsoll backtest\` plays sessions.`,
    )
  }
  const [before, after] = [old.spec, next.spec].map(spec => playOne(spec, fleet, trace, options))
  if (before === undefined || after === undefined) throw new Error('two were played')
  const compared = diffReport(before, after, trace, {
    timeZone,
    pricePerHour: options.price ?? null,
    mostPartings: PARTINGS_TOLD,
  })
  for (const { output, write } of outputs) await writeOutputFile(io, output, write(compared.report))
  return compared
}

function playOne(spec: Spec, fleet: string, trace: LoadTrace, options: DiffOptions): Backtest {
  return backtest({
    spec,
    fleet,
    trace,
    feeds: feedOptions(options),
    model: parseModelWords(options.model ?? []),
    against: [],
    calendar: createCalendar(),
    seed: options.seed ?? 1,
  })
}

function tell({ report, partings }: DiffReport, { output }: DiffOptions, io: Io): void {
  const { bold, dim } = coloursFor(io)
  io.stdout.write(`\n${textReport(report, { width: io.columns, emphasise: bold, subdue: dim })}`)
  if (partings.listed.length > 0) printLine(io, bold('\nWhere they part'))
  for (const parting of partings.listed) tellParting(parting, io)
  const more = partings.count - partings.listed.length
  if (more > 0) printLine(io, dim(`and ${more} shorter ones`))
  for (const file of output ?? []) printLine(io, `\nWrote ${file}`)
}

function tellParting({ from, to, before, after, widest, beforeSaid, afterSaid }: Parting, io: Io): void {
  const most = Math.abs(widest) === Math.abs(after - before) ? '' : `, ${Math.abs(widest)} apart at most`
  printLine(io, `${isoOf(from)} to ${isoOf(to)}: ${BEFORE} ${before}, ${AFTER} ${after}${most}`)
  printLine(io, `  ${BEFORE}: ${beforeSaid?.because ?? 'nothing had been decided yet'}`)
  printLine(io, `  ${AFTER}:  ${afterSaid?.because ?? 'nothing had been decided yet'}`)
}

function partingsJson({ partings }: DiffReport) {
  const { count, sameRatio, listed } = partings
  return {
    count,
    sameRatio,
    listed: listed.map(({ from, to, before, after, widest, beforeSaid, afterSaid }) => ({
      from: isoOf(from),
      to: isoOf(to),
      before,
      after,
      widest,
      beforeSaid: beforeSaid?.because ?? null,
      afterSaid: afterSaid?.because ?? null,
    })),
  }
}
