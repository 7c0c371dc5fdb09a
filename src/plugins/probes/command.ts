/**
 * Asks by a command: exit code 0 is healthy, unless what it prints says otherwise.
 *
 * Example: `./well.sh` with PLIMSOLL_INSTANCE=rooms-3 prints `{"state": "initializing", "detail": "loading maps"}`:
 * `{ state: 'initializing', detail: '"./well.sh" exited with code 0: loading maps' }`.
 */
import type { HealthProbe, ProbedInstance, ProbeVerdict } from '../../ports/health-probe.ts'
import { quoteCommand } from '../command.ts'
import { CommandProcess, type Ending } from '../command-process.ts'
import { checkProgram } from '../program.ts'
import { verdictOf } from './verdict.ts'

export interface CommandProbeOptions {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string | null
  readonly timeoutMs: number
}

/** The caller's signal ends it first; this is for a caller that forgets. */
const AT_MOST_AFTER_MS = 5_000

export function createCommandProbe({ command, env, cwd, timeoutMs }: CommandProbeOptions): HealthProbe {
  const what = quoteCommand(command)
  return {
    async probe({ id, address }: ProbedInstance, signal: AbortSignal): Promise<ProbeVerdict> {
      if (signal.aborted) return { state: 'unhealthy', detail: `${what}: ${reasonOf(signal.reason)}` }
      const process = new CommandProcess({
        argv: command,
        input: '',
        env: { ...env, PLIMSOLL_INSTANCE: id, PLIMSOLL_ADDRESS: address ?? '' },
        cwd,
        excess: 'is-dropped',
        timeoutMs: timeoutMs + AT_MOST_AFTER_MS,
        signal,
      })
      return judge(what, await process.ended, process.output(), signal)
    },
    check: () => checkProgram(command, cwd),
    close: async () => undefined,
  }
}

function judge(what: string, ending: Ending, output: string, signal: AbortSignal): ProbeVerdict {
  switch (ending.how) {
    case 'exited':
      return verdictOf(ending.code === 0, `${what} exited with code ${ending.code}`, output)
    case 'signal':
      return { state: 'unhealthy', detail: `${what} was ended by ${ending.signal}` }
    case 'not-started':
      return { state: 'unknown', detail: `${what} could not be started: ${ending.error.message}` }
    case 'deadline':
    case 'called-off':
    case 'too-much':
      return { state: 'unhealthy', detail: `${what}: ${reasonOf(signal.reason)}` }
  }
}

function reasonOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : 'no answer in time'
}
