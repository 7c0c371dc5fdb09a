/**
 * `plimsoll diff OLD NEW`: what changed between two configuration files, in words. Both must be valid.
 *
 * Example: `plimsoll diff plimsoll.yaml next.yaml` prints
 * `web: rule "Scale up": when avg(cpu, 45m) > 80% -> avg(cpu, 45m) > 75%`.
 */
import { changeText, diffSpecs } from '../config/diff.ts'
import { EXIT_OK } from './cli-error.ts'
import { loadFile } from './config-file.ts'
import { type Io, printJson, printLine } from './io.ts'

export interface DiffOptions {
  readonly json?: boolean
}

export async function diffCommand(
  before: string,
  after: string,
  { json }: DiffOptions,
  io: Io,
): Promise<number> {
  const [old, next] = [await loadFile(io, before), await loadFile(io, after)]
  const changes = diffSpecs(old.spec, next.spec)
  if (json === true) {
    printJson(io, {
      from: { file: before, digest: old.spec.digest },
      to: { file: after, digest: next.spec.digest },
      changes: changes.map(change => ({ ...change, text: changeText(change) })),
    })
    return EXIT_OK
  }
  if (changes.length === 0) printLine(io, 'No difference: both files mean the same.')
  for (const change of changes) printLine(io, changeText(change))
  return EXIT_OK
}
