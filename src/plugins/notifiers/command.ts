/**
 * Notices to a command of the operator's: the notice as JSON on its input, what matters most in its environment.
 *
 * Example: `{ command: ['./page-me.sh'] }` is run with `PLIMSOLL_FLEET=web PLIMSOLL_EVENT=lost PLIMSOLL_ID=web/lost/...`;
 * exit code 75 means "later", and it is tried again.
 */
import type { Notifier } from '../../ports/notifier.ts'
import { createOwnCommand, type OwnCommandOptions, ownCommandOptions } from '../own-command.ts'

export const commandNotifierOptions = ownCommandOptions(30_000)

export function createCommandNotifier(options: OwnCommandOptions): Notifier {
  const own = createOwnCommand(options)
  return {
    async send(notice, signal) {
      const { id, fleet, event, title } = notice
      const variables = {
        PLIMSOLL_ID: id,
        PLIMSOLL_FLEET: fleet,
        PLIMSOLL_EVENT: event,
        PLIMSOLL_TITLE: title.replaceAll('\0', ''),
      }
      await own.run({ ...notice, at: new Date(notice.at).toISOString() }, variables, signal)
    },
    check: own.check,
    close: own.close,
  }
}
