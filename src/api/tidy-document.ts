/**
 * Makes the generated OpenAPI document worth reading: every answer says what it means, and only the schemas that
 * something refers to are in it.
 *
 * Example: the generator writes `Fleet` (as an answer) and `FleetInput` (as a request); nobody sends a fleet, so
 * `FleetInput` is dropped.
 */

/** What each answer means; filled in at every route, where the generator only says "Default Response". */
const MEANINGS: Readonly<Record<string, string>> = {
  202: 'Taken.',
  400: 'The request is not what this route takes.',
  401: 'The token is missing or another one.',
  403: 'Sent by a page of another origin.',
  304: 'Nothing changed.',
  404: 'No such fleet, metric or setting.',
  413: 'The body is too large.',
  415: 'The body is not sent as JSON.',
  421: 'The Host header is not a name of this API.',
  429: 'Too many requests within a second.',
  500: 'A defect; the log has the details.',
  503: 'Not now: the store does not answer, or too many clients follow the events.',
}

const REFERENCE = '#/components/schemas/'

interface Document {
  paths?: Record<string, unknown>
  components?: { schemas?: Record<string, unknown> }
}

/** Names what each answer means, says that a 304 has no body, and leaves out the second form of schemas that are used one way only. */
export function tidy<Doc extends Document>(document: Doc): Doc {
  for (const response of responsesOf(document.paths)) {
    const { status, body } = response
    if (status === '304') delete body.content
    if (body.description === 'Default Response') body.description = MEANINGS[status] ?? 'As asked.'
  }
  const schemas = document.components?.schemas ?? {}
  const named = new Set(Object.keys(schemas).filter(name => name.endsWith('Event')))
  referred(document.paths, schemas, named)
  for (const name of [...named]) referred(schemas[name], schemas, named)
  for (const name of Object.keys(schemas)) if (!named.has(name)) delete schemas[name]
  return document
}

function* responsesOf(paths: unknown): Iterable<{ status: string; body: Record<string, unknown> }> {
  for (const operations of values(paths)) {
    for (const operation of values(operations)) {
      const responses = isRecord(operation) ? operation.responses : undefined
      if (!isRecord(responses)) continue
      for (const [status, body] of Object.entries(responses)) if (isRecord(body)) yield { status, body }
    }
  }
}

/** Adds to `named` every component that `part` refers to, directly or through others. */
function referred(part: unknown, schemas: Record<string, unknown>, named: Set<string>): void {
  if (Array.isArray(part)) for (const item of part) referred(item, schemas, named)
  if (!isRecord(part)) return
  const reference = part.$ref
  if (typeof reference === 'string' && reference.startsWith(REFERENCE)) {
    const name = reference.slice(REFERENCE.length)
    if (!named.has(name)) {
      named.add(name)
      referred(schemas[name], schemas, named)
    }
  }
  for (const value of Object.values(part)) referred(value, schemas, named)
}

function values(part: unknown): unknown[] {
  return isRecord(part) ? Object.values(part) : []
}

function isRecord(part: unknown): part is Record<string, unknown> {
  return typeof part === 'object' && part !== null && !Array.isArray(part)
}
