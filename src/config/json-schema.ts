/**
 * The JSON Schema of the configuration file, for editors that complete and check as one types. It is checked in as
 * `schema/plimsoll.schema.json`; a test fails when that file is not what this makes.
 * `npx vitest run src/config -u` writes it anew.
 *
 * Example: with `# yaml-language-server: $schema=./node_modules/plimsoll/schema/plimsoll.schema.json` as its first
 * line, a file shows what every key means, and underlines `every: 5`.
 */
import { z } from 'zod'
import { configSchema } from './schema.ts'
import type { Extensions } from './schema-plugins.ts'

/** A part of a JSON Schema as far as we write it. */
export type JsonSchema = z.core.JSONSchema.JSONSchema

/** With the kinds of values (`x-kind`), which the reference prints and editors do not need. */
export function jsonSchemaOf(extensions: Extensions = {}): JsonSchema {
  const schema = z.toJSONSchema(configSchema(extensions), { io: 'input', target: 'draft-7' })
  return JSON.parse(JSON.stringify(schema).replaceAll('"x-examples":', '"examples":'))
}

/** The text of the schema file, ending with a line break. */
export function generateSchema(extensions: Extensions = {}): string {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'urn:plimsoll:configuration:1',
    title: 'Plimsoll configuration',
    ...jsonSchemaOf(extensions),
  }
  return `${JSON.stringify(schema, (property, value: unknown) => (property === 'x-kind' ? undefined : value), 2)}\n`
}
