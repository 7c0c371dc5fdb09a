/**
 * Asks every target, router and source of a configuration whether it could do its work, without a tick and without
 * writing state.
 *
 * Example: a process target whose program does not exist answers
 * `{ what: 'target of web', ok: false, detail: '"nod" is not ...' }`.
 */
import type { PluginCheck } from '../compose/checks.ts'
import { Daemon } from '../compose.ts'
import { createMemoryStore } from '../plugins/stores/memory.ts'
import type { LoadedFile } from './config-file.ts'

export async function checkPlugins(loaded: LoadedFile): Promise<readonly PluginCheck[]> {
  return new Daemon(loaded, createMemoryStore(), {}).check()
}
