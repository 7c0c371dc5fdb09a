/** The OpenAPI document: complete, consistent, and true of what the routes answer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { instance, T0 } from '../../test/builders/journal.ts'
import { createStandIn } from '../../test/builders/runtime.ts'
import { type Api, createApi } from './api.ts'

type Json = Record<string, unknown>

interface Operation {
  readonly summary?: string
  readonly description?: string
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Json }[]
  readonly requestBody?: { readonly content: Record<string, { schema: Json }> }
  readonly responses: Record<string, { description: string; content?: Record<string, { schema: Json }> }>
}

interface Document {
  readonly openapi: string
  readonly info: { title: string; version: string }
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { schemas: Record<string, Json>; securitySchemes?: Json }
  readonly security?: unknown
}

let api: Api
let url: string
let document: Document

beforeAll(async () => {
  const runtime = createStandIn()
  api = await createApi(runtime, { host: '127.0.0.1', port: 0, token: null, dashboardRoot: null })
  url = (await api.listen()).url
  for (const [index, cpu] of [83.2, null, 50].entries()) {
    await runtime.tick('web', { at: T0 + index * 15_000, instances: [instance('web-1')], cpu })
  }
  document = (await (await fetch(`${url}/openapi.json`)).json()) as Document
})
afterAll(() => api.close())

function operations(): { path: string; method: string; operation: Operation }[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
}

/** Every `$ref` anywhere below. */
function references(part: unknown): string[] {
  if (Array.isArray(part)) return part.flatMap(references)
  if (typeof part !== 'object' || part === null) return []
  return Object.entries(part).flatMap(([key, value]) =>
    key === '$ref' && typeof value === 'string' ? [value] : references(value),
  )
}

