/**
 * The command line: names, options and help of every command. Each command's own file is loaded only when it is used, so
 * that `plimsoll validate` starts in a fraction of a second.
 *
 * Example: `await main(['validate', 'plimsoll.yaml'], io)` answers the exit code: 0, 1 or 2 (`docs/commands.md`).
 */

import { createRequire } from 'node:module'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { parseDuration } from '../config/expression/units.ts'
import { addAzureCommands } from './azure-commands.ts'
import { CliError, EXIT_BAD_INPUT, EXIT_FAILED, EXIT_OK, messageOf } from './cli-error.ts'
import { coloursFor } from './colours.ts'
import { addImportCommands } from './import-commands.ts'
import type { Io } from './io.ts'
import { addLabCommands } from './lab-commands.ts'
import { addOperatingCommands } from './operate-commands.ts'
import { AlreadySaid } from './said.ts'
import { addSessionCommands } from './session-commands.ts'
import { keepYoungGenerationSmall } from './young-generation.ts'

/** Answers the exit code. Whatever goes wrong is said in words on `io.stderr`. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let exitCode = EXIT_OK
  const done = (code: number) => {
    exitCode = code
  }
  try {
    await createProgram(io, done).parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    return sayError(error, io)
  }
}

/** The `plimsoll` process itself. */
export async function runProcess(): Promise<void> {
  endWithLauncher()
  const { processIo } = await import('./process-io.ts')
  process.exitCode = await main(process.argv.slice(2), processIo())
}

/** Under an older Node bin/plimsoll.js runs us and passes signals on; ended by force, it cannot, but its channel closes. */
function endWithLauncher(): void {
  if (!isSet(process.env.PLIMSOLL_LAUNCHER)) return
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.channel?.unref()
}

function sayError(error: unknown, io: Io): number {
  if (error instanceof AlreadySaid) return error.exitCode
  // Commander has printed its own.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_BAD_INPUT
  const { red } = coloursFor(io)
  if (error instanceof CliError) {
    io.stderr.write(`${red('plimsoll:')} ${error.code}: ${error.message}\n`)
    return error.exitCode
  }
  io.stderr.write(`${red('plimsoll:')} ${wordsFor(error)}\n`)
  if (isSet(io.env.PLIMSOLL_DEBUG) && error instanceof Error) io.stderr.write(`${error.stack ?? ''}\n`)
  return isBadRecord(error) ? EXIT_BAD_INPUT : EXIT_FAILED
}

/** A record that cannot be read, or not played as it was asked for. */
function isBadRecord(error: unknown): boolean {
  return error instanceof Error && (error.name === 'TraceError' || error.name === 'LabError')
}

/** Failures that were foreseen say what was tried and carry a code, some a hint; anything else is a defect of ours. */
function wordsFor(error: unknown): string {
  if (error instanceof Error && error.name === 'PluginError') return error.message
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('PLM-')) {
    const hint = 'hint' in error && typeof error.hint === 'string' ? ` ${error.hint}` : ''
    return `${String(error.code)}: ${error.message}${hint}`
  }
  return `PLM-500: unexpected: ${messageOf(error)}. This is a defect; PLIMSOLL_DEBUG=1 shows where.`
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0'
}

type Done = (code: number) => void

function createProgram(io: Io, done: Done): Command {
  const { bold } = coloursFor(io)
  const program = new Command('plimsoll')
    .description('An autoscaler an operator can read.')
    .version(versionOf(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .exitOverride()
    .showHelpAfterError('(plimsoll --help lists the commands)')
    .configureHelp({ styleTitle: title => bold(title) })
    .configureOutput({
      writeOut: text => io.stdout.write(text),
      writeErr: text => io.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'plimsoll: PLM-501: ')),
      getOutHasColors: () => io.isTerminal,
      getErrHasColors: () => io.isTerminal,
      getOutHelpWidth: () => io.columns,
      getErrHelpWidth: () => io.columns,
    })
    .addHelpText(
      'after',
      '\nExit codes: 0 it worked, 1 it failed, 2 the input or the configuration is wrong.',
    )
  addRunCommand(program, io, done)
  addFileCommands(program, io, done)
  addReadingCommands(program, io, done)
  addWhatIfCommands(program, io, done)
  addLabCommands(program, io, done)
  addImportCommands(program, io, done)
  addAzureCommands(program, io, done)
  addOperatingCommands(program, io, done)
  addSessionCommands(program, io, done)
  return program
}

