/**
 * A TCP port on the loopback address that nothing listens on, and that no other instance of this daemon was given.
 *
 * Example: with `from: 41000` and 41000 taken by another program, `takePort(41000)` answers 41001; with `null`
 * the operating system chooses. Between the answer and the child's own bind another program may take it; the
 * child then reports EADDRINUSE and the instance tries the next port.
 */
import { createServer } from 'node:net'
import { PluginError } from '../../../ports/plugin.ts'

const TRIES = 1_000
/** Given out and not yet given back, across all fleets of this process. */
const given = new Set<number>()

/** Throws `PluginError('unavailable')` when no port is free. Give it back with `releasePort`. */
export async function takePort(from: number | null): Promise<number> {
  let seen = 'no port tried'
  for (let n = 0; n < TRIES; n += 1) {
    const wanted = from === null ? 0 : from + n
    if (wanted > 65_535) break
    if (given.has(wanted)) continue
    try {
      const port = await bindOnce(wanted)
      if (given.has(port)) continue
      given.add(port)
      return port
    } catch (error) {
      seen = error instanceof Error ? error.message : String(error)
    }
  }
  const where = from === null ? 'any port' : `ports ${from} to ${Math.min(from + TRIES - 1, 65_535)}`
  throw new PluginError(
    'unavailable',
    `PLM-306 no free port on 127.0.0.1 (tried ${where}; last: ${seen}). Free some, or set another portFrom.`,
  )
}

/** An instance that was there before us has it. */
export function holdPort(port: number): void {
  given.add(port)
}

export function releasePort(port: number): void {
  given.delete(port)
}

function bindOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address()
      const bound = typeof address === 'object' && address !== null ? address.port : port
      server.close(() => resolve(bound))
    })
  })
}
