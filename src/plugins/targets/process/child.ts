/**
 * One command as a child process behind its guard: started, ended, gone, each told once.
 *
 * Example: `startChild({ command: ['false'], ... }).ended` resolves to `{ kind: 'exited', code: 1, signal: null }`,
 * and `gone` soon after, when neither the command, its descendants nor the guard is left.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../../../ports/clock.ts'
import type { GuardOrder, GuardReport } from './guard-protocol.ts'
import { collectOutput, type Output } from './output.ts'

/** Output written just before an exit may arrive just after it. */
export const DRAIN_MS = 250
/** Beyond its own grace, a guard gets this long before it is ended by force. */
export const GUARD_GRACE_MS = 4_000

export interface ChildOrder {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly stopGraceMs: number
  readonly mark: string
}

export type ChildEnd =
  /** The command could not be started at all, e.g. `ENOENT`. */
  | { readonly kind: 'not-started'; readonly code: string; readonly message: string }
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: string | null }
  /** The guard ended without a word (someone ended it by force); the command was ended too. */
  | { readonly kind: 'guard-lost'; readonly signal: string | null }

export interface Child {
  /** True once the command runs, false when it never did. */
  readonly started: Promise<boolean>
  readonly ended: Promise<ChildEnd>
  readonly gone: Promise<void>
  readonly output: Output
  /** Process id of the command; also the id of its group. `null` before the start. */
  pid(): number | null
  /** SIGTERM to the group, SIGKILL after the grace. Idempotent. */
  terminate(): void
}

export function startChild(order: ChildOrder, clock: Clock, onLine: (line: string) => void): Child {
  const started = Promise.withResolvers<boolean>()
  const ended = Promise.withResolvers<ChildEnd>()
  const gone = Promise.withResolvers<void>()
  const guard = spawn(process.execPath, [guardPath()], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: guardEnvironment(),
    // Its own session: a Ctrl-C in the terminal is for the daemon, which then ends its children in order.
    detached: process.platform !== 'win32',
    windowsHide: true,
  })
  const output = collectOutput(guard.stdout, guard.stderr, onLine)
  let pid: number | null = null
  let end: ChildEnd | null = null
  let terminating = false
  let guardLeft = false
  let cancelForce = () => {}

  const finish = (seen: ChildEnd) => {
    end ??= seen
    started.resolve(pid !== null)
    ended.resolve(end)
  }
  guard.on('message', message => {
    const report = message as GuardReport
    if (report.saw === 'started') {
      pid = report.pid
      started.resolve(true)
    } else if (report.saw === 'failed') {
      finish({ kind: 'not-started', code: report.code, message: report.message })
    } else if (report.saw === 'exited') {
      const exit: ChildEnd = { kind: 'exited', code: report.code, signal: report.signal }
      end ??= exit
      clock.after(DRAIN_MS, () => finish(exit))
    }
  })
  guard.on('error', (error: NodeJS.ErrnoException) => {
    // Not spawned (no memory, no process ids); other errors are followed by an exit.
    if (guard.pid !== undefined) return
    guardLeft = true
    finish({ kind: 'not-started', code: error.code ?? 'UNKNOWN', message: error.message })
    gone.resolve()
  })
  guard.once('exit', (code, signal) => {
    guardLeft = true
    cancelForce()
    if (pid !== null && (end === null || signal !== null)) endGroup(pid)
    const seen =
      end ?? (terminating && code !== null ? exitedUnstarted(code) : { kind: 'guard-lost' as const, signal })
    const whole = () => {
      finish(seen)
      gone.resolve()
    }
    guard.once('close', whole)
    // A descendant that got away may hold the pipes open for ever.
    clock.after(DRAIN_MS, whole)
  })
  tell(guard, { do: 'start', ...order, keep: null })

  return {
    started: started.promise,
    ended: ended.promise,
    gone: gone.promise,
    output,
    pid: () => pid,
    terminate() {
      if (terminating) return
      terminating = true
      // Nothing is left to force, and its process id may soon be another's.
      if (guardLeft) return
      tell(guard, { do: 'terminate' })
      cancelForce = clock.after(order.stopGraceMs + GUARD_GRACE_MS, () => {
        if (pid !== null) endGroup(pid)
        guard.kill('SIGKILL')
      })
    },
  }
}

/** Terminated before the command was ever started. */
function exitedUnstarted(code: number): ChildEnd {
  return { kind: 'exited', code, signal: null }
}

function tell(guard: ChildProcess, order: GuardOrder): void {
  // A guard that is gone hears nothing, and its exit says so.
  if (guard.connected) guard.send(order, () => {})
}

function endGroup(pid: number): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // Already gone.
  }
}

/** Beside this file: `.ts` in the source tree, `.js` once compiled. */
export function guardPath(): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return fileURLToPath(new URL(`./child-guard.${extension}`, import.meta.url))
}

/** Options meant for the daemon (an inspector, a loader) must not reach the guard; nor any instance's mark. */
export function guardEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'SYSTEMROOT', 'SystemRoot', 'LD_LIBRARY_PATH']
  return Object.fromEntries(
    kept.flatMap(name => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  )
}
