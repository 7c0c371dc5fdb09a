/**
 * A kept instance is a file: written by its guard before the command starts, removed by it when nothing is left. The
 * file's name is made of the launch token, and only one guard can make it, so that a token launches once whichever daemon
 * asks, and however often.
 *
 * Example: `web/42/1` of fleet "web" is `.plimsoll/state.db.instances/6b1f0c...json`, which says that web-g2pc0x7-1 listens on
 * 41231 and that its guard is spoken to at `.../6b1f0c....sock`.
 */
import { createHash } from 'node:crypto'
import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { KeptAbout } from './guard-protocol.ts'

/** Which process it is, beyond a number that another may get. */
export interface ProcessName {
  readonly pid: number
  readonly start: string | null
}

export interface KeptRecord extends KeptAbout {
  readonly version: 1
  readonly mark: string
  readonly stopGraceMs: number
  readonly socket: string
  readonly guard: ProcessName
  /** `null` before it started. */
  readonly command: ProcessName | null
  /** It was seen ready once. */
  readonly ready: boolean
}

const NAME_DIGITS = 24
/** What every system takes as the path of a socket. */
const LONGEST_SOCKET_PATH = 100

export interface KeptPaths {
  readonly record: string
  readonly socket: string
}

export function keptPaths(folder: string, { fleet, token }: Pick<KeptAbout, 'fleet' | 'token'>): KeptPaths {
  const home = resolve(folder)
  const name = digest(`${fleet}\n${token}`)
  const socket = join(home, `${name}.sock`)
  return { record: join(home, `${name}.json`), socket: isShort(socket) ? socket : elsewhere(home, name) }
}

/** Only this user looks into it: whoever speaks to a guard can end its instance. */
export function makeKeptFolder(folder: string): void {
  mkdirSync(resolve(folder), { recursive: true, mode: 0o700 })
}

/** Whole or not at all, and only where there is none: `false` when another was first. */
export function claimRecord(path: string, record: KeptRecord): boolean {
  const draft = writeDraft(path, record)
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Whole or not at all, in place of what is there. */
export function saveRecord(path: string, record: KeptRecord): void {
  renameSync(writeDraft(path, record), path)
}

function writeDraft(path: string, record: KeptRecord): string {
  const draft = `${path}.${process.pid}.new`
  writeFileSync(draft, JSON.stringify(record), { mode: 0o600 })
  return draft
}

function isShort(socket: string): boolean {
  return process.platform !== 'win32' && Buffer.byteLength(socket) <= LONGEST_SOCKET_PATH
}

function elsewhere(home: string, name: string): string {
  const own = `plimsoll-${digest(`${home}\n${name}`)}`
  return process.platform === 'win32' ? `\\\\.\\pipe\\${own}` : join(tmpdir(), `${own}.sock`)
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, NAME_DIGITS)
}
