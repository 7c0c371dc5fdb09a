/**
 * Names, options and help of the commands about sessions and single instances of a running daemon.
 *
 * Example: `plimsoll sessions rooms add 2 --zone a --label kind=match`.
 */
import { type Command, InvalidArgumentError } from 'commander'
import type { Io } from './io.ts'
import { asking, span } from './operate-commands.ts'

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
}

function label(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Give name=value.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}
