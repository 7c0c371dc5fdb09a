/**
 * Names, options and help of the commands about sessions and single instances of a running daemon.
 *
 * Example: `plimsoll sessions rooms add 2 --zone a --label kind=match`.
 */
import { type Command, InvalidArgumentError } from 'commander'
import type { Io } from './io.ts'
import { asking, span, timed, withSpan } from './operate-commands.ts'

type Done = (code: number) => void

export function addSessionCommands(program: Command, io: Io, done: Done): void {
  asking(program.command('sessions'))
    .summary('place, list and end sessions')
    .description(
      'A console on the sessions of a fleet with a session broker: add, remove N, list, quit; or one of them as a single command.',
    )
    .argument('<fleet>', 'name of the fleet')
    .argument('[words...]', 'add [slots], remove <number or id>, or list; a console without')
    .option('--id <id>', 'add: its id; made up unless said')
    .option('--zone <zone>', 'add: only on an instance of this zone')
    .option('--label <name=value>', 'add: kept with it; may be given several times', label)
    .option('--ttl <duration>', 'add: its lease, without signs of life', span)
    .option('--wait <duration>', 'add: wait so long for room', span)
    .action(async (fleet, words, { ttl, wait, ...options }) => {
      const { sessionsCommand } = await import('./sessions.ts')
      const spans = {
        ...(ttl === undefined ? {} : { ttlMs: ttl }),
        ...(wait === undefined ? {} : { waitMs: wait }),
      }
      done(await sessionsCommand(fleet, words, { ...options, ...spans }, io))
    })
  addInstanceCommands(program, io, done)
  addAgentCommand(program, io, done)
}

function addAgentCommand(program: Command, io: Io, done: Done): void {
  asking(program.command('agent'))
    .helpGroup('The daemon:')
    .summary('report the load of an instance, beside it')
    .description(
      'Counts the sessions of an instance again and again, reports them to a fleet with `router: { type: agent }`, and closes the instance when it is told to.',
    )
    .requiredOption('--fleet <name>', 'its fleet')
    .option('--instance <id>', 'its id, as the target lists it; with --azure-events Azure says it')
    .option('--command <line>', 'count: a shell command that prints the number of slots in use')
    .option('--http <url>', 'count: an address that answers it as JSON')
    .option('--pointer <pointer>', 'where in that JSON the number is', '/sessions')
    .option('--every <duration>', 'how often at least', span, 5_000)
    .option('--lease <duration>', 'without a report for so long its load is unknown', span, 30_000)
    .option('--incarnation <text>', 'tells it from others that had its id before')
    .option('--on-close <line>', 'a shell command after which the instance takes no more sessions')
    .option('--on-open <line>', 'a shell command after which it takes them again')
    .option('--count-only', 'instead of --on-close: another router keeps new sessions away')
    .option('--azure-events', 'on a VM of Azure: drain it when Azure is about to take it away')
    .option('--azure-metadata <url>', 'where Azure tells a VM about itself', 'http://169.254.169.254')
    .action(async options => {
      const { every, lease, ...rest } = options
      done(await (await import('./agent.ts')).agentCommand({ ...rest, everyMs: every, leaseMs: lease }, io))
    })
}

const INSTANCE_ORDERS = [
  {
    word: 'drain',
    order: 'drain',
    summary: 'let one instance go, without cutting a session',
    what: 'It gets no new sessions and is terminated once it is empty; another takes its place where it is missed.',
    undo: 'let it be like any other again; it may be reopened',
  },
  {
    word: 'protect',
    order: 'keep',
    summary: 'keep one instance in any case',
    what: 'It is not closed, repaired or terminated, until the time is over.',
    undo: 'let it be like any other again',
  },
] as const

function addInstanceCommands(program: Command, io: Io, done: Done): void {
  const operate = () => import('./operate.ts')
  for (const { word, order, summary, what, undo } of INSTANCE_ORDERS) {
    timed(program.command(word))
      .summary(summary)
      .description(what)
      .argument('<instance>', 'its id, as `plimsoll instances FLEET` lists it')
      .option('--fleet <name>', 'its fleet, where several have an instance of that id')
      .option('--undo', undo)
      .action(async (instance, { undo: isUndone, ...options }) => {
        const wanted = isUndone === true ? null : order
        done(await (await operate()).instanceCommand(instance, wanted, withSpan(options), io))
      })
  }
  timed(program.command('unfreeze'))
    .summary('go on although much fails at once')
    .description(
      'Lifts the freeze of a fleet, and lets none begin, for as long as a freeze lasts at most unless --for says.',
    )
    .argument('<fleet>', 'name of the fleet')
    .option('--undo', 'it may freeze again')
    .action(async (fleet, { undo, ...options }) =>
      done(await (await operate()).unfreezeCommand(fleet, undo !== true, withSpan(options), io)),
    )
}

function label(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Give name=value.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}
