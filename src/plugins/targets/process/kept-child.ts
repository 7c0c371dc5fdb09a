/**
 * One command behind a guard that outlives us: started and then spoken to over the guard's socket, or found when it had been
 * started by a daemon before. To whoever uses it, it is a child like any other, which can also be let go.
 *
 * Example: `letGo()` at the end of a daemon leaves instance and guard as they are; `adoptKeptChild(record, ...)` of the next
 * daemon tells `started`, with the last lines printed, within some milliseconds.
 */
import { spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../../../ports/clock.ts'
import {
  type Child,
  type ChildEnd,
  type ChildOrder,
  DRAIN_MS,
  GUARD_GRACE_MS,
  guardEnvironment,
  guardPath,
} from './child.ts'
import { membersOf, startOf, trySignal } from './family.ts'
import type { GuardOrder, GuardReport, KeepOrder } from './guard-protocol.ts'
import { eachJsonLine } from './json-lines.ts'
import type { KeptRecord, ProcessName } from './kept-record.ts'
import { gatherOutput } from './output.ts'

const RECONNECT_MS = 100
const LOOK_EVERY_MS = 50
/** What has not gone this long after SIGKILL is in the kernel's hands. */
const AFTER_KILL_MS = 2_000
/** The guard says at once whether it keeps the command. */
const KEPT_DEADLINE_MS = 10_000

/** The code of a `not-started`: the token is another guard's, and nothing was started. */
export const TAKEN = 'TAKEN'

export interface KeptChild extends Child {
  /** Its guard answered, or is gone. */
  readonly met: Promise<void>
  /** Its guard was told to end it: by us, by another daemon, or by a signal. */
  readonly ending: Promise<void>
  /** Daemons connected to its guard besides this one, when this one came. */
  others(): number
  /** Told to the daemons to come. */
  rememberReady(): void
  /** It goes on without us; nothing is told any more. */
  letGo(): void
}

interface Kept {
  readonly path: string
  readonly socket: string
  readonly mark: string
  readonly stopGraceMs: number
}

type OnLine = (line: string) => void

export function startKeptChild(order: ChildOrder, keep: KeepOrder, clock: Clock, onLine: OnLine): KeptChild {
  const { mark, stopGraceMs } = order
  const child = new SocketChild({ path: keep.record, socket: keep.socket, mark, stopGraceMs }, clock, onLine)
  const guard = spawn(process.execPath, [guardPath()], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: guardEnvironment(),
    detached: process.platform !== 'win32',
    windowsHide: true,
  })
  const failed = (code: string, message: string): void => {
    cancelLate()
    if (guard.connected) guard.disconnect()
    child.notStarted(code, message)
  }
  const cancelLate = clock.after(KEPT_DEADLINE_MS, () => {
    failed('ETIMEDOUT', 'its guard did not answer')
    guard.kill('SIGKILL')
  })
  guard.on('message', message => {
    const report = message as GuardReport
    if (report.saw === 'failed') failed(report.code, report.message)
    if (report.saw === 'taken') failed(TAKEN, 'it is running already')
    if (report.saw !== 'kept') return
    cancelLate()
    const pid = guard.pid ?? 0
    child.follow({ pid, start: startOf(pid) }, null)
    // Until we came in by the socket: if we do not live to see that, the guard need not wait for us.
    void child.met.then(() => guard.connected && guard.disconnect())
  })
  guard.on('error', (error: NodeJS.ErrnoException) => {
    if (guard.pid === undefined) failed(error.code ?? 'UNKNOWN', error.message)
  })
  guard.once('exit', () => failed('EPIPE', 'its guard ended before it could start it'))
  guard.send({ do: 'start', ...order, keep } satisfies GuardOrder, () => {})
  guard.unref()
  return child
}

export function adoptKeptChild(path: string, record: KeptRecord, clock: Clock, onLine: OnLine): KeptChild {
  const { socket, mark, stopGraceMs, guard, command } = record
  const child = new SocketChild({ path, socket, mark, stopGraceMs }, clock, onLine)
  child.follow(guard, command)
  return child
}

class SocketChild implements KeptChild {
  readonly #kept: Kept
  readonly #clock: Clock
  readonly #started = Promise.withResolvers<boolean>()
  readonly #ended = Promise.withResolvers<ChildEnd>()
  readonly #gone = Promise.withResolvers<void>()
  readonly #met = Promise.withResolvers<void>()
  readonly #ending = Promise.withResolvers<void>()
  readonly output: ReturnType<typeof gatherOutput>
  #guard: ProcessName | null = null
  #command: ProcessName | null = null
  #socket: Socket | null = null
  #end: ChildEnd | null = null
  #others = 0
  #ready = false
  #terminating = false
  #isOver = false
  #cancelReconnect = () => {}
  #cancelForce = () => {}

  constructor(kept: Kept, clock: Clock, onLine: OnLine) {
    this.#kept = kept
    this.#clock = clock
    this.output = gatherOutput(line => onLine(line))
  }

  get started(): Promise<boolean> {
    return this.#started.promise
  }
  get ended(): Promise<ChildEnd> {
    return this.#ended.promise
  }
  get gone(): Promise<void> {
    return this.#gone.promise
  }
  get met(): Promise<void> {
    return this.#met.promise
  }

