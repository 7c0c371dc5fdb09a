/**
 * The instances as the operating system has them, whatever any daemon says: everything that works in the scene's folder,
 * by the name in its environment. From /proc, so only on Linux.
 *
 * Example: `processesIn('/tmp/plimsoll-torture-x')` answers `[{ pid: 4711, instance: 'rooms-g2pc0x7-1', kind: 'room' }, { pid: 4709,
 * instance: 'rooms-g2pc0x7-1', kind: 'guard' }, { pid: 4700, instance: null, kind: 'daemon' }]`.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import path from 'node:path'

export interface FoundProcess {
  readonly pid: number
  readonly kind: 'room' | 'guard' | 'daemon' | 'other'
  readonly instance: string | null
  readonly command: string
}

export function processesIn(folder: string): readonly FoundProcess[] {
  const guards = guardsOf(folder)
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => look(Number(name), folder, guards) ?? [])
}

function look(pid: number, folder: string, guards: ReadonlyMap<number, string>): FoundProcess | null {
  if (pid === process.pid) return null
  try {
    if (readlinkSync(`/proc/${pid}/cwd`) !== folder) return null
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    if (/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))) return null
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    const mark = environment.find(one => one.startsWith('PLIMSOLL_INSTANCE='))
    if (mark !== undefined) {
      return { pid, kind: 'room', instance: mark.slice(mark.indexOf('=') + 1), command }
    }
    const kind = command.includes('child-guard')
      ? 'guard'
      : command.includes('plimsoll.js')
        ? 'daemon'
        : 'other'
    return { pid, kind, instance: guards.get(pid) ?? null, command }
  } catch {
    // Gone between the listing and the reading.
    return null
  }
}

/** What the guards wrote down, by process id. */
function guardsOf(folder: string): ReadonlyMap<number, string> {
  const guards = new Map<number, string>()
  const kept = path.join(folder, 'state.db.instances')
  try {
    for (const name of readdirSync(kept).filter(one => one.endsWith('.json'))) {
      const { guard, instance } = JSON.parse(readFileSync(path.join(kept, name), 'utf8'))
      guards.set(guard.pid, instance)
    }
  } catch {
    // None yet, or one that just ended.
  }
  return guards
}
