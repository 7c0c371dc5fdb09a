/**
 * Runs an operator's command: JSON in on its input, text out on its output. Why it failed is said with what it printed.
 *
 * Example: `runCommand(['./fleet.sh', 'list'], { input: null, timeoutMs: 30_000, signal })` answers what it printed;
 * when it exits with 69 it throws `unavailable`, "PLM-352 "./fleet.sh list" exited with code 69. It printed: ...".
 */
import { PluginError, type PluginErrorKind } from '../ports/plugin.ts'
import { CommandProcess, type Ending, type Excess, OUTPUT_BYTES } from './command-process.ts'

export interface CommandRun {
  /** Given to the command as JSON on its standard input; `null` gives it nothing. */
  readonly input: unknown
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Folder it runs in; without one the daemon's own. */
  readonly cwd?: string | null
  /** Added to the daemon's own environment. */
  readonly env?: Readonly<Record<string, string>>
  /** What it prints beyond the limit; by default that ends it. */
  readonly excess?: Excess
}

/** `started`: it ran, if only for a moment, so what it did is not known. */
export class CommandError extends PluginError {
  readonly started: boolean

  constructor(kind: PluginErrorKind, message: string, started: boolean, cause?: unknown) {
    super(kind, message, { cause })
    this.started = started
  }
}

const QUOTE_CHARACTERS = 300

/** What it wrote to its standard output. Throws `CommandError` unless it exited with 0. */
export async function runCommand(argv: readonly string[], run: CommandRun): Promise<string> {
  if (run.signal.aborted) {
    const what = `PLM-354 ${quoteCommand(argv)} was called off before it was started.`
    throw new CommandError('unavailable', what, false)
  }
  const { cwd = null, env = {}, excess = 'ends-it', timeoutMs, signal } = run
  const input = run.input === null ? '' : `${JSON.stringify(run.input)}\n`
  const child = new CommandProcess({ argv, input, env, cwd, excess, timeoutMs, signal })
  const ending = await child.ended
  if (ending.how === 'exited' && ending.code === 0) return child.output()
  throw failure(argv, run, ending, child.errors())
}

function failure(argv: readonly string[], run: CommandRun, ending: Ending, stderr: string): CommandError {
  if (ending.how === 'not-started') return notStarted(argv, ending.error)
  const kind =
    ending.how === 'exited'
      ? kindOfExit(ending.code)
      : ending.how === 'too-much'
        ? 'misconfigured'
        : 'unavailable'
  const printed = stderr.trim() === '' ? 'It printed no error.' : `It printed: ${quoteText(stderr, 'end')}`
  return new CommandError(kind, `${whatHappened(quoteCommand(argv), run, ending)} ${printed}`, true)
}

function whatHappened(
  what: string,
  run: CommandRun,
  ending: Exclude<Ending, { how: 'not-started' }>,
): string {
  switch (ending.how) {
    case 'exited':
      return `PLM-352 ${what} exited with code ${ending.code}.`
    case 'signal':
      return `PLM-352 ${what} was ended by ${ending.signal}.`
    case 'deadline':
      return `PLM-353 ${what} did not end within ${run.timeoutMs} ms and was ended.`
    case 'called-off':
      return `PLM-354 ${what} was called off while it ran.`
    case 'too-much':
      return `PLM-355 ${what} printed more than ${OUTPUT_BYTES} bytes and was ended; let it print only what is asked for.`
  }
}

function notStarted(argv: readonly string[], error: NodeJS.ErrnoException): CommandError {
  const what = `cannot run ${quoteCommand(argv)}`
  switch (error.code) {
    case 'ENOENT':
      return new CommandError(
        'misconfigured',
        `PLM-350 ${what}: there is no program ${JSON.stringify(argv[0] ?? '')} on the PATH or at that place (or, for a script, none that its first line names). Install it, or correct the command.`,
        false,
        error,
      )
    case 'EAGAIN':
    case 'ENOMEM':
    case 'EMFILE':
    case 'ENFILE':
      return new CommandError(
        'unavailable',
        `PLM-351 ${what}: ${error.message}. The machine is short of memory, processes or open files.`,
        false,
        error,
      )
    default:
      return new CommandError(
        'misconfigured',
        `PLM-351 ${what}: ${error.message}. Make sure the file may be executed (chmod +x) and, if it is a script, says in its first line what runs it.`,
        false,
        error,
      )
  }
}

/** The exit codes that sysexits.h and the shell give a meaning; any other is "not now". */
function kindOfExit(code: number): PluginErrorKind {
  switch (code) {
    case 64: // usage
    case 78: // configuration
    case 126: // found, not executable
    case 127: // not found
      return 'misconfigured'
    case 75: // try again later
      return 'throttled'
    case 77: // no permission
      return 'refused'
    default:
      return 'unavailable'
  }
}

/** `"./fleet.sh list"`, bounded, on one line. */
export function quoteCommand(argv: readonly string[]): string {
  return quoteText(argv.join(' '), 'start')
}

/** What was printed, in quotes, on one line, without control characters, its start or its end where it is long. */
export function quoteText(text: string, keep: 'start' | 'end'): string {
  const line = text.trim().replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
  if (line.length <= QUOTE_CHARACTERS) return `"${line}"`
  return keep === 'start'
    ? `"${line.slice(0, QUOTE_CHARACTERS)}..."`
    : `"...${line.slice(-QUOTE_CHARACTERS)}"`
}
