/**
 * One command as a child process: its output, bounded, and how it ended. It leads a process group of its own, so that
 * ending it ends what it started. What it leaves running when it exits by itself is the operator's own and not touched.
 *
 * Example: a command that prints `[]`, leaves a server running and exits 0 has ended `{ how: 'exited', code: 0 }` some
 * 250 ms later, although the server still holds its output open.
 */
import { type ChildProcess, spawn } from 'node:child_process'

/** What is printed beyond the limit ends the command, or is dropped where only the beginning matters. */
export type Excess = 'ends-it' | 'is-dropped'

export interface ProcessStart {
  readonly argv: readonly string[]
  /** Written to its standard input. */
  readonly input: string
  readonly env: Readonly<Record<string, string>>
  /** Folder it runs in; `null` is the daemon's own. */
  readonly cwd: string | null
  readonly excess: Excess
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export type Ending =
  | { readonly how: 'exited'; readonly code: number }
  | { readonly how: 'signal'; readonly signal: string }
  | { readonly how: 'deadline' | 'called-off' | 'too-much' }
  | { readonly how: 'not-started'; readonly error: NodeJS.ErrnoException }

export const OUTPUT_BYTES = 1024 * 1024
const STDERR_TAIL_BYTES = 2_048
/** Between SIGTERM and SIGKILL for a command that is called off. */
const GRACE_MS = 1_000
/** After the exit, its output is complete when the pipe is quiet for this long: something else may hold it open. */
const QUIET_MS = 250
/** And at the latest after this. */
const TRAILING_OUTPUT_MS = 2_000

export class CommandProcess {
  readonly ended: Promise<Ending>
  readonly #start: ProcessStart
  readonly #stdout: Buffer[] = []
  #stdoutBytes = 0
  #stderr: Buffer = Buffer.alloc(0)
  #resolve: (ending: Ending) => void = () => undefined
  #child: ChildProcess | null = null
  #deadline: NodeJS.Timeout | undefined
  #timer: NodeJS.Timeout | undefined
  /** Why it is being ended by us. */
  #calledOff: Ending | null = null
  #exited = false
  #settled = false
  /** Something was printed since it was last asked. */
  #heard = false

  constructor(start: ProcessStart) {
    this.#start = start
    this.ended = new Promise(resolve => {
      this.#resolve = resolve
    })
    try {
      this.#spawn()
    } catch (error) {
      // Node refuses some arguments before it asks the operating system, such as one with a zero byte in it.
      this.#settle({ how: 'not-started', error: error instanceof Error ? error : new Error(String(error)) })
    }
  }

  output(): string {
    return Buffer.concat(this.#stdout).toString('utf8')
  }

  /** The end of what it wrote to its standard error. */
  errors(): string {
    return this.#stderr.toString('utf8')
  }

  #spawn(): void {
    const { argv, cwd, env, input, timeoutMs, signal } = this.#start
    const [program = '', ...args] = argv
    const child = spawn(program, args, {
      detached: process.platform !== 'win32',
      env: { ...process.env, ...env },
      ...(cwd === null ? {} : { cwd }),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.#child = child
    this.#deadline = setTimeout(() => this.#callOff({ how: 'deadline' }), timeoutMs)
    signal.addEventListener('abort', this.#onAbort, { once: true })
    child.on('error', error => this.#settle({ how: 'not-started', error }))
    child.on('exit', (code, by) => {
      this.#onExit(code === null ? { how: 'signal', signal: by ?? 'unknown' } : { how: 'exited', code })
    })
    child.stdout.on('data', (chunk: Buffer) => this.#onOutput(chunk))
    child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = Buffer.concat([this.#stderr, chunk]).subarray(-STDERR_TAIL_BYTES)
    })
    // A command that does not read its input closes it; that is no failure.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  }

  #onOutput(chunk: Buffer): void {
    this.#heard = true
    this.#stdoutBytes += chunk.length
    if (this.#stdoutBytes <= OUTPUT_BYTES) this.#stdout.push(chunk)
    else if (this.#start.excess === 'ends-it') this.#callOff({ how: 'too-much' })
  }

  #onExit(ending: Ending): void {
    this.#exited = true
    this.#stopWatching()
    if (this.#calledOff !== null) {
      // Members of its group may have ignored SIGTERM.
      this.#signalGroup('SIGKILL')
      this.#settle(ending)
      return
    }
    this.#child?.on('close', () => this.#settle(ending))
    this.#waitForQuiet(ending, performance.now() + TRAILING_OUTPUT_MS)
  }

  #waitForQuiet(ending: Ending, until: number): void {
    this.#heard = false
    const judge = () => {
      if (this.#heard && !this.#settled && performance.now() < until) this.#waitForQuiet(ending, until)
      else this.#settle(ending)
    }
    // The immediate lets what has arrived while the event loop was busy be read before it is judged quiet.
    this.#timer = setTimeout(() => setImmediate(judge), QUIET_MS)
  }

  readonly #onAbort = () => this.#callOff({ how: 'called-off' })

  #callOff(why: Ending): void {
    if (this.#calledOff !== null) return
    this.#calledOff = why
    if (this.#exited) {
      this.#settle(why)
      return
    }
    this.#signalGroup('SIGTERM')
    this.#timer = setTimeout(() => {
      this.#signalGroup('SIGKILL')
      // SIGKILL cannot be refused; a process stuck in the kernel is not waited for.
      this.#timer = setTimeout(() => this.#settle(why), GRACE_MS)
    }, GRACE_MS)
  }

  /** The whole group, which outlives its leader while any of it runs. */
  #signalGroup(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid
    if (pid === undefined) return
    try {
      if (process.platform === 'win32') this.#child?.kill(signal)
      else process.kill(-pid, signal)
    } catch {
      // It has ended by itself.
    }
  }

  #stopWatching(): void {
    clearTimeout(this.#deadline)
    this.#start.signal.removeEventListener('abort', this.#onAbort)
  }

  #settle(ending: Ending): void {
    this.#settled = true
    clearTimeout(this.#timer)
    this.#stopWatching()
    for (const stream of this.#child?.stdio ?? []) stream?.destroy()
    this.#child?.unref()
    this.#resolve(this.#calledOff ?? ending)
  }
}
