/**
 * Who listens where: refuses two on one port, and an API open to others without a token.
 *
 * Example: the API on 127.0.0.1:7070 and a proxy on 0.0.0.0:7070 would collide; 127.0.0.1:7070 and 127.0.0.2:7070 do not.
 */
import { CODES } from './codes.ts'
import type { Check } from './plugin-name.ts'
import type { Path } from './problem.ts'
import { isLoopback } from './values.ts'

export interface Listening {
  readonly host: string
  readonly port: number
  readonly path: Path
  /** In words, e.g. `the API`. */
  readonly owner: string
  /** It has no token and so may be reached from this machine only. */
  readonly needsToken: boolean
}

export function checkListening(check: Check, listening: readonly Listening[]): void {
  for (const [index, one] of listening.entries()) {
    if (one.needsToken && !isLoopback(one.host)) {
      check.report({
        code: CODES.openListen,
        message: `${one.owner} would be open to other machines without a token`,
        hint: 'add token: "${env:PLIMSOLL_TOKEN}" and set that variable (openssl rand -hex 16), or listen on 127.0.0.1',
        path: one.path,
      })
    }
    const other = listening.slice(0, index).find(earlier => collide(earlier, one))
    if (other === undefined) continue
    check.report({
      code: CODES.portConflict,
      message: `port ${one.port} is already taken by ${other.owner}`,
      hint: 'give each its own port',
      path: one.path,
    })
  }
}

function collide(one: Listening, other: Listening): boolean {
  // Port 0 is a free port of the operating system's choice, another one each time.
  if (one.port !== other.port || one.port === 0) return false
  const [a, b] = [plain(one.host), plain(other.host)]
  return a === b || isEverywhere(a) || isEverywhere(b)
}

function plain(host: string): string {
  return host === 'localhost' ? '127.0.0.1' : host.toLowerCase()
}

function isEverywhere(host: string): boolean {
  return host === '0.0.0.0' || /^[0:]+$/.test(host)
}
