/**
 * Names, options and help of the commands that operate a running daemon.
 *
 * Example: `plimsoll mode web recommend --for 2h --why "watching the new rules"`.
 */
import { type Command, InvalidArgumentError } from 'commander'
import { parseDuration } from '../config/expression/units.ts'
import type { Io } from './io.ts'

type Done = (code: number) => void

const MODES = ['scale', 'notify', 'scale-and-notify', 'recommend'] as const
/** Instead of a mode or a count: what the file says. */
const AS_CONFIGURED = 'as-configured'
const MOST_INSTANCES = 100_000

const WHERE_HELP = `
It asks a running daemon: the one at --url, else the one whose configuration is named (--config) or in this folder, else
http://127.0.0.1:7070. Its token comes from PLIMSOLL_TOKEN. Every change is kept with who made it and why.`

export function addOperatingCommands(program: Command, io: Io, done: Done): void {
  addOverrideCommands(program, io, done)
  addRuleCommands(program, io, done)
  addApprovalCommands(program, io, done)
  addConfigurationCommands(program, io, done)
}

export function asking(command: Command): Command {
  return command
    .helpGroup('Operating it:')
    .option('--url <url>', 'the daemon at this address')
    .option('--config <file>', 'the daemon of this configuration')
    .option('--json', 'answer as JSON')
    .addHelpText('after', WHERE_HELP)
}

export function acting(command: Command): Command {
  return asking(command)
    .option('--who <name>', 'who does it (usually the user of this machine)')
    .option('--why <reason>', 'why, for the record')
}

export function timed(command: Command): Command {
  return acting(command).option(
    '--for <duration>',
    'how long, e.g. 2h; until it is cleared unless said',
    span,
  )
}

/** `for` is a word of the language. */
export function withSpan<T extends { readonly for?: number }>({ for: forMs, ...rest }: T) {
  return { ...rest, ...(forMs === undefined ? {} : { forMs }) }
}

function addOverrideCommands(program: Command, io: Io, done: Done): void {
  const operate = () => import('./operate.ts')
  timed(program.command('pause'))
    .summary('change nothing of a fleet')
    .description('No instance is launched, closed or terminated, whatever the rules and bounds say.')
    .argument('<fleet>', 'name of the fleet')
    .action(async (fleet, options) =>
      done(await (await operate()).pauseCommand(fleet, withSpan(options), io)),
    )
  acting(program.command('resume'))
    .summary('go on after a pause')
    .description('Ends the pause of a fleet.')
    .argument('<fleet>', 'name of the fleet')
    .action(async (fleet, options) => done(await (await operate()).resumeCommand(fleet, options, io)))
  timed(program.command('set-capacity'))
    .summary('just so many instances')
    .description(
      'Sets the count of a fleet, above every constraint, until the time is over or it is cleared.',
    )
    .argument('<fleet>', 'name of the fleet')
    .argument('<count>', `how many; ${AS_CONFIGURED} ends it`, countOrConfigured)
    .action(async (fleet, count, options) =>
      done(await (await operate()).setCapacityCommand(fleet, count.count, withSpan(options), io)),
    )
  timed(program.command('mode'))
    .summary('act, ask first, or only advise')
    .description(
      'Sets the mode of a fleet: scale, notify (ask first), scale-and-notify, recommend (touch nothing).',
    )
    .argument('<fleet>', 'name of the fleet')
    .argument('<mode>', `${MODES.join(', ')}; ${AS_CONFIGURED} ends it`, modeOrConfigured)
    .action(async (fleet, mode, options) =>
      done(await (await operate()).modeCommand(fleet, mode.mode, withSpan(options), io)),
    )
  asking(program.command('overrides'))
    .summary('what is changed by hand now')
    .description('Lists what was changed by hand and is in force.')
    .argument('<fleet>', 'name of the fleet')
    .action(async (fleet, options) => done(await (await operate()).overridesCommand(fleet, options, io)))
  asking(program.command('acts'))
    .summary('who did what by hand, and why')
    .description('Lists what operators did, newest first.')
    .argument('<fleet>', 'name of the fleet')
    .option('-n, --limit <count>', 'at most this many', upTo(500), 20)
    .action(async (fleet, options) => done(await (await operate()).actsCommand(fleet, options, io)))
}

