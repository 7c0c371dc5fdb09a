/**
 * Name, options and help of `plimsoll fit`.
 *
 * Example: `plimsoll fit --journal plimsoll.yaml --fleet web --since 7d --load queue --utilization cpu`.
 */
import type { Command } from 'commander'
import type { Io } from './io.ts'

const FIT_HELP = `
A record is CSV, JSON lines or Parquet, or prometheus:http://127.0.0.1:9090?query=...&from=7d&step=1m. A journal is
the state file of a daemon, or the configuration that names it: its metrics are columns, and instances, pending and
desired are too. Capacity is fitted from load, ready instances and utilization; boot times from desired and ready
instances, or from the launches of a journal. Columns called load, requests, instances, ready, cpu, utilization or
desired are found by their names.`

export function addFitCommand(program: Command, io: Io, done: (code: number) => void): void {
  program
    .command('fit')
    .helpGroup('What it would do:')
    .summary('what one instance serves, and how long it boots, from history')
    .description(
      'Fits capacity per instance and boot times to a record, says how sure that is, and how a replay takes them.',
    )
    .argument('[file]', 'with --history: the configuration')
    .option('--trace <file>', 'the record')
    .option('--history <source>', 'instead of a record: what azure-monitor kept of the metrics of a fleet')
    .option('--journal <file>', 'instead of a record: a state file, or the configuration that names it')
    .option('--fleet <name>', 'the fleet, where the state has several')
    .option('--since <time>', 'of the journal, only since then', '7d')
    .option('--from <time>', 'of the record, only from here on')
    .option('--to <time>', 'of the record, only up to here')
    .option('--zone <zone>', 'time zone of times that name none; unless said UTC in the record')
    .option('--load <column>', 'the column that is the load of the fleet')
    .option(
      '--instances <column>',
      'the column with the count of ready instances, or a number that never changed',
    )
    .option('--utilization <column>', 'the column that says how busy an instance is')
    .option('--desired <column>', 'the column with the count that was wanted')
    .option('--ceiling <number>', 'utilization of an instance that is full; 100 or 1 by its values')
    .option('--target <share>', 'utilization one wants to run at', '70%')
    .option('--time <column>', 'the column that holds the time')
    .option('--step <duration>', 'length of a bin; as the record has it unless said')
    .option('--aggregate <how>', 'several rows in one bin: avg, sum or max')
    .option('--json', 'answer as JSON')
    .addHelpText('after', FIT_HELP)
    .action(async (file, options) =>
      done(
        await (await import('./fit.ts')).fitCommand(
          { ...options, ...(file === undefined ? {} : { file }) },
          io,
        ),
      ),
    )
}
