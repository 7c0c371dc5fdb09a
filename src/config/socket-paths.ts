/**
 * Sockets that a router speaks to are found from the configuration file's folder, like any other relative path, wherever
 * Plimsoll was started.
 *
 * Example: in `/srv/shop/plimsoll.yaml`, `socket: ./admin.sock` is `/srv/shop/admin.sock`; `127.0.0.1:9999` stays.
 */
import { resolve } from 'node:path'
import type { PluginRef } from '../model/spec.ts'

const SOCKETS: Readonly<Record<string, readonly string[]>> = { haproxy: ['socket', 'masterSocket'] }
const HOST_AND_PORT = /^(?:\[[^\]]+\]|[^/:]+):\d+$/

/** @param folder `null` leaves them as they are */
export function withSocketPaths({ type, options }: PluginRef, folder: string | null): PluginRef {
  if (folder === null || !Object.hasOwn(SOCKETS, type)) return { type, options }
  const paths = (SOCKETS[type] ?? []).flatMap(key => {
    const socket = options[key]
    const isPath = typeof socket === 'string' && !HOST_AND_PORT.test(socket)
    return isPath ? [[key, resolve(folder, socket)] as const] : []
  })
  return { type, options: { ...options, ...Object.fromEntries(paths) } }
}
