/**
 * Where an instance is asked: its address as the target gives it, with another port where the operator said so.
 *
 * Example: `placeOf('http://127.0.0.1:41231', null)` is `http://127.0.0.1:41231/`; `placeOf('10.0.0.4', 8080)` is
 * `http://10.0.0.4:8080/`.
 */

/** `null`: it is no address. */
export function placeOf(address: string, port: number | null): URL | null {
  const text = address.includes('://') ? address : `http://${address}`
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  if (port !== null) url.port = String(port)
  return url
}

/** What to connect to; `null` where the address names no port and its scheme has none. */
export function endOf(url: URL): { readonly host: string; readonly port: number } | null {
  const usual = url.protocol === 'https:' ? 443 : url.protocol === 'http:' ? 80 : 0
  const port = url.port === '' ? usual : Number(url.port)
  // IPv6 addresses stand in brackets.
  return port === 0 ? null : { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port }
}
