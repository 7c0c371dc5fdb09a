/**
 * Which processes run on this machine now: from /proc, or from `ps` where there is none. For tests that must show
 * that nothing was left behind.
 *
 * Example: `familyOf(daemon.pid)` before the end, `stillRunning(family)` is `[]` after it.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

export interface RunningProcess {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

/** Everything that descends from `pid`, without itself. Zombies do not run. */
export function familyOf(pid: number): readonly RunningProcess[] {
  const all = processTable()
  const family: RunningProcess[] = []
  for (let parents = [pid]; parents.length > 0; ) {
    const children = all.filter(({ parent }) => parents.includes(parent))
    family.push(...children)
    parents = children.map(child => child.pid)
  }
  return family
}

/** Those of `before` that run still; an id given to another command meanwhile is not one of them. */
export function stillRunning(before: readonly RunningProcess[]): readonly RunningProcess[] {
  const now = new Map(processTable().map(one => [one.pid, one.command]))
  return before.filter(({ pid, command }) => now.get(pid) === command)
}

export function isRunning(pid: number): boolean {
  return processTable().some(one => one.pid === pid)
}

/** Resident memory in MiB; null where the system does not say. */
export function residentMb(pid: number): number | null {
  try {
    const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return found === null ? null : Number(found[1]) / 1024
  } catch {
    return null
  }
}

function processTable(): readonly RunningProcess[] {
  return existsSync('/proc/self/stat') ? fromProc() : fromPs()
}

function fromProc(): readonly RunningProcess[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => readOne(Number(name)) ?? [])
}

function readOne(pid: number): RunningProcess | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (state === 'Z' || state === 'X') return null
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return { pid, parent: Number(parent), command }
  } catch {
    // Gone between the listing and the reading.
    return null
  }
}

function fromPs(): readonly RunningProcess[] {
  const listed = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,command='], { encoding: 'utf8' })
  return listed.split('\n').flatMap(line => {
    const [, pid, parent, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? []
    if (state === undefined || state.startsWith('Z')) return []
    return [{ pid: Number(pid), parent: Number(parent), command: command ?? '' }]
  })
}