describe('the document', () => {
  it('is OpenAPI 3.1 and lists every route', () => {
    expect(document.openapi).toBe('3.1.0')
    expect(document.info).toMatchObject({
      title: 'Plimsoll',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    })
    expect(
      operations()
        .map(({ path, method }) => `${method.toUpperCase()} ${path}`)
        .sort(),
    ).toEqual([
      'DELETE /v1/fleets/{fleet}/overrides/{override}',
      'DELETE /v1/fleets/{fleet}/sessions/{session}',
      'GET /health/live',
      'GET /health/ready',
      'GET /metrics',
      'GET /v1/approvals',
      'GET /v1/events',
      'GET /v1/fleets',
      'GET /v1/fleets/{fleet}',
      'GET /v1/fleets/{fleet}/acts',
      'GET /v1/fleets/{fleet}/decisions',
      'GET /v1/fleets/{fleet}/explain',
      'GET /v1/fleets/{fleet}/instances',
      'GET /v1/fleets/{fleet}/journal',
      'GET /v1/fleets/{fleet}/kpis',
      'GET /v1/fleets/{fleet}/kpis/{kpi}/history',
      'GET /v1/fleets/{fleet}/metrics/{metric}/samples',
      'GET /v1/fleets/{fleet}/overrides',
      'GET /v1/fleets/{fleet}/sessions',
      'GET /v1/fleets/{fleet}/sessions/{session}',
      'GET /v1/fleets/{fleet}/timeline',
      'GET /v1/settings',
      'GET /v1/settings/{fleet}',
      'GET /v1/settings/{fleet}/history',
      'GET /v1/spec',
      'GET /v1/spec/versions',
      'POST /ofrep/v1/evaluate/flags',
      'POST /ofrep/v1/evaluate/flags/{key}',
      'POST /v1/approvals/{approval}/approve',
      'POST /v1/approvals/{approval}/reject',
      'POST /v1/fleets/{fleet}/capacity',
      'POST /v1/fleets/{fleet}/instances/{instance}',
      'POST /v1/fleets/{fleet}/mode',
      'POST /v1/fleets/{fleet}/overrides',
      'POST /v1/fleets/{fleet}/pause',
      'POST /v1/fleets/{fleet}/resume',
      'POST /v1/fleets/{fleet}/rules/{rule}',
      'POST /v1/fleets/{fleet}/sessions',
      'POST /v1/fleets/{fleet}/sessions/batch',
      'POST /v1/fleets/{fleet}/sessions/{session}/heartbeat',
      'POST /v1/fleets/{fleet}/tick',
      'POST /v1/fleets/{fleet}/unfreeze',
      'POST /v1/samples',
      'POST /v1/spec',
      'POST /v1/spec/rollback',
      'PUT /v1/fleets/{fleet}/instances/{instance}/load',
    ])
  })

  it('gives every route a summary, its path parameters, a success with a schema, and what each answer means', () => {
    for (const { path, operation } of operations()) {
      expect(operation.summary, path).toMatch(/\w/)
      const named = (operation.parameters ?? [])
        .filter(({ in: where }) => where === 'path')
        .map(({ name }) => name)
      expect(named, path).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(match => match[1]))
      const statuses = Object.keys(operation.responses)
      expect(
        statuses.some(status => status.startsWith('2')),
        path,
      ).toBe(true)
      for (const [status, { description, content }] of Object.entries(operation.responses)) {
        expect(description, `${path} ${status}`).toMatch(/\w/)
        expect(description, `${path} ${status}`).not.toBe('Default Response')
        expect(Object.values(content ?? {}), `${path} ${status}`).toHaveLength(status === '304' ? 0 : 1)
      }
    }
  })

  it('gives every failure the one error shape', () => {
    for (const { path, operation } of operations()) {
      if (path.startsWith('/health/')) continue
      for (const status of ['400', '401', '403', '421', '500', '503']) {
        expect(
          operation.responses[status]?.content?.['application/json']?.schema,
          `${path} ${status}`,
        ).toEqual({
          // Which has the fields of the protocol beside the usual ones.
          $ref: `#/components/schemas/${path.startsWith('/ofrep/') ? 'FlagFailure' : 'Error'}`,
        })
      }
    }
  })

  it('refers only to schemas it holds, and holds only those referred to (and the events)', () => {
    const held = Object.keys(document.components.schemas)
    const referred = new Set(
      references(document).map(reference => reference.replace('#/components/schemas/', '')),
    )
    expect([...referred].filter(name => !held.includes(name))).toEqual([])
    expect(held.filter(name => !referred.has(name) && !name.endsWith('Event'))).toEqual([])
  })

  it('describes times as text, in what is asked and what is answered', () => {
    expect(document.components.schemas.TimelinePoint).toMatchObject({
      properties: { at: { type: 'string', format: 'date-time' }, open: { type: ['number', 'null'] } },
    })
    const journal = document.paths['/v1/fleets/{fleet}/journal']?.get
    expect(journal?.parameters?.find(({ name }) => name === 'since')?.schema).toMatchObject({
      type: 'string',
    })
    expect(journal?.parameters?.find(({ name }) => name === 'limit')?.schema).toMatchObject({
      type: 'integer',
      minimum: 1,
      maximum: 200,
      default: 20,
    })
  })

  it('describes what a pushed sample looks like', () => {
    const body = document.paths['/v1/samples']?.post?.requestBody?.content['application/json']?.schema
    expect(body).toEqual({ $ref: '#/components/schemas/SamplesInput' })
    expect(document.components.schemas.SamplesInput).toMatchObject({
      properties: { samples: { items: { $ref: '#/components/schemas/PushedSampleInput' } } },
    })
    expect(document.components.schemas.PushedSampleInput).toMatchObject({ required: ['metric', 'value'] })
  })

  it('says how to send the token where one is asked for', async () => {
    expect(document.security).toBeUndefined()
    const settings = { host: '127.0.0.1', port: 0, token: 'secret', dashboardRoot: null }
    const locked = await createApi(createStandIn(), settings)
    const headers = { authorization: 'Bearer secret' }
    const answer = await fetch(`${(await locked.listen()).url}/openapi.json`, { headers })
    expect(await answer.json()).toMatchObject({
      security: [{ token: [] }],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    })
    await locked.close()
  })
})

