/**
 * `plimsoll tune FILE --trace T --vary PATH=VALUES ...`: tries other values on a record, on all cores, and proposes the best as a
 * change of the file, after it was held against a part of the record that it was not tuned on.
 *
 * Example: `plimsoll tune plimsoll.yaml --trace july.csv --vary rules.scale-up.threshold=60..90 --objective "cost, slo<=1%"`.
 */
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { parseShare } from '../../config/expression/units.ts'
import { configurationFile, type LoadResult } from '../../config/load.ts'
import { backtest } from '../../lab/backtest.ts'
import { LabError } from '../../lab/lab-error.ts'
import { binsOf } from '../../lab/tune/beginnings.ts'
import { Crew } from '../../lab/tune/crew.ts'
import type { JobSetting } from '../../lab/tune/job.ts'
import { parseObjective, USUAL_OBJECTIVE } from '../../lab/tune/objective.ts'
import { planSearch } from '../../lab/tune/plan.ts'
import { AS_IT_IS, type Configured, type Outcome, search } from '../../lab/tune/search.ts'
import { type Verdict, verdictOf } from '../../lab/tune/verdict.ts'
import type { Spec } from '../../model/spec.ts'
import { createCalendar } from '../../plugins/calendars/temporal.ts'
import { fleetNamed } from '../backtest.ts'
import { CliError, EXIT_OK } from '../cli-error.ts'
import { coloursFor } from '../colours.ts'
import { loadFile } from '../config-file.ts'
import { writeOutputFile } from '../files.ts'
import { onInterrupt } from '../interrupts.ts'
import { type Io, printJson, printLine, resolvePath } from '../io.ts'
import { parseModelWords } from '../model-words.ts'
import { type FeedWords, feedOptions, type RecordOptions, readRecordOption } from '../trace-options.ts'
import { unifiedDiff } from './line-diff.ts'
import { createProgress } from './progress.ts'
import { type Told, tuneJson, tuneSvg, tuneText } from './told.ts'
import { prepareVariation, type Variation } from './variation.ts'

export interface TuneOptions extends RecordOptions, FeedWords {
  readonly fleet?: string
  readonly vary?: readonly string[]
  readonly objective?: string
  readonly budget?: number
  readonly holdout?: string
  readonly workers?: number
  readonly model?: readonly string[]
  readonly seed?: number
  readonly output?: readonly string[]
  readonly write?: string
  readonly json?: boolean
}

const USUAL_BUDGET = 200
const USUAL_HOLDOUT = 0.3
/** A part with fewer bins says nothing. */
const LEAST_BINS = 10
/** What a process ends with that is interrupted twice. */
const EXIT_INTERRUPTED = 130

export async function tuneCommand(file: string, options: TuneOptions, io: Io): Promise<number> {
  const objective = parseObjective(options.objective ?? USUAL_OBJECTIVE)
  const model = parseModelWords(options.model ?? [])
  const holdout = holdoutOf(options.holdout)
  const outputs = outputsFor(options.output ?? [], file, io)
  const { spec, text, state } = await loadFile(io, file)
  const fleet = fleetNamed(spec, options.fleet)
  const load = configurationFile(resolvePath(io, file)).parse
  const variation = prepareVariation({ words: options.vary ?? [], text, fleet, load })
  const trace = await readRecordOption(options, { fleet, statePath: state.path, specs: [spec] }, io)
  const { length, stepMs } = binsOf(trace)
  const tunedBins = tunedBinsOf(trace.name, length, holdout)
  const { setting, notes } = settle(
    { trace, feeds: feedOptions(options), model, seed: options.seed ?? 1 },
    spec,
    fleet,
  )
  const budget = options.budget ?? USUAL_BUDGET
  const plan = planSearch({ combinations: variation.combinations, budget, bins: tunedBins, stepMs })
  const workers = Math.min(options.workers ?? availableParallelism(), (plan.rounds[0]?.count ?? 0) + 1)
  const begun = performance.now()
  const outcome = await interruptible(io, { workers, setting }, (crew, isStopped, onProgress) =>
    search({
      crew,
      plan,
      combinations: variation.combinations,
      seed: options.seed ?? 1,
      objective,
      asItIs: configuredOf(spec, fleet),
      configure: number => configured(load(variation.text(number)), fleet),
      changes: number => changesOf(variation, number),
      bins: length,
      tunedBins,
      isStopped,
      onProgress,
    }),
  )
  if (outcome === null) {
    io.stderr.write('It was stopped before a single configuration was replayed.\n')
    return EXIT_OK
  }
  const verdict = judged(outcome, objective)
  const proposed = outcome.chosen === null ? null : variation.text(outcome.chosen.index)
  const told: Told = {
    fleet,
    trace: { name: trace.name, startAt: trace.startAt, stepMs, length },
    tunedBins,
    objective,
    plan,
    budget,
    variation,
    outcome,
    verdict,
    diff: proposed === null ? '' : unifiedDiff(text, proposed, file),
    notes,
    workers,
    seconds: (performance.now() - begun) / 1_000,
  }
  await tell(told, { outputs, proposed, options }, io)
  return EXIT_OK
}

