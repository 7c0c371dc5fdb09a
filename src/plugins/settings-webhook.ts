/**
 * Tells an application its settings by HTTP: one POST of JSON per change, signed.
 *
 * Example: `POST https://shop.example.org/settings`, `X-Plimsoll-Id: web/settings/5`, `X-Plimsoll-Timestamp: 1795262400`,
 * `X-Plimsoll-Signature: sha256=...` (HMAC over `1795262400.BODY`) and the body `{"fleet":"web","version":5,"at":
 * "2026-11-21T12:00:00.000Z","settings":{"reports":false},"changed":[{"setting":"reports","from":true,"to":false,...}]}`.
 */
import type { SettingsWebhook } from '../model/spec.ts'
import type { Clock } from '../ports/clock.ts'
import type { SettingsMessage, SettingsReceiver } from '../ports/settings-receiver.ts'
import { createPoster } from './post.ts'

const DEADLINE_MS = 5_000

export function createSettingsWebhook({ url, secret }: SettingsWebhook, clock: Clock): SettingsReceiver {
  const poster = createPoster(clock)
  return {
    async send(message, signal) {
      const headers = { 'x-plimsoll-id': message.id }
      await poster.post({ url, body: bodyOf(message), headers, secret, timeoutMs: DEADLINE_MS }, signal)
    },
    check: signal => poster.check(url, signal),
    close: () => poster.close(),
  }
}

function bodyOf({ fleet, version, at, settings, changed }: SettingsMessage): string {
  return JSON.stringify({
    fleet,
    version,
    at: new Date(at).toISOString(),
    settings,
    changed: changed.map(change => ({ ...change, at: new Date(change.at).toISOString() })),
  })
}
