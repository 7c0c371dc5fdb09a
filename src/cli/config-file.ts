/**
 * Loads a configuration file for a command, or prints every problem of it with its place and ends with exit code 2.
 *
 * Example: `await loadFile(io, 'plimsoll.yaml')` answers what `run` would run, or prints
 * `plimsoll.yaml:7:12 PLM-116 5 has no unit` with the line and a caret.
 */
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { formatProblems, type LoadResult, loadConfig } from '../config/load.ts'
import { EXIT_BAD_INPUT } from './cli-error.ts'
import { wantsColour } from './colours.ts'
import { type Io, resolvePath } from './io.ts'
import { AlreadySaid } from './said.ts'

export type LoadedFile = Extract<LoadResult, { ok: true }>['loaded']
export type RefusedFile = Extract<LoadResult, { ok: false }>

/** Looked for in the current folder when no file is named. */
export const USUAL_NAMES = ['plimsoll.yaml', 'plimsoll.yml', 'plimsoll.json'] as const

/** The result as it is, problems included. */
export async function tryLoadFile(io: Io, file: string): Promise<LoadResult> {
  // Named as the operator named it, so that problems do too.
  return loadConfig(path.isAbsolute(file) ? file : path.relative(process.cwd(), resolvePath(io, file)))
}

/** Prints problems to standard error and throws `AlreadySaid` with exit code 2 when there are any. */
export async function loadFile(io: Io, file: string): Promise<LoadedFile> {
  const result = await tryLoadFile(io, file)
  if (result.ok) return result.loaded
  printProblems(io, result)
  throw new AlreadySaid(EXIT_BAD_INPUT)
}

export function printProblems(io: Io, { problems, text }: RefusedFile): void {
  io.stderr.write(`${formatProblems(problems, text, { colour: wantsColour(io) }).trimEnd()}\n`)
}

/** The first of the usual names that exists in the current folder; `null` when none does. */
export async function findUsualFile(io: Io): Promise<string | null> {
  for (const name of USUAL_NAMES) {
    try {
      if ((await stat(resolvePath(io, name))).isFile()) return name
    } catch {
      // Not there: the next name.
    }
  }
  return null
}
