/**
 * Name, options and help of `plimsoll compare`.
 *
 * Example: `plimsoll compare plimsoll.yaml --fleet web --since 7d -o week.html`.
 */
import { type Command, InvalidArgumentError } from 'commander'
import type { Io } from './io.ts'

const COMPARE_HELP = `
For a fleet in mode recommend (or notify): Plimsoll journals what it would have, while Azure, an HPA or people scale it.
"The same" is not that both would have gone the same way by themselves: it is that Plimsoll, seeing their count, would
have changed nothing. Time without a tick, paused, ordered by hand, or scaled by Plimsoll is told apart.

--replay plays the rules of FILE, in a loop of their own, over the metrics of the same time: what would have become of
it, beside what was, by one model of the service (see plimsoll backtest --help for --model, --load and --metric).

Where it reads: FILE, a configuration or a state file, also while the daemon runs; or --url, --state, --config; without
any: plimsoll.yaml in this folder, else http://127.0.0.1:7070.`

const MOST_LISTED = 100_000

export function addCompareCommand(program: Command, io: Io, done: (code: number) => void): void {
  program
    .command('compare')
    .helpGroup('What it did:')
    .summary('its recommendations beside who scales the fleet')
    .description(
      'Tells where the recommendations of a fleet differed from what another autoscaler made of it, why, and what followed.',
    )
    .argument('[file]', 'the configuration, or a state file')
    .option('--fleet <name>', 'the fleet, where there are several')
    .option('--since <time>', 'from when; 7d, 2026-11-21 or 2026-11-21T12:04', '7d')
    .option('--until <time>', 'to when', 'now')
    .option('-n, --limit <count>', 'of the stretches in which they differ, at most this many', positive, 10)
    .option('-o, --output <file>', 'a report: .html, .svg or .json; may be given several times', several)
    .option('--zone <zone>', 'time zone of the report, and of times that name none; that of this computer')
    .option('--replay', 'also play what would have become of it by the rules of FILE')
    .option('--play <what>', 'of the replay: load, or sessions; unless said as plimsoll backtest does')
    .option('--load <column>', 'of the replay: the metric that is the demand of the fleet')
    .option('--metric <name=column>', 'of the replay: where a metric comes from; several times', several)
    .option('--model <words>', 'of the replay: the service model; several times', several)
    .option('--step <duration>', 'of the replay: length of a bin')
    .option('--seed <number>', 'of the replay: for what is drawn', whole, 1)
    .option('--price <amount>', 'of the replay: of one instance-hour', amount)
    .option('--url <url>', 'read from the daemon at this address')
    .option('--state <path>', 'read from this state file')
    .option('--config <file>', 'read from the state file this configuration names')
    .option('--json', 'answer as JSON')
    .addHelpText('after', COMPARE_HELP)
    .action(async (file, options) =>
      done(await (await import('./compare.ts')).compareCommand(file, options, io)),
    )
}

function several(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value]
}

function positive(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= 1 && count <= MOST_LISTED) return count
  throw new InvalidArgumentError(`Give a whole number from 1 to ${MOST_LISTED}.`)
}

function whole(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number.')
}

function amount(text: string): number {
  const number = Number(text)
  if (text.trim() !== '' && Number.isFinite(number) && number >= 0) return number
  throw new InvalidArgumentError('It must be a number of at least 0.')
}
