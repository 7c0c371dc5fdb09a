/**
 * `plimsoll tune FILE --trace T --vary PATH=VALUES ...`: tries other values on a record, on all cores, and proposes the best as a
 * change of the file, after it was held against a part of the record that it was not tuned on.
 *
 * Example: `plimsoll tune plimsoll.yaml --trace july.csv --vary rules.scale-up.threshold=60..90 --objective "cost, slo<=1%"`.
 */
import { availableParallelism } from 'node:os'
import { parseShare } from '../../config/expression/units.ts'
import { LabError } from '../../lab/lab-error.ts'
import { type Objective, parseObjective, USUAL_OBJECTIVE } from '../../lab/tune/objective.ts'
import { planSearch, type SearchPlan } from '../../lab/tune/plan.ts'
import { AS_IT_IS, type Outcome, search } from '../../lab/tune/search.ts'
import { type Verdict, verdictOf } from '../../lab/tune/verdict.ts'
import { CliError, EXIT_OK } from '../cli-error.ts'
import type { Io } from '../io.ts'
import type { FeedWords } from '../load-words.ts'
import { parseModelWords } from '../model-words.ts'
import type { RecordOptions } from '../trace-options.ts'
import { unifiedDiff } from './line-diff.ts'
import { outputsFor, tell } from './outputs.ts'
import type { Told } from './told.ts'
import { openTuned, type Tuned } from './tuned.ts'
import type { Variation } from './variation.ts'
import { withCrew } from './with-crew.ts'

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

/** How it is searched, and with how many. */
interface Searching {
  readonly objective: Objective
  readonly budget: number
  readonly plan: SearchPlan
  readonly workers: number
  readonly seed: number
}

export async function tuneCommand(file: string, options: TuneOptions, io: Io): Promise<number> {
  const objective = parseObjective(options.objective ?? USUAL_OBJECTIVE)
  const model = parseModelWords(options.model ?? [])
  const holdout = holdoutOf(options.holdout)
  const outputs = outputsFor(options.output ?? [], file, io)
  const tuned = await openTuned(file, { holdout, model }, options, io)
  const searching = searchingOf(tuned, objective, options)
  const begun = performance.now()
  const outcome = await searched(tuned, searching, io)
  if (outcome === null) {
    io.stderr.write('It was stopped before a single configuration was replayed.\n')
    return EXIT_OK
  }
  const proposed = outcome.chosen === null ? null : tuned.variation.text(outcome.chosen.index)
  const told: Told = {
    ...tuned,
    ...searching,
    outcome,
    verdict: judged(outcome, objective),
    diff: proposed === null ? '' : unifiedDiff(tuned.text, proposed, file),
    seconds: (performance.now() - begun) / 1_000,
  }
  await tell(told, { outputs, proposed, options }, io)
  return EXIT_OK
}

function searchingOf(tuned: Tuned, objective: Objective, options: TuneOptions): Searching {
  const { variation, trace, tunedBins } = tuned
  const { budget = USUAL_BUDGET, seed = 1 } = options
  const { combinations } = variation
  const plan = planSearch({ combinations, budget, bins: tunedBins, stepMs: trace.stepMs })
  const first = plan.rounds[0]?.count ?? 0
  const workers = Math.min(options.workers ?? availableParallelism(), first + 1)
  return { objective, budget, plan, workers, seed }
}

function searched(tuned: Tuned, searching: Searching, io: Io): Promise<Outcome | null> {
  const { setting, variation, asItIs, configure, trace, tunedBins } = tuned
  const { workers, plan, seed, objective } = searching
  return withCrew(io, { workers, setting }, (crew, isStopped, onProgress) =>
    search({
      crew,
      plan,
      combinations: variation.combinations,
      seed,
      objective,
      asItIs,
      configure,
      changes: combination => changesOf(variation, combination),
      bins: trace.length,
      tunedBins,
      isStopped,
      onProgress,
    }),
  )
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

function holdoutOf(text: string | undefined): number {
  const share = text === undefined ? USUAL_HOLDOUT : parseShare(text)
  if (share !== null && share >= 0.05 && share <= 0.9) return share
  throw new LabError(
    'PLM-744',
    `--holdout ${text}: the part that is not tuned on is from 5% to 90% of the record.`,
  )
}
