/**
 * Chooses where to read from: what was named, else the configuration in this folder, else the daemon on this machine.
 *
 * Example: in a folder with plimsoll.yaml, `plimsoll status` reads the state file that it names; elsewhere it asks
 * http://127.0.0.1:7070.
 */
import { CliError } from '../cli-error.ts'
import { findUsualFile, loadFile } from '../config-file.ts'
import { type Io, resolvePath } from '../io.ts'
import type { Reader } from './reader.ts'

export interface ReaderOptions {
  readonly url?: string
  readonly state?: string
  readonly config?: string
}

export const USUAL_URL = 'http://127.0.0.1:7070'

export async function openReader(io: Io, { url, state, config }: ReaderOptions): Promise<Reader> {
  const named = [url, state, config].filter(value => value !== undefined)
  if (named.length > 1) throw new CliError('PLM-501', 'Give one of --url, --state and --config, not several.')
  if (url !== undefined) return openUrl(io, url)
  if (state !== undefined) return openState(io, state)
  const file = config ?? (await findUsualFile(io))
  if (file === null) return openUrl(io, USUAL_URL)
  const loaded = await loadFile(io, file)
  const { openStateReader } = await import('./state-reader.ts')
  return openStateReader(loaded.state.path, loaded.spec)
}

async function openUrl(io: Io, url: string): Promise<Reader> {
  const { openHttpReader } = await import('./http-reader.ts')
  return openHttpReader(url, io.env.PLIMSOLL_TOKEN ?? null)
}

async function openState(io: Io, path: string): Promise<Reader> {
  const { openStateReader } = await import('./state-reader.ts')
  return openStateReader(resolvePath(io, path), null)
}

/** Opens, uses and always closes. */
export async function withReader<T>(
  io: Io,
  options: ReaderOptions,
  use: (reader: Reader) => Promise<T>,
): Promise<T> {
  const reader = await openReader(io, options)
  try {
    return await use(reader)
  } finally {
    await reader.close()
  }
}
