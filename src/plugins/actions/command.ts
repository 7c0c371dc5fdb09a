/**
 * A custom action that is a command of the operator's, run without a shell: the request as JSON on its input.
 *
 * Example: `{ command: ['./provision.sh', 'orders-low'], env: { REGION: 'eu' }, timeoutMs: 60000 }` is run with
 * `PLIMSOLL_FLEET=web PLIMSOLL_RULE=Backlog PLIMSOLL_ACTION=provision PLIMSOLL_ID=web/42/run/1`; what it prints is its output.
 */
import { z } from 'zod'
import type { ScalingAction } from '../../ports/scaling-action.ts'
import { runCommand } from '../command.ts'
import { timeoutOf, timeoutShape } from '../option-values.ts'
import { checkProgram } from '../program.ts'
import { boundedOutput, requestJson } from './request-json.ts'

export const commandActionOptions = z
  .object({
    command: z.array(z.string()).min(1),
    env: z.record(z.string(), z.string()).default({}),
    cwd: z.string().nullable().default(null),
    ...timeoutShape,
  })
  .transform(({ timeout, timeoutMs, ...rest }) => ({
    ...rest,
    timeoutMs: timeoutOf({ timeout, timeoutMs }, 60_000),
  }))
export type CommandActionOptions = z.output<typeof commandActionOptions>

export function createCommandAction({ command, env, cwd, timeoutMs }: CommandActionOptions): ScalingAction {
  const closing = new AbortController()
  return {
    async run(request, signal) {
      const printed = await runCommand(command, {
        input: requestJson(request),
        timeoutMs,
        cwd,
        signal: AbortSignal.any([signal, closing.signal]),
        excess: 'is-dropped',
        env: {
          ...env,
          PLIMSOLL_ID: request.id,
          PLIMSOLL_FLEET: request.fleet,
          PLIMSOLL_RULE: request.rule,
          PLIMSOLL_ACTION: request.action,
        },
      })
      return { output: boundedOutput(printed) }
    },
    check: () => checkProgram(command, cwd),
    async close() {
      closing.abort()
    },
  }
}
