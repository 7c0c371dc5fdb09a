/**
 * What the operating system says a process and everything below it has used: CPU time since its start and
 * resident memory now. Counters, not rates, so that any number of readers can each take their own differences.
 *
 * Example: an application with one worker answers `{ pid: 4711, cpuMs: 12430, memoryBytes: 91000832, atMs: 60250.1 }`;
 * 1000 ms later 12880, which is 45 % of one core.
 */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'

/** Linux counts CPU time in hundredths of a second, whatever the kernel's own clock. */
const TICK_MS = 10
const PROCESSES = 1_000

export interface UsageReading {
  /** The process the counters belong to; another one starts from zero. */
  readonly pid: number
  readonly cpuMs: number
  readonly memoryBytes: number
  /** Monotonic milliseconds at which this was read; only differences mean anything. */
  readonly atMs: number
}

/** What a target of real processes offers to whoever wants their usage. */
export interface ProcessUsage {
  /** By instance id; an instance whose process cannot be read is absent, which is unknown, never zero. */
  usage(signal: AbortSignal): Promise<ReadonlyMap<string, UsageReading>>
}

/** `leaders`: process id by instance id; each leads a process group of its own. */
export async function readUsage(
  leaders: ReadonlyMap<string, number>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, UsageReading>> {
  signal.throwIfAborted()
  if (process.platform === 'linux') return readProc(leaders)
  return leaders.size === 0 ? new Map() : readPs(leaders, signal)
}

function readProc(leaders: ReadonlyMap<string, number>): ReadonlyMap<string, UsageReading> {
  const readings = new Map<string, UsageReading>()
  for (const [instance, pid] of leaders) {
    const totals = { cpuMs: 0, memoryBytes: 0 }
    // A leader that is gone has no usage; a descendant that just ended is simply not counted any more.
    if (!addProcess(pid, totals)) continue
    for (const descendant of descendants(pid)) addProcess(descendant, totals)
    readings.set(instance, { pid, ...totals, atMs: performance.now() })
  }
  return readings
}

function addProcess(pid: number, totals: { cpuMs: number; memoryBytes: number }): boolean {
  try {
    const stat = parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))
    if (stat.zombie) return false
    const bytes = residentBytes(readFileSync(`/proc/${pid}/status`, 'latin1'))
    if (bytes === null) return false
    totals.memoryBytes += bytes
    totals.cpuMs += stat.cpuMs
    return true
  } catch {
    return false
  }
}

/**
 * `pid (name) state ppid ...`; the name may hold spaces and brackets. CPU time includes that of children which
 * ended and were waited for, so that the sum over a tree does not fall when one of them ends.
 */
export function parseStat(text: string): { readonly zombie: boolean; readonly cpuMs: number } {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index] ?? 0), 0)
  return { zombie: fields[0] === 'Z' || fields[0] === 'X', cpuMs: ticks * TICK_MS }
}

/** `null` for a process that is just ending and has given its memory back. */
function residentBytes(status: string): number | null {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]
  return kilobytes === undefined ? null : Number(kilobytes) * 1024
}

function descendants(pid: number): readonly number[] {
  const found: number[] = []
  const open = [pid]
  for (let next = open.pop(); next !== undefined && found.length < PROCESSES; next = open.pop()) {
    const children = childrenOf(next)
    found.push(...children)
    open.push(...children)
  }
  return found
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap(task =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
    )
  } catch {
    return []
  }
}

/** Elsewhere `ps` knows; by process group, since it has no cheap tree. */
async function readPs(
  leaders: ReadonlyMap<string, number>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, UsageReading>> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pgid=,time=,rss='], {
    signal,
    timeout: 5_000,
    maxBuffer: 16 * 1024 * 1024,
  })
  return sumByGroup(stdout, leaders, performance.now())
}

/** Lines of `pgid [[days-]hours:]minutes:seconds kilobytes`. */
export function sumByGroup(
  text: string,
  leaders: ReadonlyMap<string, number>,
  atMs: number,
): ReadonlyMap<string, UsageReading> {
  const groups = new Map<number, { cpuMs: number; memoryBytes: number }>()
  for (const line of text.split('\n')) {
    const [group, time, kilobytes] = line.trim().split(/\s+/)
    if (group === undefined || time === undefined || kilobytes === undefined) continue
    const sum = groups.get(Number(group)) ?? { cpuMs: 0, memoryBytes: 0 }
    sum.cpuMs += cpuTimeMs(time)
    sum.memoryBytes += Number(kilobytes) * 1024
    groups.set(Number(group), sum)
  }
  const readings = new Map<string, UsageReading>()
  for (const [instance, pid] of leaders) {
    const sum = groups.get(pid)
    if (sum) readings.set(instance, { pid, ...sum, atMs })
  }
  return readings
}

function cpuTimeMs(text: string): number {
  const [clock = '', days = '0'] = text.split('-').reverse()
  const seconds = clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
  return Math.round((Number(days) * 86_400 + seconds) * 1000)
}