function addRunCommand(program: Command, io: Io, done: Done): void {
  program
    .command('run')
    .helpGroup('The daemon:')
    .summary('scale the fleets of a configuration')
    .description('Runs until it is told to stop (Ctrl-C, SIGTERM), then drains and leaves nothing behind.')
    .argument('<file>', 'the configuration')
    .option(
      '--demo-load',
      'send the first fleet behind the built-in proxy a day of real requests, and the first with a broker its people',
    )
    .option('--for <duration>', 'end by itself after so long, e.g. 2m', span)
    .option('--json', 'JSON lines on a terminal too')
    .action(async (file, options) => {
      keepYoungGenerationSmall()
      const spoken = options.json === true ? { ...io, isTerminal: false } : io
      done(await (await import('./run.ts')).runCommand(file, { ...options, forMs: options.for }, spoken))
    })
  program
    .command('down')
    .helpGroup('The daemon:')
    .summary('end the instances that outlived it')
    .description(
      'Ends what a target with `keep: true` left running when the daemon ended, and the sessions there with it.',
    )
    .argument('<file>', 'the configuration')
    .option('--json', 'answer as JSON')
    .action(async (file, options) => done(await (await import('./down.ts')).downCommand(file, options, io)))
}

function addFileCommands(program: Command, io: Io, done: Done): void {
  program
    .command('init')
    .helpGroup('A configuration:')
    .summary('write a configuration to start from')
    .description('Asks a few questions and writes a commented configuration. Never overwrites a file.')
    .argument('[file]', 'where to write it', 'plimsoll.yaml')
    .option('-y, --yes', 'ask nothing: usual answers for what no option says')
    .option('--fleet <name>', 'name of the fleet')
    .option('--target <type>', 'process, command, or none (advice only)')
    .option('--command <line>', 'program of an instance, with a process target')
    .option('--listen <address>', 'where the proxy listens, with a process target')
    .option('--slots <count>', 'sessions one instance has room for (0: it serves requests)')
    .option('--min <count>', 'fewest instances')
    .option('--max <count>', 'most instances')
    .option('--json', 'answer as JSON')
    .action(async (file, options) => done(await (await import('./init.ts')).initCommand(file, options, io)))
  program
    .command('validate')
    .helpGroup('A configuration:')
    .summary('check a configuration')
    .description('Prints every problem of the file at once, each with its place and what would be right.')
    .argument('<file>', 'the configuration')
    .option('--json', 'answer as JSON')
    .action(async (file, options) =>
      done(await (await import('./validate.ts')).validateCommand(file, options, io)),
    )
  program
    .command('doctor')
    .helpGroup('A configuration:')
    .summary('check that everything it needs is there')
    .description(
      'Checks this Node, the state file, the ports, and every target, source and router of the file.',
    )
    .argument('<file>', 'the configuration')
    .option('--json', 'answer as JSON')
    .action(async (file, options) =>
      done(await (await import('./doctor.ts')).doctorCommand(file, options, io)),
    )
  program
    .command('schema')
    .helpGroup('A configuration:')
    .summary('print the JSON Schema of the configuration')
    .description('Prints the JSON Schema of the configuration file, for editors.')
    .option('--json', 'as always: the schema is JSON')
    .action(async () => done(await (await import('./schema.ts')).schemaCommand(io)))
}

const FROM_HELP = `
Where it reads: the running daemon (--url; its token from PLIMSOLL_TOKEN), or the state file (--state, or the one
that --config names), also while the daemon runs. Without any: plimsoll.yaml in this folder, else http://127.0.0.1:7070.`

const TIME_HELP = `
A time is 2026-11-21T12:04:00Z, 2026-11-21T12:04 or 12:04 (local), "10m ago", -10m, or now.`

function reading(command: Command): Command {
  return command
    .helpGroup('What it did:')
    .option('--url <url>', 'read from the daemon at this address')
    .option('--state <path>', 'read from this state file')
    .option('--config <file>', 'read from the state file this configuration names')
    .option('--json', 'answer as JSON')
}

