/**
 * The page: static files of the built dashboard, or, when it is not built, one that says how to build it.
 *
 * Example: `GET /` is `dist/dashboard/index.html`; its scripts under `/assets/` carry their hash in the name and
 * may be kept for a year.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import { PAGE_NOT_BUILT } from '../failure.ts'
import type { App } from '../route.ts'

/** From src/api/routes and from dist/api/routes alike. */
export const BUILT_PAGE = join(import.meta.dirname, '..', '..', '..', 'dist', 'dashboard')

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Plimsoll</title>
<h1>The page is not built</h1>
<p>The API works: see <a href="/openapi.json">/openapi.json</a>. To build the page, run
<code>npm run build</code> in the folder of Plimsoll and start it again. (${PAGE_NOT_BUILT})</p></html>`

export async function pageRoutes(app: App, root: string): Promise<void> {
  if (!existsSync(join(root, 'index.html'))) {
    app.get('/', { schema: { hide: true } }, (_request, reply) =>
      reply.code(503).type('text/html; charset=utf-8').send(NOT_BUILT),
    )
    return
  }
  await app.register(fastifyStatic, {
    root,
    wildcard: false,
    dotfiles: 'ignore',
    cacheControl: false,
    setHeaders: (reply, path) => {
      const forever = path.includes('/assets/')
      void reply.header('cache-control', forever ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
}
