/**
 * `plimsoll import azure FILE...` and `plimsoll export azure FILE`: autoscale settings of Azure as a configuration, and back.
 *
 * Example: `plimsoll import azure template.json parameters.json -o plimsoll.yaml` ends with
 * `Wrote plimsoll.yaml: 1 lost, 2 ambiguous. Next: plimsoll validate plimsoll.yaml`.
 */
import { exportAzure } from '../importers/azure/export-azure.ts'
import { importAzure, type JsonText } from '../importers/azure/import-azure.ts'
import { MOST_JSON_BYTES } from '../importers/azure/json.ts'
import type { Imported } from '../importers/finding.ts'
import { ImportError } from '../importers/import-error.ts'
import { EXIT_OK } from './cli-error.ts'
import { loadFile } from './config-file.ts'
import { createFile } from './files.ts'
import {
  answer,
  countsOf,
  type ImportOptions,
  readEncoded,
  STANDARD_INPUT,
  say,
  sayProblems,
} from './import.ts'
import { type Io, printJson } from './io.ts'

/** In UTF-16. */
const MOST_BYTES = 2 * MOST_JSON_BYTES

export async function importAzureCommand(
  files: readonly string[],
  options: ImportOptions,
  io: Io,
): Promise<number> {
  let imported: Imported
  try {
    imported = importAzure(await Promise.all(files.map(file => readJsonFile(io, file))))
  } catch (error) {
    if (!(error instanceof ImportError)) throw error
    return sayProblems(error, options, io)
  }
  return answer(imported, options, io)
}

async function readJsonFile(io: Io, file: string): Promise<JsonText> {
  const name = file === '-' ? STANDARD_INPUT : file
  return { file: name, text: await readEncoded(io, file, name, MOST_BYTES) }
}

export async function exportAzureCommand(
  file: string,
  { output, json }: ImportOptions,
  io: Io,
): Promise<number> {
  const { text, findings, settings } = exportAzure(await loadFile(io, file))
  const isFile = output !== undefined && output !== '-'
  if (isFile) await createFile(io, output, text)
  if (json === true) {
    const template: unknown = JSON.parse(text)
    printJson(io, { exported: true, ...(isFile ? { file: output } : {}), template, findings })
    return EXIT_OK
  }
  if (!isFile) io.stdout.write(text)
  say(findings, isFile ? io.stdout : io.stderr, io)
  if (isFile) {
    const count = `${settings} ${settings === 1 ? 'autoscale setting' : 'autoscale settings'}`
    io.stdout.write(`Wrote ${output}: ${count}; ${countsOf(findings)}.\n`)
  }
  return EXIT_OK
}
