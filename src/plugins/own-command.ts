/**
 * A command of the operator's that a notifier or a custom action runs: without a shell, with JSON on its input and what
 * matters most in its environment.
 *
 * Example: `createOwnCommand({ command: ['./page.sh'], env: { TEAM: 'shop' }, cwd: null, timeoutMs: 30000 })`, then
 * `await own.run({ title: 'web 5 -> 6' }, { PLIMSOLL_FLEET: 'web' }, signal)` answers what it printed.
 */
import { z } from 'zod'
import type { Plugin } from '../ports/plugin.ts'
import { runCommand } from './command.ts'
import { timeoutOf, timeoutShape } from './option-values.ts'
import { checkProgram } from './program.ts'

export interface OwnCommandOptions {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string | null
  readonly timeoutMs: number
}

/** As the configuration gives them. */
export function ownCommandOptions(otherwiseMs: number) {
  return z
    .object({
      command: z.array(z.string()).min(1),
      env: z.record(z.string(), z.string()).default({}),
      cwd: z.string().nullable().default(null),
      ...timeoutShape,
    })
    .transform(
      ({ timeout, timeoutMs, ...rest }): OwnCommandOptions => ({
        ...rest,
        timeoutMs: timeoutOf({ timeout, timeoutMs }, otherwiseMs),
      }),
    )
}

export interface OwnCommand extends Plugin {
  /** What it printed. Ours among the variables take the place of the operator's. Throws `PluginError`, as `runCommand` does. */
  run(input: object, variables: Readonly<Record<string, string>>, signal: AbortSignal): Promise<string>
}

export function createOwnCommand({ command, env, cwd, timeoutMs }: OwnCommandOptions): OwnCommand {
  const closing = new AbortController()
  return {
    run: (input, variables, signal) =>
      runCommand(command, {
        input,
        timeoutMs,
        cwd,
        signal: AbortSignal.any([signal, closing.signal]),
        excess: 'is-dropped',
        env: { ...env, ...variables },
      }),
    check: () => checkProgram(command, cwd),
    async close() {
      closing.abort()
    },
  }
}
