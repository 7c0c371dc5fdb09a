/**
 * A custom action that is a command of the operator's, run without a shell: the request as JSON on its input.
 *
 * Example: `{ command: ['./provision.sh', 'orders-low'], env: { REGION: 'eu' }, timeoutMs: 60000 }` is run with
 * `PLIMSOLL_FLEET=web PLIMSOLL_RULE=Backlog PLIMSOLL_ACTION=provision PLIMSOLL_ID=web/42/run/1`; what it prints is its output.
 */
import type { ScalingAction } from '../../ports/scaling-action.ts'
import { createOwnCommand, type OwnCommandOptions, ownCommandOptions } from '../own-command.ts'
import { boundedOutput, requestJson } from './request-json.ts'

export const commandActionOptions = ownCommandOptions(60_000)

export function createCommandAction(options: OwnCommandOptions): ScalingAction {
  const own = createOwnCommand(options)
  return {
    async run(request, signal) {
      const variables = {
        PLIMSOLL_ID: request.id,
        PLIMSOLL_FLEET: request.fleet,
        PLIMSOLL_RULE: request.rule,
        PLIMSOLL_ACTION: request.action,
      }
      return { output: boundedOutput(await own.run(requestJson(request), variables, signal)) }
    },
    check: own.check,
    close: own.close,
  }
}
