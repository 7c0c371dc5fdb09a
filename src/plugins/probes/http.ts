/**
 * Asks an instance over HTTP: GET of a path; a status from 200 to 299 is healthy, unless the body says otherwise.
 *
 * Example: `GET http://127.0.0.1:41231/healthz` answers 503: `{ state: 'unhealthy', detail: 'HTTP 503 from http://...' }`.
 */
import { get } from 'node:http'
import { get as getSecurely } from 'node:https'
import type { HealthProbe, ProbedInstance, ProbeVerdict } from '../../ports/health-probe.ts'
import { placeOf } from './address.ts'
import { failedToAsk, NO_ADDRESS, verdictOf } from './verdict.ts'

export interface HttpProbeOptions {
  readonly path: string
  /** `null`: that of the instance's address. */
  readonly port: number | null
}

const BODY_BYTES = 65_536

export function createHttpProbe({ path, port }: HttpProbeOptions): HealthProbe {
  return {
    async probe({ address }: ProbedInstance, signal: AbortSignal): Promise<ProbeVerdict> {
      const place = address === null ? null : placeOf(address, port)
      if (place === null) return NO_ADDRESS
      const url = new URL(path, place)
      try {
        const { status, body } = await ask(url, signal)
        return verdictOf(status >= 200 && status < 300, `HTTP ${status} from ${url.href}`, body)
      } catch (error) {
        return failedToAsk(`GET ${url.href}`, error, signal)
      }
    },
    check: async () => ({ ok: true, detail: `asks each instance with GET ${path}` }),
    close: async () => undefined,
  }
}

/** Each question has a connection of its own: a kept one would say nothing about whether new ones can be made. */
function ask(url: URL, signal: AbortSignal): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? getSecurely : get
    const asked = request(
      url,
      { agent: false, signal, headers: { accept: 'application/json, */*' } },
      response => {
        const status = response.statusCode ?? 0
        const parts: Buffer[] = []
        let bytes = 0
        const answer = (): void => resolve({ status, body: Buffer.concat(parts).toString('utf8') })
        response.on('data', (part: Buffer) => {
          bytes += part.length
          if (bytes <= BODY_BYTES) {
            parts.push(part)
            return
          }
          answer()
          response.destroy()
        })
        response.once('end', answer)
        response.on('error', reject)
      },
    )
    asked.on('error', reject)
  })
}
