/**
 * Names, options and help of what brings rules from other autoscalers.
 *
 * Example: `plimsoll import wasabi rules.xml services.xml -o plimsoll.yaml`.
 */
import type { Command } from 'commander'
import type { Io } from './io.ts'

type Done = (code: number) => void

const REPORT_HELP = `
The file goes to standard output, or with -o to a file that does not exist yet. What could not be carried over, or could be
read in more than one way, is reported with its line: on standard error, with -o on standard output, and in the file.`

export function addImportCommands(program: Command, io: Io, done: Done): void {
  const importing = program
    .command('import')
    .helpGroup('A configuration:')
    .summary('make one of the rules of another autoscaler')
    .description(
      'Makes a configuration of the rules of another autoscaler, and reports what could not be carried over.',
    )
  reported(importing.command('wasabi'))
    .summary('from the Autoscaling Application Block')
    .description(
      'Makes a configuration of the rules (and the service information) of the Autoscaling Application Block.',
    )
    .argument('<rules>', 'its rules, as XML')
    .argument('[services]', 'its service information, as XML')
    .action(async (rules, services, options) =>
      done(await (await import('./import.ts')).importWasabiCommand(rules, services, options, io)),
    )
  reported(importing.command('azure'))
    .summary('from the autoscale settings of Azure Monitor')
    .description(
      'Makes a configuration of autoscale settings: as exported, as `az monitor autoscale show` prints them, or in an ARM template.',
    )
    .argument('<files...>', 'settings or templates as JSON, and the parameters of a template')
    .action(async (files, options) =>
      done(await (await import('./import-azure.ts')).importAzureCommand(files, options, io)),
    )
  addExportCommand(program, io, done)
}

function addExportCommand(program: Command, io: Io, done: Done): void {
  program
    .command('export')
    .helpGroup('A configuration:')
    .summary('write what another autoscaler can express of it')
    .description(
      'Writes the part of a configuration that another autoscaler can express, and reports the rest.',
    )
    .command('azure')
    .summary('as autoscale settings of Azure Monitor')
    .description(
      'Writes an ARM template with an autoscale setting for each fleet, and says what Azure cannot express.',
    )
    .argument('<file>', 'the configuration')
    .option('-o, --output <file>', 'write it to this file, which must not exist yet')
    .option('--json', 'answer as JSON: the template, and the report')
    .action(async (file, options) =>
      done(await (await import('./import-azure.ts')).exportAzureCommand(file, options, io)),
    )
}

/** What every import takes. */
function reported(command: Command): Command {
  return command
    .option('-o, --output <file>', 'write it to this file, which must not exist yet')
    .option('--json', 'answer as JSON: the file as text, and the report')
    .addHelpText('after', REPORT_HELP)
}
