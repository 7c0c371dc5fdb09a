/**
 * Runs an operator's command: JSON in on its input, text out on its output, a deadline, bounded output, and nothing
 * of it left behind when it is called off. Why it failed is said with what it printed.
 *
 * Example: `runCommand(['./fleet.sh', 'list'], { input: null, timeoutMs: 30_000, signal })` answers what it printed;
 * when it exits with 69 it throws `unavailable`, "PLM-352 "./fleet.sh list" exited with code 69. It printed: ...".
 *
 * The command leads a process group of its own, so that ending it ends what it started. A command that exits by itself
 * may leave something running in the background (a launch does just that): that is not touched.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { PluginError, type PluginErrorKind } from '../ports/plugin.ts'

export interface CommandRun {
  /** Given to the command as JSON on its standard input; `null` gives it nothing. */
  readonly input: unknown
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Added to the daemon's own environment. */
  readonly env?: Readonly<Record<string, string>>
}

/** `started`: it ran, if only for a moment, so what it did is not known. */
export class CommandError extends PluginError {
  readonly started: boolean

  constructor(kind: PluginErrorKind, message: string, started: boolean, cause?: unknown) {
    super(kind, message, { cause })
    this.started = started
  }
}

export const OUTPUT_BYTES = 1024 * 1024
const STDERR_TAIL_BYTES = 2_048
/** Between SIGTERM and SIGKILL for a command that is called off. */
const GRACE_MS = 1_000
/** After the command has exited, its output is complete when the pipe is quiet for this long: something in the background may hold it open. */
const QUIET_MS = 250
/** And at the latest after this. */
const TRAILING_OUTPUT_MS = 2_000
const QUOTE_CHARACTERS = 300

type Ending =
  | { readonly how: 'exited'; readonly code: number }
  | { readonly how: 'signal'; readonly signal: string }
  | { readonly how: 'deadline' | 'called-off' | 'too-much' }
  | { readonly how: 'not-started'; readonly error: NodeJS.ErrnoException }

/** What it wrote to its standard output. Throws `CommandError` unless it exited with 0. */
export async function runCommand(argv: readonly string[], run: CommandRun): Promise<string> {
  if (run.signal.aborted) {
    const what = `PLM-354 ${quoteCommand(argv)} was called off before it was started.`
    throw new CommandError('unavailable', what, false)
  }
  const running = start(argv, run)
  const ending = await running.ended
  if (ending.how === 'exited' && ending.code === 0) return running.output()
  throw failure(argv, run, ending, running.errors())
}

interface Running {
  readonly ended: Promise<Ending>
  output(): string
  errors(): string
}

function start(argv: readonly string[], run: CommandRun): Running {
  const [program = '', ...args] = argv
  const stdout: Buffer[] = []
  let stdoutBytes = 0
  let stderr = Buffer.alloc(0)
  const ended = new Promise<Ending>(resolve => {
    let child: ChildProcess
    try {
      child = spawn(program, args, {
        detached: process.platform !== 'win32',
        env: { ...process.env, ...run.env },
        stdio: ['pipe', 'pipe', 'pipe'],
      })
    } catch (error) {
      resolve({ how: 'not-started', error: error instanceof Error ? error : new Error(String(error)) })
      return
    }
    let callOff: Ending | null = null
    let exited: Ending | null = null
    let timer: NodeJS.Timeout | null = null
    let heard = false

    const stopWaiting = () => {
      clearTimeout(deadline)
      run.signal.removeEventListener('abort', onAbort)
    }
    const settle = (ending: Ending) => {
      if (timer !== null) clearTimeout(timer)
      stopWaiting()
      for (const stream of child.stdio) stream?.destroy()
      child.unref()
      resolve(callOff ?? ending)
    }
    const waitForQuiet = (ending: Ending, until: number) => {
      heard = false
      // The immediate lets what has arrived while the event loop was busy be read before it is judged quiet.
      const judge = () => (heard && performance.now() < until ? waitForQuiet(ending, until) : settle(ending))
      timer = setTimeout(() => setImmediate(judge), QUIET_MS)
    }
    const endIt = (why: Ending) => {
      if (callOff !== null) return
      callOff = why
      // What is left of a command that has exited is the operator's own, in the background.
      if (exited !== null) return settle(why)
      signalGroup(child, 'SIGTERM')
      timer = setTimeout(() => {
        signalGroup(child, 'SIGKILL')
        // SIGKILL cannot be refused; a process stuck in the kernel is not waited for.
        timer = setTimeout(() => settle(why), GRACE_MS)
      }, GRACE_MS)
    }
    const onAbort = () => endIt({ how: 'called-off' })
    const deadline = setTimeout(() => endIt({ how: 'deadline' }), run.timeoutMs)
    run.signal.addEventListener('abort', onAbort, { once: true })

    child.on('error', error => settle({ how: 'not-started', error }))
    child.on('exit', (code, signal) => {
      const ending: Ending =
        code === null ? { how: 'signal', signal: signal ?? 'unknown' } : { how: 'exited', code }
      exited = ending
      stopWaiting()
      if (callOff === null) {
        child.on('close', () => settle(ending))
        waitForQuiet(ending, performance.now() + TRAILING_OUTPUT_MS)
        return
      }
      // Members of its group may have ignored SIGTERM.
      signalGroup(child, 'SIGKILL')
      settle(ending)
    })
    child.stdout?.on('data', (chunk: Buffer) => {
      heard = true
      stdoutBytes += chunk.length
      if (stdoutBytes > OUTPUT_BYTES) endIt({ how: 'too-much' })
      else stdout.push(chunk)
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr = Buffer.concat([stderr, chunk]).subarray(-STDERR_TAIL_BYTES)
    })
    // A command that does not read its input closes it; that is no failure.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(run.input === null ? '' : `${JSON.stringify(run.input)}\n`)
  })
  return {
    ended,
    output: () => Buffer.concat(stdout).toString('utf8'),
    errors: () => stderr.toString('utf8'),
  }
}

/** The whole group, which outlives its leader while any of it runs. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch {
    // It has ended by itself.
  }
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
