/**
 * What is tuned on what: a fleet of a file, the values of it that are varied, a record, and the service model that all of its
 * configurations have in common.
 *
 * Example: `--vary cooldown.in=2m,10m --holdout 30%` on ten days by the minute: two combinations, tuned on 10,080 of 14,400 bins.
 */
import { configurationFile, type LoadResult } from '../../config/load.ts'
import { backtest } from '../../lab/backtest.ts'
import { repairsSaid } from '../../lab/caveats.ts'
import { LabError } from '../../lab/lab-error.ts'
import { sessionModelOf } from '../../lab/session-backtest.ts'
import type { LoadTrace } from '../../lab/trace.ts'
import { binsOf } from '../../lab/tune/beginnings.ts'
import type { JobSetting } from '../../lab/tune/job.ts'
import type { Configured } from '../../lab/tune/search.ts'
import type { Spec } from '../../model/spec.ts'
import { createCalendar } from '../../plugins/calendars/temporal.ts'
import { fleetNamed } from '../backtest.ts'
import { CliError } from '../cli-error.ts'
import { loadFile } from '../config-file.ts'
import { type Io, resolvePath } from '../io.ts'
import type { ModelWords } from '../model-words.ts'
import { feedOptions, type PlayedRecord, readRecord, refuseLoadWords } from '../trace-options.ts'
import type { TuneOptions } from './tune.ts'
import { prepareVariation, type Variation } from './variation.ts'

/** What is said of a record. */
export type TunedTrace = Pick<LoadTrace, 'name' | 'startAt' | 'stepMs' | 'length'>

export interface Tuned {
  readonly fleet: string
  /** The file as it is. */
  readonly text: string
  readonly asItIs: Configured
  readonly variation: Variation
  /** `null` where a combination makes no valid file. */
  readonly configure: (combination: number) => Configured | null
  readonly trace: TunedTrace
  /** The first of its bins. */
  readonly tunedBins: number
  readonly setting: JobSetting
  /** What a reader must know before believing it. */
  readonly notes: readonly string[]
}

export interface TunedAsked {
  /** Share of the record, at its end, that is not tuned on. */
  readonly holdout: number
  readonly model: ModelWords
}

/** A part with fewer bins says nothing. */
const LEAST_BINS = 10

export async function openTuned(
  file: string,
  { holdout, model }: TunedAsked,
  options: TuneOptions,
  io: Io,
): Promise<Tuned> {
  const { spec, text, state } = await loadFile(io, file)
  const fleet = fleetNamed(spec, options.fleet)
  const load = configurationFile(resolvePath(io, file)).parse
  const variation = prepareVariation({ words: options.vary ?? [], text, fleet, load })
  const record = await readRecord(options, { fleet, statePath: state.path, specs: [spec] }, io)
  const { trace } = record
  const { length, stepMs } = binsOf(trace)
  return {
    fleet,
    text,
    asItIs: configuredOf(spec, fleet),
    variation,
    configure: combination => configured(load(variation.text(combination)), fleet),
    trace: { name: trace.name, startAt: trace.startAt, stepMs, length },
    tunedBins: tunedBinsOf(trace.name, length, holdout),
    ...settled({ spec, fleet, record, model, options }),
  }
}

interface Settling {
  readonly spec: Spec
  readonly fleet: string
  readonly record: PlayedRecord
  readonly model: ModelWords
  readonly options: TuneOptions
}

/** Found once: what an instance serves and how long it boots is no matter of the rules that are varied. */
function settled({ spec, fleet, record, model, options }: Settling): Pick<Tuned, 'setting' | 'notes'> {
  const { trace, measured } = record
  const feeds = feedOptions(options)
  const seed = options.seed ?? 1
  if (trace.kind === 'sessions') {
    refuseLoadWords(trace, options)
    const { boot, notes } = sessionModelOf(model, measured)
    const setting = { trace, feeds, model: { ...model, boot }, seed }
    const ofJournal = trace.recorded?.notes ?? []
    return { setting, notes: [...notes, ...ofJournal, ...repairsSaid(trace.repairs)] }
  }
  const common = { spec, fleet, trace, feeds, model, measured, seed }
  const played = backtest({ ...common, against: [], calendar: createCalendar() })
  const { perInstance, boot } = played.model
  return { setting: { trace, feeds, model: { ...model, perInstance, boot }, seed }, notes: played.notes }
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

function tunedBinsOf(name: string, length: number, holdout: number): number {
  const bins = Math.round(length * (1 - holdout))
  if (Math.min(bins, length - bins) >= LEAST_BINS) return bins
  throw new LabError(
    'PLM-744',
    `${name} has ${length} bins, too few to tune on one part and look at another; ${LEAST_BINS} are needed in each.`,
  )
}
