/**
 * Loads `node:sqlite` only when a state file is opened, and keeps its "experimental" notice (Node 22) off the
 * operator's terminal; every other warning passes.
 *
 * Example: on Node 22 `loadSqlite()` prints nothing where `import 'node:sqlite'` prints an ExperimentalWarning.
 */
import { PluginError } from '../../../ports/plugin.ts'

export type Sqlite = typeof import('node:sqlite')

export function loadSqlite(): Sqlite {
  const emitWarning = process.emitWarning
  process.emitWarning = (...args: unknown[]) => {
    if (String(args[0]).includes('SQLite')) return
    Reflect.apply(emitWarning, process, args)
  }
  try {
    const sqlite = process.getBuiltinModule('node:sqlite')
    if (sqlite !== undefined) return sqlite
  } finally {
    process.emitWarning = emitWarning
  }
  throw new PluginError(
    'misconfigured',
    `PLM-414 this Node (${process.version}) has no built-in SQLite, which keeps the state; use Node 22.14 or newer`,
  )
}
