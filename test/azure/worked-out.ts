/**
 * A template worked out as a deployment would, by the same code that reads templates of others: what it would create, and whether every
 * reference in it leads somewhere.
 *
 * Example: `workedOut(template, { image: 'a:b:c:d' })` answers the resources with all expressions gone, and `loose: []` when each id in
 * them is of something that the template creates before it is needed.
 */
import { z } from 'zod'
import { plainOf, readJson } from '../../src/importers/azure/json.ts'
import { collectFindings } from '../../src/importers/azure/report.ts'
import { parametersOf, Template } from '../../src/importers/azure/template.ts'

const IN_GROUP = '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroup}/providers/'
const ROLE = '/subscriptions/{subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/'

const resourceSchema = z.looseObject({
  type: z.string(),
  name: z.string(),
  dependsOn: z.array(z.string()).default([]),
  properties: z.looseObject({}),
})
export type Resource = z.output<typeof resourceSchema>

export interface WorkedOut {
  readonly resources: readonly Resource[]
  /** What leads nowhere, is not waited for, or cannot be worked out. */
  readonly loose: readonly string[]
}

export function workedOut(template: object, values: Readonly<Record<string, unknown>>): WorkedOut {
  const document = readJson(JSON.stringify(template), 'template.json')
  const given = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]))
  const { tell, all } = collectFindings()
  const parameters = parametersOf(readJson(JSON.stringify({ parameters: given }), 'parameters.json'), tell)
  const written = new Template(document, parameters, tell).resources(document)
  const resources = written.map(resource => resourceSchema.parse(plainOf(resource)))
  const unclear = all()
    // What only Azure knows stands as a placeholder; what cannot be worked out at all is another matter.
    .filter(({ message }) => !message.includes('is known only when it is deployed; it stands as'))
    .map(({ message }) => message)
  return { resources, loose: [...unclear, ...parametersLoose(template), ...loose(resources)] }
}

function idOf({ type, name }: Pick<Resource, 'type' | 'name'>): string {
  return `${IN_GROUP}${type}/${name}`
}

function loose(resources: readonly Resource[]): string[] {
  const ids = new Map(resources.map(resource => [idOf(resource), resource]))
  return resources.flatMap(resource => {
    const own = idOf(resource)
    const before = everythingBefore(resource, ids, new Set())
    const unknown = resource.dependsOn
      .filter(id => !ids.has(id))
      .map(id => `${own} waits for ${id}, which is nowhere`)
    if (before.has(own)) return [`${own} waits for itself`]
    const wrong = textsIn(resource.properties).flatMap(text => {
      if (!text.startsWith('/subscriptions/{') || text.startsWith(ROLE)) return []
      const holder = [...ids].find(([id]) => text === id || text.startsWith(`${id}/`))
      if (holder === undefined) return [`${own} names ${text}, which is nowhere`]
      const [id, held] = holder
      if (text !== id && !hasPart(held, text.slice(id.length + 1)))
        return [`${own} names ${text}, which ${id} has not`]
      return id === own || before.has(id) ? [] : [`${own} names ${id} and does not wait for it`]
    })
    return [...unknown, ...wrong, ...scopeLoose(resource, ids, before)]
  })
}

/** Of a role that is given on a single resource. */
function scopeLoose(
  { name, scope }: Resource,
  ids: ReadonlyMap<string, Resource>,
  before: ReadonlySet<string>,
): string[] {
  if (scope === undefined) return []
  const id = `${IN_GROUP}${String(scope)}`
  if (!ids.has(id)) return [`${name} is about ${id}, which is nowhere`]
  return before.has(id) ? [] : [`${name} is about ${id} and does not wait for it`]
}

function everythingBefore(
  resource: Resource,
  ids: ReadonlyMap<string, Resource>,
  seen: Set<string>,
): Set<string> {
  for (const id of resource.dependsOn) {
    const found = ids.get(id)
    if (found === undefined || seen.has(id)) continue
    seen.add(id)
    everythingBefore(found, ids, seen)
  }
  return seen
}

const parts = z.array(z.looseObject({ name: z.string() })).catch([])

/** `backendAddressPools/instances` of a load balancer. */
function hasPart({ properties }: Resource, path: string): boolean {
  const [kind = '', name] = path.split('/')
  return parts.parse(properties[kind]).some(part => part.name === name)
}

export function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(textsIn)
}

/** Each that is asked for is declared, and each that is declared is asked for. */
function parametersLoose(template: object): string[] {
  const { parameters, ...rest } = z
    .looseObject({ parameters: z.record(z.string(), z.unknown()) })
    .parse(template)
  const used = new Set(
    [...JSON.stringify(rest).matchAll(/parameters\('(\w+)'\)/g)].map(match => match[1] ?? ''),
  )
  const declared = Object.keys(parameters)
  return [
    ...[...used]
      .filter(name => !declared.includes(name))
      .map(name => `the parameter ${name} is not declared`),
    ...declared.filter(name => !used.has(name)).map(name => `nobody asks for the parameter ${name}`),
  ]
}
