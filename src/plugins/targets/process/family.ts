/**
 * The processes of one instance: the members of its group, and those that left the group but carry the instance's mark in
 * their environment. And when a process started, by which one is told from another that got its number later.
 *
 * Example: `membersOf(4711, 'PLIMSOLL_INSTANCE=web-1')` answers `[4711, 4719]`; `[]` once nothing of it runs.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

const posix = process.platform !== 'win32'
const PS_DEADLINE_MS = 5_000

/** Zombies do not run. Where there is no /proc, the group as a whole. Never this process itself. */
export function membersOf(leader: number, mark: string): readonly number[] {
  if (!posix) return []
  if (!existsSync('/proc/self/stat')) return trySignal(-leader, 0) ? [-leader] : []
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => pid !== process.pid && belongs(pid, leader, mark))
}

/** `true`: it was there, whether or not we may signal it. */
export function trySignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The moment a process started, as the system writes it; `null` when it does not run or the system does not say. */
export function startOf(pid: number): string | null {
  try {
    if (existsSync('/proc/self/stat')) {
      const stat = fieldsOf(pid)
      return isOver(stat) ? null : (stat[19] ?? null)
    }
    if (!posix) return trySignal(pid, 0) ? '' : null
    const told = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      timeout: PS_DEADLINE_MS,
    })
    return told.trim() === '' ? null : told.trim()
  } catch {
    return null
  }
}

function belongs(pid: number, leader: number, mark: string): boolean {
  try {
    const stat = fieldsOf(pid)
    if (isOver(stat)) return false
    if (Number(stat[2]) === leader) return true
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark)
  } catch {
    // Gone between the listing and the reading, or another user's: not ours.
    return false
  }
}

/** What follows the name, which may hold spaces and brackets: state, parent, group, ... */
function fieldsOf(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function isOver([state]: readonly string[]): boolean {
  return state === 'Z' || state === 'X'
}
