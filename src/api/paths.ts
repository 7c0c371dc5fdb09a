/**
 * Which methods each path takes, so that a known path asked with another method answers 405 and not 404.
 *
 * Example: after `GET /v1/fleets/:fleet` was added, `allowedOn('/v1/fleets/web')` is `['GET', 'HEAD']`.
 */
export interface Paths {
  add(url: string, methods: string | readonly string[]): void
  allowedOn(path: string): readonly string[]
}

export function createPaths(): Paths {
  const known = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>()
  return {
    add(url, methods) {
      const path = known.get(url) ?? { pattern: patternOf(url), methods: new Set() }
      for (const method of typeof methods === 'string' ? [methods] : methods) path.methods.add(method)
      known.set(url, path)
    },
    allowedOn(path) {
      const methods = [...known.values()].filter(({ pattern }) => pattern.test(path))
      return [...new Set(methods.flatMap(known => [...known.methods]))].sort()
    },
  }
}

function patternOf(url: string): RegExp {
  const parts = url
    .split('/')
    .map(part => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
  return new RegExp(`^${parts.join('/')}$`)
}
