/**
 * Addresses of this machine: the loads of the demonstration send nothing anywhere else.
 *
 * Example: `loopbackUrl('http://127.0.0.1:8080')` is that URL; `http://10.0.0.7:8080` is PLM-343.
 */
import { PluginError } from '../ports/plugin.ts'

/** Throws `PluginError('misconfigured')` for an address that is not of this machine, or not plain http. */
export function loopbackUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  const host = url?.hostname ?? ''
  const isLoopback = host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
  if (url !== null && isLoopback && url.protocol === 'http:') return url
  throw new PluginError(
    'misconfigured',
    `PLM-343 The demo load was told to send requests to ${text}. It sends them to this machine only, over http: ` +
      'give the proxy an address such as 127.0.0.1:8080.',
  )
}
