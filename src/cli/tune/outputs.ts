/**
 * Where what came of a tuning is written: a picture, the numbers, the changed file.
 *
 * Example: `-o front.svg -o tuned.yaml` writes two files; a name that ends otherwise is refused before anything is replayed.
 */
import path from 'node:path'
import { CliError } from '../cli-error.ts'
import { coloursFor } from '../colours.ts'
import { writeOutputFile } from '../files.ts'
import { type Io, printJson, printLine, resolvePath } from '../io.ts'
import { type Told, tuneJson, tuneSvg, tuneText } from './told.ts'
import type { TuneOptions } from './tune.ts'

export interface Output {
  readonly file: string
  readonly write: (told: Told, proposed: string | null) => string | null
}

const WRITERS: Readonly<Record<string, Output['write']>> = {
  '.svg': told => tuneSvg(told),
  '.json': told => `${JSON.stringify(tuneJson(told), null, 1)}\n`,
  '.yaml': (_, proposed) => proposed,
  '.yml': (_, proposed) => proposed,
}

/** @throws CliError PLM-501, PLM-505 */
export function outputsFor(names: readonly string[], original: string, io: Io): readonly Output[] {
  return names.map(file => {
    if (resolvePath(io, file) === resolvePath(io, original)) {
      throw new CliError(
        'PLM-505',
        `-o ${file} is the file that is tuned; to change it, name it with --write.`,
      )
    }
    const write = WRITERS[path.extname(file).toLowerCase()]
    if (write !== undefined) return { file, write }
    throw new CliError('PLM-501', `-o ${file}: a name that ends in .svg, .json or .yaml is needed.`)
  })
}

interface Telling {
  readonly outputs: readonly Output[]
  /** The changed file; `null`: nothing is proposed. */
  readonly proposed: string | null
  readonly options: Pick<TuneOptions, 'write' | 'json'>
}

export async function tell(told: Told, { outputs, proposed, options }: Telling, io: Io): Promise<void> {
  const said: string[] = []
  const write = async (file: string, text: string | null): Promise<void> => {
    if (text !== null) await writeOutputFile(io, file, text)
    said.push(text === null ? `Nothing to write into ${file}: the file stays as it is.` : `Wrote ${file}`)
  }
  for (const { file, write: make } of outputs) await write(file, make(told, proposed))
  if (options.write !== undefined) await write(options.write, proposed)
  if (options.json === true) {
    printJson(io, tuneJson(told))
    return
  }
  io.stdout.write(tuneText(told, { width: io.columns, colours: coloursFor(io) }))
  for (const line of said) printLine(io, line)
}
