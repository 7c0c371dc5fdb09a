/**
 * `plimsoll fit`: what one instance can serve and how long it boots, from a record or from a fleet's own history, with how sure that is.
 *
 * Example: `plimsoll fit --trace web.csv --load requests --utilization cpu` ends with `--model per-instance=96.2,boot=45s/70s/90s`, ready
 * for `plimsoll backtest`.
 */
import { formatDuration, parseShare } from '../config/expression/units.ts'
import { formatNumber, formatSpan } from '../engine/explain.ts'
import type { BootFit, BootWarning } from '../lab/fit/boot-times.ts'
import type { CapacityFit, CapacityWarning } from '../lab/fit/capacity.ts'
import type { Estimate } from '../lab/fit/estimate.ts'
import { type FitAsked, type Fitted, fitTrace } from '../lab/fit/fit-trace.ts'
import { recordedBoots } from '../lab/fit/recorded-boots.ts'
import { seededRandom } from '../lab/simulation/seeded-random.ts'
import type { LoadTrace } from '../lab/trace.ts'
import { fleetNamed } from './backtest.ts'
import { CliError, EXIT_OK } from './cli-error.ts'
import { type Colours, coloursFor } from './colours.ts'
import { loadFile } from './config-file.ts'
import { isoOf } from './instant.ts'
import { type Io, printJson, printLine } from './io.ts'
import { type JournalOptions, journalTrace, withJournal } from './journal-trace.ts'
import { table } from './table.ts'
import { readHistoryOption, readTraceOption, type TraceOptions } from './trace-options.ts'

export interface FitOptions extends TraceOptions, JournalOptions {
  /** With `history`: the configuration whose fleet is meant. */
  readonly file?: string
  readonly history?: string
  readonly load?: string
  readonly instances?: string
  readonly utilization?: string
  readonly desired?: string
  readonly ceiling?: string
  readonly target?: string
  readonly json?: boolean
}

const USUAL_TARGET = '70%'
/** The same record says the same every time. */
const SEED = 1

export async function fitCommand(options: FitOptions, io: Io): Promise<number> {
  const asked = askedOf(options)
  const { trace, boots } = await history(options, io)
  const fitted = fitTrace(trace, { ...asked, boots })
  if (options.json === true) {
    printJson(io, jsonOf(trace, fitted))
    return EXIT_OK
  }
  for (const line of tell(trace, fitted, coloursFor(io))) printLine(io, line)
  return EXIT_OK
}

function askedOf({ load, instances, utilization, desired, ceiling, target }: FitOptions): FitAsked {
  const targetShare = parseShare(target ?? USUAL_TARGET)
  if (targetShare === null || targetShare <= 0 || targetShare > 1) {
    throw new CliError('PLM-501', `--target ${target} is no share above 0; write 70% or 0.7.`)
  }
  const full = ceiling === undefined ? undefined : Number(ceiling)
  if (full !== undefined && !(full > 0 && Number.isFinite(full))) {
    throw new CliError('PLM-501', `--ceiling ${ceiling} is no number above 0.`)
  }
  return {
    load,
    instances,
    utilization,
    desired,
    ceiling: full,
    targetShare,
    random: seededRandom(SEED),
  }
}

interface History {
  readonly trace: LoadTrace
  readonly boots: FitAsked['boots']
}

async function history(options: FitOptions, io: Io): Promise<History> {
  if (options.history !== undefined) return { trace: await keptElsewhere(options, io), boots: undefined }
  if (options.journal === undefined) {
    const trace = await readTraceOption(options, io)
    if (trace.kind === 'load') return { trace, boots: undefined }
    throw new CliError(
      'PLM-508',
      `${trace.name} is a list of sessions; what is fitted is load, instances and utilization.`,
    )
  }
  if (options.trace !== undefined) throw new CliError('PLM-501', 'Give --trace or --journal, not both.')
  return withJournal(io, options, async recorded => ({
    trace: await journalTrace(recorded, options.step),
    boots: await recordedBoots(recorded.store, recorded.fleet, recorded.window),
  }))
}

/** The configuration says whose metrics, and where they are kept. */
async function keptElsewhere({ file, journal, ...options }: FitOptions, io: Io): Promise<LoadTrace> {
  if (journal !== undefined || options.trace !== undefined)
    throw new CliError('PLM-501', 'Give one of --trace, --journal and --history.')
  if (file === undefined)
    throw new CliError('PLM-501', 'Say whose history: plimsoll fit plimsoll.yaml --history azure-monitor.')
  const { spec } = await loadFile(io, file)
  const fleet = fleetNamed(spec, options.fleet)
  return readHistoryOption(options, { fleet, specs: [spec] }, io)
}

function tell(trace: LoadTrace, { capacity, boots }: Fitted, colours: Colours): string[] {
  const { bold, dim, yellow } = colours
  const warn = (text: string) => `  ${yellow('!')} ${text}`
  const head = dim(
    `${trace.name}: ${formatNumber(trace.length)} bins of ${formatDuration(trace.stepMs)} from ${isoOf(trace.startAt)}`,
  )
  const repairs = trace.repairs.map(({ detail }) => dim(`  ${detail}`))
  const lines = [head, ...repairs]
  if (capacity !== null) {
    const { columns, warnings } = capacity
    lines.push('', bold('What one instance serves'))
    if (Number.isFinite(capacity.perInstance.value)) lines.push(...capacityLines(capacity))
    lines.push(
      dim(
        `  "${columns.utilization}" over "${columns.load}" for each of ${columns.instances}; full is ${capacity.ceiling}`,
      ),
    )
    lines.push(dim(`  ${binsText(capacity)}`), ...warnings.map(warning => warn(capacityWarning(warning))))
  }
  if (boots !== null) {
    lines.push('', bold('How long one boots'), ...bootLines(boots))
    lines.push(dim(`  ${bootsText(boots)}`), ...boots.warnings.map(warning => warn(bootWarning(warning))))
  }
  const model = modelWords({ capacity, boots })
  if (capacity !== null && isUnsure(capacity.perInstance)) lines.push('', unsureText(capacity))
  if (model !== '') lines.push('', `For a replay: --model ${model}`)
  return lines
}

