/**
 * Reads a text file without ever taking in more of it than is wanted, and says in words why one cannot be read.
 *
 * Example: of a file of 5 GB given as a configuration, 1 MiB and one byte are read: enough to refuse it.
 */
import { closeSync, openSync, readSync } from 'node:fs'

/** The text; longer than `most` bytes when the file is. Throws what the file system says, or for bytes that are no UTF-8. */
export function readTextFile(path: string, most: number): string {
  const bytes = readAtMost(path, most + 1)
  if (bytes.length > most) return bytes.toString('latin1')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw Object.assign(new Error('not UTF-8'), { code: 'NOT_TEXT' })
  }
}

function readAtMost(path: string, most: number): Buffer {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(most)
    let length = 0
    while (length < most) {
      const read = readSync(file, bytes, length, most - length, null)
      if (read === 0) break
      length += read
    }
    return bytes.subarray(0, length)
  } finally {
    closeSync(file)
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  ELOOP: 'its links lead in a circle',
  NOT_TEXT: 'it is not UTF-8 text',
}

/** The reason of a failed file operation in words. Never the content. */
export function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return REASONS[code] ?? (code || 'it could not be read')
}
