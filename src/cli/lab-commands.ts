/**
 * Names, options and help of the lab: rules tried on records before they run.
 *
 * Example: `plimsoll backtest plimsoll.yaml --trace july.csv --against hpa,oracle -o july.html`.
 */
import { type Command, InvalidArgumentError } from 'commander'
import { addCompareCommand } from './compare-command.ts'
import { addFitCommand } from './fit-command.ts'
import type { Io } from './io.ts'
import { addTuneCommand } from './tune-command.ts'

type Done = (code: number) => void

const TRACE_HELP = `
A record is CSV, JSON lines or Parquet, one row per time: a time, and one or more numbers; or a list of sessions with
the columns start and end; or prometheus:http://127.0.0.1:9090?query=...&from=7d&step=1m. Of what no column holds,
utilization is worked out from the load: --metric cpu=utilization.`

const MODEL_HELP = `
The service model: --model per-instance=100,boot=3m,queue=30s. Its keys: per-instance (load a bin that one instance
serves), boot (3m, or 23s/45s/52s for 50, 95 and 99 %), warmup and warmup-share, queue (how long load may wait; without
it excess is lost), drain, delay (of metrics), every (between decisions), initial. standard stands for the setting of
the published comparisons.`

export function addLabCommands(program: Command, io: Io, done: Done): void {
  addFitCommand(program, io, done)
  addDiffCommand(program, io, done)
  reported(modelled(played(program.command('backtest'))))
    .helpGroup('What it would do:')
    .summary('play a record against the rules')
    .description(
      'Plays recorded load against the rules of a fleet, with what they decide changing what is measured next, and scores it.',
    )
    .argument('<file>', 'the configuration')
    .option(
      '--against <names>',
      'baselines beside it: hpa,aws,aws-step,azure,nomad,react,hist,reg,adapt,static,oracle; with a knob: hpa=0.6',
    )
    .addHelpText('after', TRACE_HELP + MODEL_HELP)
    .action(async (file, options) =>
      done(await (await import('./backtest.ts')).backtestCommand(file, options, io)),
    )
  addTuneCommand(program, io, done)
  addCompareCommand(program, io, done)
}

function addDiffCommand(program: Command, io: Io, done: Done): void {
  reported(modelled(played(program.command('diff'))))
    .helpGroup('A configuration:')
    .summary('what changed between two configurations, and what it would have changed')
    .description(
      'Tells in words what two files say differently (order, comments and secrets are left aside); with a record also their scores on it, and where and why they part.',
    )
    .argument('<old>', 'the configuration as it was')
    .argument('<new>', 'the configuration as it shall be')
    .addHelpText('after', TRACE_HELP + MODEL_HELP)
    .action(async (before, after, options) =>
      done(await (await import('./diff.ts')).diffCommand(before, after, options, io)),
    )
}

/** What every command that plays a record takes. */
export function played(command: Command): Command {
  return command
    .option('--trace <file>', 'the record')
    .option('--fleet <name>', 'the fleet, where the file has several')
    .option(
      '--journal [state]',
      "instead of a file: what the daemon recorded, in the configuration's state file or this one",
    )
    .option(
      '--play <what>',
      'of a journal: load, or sessions; unless said sessions where a rule reserves room for them',
    )
    .option(
      '--history <source>',
      'instead of a file: what azure-monitor kept of the metrics, at most 93 days',
    )
    .option(
      '--from <time>',
      'play it only from here on; 2026-11-21 or 2026-11-21T12:04, of a journal or --history also 7d',
    )
    .option('--to <time>', 'play it only up to here')
    .option('--since <time>', 'the same as --from')
    .option('--until <time>', 'the same as --to')
    .option('--load <column>', 'the column that is the demand of the fleet')
    .option('--instances <column>', 'the column with the recorded count of ready instances')
    .option(
      '--metric <name=column>',
      'where a metric comes from: a column, load, utilization or backlog; may be given several times',
      several,
    )
    .option('--time <column>', 'the column that holds the time')
    .option('--step <duration>', 'length of a bin; as the record has it unless said')
    .option('--aggregate <how>', 'several rows in one bin: avg, sum or max')
    .option('--json', 'answer as JSON')
}

function reported(command: Command): Command {
  return command
    .option('-o, --output <file>', 'a report: .html, .svg or .json; may be given several times', several)
    .option('--price <amount>', 'of one instance-hour, in any currency', amount)
    .option('--zone <zone>', 'time zone of the report, and of times that name none', 'UTC')
}

/** What every command that plays a record against rules takes. */
export function modelled(command: Command): Command {
  return command
    .option('--model <words>', 'the service model, see below; may be given several times', several)
    .option('--seed <number>', 'for what is drawn', whole, 1)
}

function several(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value]
}

function whole(text: string): number {
  const number = Number(text)
  if (/^\d{1,9}$/.test(text)) return number
  throw new InvalidArgumentError('It must be a whole number.')
}

function amount(text: string): number {
  const number = Number(text)
  if (text.trim() !== '' && Number.isFinite(number) && number >= 0) return number
  throw new InvalidArgumentError('It must be a number of at least 0.')
}
