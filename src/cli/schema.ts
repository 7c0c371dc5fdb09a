/**
 * `plimsoll schema`: the JSON Schema of the configuration file, for editors.
 *
 * Example: `plimsoll schema > plimsoll.schema.json`.
 */
import { generateSchema } from '../config/json-schema.ts'
import { EXIT_OK } from './cli-error.ts'
import type { Io } from './io.ts'

export async function schemaCommand(io: Io): Promise<number> {
  io.stdout.write(`${generateSchema().trimEnd()}\n`)
  return EXIT_OK
}