/** What of `value` the schema does not allow; enough of JSON Schema for what the document uses. */
function misfits(schema: Json, value: unknown, where: string): string[] {
  const reference = schema.$ref
  if (typeof reference === 'string') {
    const target = document.components.schemas[reference.replace('#/components/schemas/', '')]
    return target === undefined ? [`${where}: ${reference} is not there`] : misfits(target, value, where)
  }
  for (const key of ['anyOf', 'oneOf']) {
    const choices = schema[key]
    if (!Array.isArray(choices)) continue
    const tries = choices.map((choice: Json) => misfits(choice, value, where))
    return tries.some(found => found.length === 0)
      ? []
      : [`${where}: fits none of ${choices.length}`, ...tries.flat()]
  }
  if ('const' in schema) return schema.const === value ? [] : [`${where}: not ${String(schema.const)}`]
  if (Array.isArray(schema.enum)) return schema.enum.includes(value) ? [] : [`${where}: not of the enum`]
  const types = [schema.type].flat()
  if (
    types[0] !== undefined &&
    !types.includes(typeOf(value)) &&
    !(types.includes('number') && typeOf(value) === 'integer')
  ) {
    return [`${where}: ${typeOf(value)}, not ${types.join(' or ')}`]
  }
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => misfits((schema.items ?? {}) as Json, item, `${where}[${index}]`))
  }
  return typeof value === 'object' && value !== null ? misfitsOfObject(schema, value as Json, where) : []
}

function misfitsOfObject(schema: Json, value: Json, where: string): string[] {
  const properties = (schema.properties ?? {}) as Record<string, Json>
  const missing = ((schema.required ?? []) as string[]).filter(name => !(name in value))
  const rest = schema.additionalProperties
  return [
    ...missing.map(name => `${where}: lacks ${name}`),
    ...Object.entries(value).flatMap(([name, item]) => {
      const known = properties[name] ?? (typeof rest === 'object' ? (rest as Json) : undefined)
      return known === undefined ? [`${where}: unforeseen ${name}`] : misfits(known, item, `${where}.${name}`)
    }),
  ]
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

describe('what the routes answer', () => {
  it.each([
    ['/v1/fleets', '/v1/fleets'],
    ['/v1/fleets/{fleet}', '/v1/fleets/web'],
    ['/v1/fleets/{fleet}/instances', '/v1/fleets/web/instances'],
    ['/v1/fleets/{fleet}/decisions', '/v1/fleets/web/decisions?changesOnly=false'],
    ['/v1/fleets/{fleet}/journal', '/v1/fleets/web/journal'],
    ['/v1/fleets/{fleet}/timeline', '/v1/fleets/web/timeline'],
    ['/v1/fleets/{fleet}/kpis', '/v1/fleets/web/kpis'],
    ['/v1/fleets/{fleet}/kpis/{kpi}/history', '/v1/fleets/web/kpis/busy/history'],
    ['/v1/settings', '/v1/settings'],
    ['/v1/settings/{fleet}', '/v1/settings/web'],
    ['/v1/settings/{fleet}/history', '/v1/settings/web/history'],
    ['/v1/spec', '/v1/spec'],
    ['/health/ready', '/health/ready'],
  ])('%s is what the document says', async (path, asked) => {
    const schema = document.paths[path]?.get?.responses['200']?.content?.['application/json']?.schema
    const body: unknown = await (await fetch(url + asked)).json()
    expect(misfits(schema ?? {}, body, path)).toEqual([])
    expect(misfits(schema ?? {}, { nonsense: true }, path)).not.toEqual([])
  })
})
