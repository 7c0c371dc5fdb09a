/**
 * Could a command be started? Looks for its program without running it.
 *
 * Example: `findProgram(['notify-ops', '--urgent'], null)` answers `/usr/local/bin/notify-ops`, or `null`.
 */
import { access, constants } from 'node:fs/promises'
import path from 'node:path'
import type { CheckResult } from '../ports/plugin.ts'
import { quoteCommand } from './command.ts'

/** @param cwd folder the command runs in; `null` is the daemon's own */
export async function findProgram(argv: readonly string[], cwd: string | null): Promise<string | null> {
  const [program = ''] = argv
  const folders = program.includes('/')
    ? [cwd ?? process.cwd()]
    : (process.env.PATH ?? '').split(path.delimiter).filter(folder => folder !== '')
  for (const folder of folders) {
    const file = path.resolve(folder, program)
    try {
      await access(file, constants.X_OK)
      return file
    } catch {
      // Not there, or not to be run: the next folder may have it.
    }
  }
  return null
}

export async function checkProgram(argv: readonly string[], cwd: string | null): Promise<CheckResult> {
  const file = await findProgram(argv, cwd)
  return file === null
    ? {
        ok: false,
        detail: `PLM-350 there is no program ${JSON.stringify(argv[0] ?? '')} on the PATH or at that place that may be run. Install it, or correct the command.`,
      }
    : { ok: true, detail: `${quoteCommand(argv)} can be run (${file}); it was not` }
}