/** What the configurations have in common, found once: what an instance serves is no matter of the rules. */
function settle(
  setting: JobSetting,
  spec: Spec,
  fleet: string,
): { setting: JobSetting; notes: readonly string[] } {
  const { trace, feeds, model, seed } = setting
  if (trace.kind === 'sessions')
    return { setting, notes: trace.repairs.map(({ detail }) => `repaired: ${detail}`) }
  const played = backtest({ spec, fleet, trace, feeds, model, against: [], calendar: createCalendar(), seed })
  return {
    setting: { ...setting, model: { ...model, perInstance: played.model.perInstance } },
    notes: played.notes,
  }
}

function configuredOf({ fleets, schedules }: Spec, name: string): Configured {
  const fleet = fleets[name]
  if (fleet === undefined) throw new CliError('PLM-507', `No fleet "${name}" in the file.`)
  return { fleet, schedules }
}

function configured(result: LoadResult, fleet: string): Configured | null {
  return result.ok && result.loaded.spec.fleets[fleet] !== undefined
    ? configuredOf(result.loaded.spec, fleet)
    : null
}

function changesOf({ varied, choice }: Variation, number: number): number {
  return choice(number).filter((value, index) => value !== varied[index]?.written).length
}

function judged({ finalists, chosen }: Outcome, objective: Told['objective']): Verdict {
  const asItIs = finalists.get(AS_IT_IS)
  const best = chosen === null ? null : finalists.get(chosen.index)
  if (asItIs === undefined || best === undefined) {
    throw new CliError(
      'PLM-500',
      'unexpected: the chosen configuration was not replayed on the whole record.',
    )
  }
  return verdictOf({ objective, asItIs, chosen: best })
}

type Work = (
  crew: Crew,
  isStopped: () => boolean,
  onProgress: Parameters<typeof search>[0]['onProgress'],
) => Promise<Outcome | null>

/** Ctrl-C once keeps what there is; a second one, a second or more later, ends at once. */
async function interruptible(
  io: Io,
  { workers, setting }: { readonly workers: number; readonly setting: JobSetting },
  work: Work,
): Promise<Outcome | null> {
  const crew = new Crew({ workers, program: workerFile(), setting })
  const progress = createProgress(io)
  let isStopped = false
  const stopListening = onInterrupt(times => {
    if (times > 1) process.exit(EXIT_INTERRUPTED)
    isStopped = true
    progress.end()
    io.stderr.write(
      'Stopping: what was begun is finished, and the best so far replayed on the whole record.\n',
    )
    crew.stop()
  })
  try {
    return await work(
      crew,
      () => isStopped,
      done => {
        if (!isStopped) progress.update(done)
      },
    )
  } finally {
    stopListening()
    progress.end()
    await crew.close()
  }
}

/** Beside this file: `.ts` in the source tree, `.js` once compiled. */
export function workerFile(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./worker.${extension}`, import.meta.url)
}

interface Output {
  readonly file: string
  readonly write: (told: Told, proposed: string | null) => string | null
}

const WRITERS: Readonly<Record<string, Output['write']>> = {
  '.svg': told => tuneSvg(told),
  '.json': told => `${JSON.stringify(tuneJson(told), null, 1)}\n`,
  '.yaml': (_, proposed) => proposed,
  '.yml': (_, proposed) => proposed,
}

function outputsFor(names: readonly string[], original: string, io: Io): readonly Output[] {
  return names.map(file => {
    if (resolvePath(io, file) === resolvePath(io, original)) {
      throw new CliError(
        'PLM-505',
        `-o ${file} is the file that is tuned; to change it, name it with --write.`,
      )
    }
    const write = WRITERS[path.extname(file).toLowerCase()]
    if (write !== undefined) return { file, write }
    throw new CliError('PLM-501', `-o ${file}: a name that ends in .svg, .json or .yaml is needed.`)
  })
}

async function tell(
  told: Told,
  {
    outputs,
    proposed,
    options,
  }: { outputs: readonly Output[]; proposed: string | null; options: TuneOptions },
  io: Io,
): Promise<void> {
  const said: string[] = []
  const write = async (file: string, text: string | null): Promise<void> => {
    if (text !== null) await writeOutputFile(io, file, text)
    said.push(text === null ? `Nothing to write into ${file}: the file stays as it is.` : `Wrote ${file}`)
  }
  for (const { file, write: make } of outputs) await write(file, make(told, proposed))
  if (options.write !== undefined) await write(options.write, proposed)
  if (options.json === true) {
    printJson(io, tuneJson(told))
    return
  }
  io.stdout.write(tuneText(told, { width: io.columns, colours: coloursFor(io) }))
  for (const line of said) printLine(io, line)
}

function holdoutOf(text: string | undefined): number {
  const share = text === undefined ? USUAL_HOLDOUT : parseShare(text)
  if (share !== null && share >= 0.05 && share <= 0.9) return share
  throw new LabError(
    'PLM-744',
    `--holdout ${text}: the part that is not tuned on is from 5% to 90% of the record.`,
  )
}

function tunedBinsOf(name: string, length: number, holdout: number): number {
  const bins = Math.round(length * (1 - holdout))
  if (Math.min(bins, length - bins) >= LEAST_BINS) return bins
  throw new LabError(
    'PLM-744',
    `${name} has ${length} bins, too few to tune on one part and look at another; ${LEAST_BINS} are needed in each.`,
  )
}
