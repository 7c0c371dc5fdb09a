/**
 * Microsoft's JSON Schemas for ARM templates as a judge. They lie beside the project and are no part of it; where they are absent, so are
 * the tests that ask them. They are of draft 4 and name one another by addresses of the web: both is turned into what ajv reads, here, in
 * memory, and nothing is ever fetched. Properties that they do not know are refused, too, which by themselves they let pass.
 *
 * Example: `const judge = judgeOf()`; `judge(template)` is `[]`, or says what is wrong with which resource:
 * `['Microsoft.Compute/virtualMachineScaleSets web: /properties/overprovision must be boolean']`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import { z } from 'zod'

const FOLDER = resolve(import.meta.dirname, '../../../shared/azure/schemas')
export const HAS_SCHEMAS = existsSync(FOLDER)
/** For the names of tests. */
export const UNLESS_ABSENT = 'skipped where ../shared/azure/schemas is absent'

const ENVELOPE = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json'
/** Of these the envelope speaks in its long list of everything there is. */
const LIST_OF_RESOURCES = '#/definitions/resourceBase'

const document = z.record(z.string(), z.unknown())
const withResources = z.looseObject({
  resources: z.array(z.looseObject({ type: z.string(), name: z.string() })),
})
const withExtensions = z.object({
  properties: z.object({
    virtualMachineProfile: z.object({
      extensionProfile: z.object({ extensions: z.array(z.object({ properties: z.unknown() })) }),
    }),
  }),
})
const resourceDefinition = z.looseObject({
  properties: z.looseObject({
    type: z.object({ enum: z.tuple([z.string()]) }),
    apiVersion: z.object({ enum: z.tuple([z.string()]) }),
  }),
})

export function judgeOf(): (template: unknown) => string[] {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
  const places = new Map<string, string>()
  for (const path of readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.json')) continue
    const schema = document.parse(modern(JSON.parse(readFileSync(join(FOLDER, path), 'utf8'))))
    const id = z.string().parse(schema.$id)
    if (id === ENVELOPE) forgetTheRest(schema)
    else if (!isAboutExtensions(id)) strictly(schema.definitions)
    ajv.addSchema(schema)
    const definitions = document.catch({}).parse(schema.resourceDefinitions)
    for (const [name, definition] of Object.entries(definitions)) {
      const parsed = resourceDefinition.safeParse(definition)
      if (!parsed.success) continue
      const { type, apiVersion } = parsed.data.properties
      places.set(keyOf(type.enum[0], apiVersion.enum[0]), `${id}#/resourceDefinitions/${name}`)
    }
  }
  return template => [...said('template', ajv, ENVELOPE, template), ...judgeResources(ajv, places, template)]
}

function judgeResources(ajv: Ajv, places: ReadonlyMap<string, string>, template: unknown): string[] {
  const parsed = withResources.safeParse(template)
  if (!parsed.success) return ['template: no resources']
  return parsed.data.resources.flatMap(resource => {
    const what = `${resource.type} ${resource.name}`
    const place = places.get(keyOf(resource.type, String(resource.apiVersion)))
    if (place === undefined)
      return [`${what}: Microsoft has no such resource of ${String(resource.apiVersion)}`]
    return [...said(what, ajv, place, resource), ...judgeExtensions(what, ajv, place, resource)]
  })
}

/** In a scale set any of a list will do, which is of little help; as what it is in the end, each has to be right by itself. */
function judgeExtensions(what: string, ajv: Ajv, place: string, resource: unknown): string[] {
  const { success, data } = withExtensions.safeParse(resource)
  if (!success) return []
  const own = `${place.split('#')[0]}#/definitions/VirtualMachineScaleSetExtensionProperties`
  return data.properties.virtualMachineProfile.extensionProfile.extensions.flatMap(({ properties }) =>
    said(`${what}, extension`, ajv, own, properties),
  )
}

function said(what: string, ajv: Ajv, place: string, value: unknown): string[] {
  const validate: ValidateFunction | undefined = ajv.getSchema(place)
  if (validate === undefined) throw new Error(`there is no schema ${place}`)
  validate(value)
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) =>
      `${what}: ${instancePath} ${message ?? ''} ${JSON.stringify(params)}`,
  )
}

function keyOf(type: string, apiVersion: string): string {
  return `${type}@${apiVersion}`.toLowerCase()
}

/** Draft 4 in the words of draft 7: `id` is `$id`, and what is exclusive is a number. */
function modern(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(modern)
  if (typeof value !== 'object' || value === null) return value
  const { id, $schema, minimum, maximum, exclusiveMinimum, exclusiveMaximum, ...rest } = document.parse(value)
  const isSchemaId = typeof id === 'string'
  return {
    ...(isSchemaId ? { $id: id.replace(/#$/, '') } : id === undefined ? {} : { id: modern(id) }),
    // Of a schema its draft; of what schemas are about, one property among others.
    ...(typeof $schema === 'string' || $schema === undefined ? {} : { $schema: modern($schema) }),
    ...limit('minimum', 'exclusiveMinimum', minimum, exclusiveMinimum),
    ...limit('maximum', 'exclusiveMaximum', maximum, exclusiveMaximum),
    ...Object.fromEntries(Object.entries(rest).map(([name, inner]) => [name, modern(inner)])),
  }
}

function limit(plain: string, exclusive: string, value: unknown, isExclusive: unknown): object {
  if (typeof isExclusive === 'boolean') return { [isExclusive ? exclusive : plain]: value }
  return {
    ...(value === undefined ? {} : { [plain]: modern(value) }),
    ...(isExclusive === undefined ? {} : { [exclusive]: modern(isExclusive) }),
  }
}

/** The envelope's list of every resource there is refers to files that nobody has; resources are judged one by one here. */
function forgetTheRest(envelope: Record<string, unknown>): void {
  const definitions = document.parse(envelope.definitions)
  envelope.definitions = { ...definitions, resource: { $ref: LIST_OF_RESOURCES } }
}

/** Whatever says which properties it has, has no others. */
function strictly(definitions: unknown): void {
  for (const definition of Object.values(document.catch({}).parse(definitions))) {
    const parsed = document.safeParse(definition)
    if (!parsed.success || !isPlainObject(parsed.data)) continue
    Object.assign(Object(definition), { additionalProperties: false })
  }
}

/** What it says of an extension that it does not know by name holds for all of them, and is not all there is to say. */
function isAboutExtensions(id: string): boolean {
  return id.endsWith('.Extensions.json')
}

function isPlainObject({
  type,
  properties,
  allOf,
  oneOf,
  anyOf,
  additionalProperties,
}: Record<string, unknown>) {
  const isPart = [allOf, oneOf, anyOf, additionalProperties].every(part => part === undefined)
  return type === 'object' && typeof properties === 'object' && isPart
}
