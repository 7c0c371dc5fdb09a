/**
 * The sticky cookie: which instance a session is bound to and until when, signed, so that nobody can choose
 * an instance by writing a cookie. It exists so that a user's session stays on its instance without any table
 * shared between requests.
 *
 * Example: session `k3Jd0w2LzX9a` on web-1 until 12:30 is `d2ViLTE.k3Jd0w2LzX9a.tkv4l4.<43 characters of HMAC-SHA256>`
 * (instance in base64url, seconds since the epoch in base 36). Changing any character makes it no cookie at all.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { EpochMs } from '../../../model/time.ts'

export interface CookieOptions {
  readonly name: string
  readonly ttlMs: number
  /** `null`: random for each process; cookies then do not survive a restart of the proxy. */
  readonly secret: string | null
}

/** What a valid cookie says. */
export interface StickySession {
  readonly instance: string
  readonly session: string
  readonly expiresAt: EpochMs
}

/** Longer ones are not ours. */
const LONGEST_VALUE = 1024
/** A browser may send several of one name (other paths); more than this are not looked at. */
const MOST_CANDIDATES = 4
/** Cookies verified lately, so that a busy session costs one HMAC and not one per request. */
const MOST_VERIFIED = 10_000

export class StickyCookie {
  readonly #prefix: string
  readonly #attributes: string
  readonly #ttlMs: number
  readonly #key: Buffer
  readonly #verified = new Map<string, StickySession>()

  /** The fleet's name goes into the key: a cookie of one fleet says nothing to another with the same secret. */
  constructor(options: CookieOptions, fleet: string) {
    this.#prefix = `${options.name}=`
    this.#ttlMs = options.ttlMs
    this.#attributes = `; Path=/; HttpOnly; SameSite=Lax; Max-Age=${Math.ceil(options.ttlMs / 1000)}`
    this.#key = createHmac('sha256', options.secret ?? randomBytes(32))
      .update(`plimsoll sticky cookie 1 ${fleet}`)
      .digest()
  }

  newSession(): string {
    return randomBytes(9).toString('base64url')
  }

  /** The first valid, unexpired cookie in a `Cookie` header; anything forged, damaged or old is ignored. */
  read(header: string, now: EpochMs): StickySession | null {
    let from = 0
    for (let tried = 0; tried < MOST_CANDIDATES; tried++) {
      const at = header.indexOf(this.#prefix, from)
      if (at === -1) return null
      from = at + this.#prefix.length
      if (!startsCookie(header, at)) continue
      const end = header.indexOf(';', from)
      const session = this.#verify(header.slice(from, end === -1 ? header.length : end).trim())
      if (session !== null && session.expiresAt > now) return session
    }
    return null
  }

  /** The value of a `Set-Cookie` header. */
  issue(instance: string, session: string, now: EpochMs): string {
    const expires = Math.ceil((now + this.#ttlMs) / 1000).toString(36)
    const said = `${Buffer.from(instance).toString('base64url')}.${session}.${expires}`
    return `${this.#prefix}${said}.${this.#sign(said)}${this.#attributes}`
  }

  /** Past half its life: issue it anew, so that a user at work is never cut off. */
  isDueForRenewal(session: StickySession, now: EpochMs): boolean {
    return session.expiresAt - now < this.#ttlMs / 2
  }

  #verify(value: string): StickySession | null {
    const known = this.#verified.get(value)
    if (known !== undefined) return known
    if (value.length > LONGEST_VALUE) return null
    const parts = value.split('.')
    const [instance, session, expires, signature] = parts
    if (parts.length !== 4 || instance === undefined || session === undefined) return null
    if (expires === undefined || signature === undefined) return null
    const expected = Buffer.from(this.#sign(`${instance}.${session}.${expires}`))
    const given = Buffer.from(signature)
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null
    const verified: StickySession = {
      instance: Buffer.from(instance, 'base64url').toString(),
      session,
      expiresAt: Number.parseInt(expires, 36) * 1000,
    }
    this.#remember(value, verified)
    return verified
  }

  #remember(value: string, session: StickySession): void {
    if (this.#verified.size >= MOST_VERIFIED) {
      for (const oldest of this.#verified.keys()) {
        this.#verified.delete(oldest)
        break
      }
    }
    this.#verified.set(value, session)
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url')
  }
}

/** `plimsoll=` inside `otherplimsoll=` is not our cookie. */
function startsCookie(header: string, at: number): boolean {
  if (at === 0) return true
  const before = header[at - 1]
  return before === ' ' || before === ';' || before === '\t'
}