function capacityLines({ perInstance, atTarget, idleShare, explained }: CapacityFit): string[] {
  const rows = [
    ['  full', number(perInstance.value), range(perInstance, number)],
    [`  at ${percent(atTarget.share)}`, number(atTarget.load.value), range(atTarget.load, number)],
    ['  idle', percent(idleShare.value), range(idleShare, percent)],
  ]
  return [
    ...table(rows),
    ...(Number.isFinite(explained) ? [`  the line explains ${percent(explained)} of the differences`] : []),
  ]
}

function binsText({ bins, seen }: CapacityFit): string {
  return (
    `${bins.used} bins used, between ${percent(seen.low)} and ${percent(seen.high)}; ${bins.gaps} without a value, ` +
    `${bins.saturated} saturated, ${bins.outliers} outliers`
  )
}

function bootLines({ quantiles }: BootFit): string[] {
  return table(
    quantiles.map(({ share, ms }) => [
      `  ${percent(share)} within`,
      Number.isFinite(ms.value) ? formatSpan(ms.value) : 'unknown',
      range(ms, formatSpan),
    ]),
  )
}

function bootsText({ ready, awaited, resolutionMs }: BootFit): string {
  return `${ready} became ready, ${awaited} were still awaited; seen no better than to ${formatSpan(resolutionMs)}`
}

/** As often as not the last boots are few, so that an end is not known. */
function range({ low, high }: Estimate, text: (value: number) => string): string {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return ''
  return `95 % sure: ${text(low)} to ${text(high)}`
}

function number(value: number): string {
  return formatNumber(Number(value.toPrecision(4)))
}

function percent(share: number): string {
  return `${formatNumber(Math.round(share * 1000) / 10)} %`
}

function capacityWarning(warning: CapacityWarning): string {
  switch (warning.kind) {
    case 'few':
      return `only ${warning.bins} bins: a longer record makes it surer`
    case 'extrapolated':
      return `only seen up to ${percent(warning.above)} utilization: what is above is extrapolated`
    case 'narrow':
      return `load per instance is nearly always between ${number(warning.from)} and ${number(warning.to)}: the line is drawn through zero`
    case 'saturated':
      return `${percent(warning.share)} of the time it was full, so that more may have been wanted; left aside`
    case 'loose':
      return `utilization follows the load loosely (${percent(warning.explained)}): something else uses the instances too`
    case 'outliers':
      return `${percent(warning.share)} of the bins lie far from the line and do not count`
    case 'bent':
      return warning.steeper > 1
        ? `towards full, utilization rises ${number(warning.steeper)} times as fast: an instance is full sooner than the line says`
        : `towards full, utilization rises only ${number(warning.steeper)} times as fast: an instance may serve more than the line says`
    case 'downhill':
      return 'utilization does not rise with the load per instance: no capacity can be read from that. Are these the right columns?'
  }
}

function bootWarning(warning: BootWarning): string {
  switch (warning.kind) {
    case 'few':
      return `only ${warning.boots} boots: the slowest ones are a guess`
    case 'coarse':
      return `bins of ${formatSpan(warning.resolutionMs)} are long against these times`
    case 'awaited':
      return `${percent(warning.share)} were never seen ready: some may never have been`
  }
}

/** What may as well be more than twice another number is no ground for a replay. */
const MOST_UNSURE = 2

function isUnsure({ low, high }: Estimate): boolean {
  return high > low * MOST_UNSURE
}

function unsureText({ perInstance: { low, high } }: CapacityFit): string {
  return `Too unsure for a replay: one instance serves anything between ${number(low)} and ${number(high)}.`
}

/** As `--model` of the other commands takes it. */
function modelWords({ capacity, boots }: Fitted): string {
  const words: string[] = []
  if (capacity !== null && Number.isFinite(capacity.perInstance.value) && !isUnsure(capacity.perInstance)) {
    words.push(`per-instance=${Number(capacity.perInstance.value.toPrecision(4))}`)
  }
  if (boots !== null) words.push(`boot=${bootWords(boots)}`)
  return words.join(',')
}

function bootWords({ boot, quantiles }: BootFit): string {
  if (boot.kind === 'constant') return formatDuration(wholeSeconds(boot.ms))
  const longest = boot.ms.at(-1) ?? 0
  const at = (wanted: number) => quantiles.find(({ share }) => share === wanted)?.ms.value ?? longest
  return [0.5, 0.95, 0.99].map(share => formatDuration(wholeSeconds(at(share) || longest))).join('/')
}

function wholeSeconds(ms: number): number {
  return ms < 10_000 ? Math.round(ms) : Math.round(ms / 1000) * 1000
}

function jsonOf(trace: LoadTrace, fitted: Fitted) {
  const { capacity, boots } = fitted
  return {
    trace: {
      name: trace.name,
      from: isoOf(trace.startAt),
      stepMs: trace.stepMs,
      bins: trace.length,
      repairs: trace.repairs,
    },
    capacity,
    boots,
    model: modelWords(fitted),
  }
}
