/**
 * Name, options and help of `plimsoll tune`.
 *
 * Example: `plimsoll tune plimsoll.yaml --trace july.csv --vary rules.scale-up.threshold=60..90 --vary cooldown.in=1m..15m`.
 */
import { type Command, InvalidArgumentError } from 'commander'
import type { Io } from './io.ts'
import { modelled, played } from './lab-commands.ts'

const TUNE_HELP = `
What to vary: a path of the fleet (cooldown.in, capacity.min, every), of a rule by its name (rules.scale-up.threshold,
.window, .by, .for, .cooldown, .target, .slo, .slots), or of the file (fleets.web.cooldown.in). Values: a list
(1m,5m,15m), or five steps from one to the other (60..90; 60..90/7 for seven).

The objective: what shall be least, and bounds for others: "cost, slo<=1%", "cost, lost<=now, actions<=200". Measures:
cost, hours, lost (slo), refused, short, queued, wait, actions, actions-per-day, reversals, under, over, shortfall,
surplus, instability, deviation. "now" is what the file as it is comes to.

Tuned on the first part of the record, held against the rest. Ctrl-C keeps what was found; a second one ends at once.`

export function addTuneCommand(program: Command, io: Io, done: (code: number) => void): void {
  modelled(played(program.command('tune')))
    .helpGroup('What it would do:')
    .summary('find better values for the rules on a record')
    .description(
      'Tries other values of a fleet on recorded load, and proposes the best of them as a change of the file.',
    )
    .argument('<file>', 'the configuration')
    .option('--vary <path=values>', 'what to vary, see below; several times for several', several)
    .option('--objective <words>', 'what to look for, see below (default: "cost, lost<=now")')
    .option('--budget <count>', 'try all, up to so many; of more, the effort of so many', upTo(100_000), 200)
    .option('--holdout <share>', 'the part at the end that is not tuned on', '30%')
    .option('--workers <count>', 'processes that replay; as many as there are cores unless said', upTo(256))
    .option('--zone <zone>', 'time zone of times that name none; unless said UTC in the record')
    .option('-o, --output <file>', 'a picture (.svg), the numbers (.json), the changed file (.yaml)', several)
    .option('--write <file>', 'write the changed file, also over the one that is tuned')
    .addHelpText('after', TUNE_HELP)
    .action(async (file, options) =>
      done(await (await import('./tune/tune.ts')).tuneCommand(file, options, io)),
    )
}

function several(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value]
}

function upTo(most: number): (text: string) => number {
  return text => {
    const count = Number(text)
    if (/^\d+$/.test(text) && count >= 1 && count <= most) return count
    throw new InvalidArgumentError(`Give a whole number from 1 to ${most}.`)
  }
}
