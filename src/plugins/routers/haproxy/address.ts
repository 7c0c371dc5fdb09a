/**
 * The address of an instance as HAProxy takes it: an IP address and a port. Names are not resolved: HAProxy does not do
 * it for servers that are added while it runs.
 *
 * Example: `http://127.0.0.1:41231`, `127.0.0.1:41231` and `tcp://127.0.0.1:41231` are `{ host: '127.0.0.1', port: 41231 }`;
 * `http://web.example` is `null`.
 */
import { isIP } from 'node:net'

export interface Address {
  readonly host: string
  readonly port: number
}

const USUAL_PORTS: Readonly<Record<string, number>> = { http: 80, ws: 80, https: 443, wss: 443 }

export function readAddress(text: string): Address | null {
  const match = /^(?:([a-z]+):\/\/)?(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+))(?::(\d{1,5}))?\/?$/.exec(text.trim())
  const { 1: scheme = '', 2: six, 3: four = '', 4: written } = match ?? []
  const host = six ?? four
  const port = written === undefined ? USUAL_PORTS[scheme] : Number(written)
  if (isIP(host) === 0 || port === undefined || port < 1 || port > 65_535) return null
  return { host, port }
}

/** As `add server` takes it. */
export function formatAddress({ host, port }: Address): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
}
