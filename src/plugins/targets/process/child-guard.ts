/**
 * A small program between the daemon and one command: it starts the command in a process group of its own and
 * ends that group, with everything that descends from it, when it is told to or when the daemon is gone. A
 * daemon that is killed outright cannot clean up after itself; this can, because the kernel closes the channel.
 *
 * Example: with a grace of 5000 ms, the daemon dies at 12:00:00.000; the group gets SIGTERM at once, whatever is
 * left at 12:00:05.000 gets SIGKILL, and then this program ends too.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { GuardOrder, GuardReport, GuardStart } from './guard-protocol.ts'

const POLL_MS = 50
/** What has not gone this long after SIGKILL is in the kernel's hands. */
const AFTER_KILL_MS = 2_000
const posix = process.platform !== 'win32'

let order: GuardStart | null = null
let child: ChildProcess | null = null
let exited = false
let ending = false

process.on('message', message => obey(message as GuardOrder))
process.on('disconnect', end)
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end)
process.on('uncaughtException', () => {
  signalAll('SIGKILL')
  process.exit(70)
})

function obey(message: GuardOrder): void {
  if (message.do === 'terminate') end()
  else if (order === null && !ending) start(message)
}

function start(wanted: GuardStart): void {
  order = wanted
  const [program = '', ...args] = wanted.command
  child = spawn(program, args, {
    cwd: wanted.cwd,
    env: wanted.env,
    // The command writes straight into the daemon's pipes; this program never reads a byte of it.
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: posix,
    windowsHide: true,
  })
  child.once('spawn', () => report({ saw: 'started', pid: child?.pid ?? 0 }))
  child.once('error', (error: NodeJS.ErrnoException) => {
    if (child?.pid !== undefined) return
    process.exitCode = 127
    report({ saw: 'failed', code: error.code ?? 'UNKNOWN', message: error.message })
    leave()
  })
  child.once('exit', (code, signal) => {
    exited = true
    process.exitCode = code ?? 128
    report({ saw: 'exited', code, signal })
    end()
  })
}

function report(seen: GuardReport): void {
  // A daemon that is gone reads nothing; the empty callback keeps that from being an error.
  if (process.connected) process.send?.(seen, undefined, undefined, () => {})
}

/** Ends the group: asks, waits for the grace, then insists. Called again, it changes nothing. */
function end(): void {
  if (ending) return
  ending = true
  if (child?.pid === undefined || (exited && remaining().length === 0)) {
    leave()
    return
  }
  signalAll('SIGTERM')
  // A stopped process cannot act on SIGTERM until it goes on.
  signalAll('SIGCONT')
  waitUntilEmpty(performance.now() + (order?.stopGraceMs ?? 0), false)
}

function waitUntilEmpty(deadline: number, killed: boolean): void {
  if (exited && remaining().length === 0) {
    leave()
  } else if (performance.now() < deadline) {
    setTimeout(waitUntilEmpty, POLL_MS, deadline, killed)
  } else if (killed) {
    leave()
  } else {
    signalAll('SIGKILL')
    waitUntilEmpty(performance.now() + AFTER_KILL_MS, true)
  }
}

/** Leaves after the last report was written; nothing else keeps this program running. */
function leave(): void {
  ending = true
  child?.unref()
  if (process.connected) process.disconnect()
}

function signalAll(signal: NodeJS.Signals): void {
  const leader = child?.pid
  if (leader === undefined) return
  if (posix) trySignal(-leader, signal)
  else child?.kill(signal)
  if (exited || signal === 'SIGKILL') for (const pid of remaining()) trySignal(pid, signal)
}

function trySignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * Processes of this instance that still run: the group's members, and those that left the group but carry the
 * instance's mark in their environment. Zombies do not run. Where there is no /proc, the group as a whole.
 */
function remaining(): readonly number[] {
  const leader = child?.pid
  if (leader === undefined || !posix) return []
  if (!existsSync('/proc/self/stat')) return trySignal(-leader, 0) ? [-leader] : []
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => pid !== process.pid && belongs(pid, leader))
}

function belongs(pid: number, leader: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (state === 'Z' || state === 'X') return false
    if (Number(group) === leader) return true
    return readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .includes(order?.mark ?? '\0')
  } catch {
    // Gone between the listing and the reading, or another user's: not ours.
    return false
  }
}
