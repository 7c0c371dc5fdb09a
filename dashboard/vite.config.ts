/**
 * Builds the page into the package: `vite build dashboard` writes `dist/dashboard`, which the API serves at `/`.
 * Everything comes from this package, so a policy of "self only" holds. `vite dashboard` serves it live, passing
 * calls of the API on to 127.0.0.1:7070.
 */
import { defineConfig } from 'vite'

const API = 'http://127.0.0.1:7070'

export default defineConfig({
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/dashboard',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { host: '127.0.0.1', proxy: { '/v1': API, '/openapi.json': API, '/metrics': API } },
})
