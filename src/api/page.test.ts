/** The static page: its files, their headers, and what is said when they are not there. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createStandIn } from '../../test/builders/runtime.ts'
import { createApi } from './api.ts'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function serve(files: Record<string, string>, token: string | null = null): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'plimsoll-page-'))
  ends.push(() => rm(folder, { recursive: true }))
  const root = join(folder, 'dashboard')
  await mkdir(join(root, 'assets'), { recursive: true })
  await writeFile(join(folder, 'secret.txt'), 'secret')
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text)
  const api = await createApi(createStandIn(), { host: '127.0.0.1', port: 0, token, dashboardRoot: root })
  ends.push(() => api.close())
  return (await api.listen()).url
}

const BUILT = { 'index.html': '<!doctype html><title>Plimsoll</title>', 'assets/index-a1b2.js': 'export {}' }

describe('the page', () => {
  it('is served at /, looked at anew each time, its hashed files kept', async () => {
    const url = await serve(BUILT)
    const page = await fetch(`${url}/`)
    expect(await page.text()).toContain('<title>Plimsoll</title>')
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.headers.get('cache-control')).toBe('no-cache')
    const script = await fetch(`${url}/assets/index-a1b2.js`)
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(script.headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('is open without the token, since it holds nothing; all else is not', async () => {
    const url = await serve(BUILT, 'secret')
    expect((await fetch(`${url}/`)).status).toBe(200)
    expect((await fetch(`${url}/assets/index-a1b2.js`)).status).toBe(200)
    expect((await fetch(`${url}/v1/fleets`)).status).toBe(401)
    expect((await fetch(`${url}/assets/index-other.js`)).status).toBe(401)
  })

  it('never leaves its folder', async () => {
    const url = await serve(BUILT)
    for (const path of [
      '/..%2fsecret.txt',
      '/assets/..%2f..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '/secret.txt',
    ]) {
      const response = await fetch(url + path)
      expect(response.status).toBe(404)
      expect(await response.text()).not.toBe('secret')
    }
  })

  it('says how to build it when it is not built (PLM-468)', async () => {
    const response = await fetch(`${await serve({})}/`)
    expect(response.status).toBe(503)
    const text = await response.text()
    expect(text).toContain('npm run build')
    expect(text).toContain('PLM-468')
  })
})
