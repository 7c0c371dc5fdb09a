/**
 * Writes docs/configuration.md from the schema: every key with its type, default, meaning and an example. The page
 * is checked in; a test fails when it is not what this makes, so it is never out of date.
 * `npx vitest run src/config -u` writes it anew.
 *
 * Example: the row of a fleet's `every` reads
 * "| `every` | duration | `15s` | How often the fleet is looked at. | `15s` |".
 */
import { stringify } from 'yaml'
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts'

export function generateReference(): string {
  const sections = new Map<string, string>()
  const lines = [INTRODUCTION.trim(), ...section('The file', '', asObject(jsonSchemaOf()), sections)]
  return `${lines.join('\n\n')}\n`
}

const INTRODUCTION = `
# The configuration file

One YAML (or JSON) file says everything Plimsoll does. \`plimsoll validate FILE\` checks it and shows every problem with
its line; the codes are listed in [errors/config.md](errors/config.md). An editor that understands JSON Schema completes
and checks the file as you type when it begins with

\`\`\`yaml
# yaml-language-server: $schema=./node_modules/plimsoll/schema/plimsoll.schema.json
\`\`\`

This page is generated from the schema.

## How values are written

- **duration**: a number with a unit: \`500ms\`, \`5s\`, \`45m\`, \`2h\`, \`7d\`, \`1w\`. A bare number is an error.
- **share**: \`25%\` or a ratio from 0 to 1, \`0.25\`.
- **expression**: in quotes, as in \`"avg(cpu, 45m) < 80%"\`. Between \`{\` and \`}\` YAML ends a value at a comma, so an
  expression without quotes there is cut in two; Plimsoll says so.
- **name**: letters, digits, spaces and \`- _ .\`, at most 64 characters. Metrics and KPIs, which expressions name, have no
  spaces; fleets are named in ASCII. Rules and constraints of one fleet have different names.
- **command**: a list of the program and its arguments, \`[node, app.mjs]\`. There is no shell.
- **references**: in any text value, \`\${env:NAME}\` is replaced by an environment variable and \`\${file:PATH}\` by the content
  of a file (without its last line break; the path counts from the folder of the configuration file). \`$\${\` stands for
  \`\${\` itself. What a reference gave is never printed.
- **time zone**: an IANA name such as \`Europe/London\`, or an offset such as \`"+02:00"\`.

YAML anchors and aliases (\`&name\`, \`*name\`) may repeat a value. Unknown keys are errors.
`

interface ObjectSchema {
  readonly properties: Readonly<Record<string, JsonSchema>>
  readonly required: readonly string[]
}

/** A heading, a table of keys, and the sections of the mappings inside. */
function section(title: string, path: string, schema: ObjectSchema, written: Map<string, string>): string[] {
  const keys = Object.entries(schema.properties)
  const rows = keys.map(([key, part]) => row(key, part, schema.required.includes(key)))
  const identity = JSON.stringify(schema.properties)
  const earlier = written.get(identity)
  const heading = `## ${title}`
  if (earlier !== undefined) return [heading, `The same keys as under ${earlier}.`]
  written.set(identity, title)
  const table = ['| key | value | default | meaning | example |', '|---|---|---|---|---|', ...rows].join('\n')
  return [
    heading,
    table,
    ...keys.flatMap(([key, part]) => inner(path === '' ? key : `${path}.${key}`, part, written)),
  ]
}

function row(key: string, schema: JsonSchema, required: boolean): string {
  const fallback = schema.default === undefined || isEmpty(schema.default) ? '' : code(schema.default)
  const cells = [
    `\`${key}\``,
    kindOf(schema),
    required ? '**required**' : fallback,
    schema.description ?? '',
    (schema.examples ?? []).map(code).join(' or '),
  ]
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

/** Sections for what stands inside a key: a mapping, the items of a list, the entries by name, or one of several. */
function inner(path: string, schema: JsonSchema, written: Map<string, string>): string[] {
  const branches = schema.oneOf ?? schema.anyOf
  if (branches !== undefined) return branches.flatMap(branch => inner(path, asSchema(branch), written))
  if (schema.properties !== undefined)
    return section(`\`${path}\`${variant(schema)}`, path, asObject(schema), written)
  if (isSchema(schema.items)) return inner(`${path}[]`, schema.items, written)
  if (isSchema(schema.additionalProperties))
    return inner(`${path}.NAME`, schema.additionalProperties, written)
  return []
}

/** Of several kinds of one thing: ` with \`type: process\``, and what it is. */
function variant(schema: JsonSchema): string {
  for (const key of ['type', 'source']) {
    const part = schema.properties?.[key]
    if (isSchema(part) && part.const !== undefined) return ` with \`${key}: ${String(part.const)}\``
  }
  return ''
}

function kindOf(schema: JsonSchema): string {
  const kind: unknown = schema['x-kind']
  if (typeof kind === 'string') return kind.replace(/^an? /, '')
  if (schema.const !== undefined) return code(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(code).join(', ')
  const branches = schema.oneOf ?? schema.anyOf
  if (branches !== undefined)
    return [...new Set(branches.map(branch => kindOf(asSchema(branch))))].join(' or ')
  if (schema.type === 'array') return listOf(isSchema(schema.items) ? kindOf(schema.items) : 'values')
  if (schema.type === 'object') return schema.properties === undefined ? 'mapping by name' : 'mapping'
  if (schema.type === 'integer') return `whole number from ${schema.minimum ?? 0} to ${schema.maximum ?? 0}`
  if (schema.type === 'boolean') return '`true` or `false`'
  return schema.type === 'string' ? 'text' : String(schema.type)
}

function listOf(kind: string): string {
  if (kind.startsWith('`')) return `list of ${kind}`
  return `list of ${kind}s`
}

function code(value: unknown): string {
  const text = stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: true })
  return `\`${text.trim()}\``
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function asSchema(value: unknown): JsonSchema {
  return isSchema(value) ? value : {}
}

function asObject(schema: JsonSchema): ObjectSchema {
  const properties = Object.entries(schema.properties ?? {}).map(
    ([key, part]) => [key, asSchema(part)] as const,
  )
  return { properties: Object.fromEntries(properties), required: schema.required ?? [] }
}
