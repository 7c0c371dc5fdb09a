/** Our settings as feature flags, read with the official OpenFeature SDK and provider over real sockets. */
import { OFREPProvider } from '@openfeature/ofrep-provider'
import { type Client, ErrorCode, OpenFeature } from '@openfeature/server-sdk'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { instance, specOf, T0, webFleet } from '../../test/builders/journal.ts'
import { createStandIn, type StandIn } from '../../test/builders/runtime.ts'
import { SHOP_SETTINGS, sheddingFleet } from '../../test/builders/settings.ts'
import { type Api, createApi } from './api.ts'
import type { ApiSettings } from './settings.ts'

const LOCAL: ApiSettings = { host: '127.0.0.1', port: 0, token: null, dashboardRoot: null }

let runtime: StandIn
let url: string
const opened: Api[] = []

async function serve(settings: Partial<ApiSettings> = {}): Promise<string> {
  const api = await createApi(runtime, { ...LOCAL, ...settings })
  opened.push(api)
  return (await api.listen()).url
}

/** A client of its own, as another application would have. */
async function client(baseUrl: string, headers: Record<string, string> = {}): Promise<Client> {
  const domain = `test ${opened.length} ${Math.floor(performance.now() * 1000)}`
  await OpenFeature.setProviderAndWait(domain, new OFREPProvider({ baseUrl, headers }))
  return OpenFeature.getClient(domain)
}

async function busy(fleet = 'web', cpu = 95): Promise<void> {
  runtime.at += 1000
  await runtime.tick(fleet, { at: runtime.at, instances: [instance('web-1')], cpu })
}

beforeEach(async () => {
  const { reports } = SHOP_SETTINGS
  if (reports === undefined) throw new Error('there are no reports')
  runtime = createStandIn(specOf(sheddingFleet(), webFleet({ name: 'api.v2', settings: { reports } })))
  url = await serve()
})
afterEach(async () => {
  await OpenFeature.clearProviders()
  await Promise.all(opened.splice(0).map(api => api.close()))
})