function addReadingCommands(program: Command, io: Io, done: Done): void {
  reading(program.command('status'))
    .summary('every fleet at a glance')
    .description('Prints how many instances every fleet has, its bounds, and why.')
    .addHelpText('after', FROM_HELP)
    .action(async options => done(await (await import('./status.ts')).statusCommand(options, io)))
  reading(program.command('instances'))
    .summary('the instances of a fleet, one by one')
    .description(
      'Lists the instances of a fleet: zone, state, load, age and address, what was asked of it by hand, and what it waits for.',
    )
    .argument('<fleet>', 'name of the fleet')
    .addHelpText('after', FROM_HELP)
    .action(async (fleet, options) =>
      done(await (await import('./instances.ts')).instancesCommand(fleet, options, io)),
    )
  reading(program.command('explain'))
    .summary('why it has as many instances as it has')
    .description(
      'Tells the last decision of a fleet, or the one of a time: every step, also when nothing happened.',
    )
    .argument('<fleet>', 'name of the fleet')
    .option('--at <time>', 'the newest decision at or before this time')
    .option('--why-not <rule>', 'also why this rule did not win')
    .option('--next', 'also what the next step up and down would take')
    .addHelpText('after', FROM_HELP + TIME_HELP)
    .action(async (fleet, options) =>
      done(await (await import('./explain.ts')).explainCommand(fleet, options, io)),
    )
  reading(program.command('history'))
    .summary('what changed, newest first')
    .description('Lists what changed and why, newest first; with --all also the ticks in which nothing did.')
    .argument('<fleet>', 'name of the fleet')
    .option('-n, --limit <count>', 'at most this many', positive, 20)
    .option('--since <time>', 'only since then')
    .option('--all', 'every tick, not only changes')
    .addHelpText('after', FROM_HELP + TIME_HELP)
    .action(async (fleet, options) =>
      done(await (await import('./history.ts')).historyCommand(fleet, options, io)),
    )
  reading(program.command('kpis'))
    .summary('how its KPIs are, and how much of the time they were green')
    .description(
      'Prints the state of every KPI of a fleet, since when, and the share of the time it was green, red or unknown; with a KPI also when.',
    )
    .argument('<fleet>', 'name of the fleet')
    .argument('[kpi]', 'only this one, with its intervals, newest first')
    .option('--since <time>', 'look back to here', '24h')
    .option('-n, --limit <count>', 'at most this many intervals', positive, 20)
    .addHelpText('after', FROM_HELP + TIME_HELP)
    .action(async (fleet, kpi, options) =>
      done(await (await import('./kpis.ts')).kpisCommand(fleet, kpi, options, io)),
    )
  reading(program.command('settings'))
    .summary('what applications are told')
    .description('Prints the settings of every fleet, or of one: value, default, and the rule that holds it.')
    .argument('[fleet]', 'name of the fleet')
    .option('--history', 'how they changed, newest first')
    .option('-n, --limit <count>', 'of the history, at most this many', positive, 20)
    .addHelpText('after', FROM_HELP)
    .action(async (fleet, options) =>
      done(await (await import('./settings.ts')).settingsCommand(fleet, options, io)),
    )
  reading(program.command('plot'))
    .summary('draw it')
    .description('Draws instances, bounds and changes over time as an SVG picture.')
    .argument('<fleet>', 'name of the fleet')
    .requiredOption('-o, --output <file>', 'the picture; - is standard output')
    .option('--since <time>', 'from when', '1h')
    .option('--until <time>', 'to when', 'now')
    .addHelpText('after', FROM_HELP + TIME_HELP)
    .action(async (fleet, options) => done(await (await import('./plot.ts')).plotCommand(fleet, options, io)))
}

function addWhatIfCommands(program: Command, io: Io, done: Done): void {
  program
    .command('schedule')
    .helpGroup('What it would do:')
    .summary('what the bounds will be')
    .description('Prints the bounds of each fleet over time; with --name the windows of one named schedule.')
    .argument('<file>', 'the configuration')
    .option('--from <date>', 'a date (midnight UTC) or a time with its offset; today unless said')
    .option('--to <date>', 'likewise, and itself not part of it; two weeks after --from unless said')
    .option('--name <schedule>', 'the windows of this schedule')
    .option('--fleet <name>', 'only this fleet')
    .option('--zone <zone>', 'time zone of the table and the picture', 'UTC')
    .option('--picture', 'draw it here: a line for every day')
    .option('-o, --output <file>', 'draw it into this SVG file')
    .option('--json', 'answer as JSON')
    .action(async (file, options) =>
      done(await (await import('./schedule.ts')).scheduleCommand(file, options, io)),
    )
  program
    .command('decide')
    .helpGroup('What it would do:')
    .summary('what would be decided, touching nothing')
    .description('Takes an observation (JSON) and prints what would be decided and planned. Touches nothing.')
    .argument('<file>', 'the configuration')
    .requiredOption('--observation <file>', 'the observation; - is standard input')
    .option('--json', 'answer as JSON')
    .action(async (file, options) =>
      done(await (await import('./decide.ts')).decideCommand(file, options, io)),
    )
}

function span(text: string): number {
  const ms = parseDuration(text)
  if (ms !== null && ms > 0) return ms
  throw new InvalidArgumentError('Give a duration such as 90s or 2m.')
}

const MOST_LISTED = 100_000

function positive(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= MOST_LISTED) return count
  throw new InvalidArgumentError(`Give a whole number from 1 to ${MOST_LISTED}.`)
}

function versionOf(): string {
  const read = createRequire(import.meta.url)
  const found: unknown = read('../../package.json')
  return typeof found === 'object' && found !== null && 'version' in found ? String(found.version) : 'unknown'
}
