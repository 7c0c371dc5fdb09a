/**
 * A custom action of a host program: a function called when the rule begins to fire.
 *
 * Example: `createFunctionAction('provision', async ({ fleet }) => `queue of ${fleet} created`)`; what it answers is its
 * output, what it throws its failure.
 */
import { PluginError } from '../../ports/plugin.ts'
import type { ActionRequest, ScalingAction } from '../../ports/scaling-action.ts'
import { boundedOutput } from './request-json.ts'

/** Answers what there is to say, or nothing. */
export type RunAction = (
  request: ActionRequest,
  signal: AbortSignal,
) => string | undefined | Promise<string | undefined>

const TIMEOUT_MS = 60_000

export function createFunctionAction(
  name: string,
  call: RunAction,
  { timeoutMs = TIMEOUT_MS }: { readonly timeoutMs?: number } = {},
): ScalingAction {
  const closing = new AbortController()
  return {
    async run(request, signal) {
      const calledOff = AbortSignal.any([signal, closing.signal])
      const deadline = AbortSignal.timeout(timeoutMs)
      const either = AbortSignal.any([calledOff, deadline])
      let stop = (): void => undefined
      const stopped = new Promise<never>((_, reject) => {
        stop = () => reject(lateProblem(name, timeoutMs, calledOff))
        if (either.aborted) stop()
        either.addEventListener('abort', stop, { once: true })
      })
      try {
        const said = await Promise.race([
          either.aborted ? stopped : called(name, call, request, either),
          stopped,
        ])
        return { output: boundedOutput(said ?? '') }
      } finally {
        either.removeEventListener('abort', stop)
      }
    },
    check: async () => ({ ok: true, detail: `${name} is called in this process` }),
    async close() {
      closing.abort()
    },
  }
}

async function called(
  name: string,
  call: RunAction,
  request: ActionRequest,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return await call(request, signal)
  } catch (error) {
    if (error instanceof PluginError) throw error
    const saw = error instanceof Error ? error.message : String(error)
    throw new PluginError('unavailable', `PLM-395 the function "${name}" failed: ${saw}`, { cause: error })
  }
}

function lateProblem(name: string, timeoutMs: number, calledOff: AbortSignal): PluginError {
  return calledOff.aborted
    ? new PluginError('unavailable', `PLM-396 the function "${name}" was called off`)
    : new PluginError('unavailable', `PLM-396 the function "${name}" did not end within ${timeoutMs} ms`)
}
