/**
 * A small program between the daemon and one command: it starts the command in a process group of its own and
 * ends that group, with everything that descends from it, when it is told to or when the daemon is gone. A
 * daemon that is killed outright cannot clean up after itself; this can, because the kernel closes the channel.
 * Where the instance is to be kept, it stays when the daemon goes, and waits for the next one.
 *
 * Example: with a grace of 5000 ms, the daemon dies at 12:00:00.000; the group gets SIGTERM at once, whatever is
 * left at 12:00:05.000 gets SIGKILL, and then this program ends too.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { membersOf, trySignal } from './family.ts'
import type { GuardOrder, GuardReport, GuardStart } from './guard-protocol.ts'
import { KeptDoor } from './kept-door.ts'
import { collectOutput } from './output.ts'

const POLL_MS = 50
/** What has not gone this long after SIGKILL is in the kernel's hands. */
const AFTER_KILL_MS = 2_000
/** The daemon that gave the order comes at once, if it is still there. */
const FIRST_COMER_MS = 1_000
const posix = process.platform !== 'win32'

let order: GuardStart | null = null
let child: ChildProcess | null = null
let exited = false
let ending = false
/** Where daemons come in, once the instance is kept. */
let door: KeptDoor | null = null

process.on('message', message => obey(message as GuardOrder))
process.on('disconnect', () => {
  if (door === null) end()
  else door.expectNobody()
})
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end)
process.on('uncaughtException', () => {
  signalAll('SIGKILL')
  process.exit(70)
})

function obey(message: GuardOrder): void {
  if (message.do === 'terminate') end()
  else if (message.do === 'remember-ready') door?.rememberReady()
  else if (order === null && !ending) void start(message)
}

async function start(wanted: GuardStart): Promise<void> {
  order = wanted
  if (wanted.keep === null || (await keep(wanted))) run(wanted)
  else leave()
}

/** Written down before it starts, so that whatever happens from here on the next daemon finds it. */
async function keep(wanted: GuardStart): Promise<boolean> {
  try {
    const opened = await KeptDoor.open(wanted, obey)
    if (opened === null) report({ saw: 'taken' })
    else {
      report({ saw: 'kept' })
      door = opened
      // A command that ends at once would be over before anyone could be told why.
      await opened.firstComer(FIRST_COMER_MS)
      return !ending
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    report({ saw: 'failed', code: code ?? 'UNKNOWN', message: `it cannot be written down: ${message}` })
  }
  return false
}

function run(wanted: GuardStart): void {
  const [program = '', ...args] = wanted.command
  const kept = door
  child = spawn(program, args, {
    cwd: wanted.cwd,
    env: wanted.env,
    // Without being kept it writes straight into the daemon's pipes, and this program never reads a byte of it.
    stdio: kept === null ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    detached: posix,
    windowsHide: true,
  })
  if (kept !== null) {
    collectOutput(child.stdout, child.stderr, (line, stream) => kept.tell({ saw: 'printed', stream, line }))
  }
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
  if (door !== null) door.tell(seen)
  else if (process.connected) process.send?.(seen, undefined, undefined, () => {})
}

/** Ends the group: asks, waits for the grace, then insists. Called again, it changes nothing. */
function end(): void {
  if (ending) return
  ending = true
  if (door !== null && !exited) report({ saw: 'ending' })
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
  door?.close()
  // A descendant that got away may hold them open for ever.
  child?.stdout?.destroy()
  child?.stderr?.destroy()
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

/** Processes of this instance that still run. */
function remaining(): readonly number[] {
  const leader = child?.pid
  return leader === undefined ? [] : membersOf(leader, order?.mark ?? '\0')
}
