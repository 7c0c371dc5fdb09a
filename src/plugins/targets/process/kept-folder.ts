/**
 * The kept instances that are written down in a folder.
 *
 * Example: `readKept('.plimsoll/state.db.instances', 'rooms')` answers the records of fleet "rooms" by their file; `[]` where
 * there is no such folder.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { PluginError } from '../../../ports/plugin.ts'
import type { KeptRecord } from './kept-record.ts'

const processName = z.object({ pid: z.number().int().positive(), start: z.string().nullable() })
const recordSchema: z.ZodType<KeptRecord> = z.object({
  version: z.literal(1),
  fleet: z.string(),
  instance: z.string(),
  token: z.string(),
  zone: z.string().nullable(),
  port: z.number().int(),
  launchedAt: z.number(),
  run: z.number().int().positive().default(1),
  mark: z.string(),
  stopGraceMs: z.number(),
  socket: z.string(),
  guard: processName,
  command: processName.nullable(),
  ready: z.boolean(),
})

/** Paths of everything written down. Throws `PluginError('unavailable')` when the folder cannot be read. */
export function keptFiles(folder: string): readonly string[] {
  const home = resolve(folder)
  try {
    return readdirSync(home)
      .filter(name => name.endsWith('.json'))
      .map(name => join(home, name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw unreadable(home, error)
  }
}

/** `null`: its instance ended meanwhile. Throws `PluginError` for a file that is not ours. */
export function readKept(path: string): KeptRecord | null {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw unreadable(path, error)
  }
  try {
    return recordSchema.parse(JSON.parse(text))
  } catch {
    throw new PluginError(
      'misconfigured',
      `PLM-316 ${path} should say which instance is kept, and says something else. See which process it speaks of, end it, and delete the file.`,
    )
  }
}

function unreadable(path: string, error: unknown): PluginError {
  const reason = error instanceof Error ? error.message : String(error)
  return new PluginError(
    'unavailable',
    `PLM-317 cannot read ${path}, which says what instances are kept: ${reason}. Nothing is launched or ended meanwhile; let this user read it.`,
  )
}