  get ending(): Promise<void> {
    return this.#ending.promise
  }

  pid(): number | null {
    return this.#command?.pid ?? null
  }

  others(): number {
    return this.#others
  }

  follow(guard: ProcessName, command: ProcessName | null): void {
    if (this.#isOver) return
    this.#guard = guard
    this.#command = command
    this.#connect()
  }

  notStarted(code: string, message: string): void {
    if (this.#guard !== null) return
    this.#finish({ kind: 'not-started', code, message })
    this.#leave()
  }

  rememberReady(): void {
    this.#ready = true
    this.#say({ do: 'remember-ready' })
  }

  letGo(): void {
    this.#cancelForce()
    this.#leave()
  }

  terminate(): void {
    if (this.#terminating) return
    this.#terminating = true
    if (this.#isOver) return
    this.#askToEnd()
    this.#cancelForce = this.#clock.after(this.#kept.stopGraceMs + GUARD_GRACE_MS, () => {
      if (this.#isGuardThere()) trySignal(this.#guard?.pid ?? 0, 'SIGKILL')
      // Where no connection breaks, nothing would tell.
      if (this.#socket === null) void this.#clearAway()
    })
  }

  #askToEnd(): void {
    if (this.#socket !== null) this.#say({ do: 'terminate' })
    else if (this.#isGuardThere()) trySignal(this.#guard?.pid ?? 0, 'SIGTERM')
  }

  #connect(): void {
    const socket = connect(this.#kept.socket)
    let connected = false
    socket.on('error', () => socket.destroy())
    socket.once('connect', () => {
      connected = true
      this.#socket = socket
      if (this.#ready) this.rememberReady()
      if (this.#terminating) this.#askToEnd()
    })
    socket.once('close', () => {
      if (connected) this.#socket = null
      if (!this.#isOver) this.#cutOff()
    })
    eachJsonLine(socket, report => {
      if (!this.#isOver) this.#hear(report as GuardReport)
    })
  }

  #hear(report: GuardReport): void {
    if (report.saw === 'company') {
      this.#others = report.others
      this.#met.resolve()
    } else if (report.saw === 'printed') {
      this.output.add(report.line, report.stream)
    } else if (report.saw === 'started') {
      if (this.#command?.pid !== report.pid) this.#command = { pid: report.pid, start: startOf(report.pid) }
      this.#started.resolve(true)
    } else if (report.saw === 'ending') {
      this.#ending.resolve()
    } else if (report.saw === 'failed') {
      this.#finish({ kind: 'not-started', code: report.code, message: report.message })
    } else if (report.saw === 'exited') {
      const end: ChildEnd = { kind: 'exited', code: report.code, signal: report.signal }
      this.#end ??= end
      this.#clock.after(DRAIN_MS, () => this.#finish(end))
    }
  }

  /** The guard removes the record when nothing is left; while both are there, it is only the connection that broke. */
  #cutOff(): void {
    if (existsSync(this.#kept.path) && this.#isGuardThere()) {
      this.#cancelReconnect = this.#clock.after(RECONNECT_MS, () => this.#connect())
    } else void this.#clearAway()
  }

  /** A guard that was ended by force left its command without a guard, and its record. */
  async #clearAway(): Promise<void> {
    if (this.#isOver) return
    const orderly = !existsSync(this.#kept.path)
    this.#finish(
      this.#end ??
        (orderly ? { kind: 'exited', code: null, signal: null } : { kind: 'guard-lost', signal: null }),
    )
    if (!orderly) {
      await endRest(this.#command, this.#kept.mark)
      rmSync(this.#kept.path, { force: true })
      rmSync(this.#kept.socket, { force: true })
    }
    this.#leave()
  }

  #finish(seen: ChildEnd): void {
    this.#end ??= seen
    this.#started.resolve(this.#command !== null)
    this.#ended.resolve(this.#end)
    this.#met.resolve()
  }

  #leave(): void {
    this.#isOver = true
    this.#cancelReconnect()
    this.#cancelForce()
    this.#socket?.destroy()
    this.#met.resolve()
    this.#gone.resolve()
  }

  #isGuardThere(): boolean {
    const guard = this.#guard
    if (guard === null) return false
    return guard.start === null ? trySignal(guard.pid, 0) : startOf(guard.pid) === guard.start
  }

  #say(order: GuardOrder): void {
    if (this.#socket?.writable === true) this.#socket.write(`${JSON.stringify(order)}\n`)
  }
}

/** Only what is certainly of this instance: its number may be another's by now. */
async function endRest(command: ProcessName | null, mark: string): Promise<void> {
  const isLeader = command !== null && command.start !== null && startOf(command.pid) === command.start
  const rest = (): readonly number[] =>
    isLeader || existsSync('/proc/self/stat') ? membersOf(isLeader ? command.pid : -1, mark) : []
  const deadline = performance.now() + AFTER_KILL_MS
  for (let left = rest(); left.length > 0 && performance.now() < deadline; left = rest()) {
    for (const pid of left) trySignal(pid, 'SIGKILL')
    await pause(LOOK_EVERY_MS)
  }
}
