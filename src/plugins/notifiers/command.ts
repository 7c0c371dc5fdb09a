/**
 * Notices to a command of the operator's: the notice as JSON on its input, what matters most in its environment.
 *
 * Example: `{ command: ['./page-me.sh'] }` is run with `PLIMSOLL_FLEET=web PLIMSOLL_EVENT=lost PLIMSOLL_ID=web/lost/...`;
 * exit code 75 means "later", and it is tried again.
 */
import { z } from 'zod'
import type { Notifier } from '../../ports/notifier.ts'
import { runCommand } from '../command.ts'
import { timeoutOf, timeoutShape } from '../option-values.ts'
import { checkProgram } from '../program.ts'

export const commandNotifierOptions = z
  .object({
    command: z.array(z.string()).min(1),
    env: z.record(z.string(), z.string()).default({}),
    cwd: z.string().nullable().default(null),
    ...timeoutShape,
  })
  .transform(({ timeout, timeoutMs, ...rest }) => ({
    ...rest,
    timeoutMs: timeoutOf({ timeout, timeoutMs }, 30_000),
  }))
export type CommandNotifierOptions = z.output<typeof commandNotifierOptions>

export function createCommandNotifier({ command, env, cwd, timeoutMs }: CommandNotifierOptions): Notifier {
  const closing = new AbortController()
  return {
    async send(notice, signal) {
      const { id, fleet, event, title } = notice
      await runCommand(command, {
        input: { ...notice, at: new Date(notice.at).toISOString() },
        timeoutMs,
        cwd,
        signal: AbortSignal.any([signal, closing.signal]),
        excess: 'is-dropped',
        env: {
          ...env,
          PLIMSOLL_ID: id,
          PLIMSOLL_FLEET: fleet,
          PLIMSOLL_EVENT: event,
          PLIMSOLL_TITLE: title.replaceAll('\0', ''),
        },
      })
    },
    check: () => checkProgram(command, cwd),
    async close() {
      closing.abort()
    },
  }
}