async function post(path: string, body: unknown, headers: Record<string, string> = {}, base = url) {
  const response = await fetch(`${base}/ofrep/v1/evaluate/flags${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const text = await response.text()
  const answer: unknown = text === '' ? null : JSON.parse(text)
  return { status: response.status, headers: response.headers, body: answer }
}

describe('the OpenFeature SDK', () => {
  it('reads booleans, texts and numbers, as they change', async () => {
    const shop = await client(url)
    const readAll = async () => [
      await shop.getBooleanValue('web.reports', false),
      await shop.getStringValue('quality', 'none'),
      await shop.getNumberValue('page size', 1),
    ]
    expect(await readAll()).toEqual([true, 'high', 50])
    await busy()
    expect(await readAll()).toEqual([false, 'low', 10])
    await busy('web', 50)
    expect(await readAll()).toEqual([true, 'high', 50])
  })

  it('is told why: the rule that holds a value, or that it is at its default', async () => {
    const shop = await client(url)
    expect(await shop.getBooleanDetails('web.reports', false)).toMatchObject({
      value: true,
      reason: 'STATIC',
      variant: 'true',
      flagMetadata: { fleet: 'web', setting: 'reports', version: 0, default: true },
    })
    await busy()
    expect(await shop.getNumberDetails('page size', 1)).toMatchObject({
      value: 10,
      reason: 'TARGETING_MATCH',
      variant: '10',
      flagMetadata: {
        rule: 'Shed load',
        default: 50,
        since: new Date(T0 + 1000).toISOString(),
      },
    })
  })

  it('finds a setting that two fleets have by the fleet in the context, or by its full name', async () => {
    await busy()
    const shop = await client(url)
    expect(await shop.getBooleanValue('reports', true, { fleet: 'web' })).toBe(false)
    expect(await shop.getBooleanValue('reports', false, { fleet: 'api.v2' })).toBe(true)
    expect(await shop.getBooleanValue('web.reports', true)).toBe(false)
    expect(await shop.getBooleanValue('web.reports', true, { fleet: 'api.v2' })).toBe(false)
    expect(await shop.getBooleanValue('api.v2.reports', false)).toBe(true)
    expect(await shop.getBooleanDetails('reports', true)).toMatchObject({
      value: true,
      errorCode: ErrorCode.FLAG_NOT_FOUND,
      errorMessage: expect.stringContaining('web.reports or api.v2.reports'),
    })
  })

  it('falls back to the application’s value for what is no setting, no fleet, or another type', async () => {
    const shop = await client(url)
    expect(await shop.getBooleanDetails('raports', true)).toMatchObject({
      value: true,
      reason: 'ERROR',
      errorCode: ErrorCode.FLAG_NOT_FOUND,
      errorMessage: expect.stringContaining('web.reports'),
    })
    expect(await shop.getStringDetails('quality', 'none', { fleet: 'api.v2' })).toMatchObject({
      value: 'none',
      errorCode: ErrorCode.FLAG_NOT_FOUND,
    })
    expect(await shop.getStringDetails('quality', 'none', { fleet: 'wep' })).toMatchObject({
      errorCode: ErrorCode.INVALID_CONTEXT,
    })
    expect(await shop.getStringDetails('web.reports', 'none')).toMatchObject({
      value: 'none',
      errorCode: ErrorCode.TYPE_MISMATCH,
    })
  })

  it('needs the token where the API has one', async () => {
    const locked = await serve({ token: 'open sesame' })
    const without = await client(locked)
    expect(await without.getStringDetails('quality', 'none')).toMatchObject({
      value: 'none',
      reason: 'ERROR',
    })
    const allowed = await client(locked, { authorization: 'Bearer open sesame' })
    expect(await allowed.getStringValue('quality', 'none')).toBe('high')
  })
})

describe('a single evaluation', () => {
  it('answers as the protocol says, with or without a body', async () => {
    const answer = {
      key: 'quality',
      value: 'high',
      reason: 'STATIC',
      variant: 'high',
      metadata: { fleet: 'web', setting: 'quality', version: 0, default: 'high' },
    }
    for (const body of [
      {},
      { context: {} },
      { context: { targetingKey: 'user 7', fleet: 'web' } },
      null,
      '',
    ]) {
      const { status, body: got } = await post('/quality', body)
      expect({ status, got }).toEqual({ status: 200, got: answer })
    }
    expect((await post('/page%20size', {})).body).toMatchObject({ key: 'page size', value: 50 })
  })

  it.each([
    ['/nothing', {}, 404, 'FLAG_NOT_FOUND', 'PLM-469'],
    ['/reports', {}, 404, 'FLAG_NOT_FOUND', 'PLM-469'],
    ['/web.', {}, 404, 'FLAG_NOT_FOUND', 'PLM-469'],
    ['/constructor', {}, 404, 'FLAG_NOT_FOUND', 'PLM-469'],
    ['/quality', { context: { fleet: 'wep' } }, 400, 'INVALID_CONTEXT', 'PLM-470'],
    ['/quality', { context: { fleet: 7 } }, 400, 'INVALID_CONTEXT', 'PLM-470'],
    ['/quality', { context: { fleet: 'constructor' } }, 400, 'INVALID_CONTEXT', 'PLM-470'],
    ['/quality', { context: 'web' }, 400, 'PARSE_ERROR', 'PLM-456'],
    ['/quality', '[]', 400, 'PARSE_ERROR', 'PLM-456'],
    ['/quality', '{"context":', 400, 'PARSE_ERROR', 'PLM-456'],
  ])('of %s with %j answers %i %s', async (path, body, status, errorCode, code) => {
    const answer = await post(path, body)
    expect(answer).toMatchObject({
      status,
      body: {
        key: path.slice(1),
        errorCode,
        errorDetails: expect.stringMatching(/^PLM-\d+: \S/),
        error: { code, message: expect.stringMatching(/\w/), hint: expect.stringMatching(/\w/) },
      },
    })
  })

  it('is refused without the token, from a page of another origin, and as anything but JSON', async () => {
    const locked = await serve({ token: 'open sesame' })
    const form = { 'content-type': 'text/plain' }
    expect(await post('/quality', {}, {}, locked)).toMatchObject({
      status: 401,
      body: { error: { code: 'PLM-455' }, errorCode: 'GENERAL' },
    })
    expect(await post('/quality', {}, { origin: 'http://evil.example' })).toMatchObject({ status: 403 })
    expect(await post('/quality', {}, form)).toMatchObject({
      status: 415,
      body: { errorCode: 'PARSE_ERROR' },
    })
  })

  it('is answered 429 with Retry-After where a client asks too often', async () => {
    const narrow = await serve({ evaluationsPerSecond: 2 })
    const answers = await Promise.all(Array.from({ length: 30 }, () => post('/quality', {}, {}, narrow)))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]).toMatchObject({ body: { error: { code: 'PLM-464' }, errorCode: 'GENERAL' } })
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  it('is GENERAL when the store does not answer', async () => {
    await runtime.store.close()
    expect(await post('/quality', {})).toMatchObject({
      status: 503,
      body: { errorCode: 'GENERAL', error: { code: 'PLM-467' } },
    })
  })
})

describe('an evaluation of all flags', () => {
  const keysOf = (body: unknown): string[] =>
    (body as { flags: { key: string }[] }).flags.map(({ key }) => key)

  it('gives every setting by its full name, and by its own where one fleet alone has it', async () => {
    const { status, body } = await post('', {})
    expect(status).toBe(200)
    expect(keysOf(body)).toEqual([
      'web.reports',
      'quality',
      'web.quality',
      'page size',
      'web.page size',
      'api.v2.reports',
    ])
  })

  it('gives those of one fleet by their own names', async () => {
    await busy()
    const { body } = await post('', { context: { fleet: 'web' } })
    expect(body).toMatchObject({
      flags: [
        { key: 'reports', value: false, reason: 'TARGETING_MATCH', metadata: { rule: 'Shed load' } },
        { key: 'quality', value: 'low' },
        { key: 'page size', value: 10 },
      ],
    })
  })

  it('is not sent again while nothing changed', async () => {
    const first = await post('', {})
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toMatch(/^".+"$/)
    const same = await post('', {}, { 'if-none-match': etag })
    expect({ status: same.status, body: same.body }).toEqual({ status: 304, body: null })
    expect((await post('', { context: { fleet: 'web' } }, { 'if-none-match': etag })).status).toBe(200)
    await busy()
    const changed = await post('', {}, { 'if-none-match': etag })
    expect(changed.status).toBe(200)
    expect(changed.headers.get('etag')).not.toBe(etag)
  })

  it.each([
    ['{', 'PARSE_ERROR'],
    [{ context: { fleet: 'wep' } }, 'INVALID_CONTEXT'],
  ])('of %j is 400 %s', async (body, errorCode) => {
    const answer = await post('', body)
    expect(answer).toMatchObject({ status: 400, body: { errorCode } })
    expect(answer.body).not.toHaveProperty('key')
  })
})
