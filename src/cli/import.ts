/**
 * `plimsoll import wasabi RULES.xml [SERVICES.xml]`: a configuration made of the rules of the Autoscaling Application Block, and
 * a report of what could not be carried over or could be read in more than one way.
 *
 * Example: `plimsoll import wasabi rules.xml -o plimsoll.yaml` writes the file and ends with
 * `Wrote plimsoll.yaml: 3 lost, 4 ambiguous, 1 changed.`
 */
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { decodeText } from '../importers/decode.ts'
import { FINDING_KINDS, type Imported, type ImportFinding } from '../importers/finding.ts'
import { ImportError, problemLine } from '../importers/import-error.ts'
import { importWasabi, type XmlText } from '../importers/wasabi/import-wasabi.ts'
import { MOST_CHARACTERS } from '../importers/xml/read-xml.ts'
import { CliError, EXIT_BAD_INPUT, EXIT_OK } from './cli-error.ts'
import { coloursFor } from './colours.ts'
import { createFile, reasonOf } from './files.ts'
import { type Io, printJson, resolvePath, type Sink } from './io.ts'

export interface ImportOptions {
  readonly output?: string
  readonly json?: boolean
}

export const STANDARD_INPUT = 'standard input'

/** In UTF-16. */
const MOST_BYTES = 2 * MOST_CHARACTERS

export async function importWasabiCommand(
  rules: string,
  services: string | undefined,
  options: ImportOptions,
  io: Io,
): Promise<number> {
  let imported: Imported
  try {
    imported = importWasabi({
      rules: await readXmlFile(io, rules),
      ...(services === undefined ? {} : { services: await readXmlFile(io, services) }),
    })
  } catch (error) {
    if (!(error instanceof ImportError)) throw error
    return sayProblems(error, options, io)
  }
  return answer(imported, options, io)
}

async function readXmlFile(io: Io, file: string): Promise<XmlText> {
  const name = file === '-' ? STANDARD_INPUT : path.basename(file)
  return { file: name, text: await readEncoded(io, file, name, MOST_BYTES) }
}

/** The text of a file of at most so many bytes, in UTF-8 or UTF-16; its problems are told under the name. */
export async function readEncoded(io: Io, file: string, name: string, mostBytes: number): Promise<string> {
  if (file === '-') return io.readInput(mostBytes)
  const full = resolvePath(io, file)
  try {
    const { size } = await stat(full)
    if (size > mostBytes) {
      throw new CliError('PLM-503', `${file} is ${size} bytes; the most this reads is ${mostBytes}.`)
    }
    return decodeText(await readFile(full), name)
  } catch (error) {
    if (error instanceof CliError || error instanceof ImportError) throw error
    throw new CliError('PLM-503', `Could not read ${file}: ${reasonOf(error)}.`, { cause: error })
  }
}

export function sayProblems({ problems }: ImportError, { json }: ImportOptions, io: Io): number {
  if (json === true) printJson(io, { imported: false, problems })
  else {
    const { red } = coloursFor(io)
    for (const problem of problems) io.stderr.write(`${red('plimsoll:')} ${problemLine(problem)}\n`)
  }
  return EXIT_BAD_INPUT
}

export async function answer(
  { text, findings }: Imported,
  { output, json }: ImportOptions,
  io: Io,
): Promise<number> {
  if (output !== undefined && output !== '-') await createFile(io, output, text)
  if (json === true) {
    printJson(io, { imported: true, ...(output === undefined ? {} : { file: output }), text, findings })
    return EXIT_OK
  }
  if (output === undefined || output === '-') {
    io.stdout.write(text)
    say(findings, io.stderr, io)
    return EXIT_OK
  }
  say(findings, io.stdout, io)
  io.stdout.write(`Wrote ${output}: ${countsOf(findings)}. Next: plimsoll validate ${output}\n`)
  return EXIT_OK
}

export function say(findings: readonly ImportFinding[], sink: Sink, io: Io): void {
  const { bold, dim } = coloursFor(io)
  for (const { kind, file, line, column, message } of findings) {
    sink.write(`${bold(kind.padEnd(9))} ${dim(`${file}:${line}:${column}`)} ${message}\n`)
  }
}

export function countsOf(findings: readonly ImportFinding[]): string {
  const parts = FINDING_KINDS.map(kind => ({
    kind,
    count: findings.filter(each => each.kind === kind).length,
  }))
  const told = parts.filter(({ count }) => count > 0).map(({ kind, count }) => `${count} ${kind}`)
  return told.length === 0 ? 'everything was carried over' : told.join(', ')
}