function addRuleCommands(program: Command, io: Io, done: Done): void {
  const operate = () => import('./operate.ts')
  const rules = program
    .command('rules')
    .helpGroup('Operating it:')
    .summary('list rules, switch them, rank them')
    .description('The rules of a running fleet, and changing them by hand.')
  asking(rules.command('list'))
    .summary('the rules as they are now')
    .argument('<fleet>', 'name of the fleet')
    .action(async (fleet, options) => done(await (await operate()).listRulesCommand(fleet, options, io)))
  for (const [word, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    timed(rules.command(word))
      .summary(`switch a rule ${enabled ? 'on' : 'off'}`)
      .argument('<fleet>', 'name of the fleet')
      .argument('<rule>', 'name of the rule')
      .action(async (fleet, rule, options) =>
        done(await (await operate()).changeRuleCommand(fleet, rule, { enabled }, withSpan(options), io)),
      )
  }
  timed(rules.command('rank'))
    .summary('give a rule another rank')
    .argument('<fleet>', 'name of the fleet')
    .argument('<rule>', 'name of the rule')
    .argument('<rank>', 'a whole number; the highest that fires wins', wholeNumber)
    .action(async (fleet, rule, rank, options) =>
      done(await (await operate()).changeRuleCommand(fleet, rule, { rank }, withSpan(options), io)),
    )
  acting(rules.command('reset'))
    .summary('a rule as configured again')
    .argument('<fleet>', 'name of the fleet')
    .argument('<rule>', 'name of the rule')
    .action(async (fleet, rule, options) =>
      done(
        await (await operate()).changeRuleCommand(fleet, rule, { enabled: null, rank: null }, options, io),
      ),
    )
}

function addApprovalCommands(program: Command, io: Io, done: Done): void {
  const operate = () => import('./operate.ts')
  asking(program.command('approvals'))
    .summary('decisions that wait for a word')
    .description('Lists the decisions of fleets in mode notify that wait to be approved or rejected.')
    .action(async options => done(await (await operate()).approvalsCommand(options, io)))
  for (const verdict of ['approve', 'reject'] as const) {
    acting(program.command(verdict))
      .summary(verdict === 'approve' ? 'let a decision be carried out' : 'refuse a decision')
      .description(
        verdict === 'approve'
          ? 'The next tick carries the decision out, as far as it is still wanted.'
          : 'The same is not asked again until something else is wanted, or for as long as it would have waited.',
      )
      .argument('<id>', 'as `plimsoll approvals` lists it, e.g. web-42')
      .action(async (id, options) => done(await (await operate()).answerCommand(id, verdict, options, io)))
  }
}

function addConfigurationCommands(program: Command, io: Io, done: Done): void {
  const configure = () => import('./configure.ts')
  acting(program.command('apply'))
    .summary('put another configuration in force')
    .description(
      'The daemon checks it, puts it in force, keeps it as a version and writes it over its own file.',
    )
    .argument('<file>', 'the configuration; - is standard input')
    .action(async (file, options) => done(await (await configure()).applyCommand(file, options, io)))
  acting(program.command('rollback'))
    .summary('go back to a configuration before')
    .description('Puts a configuration in force again that was before; without a version the last other one.')
    .argument('[version]', 'the beginning of its digest, as `plimsoll versions` lists it')
    .action(async (version, options) => done(await (await configure()).rollbackCommand(version, options, io)))
  asking(program.command('versions'))
    .summary('configurations that were in force')
    .description('Lists the configurations that were in force, newest first.')
    .action(async options => done(await (await configure()).versionsCommand(options, io)))
}

export function span(text: string): number {
  const ms = parseDuration(text)
  if (ms !== null && ms >= 1) return Math.round(ms)
  throw new InvalidArgumentError('Give a duration such as 30m or 2h.')
}

function countOrConfigured(text: string): { readonly count: number | null } {
  if (text === AS_CONFIGURED) return { count: null }
  const count = Number(text)
  if (/^\d+$/.test(text) && count <= MOST_INSTANCES) return { count }
  throw new InvalidArgumentError(`Give a whole number from 0 to ${MOST_INSTANCES}, or ${AS_CONFIGURED}.`)
}

function modeOrConfigured(text: string): { readonly mode: string | null } {
  if (text === AS_CONFIGURED) return { mode: null }
  if (MODES.some(mode => mode === text)) return { mode: text }
  throw new InvalidArgumentError(`Give one of ${MODES.join(', ')}, or ${AS_CONFIGURED}.`)
}

function wholeNumber(text: string): number {
  const rank = Number(text)
  if (/^-?\d+$/.test(text) && Math.abs(rank) <= 1_000_000) return rank
  throw new InvalidArgumentError('Give a whole number, at most 1000000.')
}

function upTo(most: number): (text: string) => number {
  return text => {
    const count = Number(text)
    if (Number.isInteger(count) && count >= 1 && count <= most) return count
    throw new InvalidArgumentError(`Give a whole number from 1 to ${most}.`)
  }
}
