/**
 * The commands that change HAProxy, each with what it answers when it agrees.
 *
 * Example: `addServer('rooms', wish, 0, options)` says `add server rooms/rooms:web-3 10.0.0.7:8080 check inter 2000 rise 1 fall 3 id 104390611`
 * and expects `New server registered.`
 */
import { type Address, formatAddress } from './address.ts'
import { numberOf } from './names.ts'
import type { CheckOptions } from './options.ts'

export interface Command {
  readonly line: string
  readonly agreed: RegExp
}

const SILENCE = /^\s*$/
/** Somebody was quicker; what matters is the state it is put into afterwards. */
const ADDED = /New server registered|Already exists a server with the same name/
export const NUMBER_TAKEN = /custom id \d+ already used/

export interface ServerSettings {
  readonly check: CheckOptions | null
  readonly serverOptions?: string | null
}

export function addServer(
  backend: string,
  { name, address }: { readonly name: string; readonly address: Address },
  attempt: number,
  { check, serverOptions = null }: ServerSettings,
): Command {
  const words = [`add server ${backend}/${name} ${formatAddress(address)}`]
  if (check !== null) {
    words.push(`check inter ${check.everyMs} rise ${check.rise} fall ${check.fall}`)
    if (check.port !== null) words.push(`port ${check.port}`)
  }
  if (serverOptions !== null) words.push(serverOptions)
  words.push(`id ${numberOf(name, attempt)}`)
  return { line: words.join(' '), agreed: ADDED }
}

export function enableHealth(backend: string, name: string): Command {
  return { line: `enable health ${backend}/${name}`, agreed: SILENCE }
}

export function setState(backend: string, name: string, state: 'ready' | 'drain' | 'maint'): Command {
  return { line: `set server ${backend}/${name} state ${state}`, agreed: SILENCE }
}

export function setAddress(backend: string, name: string, { host, port }: Address): Command {
  const line = `set server ${backend}/${name} addr ${host} port ${port}`
  return { line, agreed: /changed from|no need to change/i }
}

/** On 2.6 a server that is added later has no cookie until the key is given again. */
export function setCookieKey(backend: string, key: string): Command {
  const escaped = key.replace(/[\\ ;]/g, character => `\\${character}`)
  return { line: `set dynamic-cookie-key backend ${backend} ${escaped}`, agreed: SILENCE }
}

/** Cuts what a dead instance still seems to hold. */
export function cutSessions(backend: string, name: string): Command {
  return { line: `shutdown sessions server ${backend}/${name}`, agreed: SILENCE }
}

export function deleteServer(backend: string, name: string): Command {
  return { line: `del server ${backend}/${name}`, agreed: /Server deleted/ }
}
