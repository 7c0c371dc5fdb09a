/**
 * Reads and writes files for commands, with what went wrong in words.
 *
 * Example: a missing file is `PLM-503: Could not read obs.json: there is no such file.`
 */
import { mkdir, open, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { CliError } from './cli-error.ts'
import { type Io, resolvePath } from './io.ts'

/** Larger inputs than this are a mistake, not an observation. */
export const MOST_INPUT_BYTES = 64 * 1024 * 1024

/** The text of a file, or of standard input for `-`. */
export async function readInputFile(io: Io, file: string): Promise<string> {
  if (file === '-') return io.readInput(MOST_INPUT_BYTES)
  const full = resolvePath(io, file)
  try {
    const { size } = await stat(full)
    if (size > MOST_INPUT_BYTES) {
      throw new CliError('PLM-503', `${file} is ${size} bytes; the most this reads is ${MOST_INPUT_BYTES}.`)
    }
    return await readFile(full, 'utf8')
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError('PLM-503', `Could not read ${file}: ${reasonOf(error)}.`, { cause: error })
  }
}

/** Writes a file, or standard output for `-`. */
export async function writeOutputFile(io: Io, file: string, text: string): Promise<void> {
  if (file === '-') {
    io.stdout.write(text)
    return
  }
  const full = resolvePath(io, file)
  try {
    await mkdir(path.dirname(full), { recursive: true })
    await writeFile(full, text)
  } catch (error) {
    throw new CliError('PLM-504', `Could not write ${file}: ${reasonOf(error)}.`, { cause: error })
  }
}

/** Writes a file that must not exist yet. */
export async function createFile(io: Io, file: string, text: string): Promise<void> {
  const full = resolvePath(io, file)
  try {
    await mkdir(path.dirname(full), { recursive: true })
    const handle = await open(full, 'wx')
    try {
      await handle.writeFile(text)
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      throw new CliError('PLM-505', `${file} exists already, and is left as it is. Give another name.`)
    }
    throw new CliError('PLM-504', `Could not write ${file}: ${reasonOf(error)}.`, { cause: error })
  }
}

export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}

/** A system error in words. */
export function reasonOf(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
      return 'there is no such file'
    case 'EISDIR':
      return 'it is a folder'
    case 'EACCES':
    case 'EPERM':
      return 'you are not allowed to'
    case 'ENOTDIR':
      return 'a part of its path is a file, not a folder'
    case 'ENOSPC':
      return 'the disk is full'
    case 'EROFS':
      return 'the disk can only be read'
    default:
      return error instanceof Error ? error.message : String(error)
  }
}
