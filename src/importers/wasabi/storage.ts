/**
 * Storage accounts of the service information as the ways in that our sources know. What is secret in a connection string stays
 * behind; the name of the account and its cloud are no secret.
 *
 * Example: `DefaultEndpointsProtocol=https;AccountName=shopdiag;AccountKey=...` becomes `account: shopdiag`, to which one signs in;
 * one with endpoints of its own becomes `connection: "${env:STORAGE_DIAG}"`, and that variable is to hold it.
 */
import { yamlText } from '../draft.ts'
import type { SourcePlace } from '../import-error.ts'

export type StorageWay =
  | { readonly kind: 'name'; readonly account: string; readonly cloud: string | null }
  | { readonly kind: 'emulator' }
  | { readonly kind: 'secret'; readonly variable: string }
  | { readonly kind: 'none' }

export interface StorageAccount {
  readonly place: SourcePlace
  readonly alias: string
  readonly way: StorageWay
}

/** What a queue of the rules is at home. */
export interface StoredQueue {
  readonly name: string
  /** Alias of its account. */
  readonly account: string
}

/** By the ending of addresses. */
const CLOUDS: Readonly<Record<string, string | null>> = {
  'core.windows.net': null,
  'core.chinacloudapi.cn': 'china',
  'core.usgovcloudapi.net': 'usGovernment',
}

/** @param taken names of variables that others have; it gets this one too */
export function wayOf(connection: string, alias: string, taken: Set<string>): StorageWay {
  if (/^\s*UseDevelopmentStorage\s*=\s*true\s*;?\s*$/i.test(connection)) return { kind: 'emulator' }
  const parts = new Map(
    connection.split(';').map(part => {
      const [name = '', ...value] = part.split('=')
      return [name.trim().toLowerCase(), value.join('=').trim()]
    }),
  )
  const account = parts.get('accountname') ?? ''
  const suffix = (parts.get('endpointsuffix') ?? '').toLowerCase() || 'core.windows.net'
  const hasEndpoints = [...parts].some(([name, value]) => name.endsWith('endpoint') && value !== '')
  const cloud = Object.hasOwn(CLOUDS, suffix) ? CLOUDS[suffix] : undefined
  const isNamed = /^[a-z0-9]{3,24}$/.test(account)
  if (isNamed && !hasEndpoints && cloud !== undefined) return { kind: 'name', account, cloud }
  if (hasEndpoints || isNamed) return { kind: 'secret', variable: variableOf(alias, taken) }
  return { kind: 'none' }
}

/** What is said of what became of the connection string. */
export function wayText(way: StorageWay): string {
  switch (way.kind) {
    case 'name':
      return `its connection string is left behind; it is read as the account "${way.account}", which one signs in to: give the identity the roles Storage Queue Data Reader and Storage Table Data Reader, or give a secret by reference (connection) instead of the name`
    case 'emulator':
      return 'it is the emulator on the own machine, and read there'
    case 'secret':
      return `its connection string is left behind; put it into the environment variable ${way.variable}, where what reads its queues and tables looks for it`
    case 'none':
      return 'its connection string is left behind, and it names no account; give what reads its queues a secret by reference'
  }
}

/** As keys of a metric; `null` where nobody can tell. */
export function wayKeys(way: StorageWay): string | null {
  switch (way.kind) {
    case 'name':
      return `account: ${yamlText(way.account)}${way.cloud === null ? '' : `, cloud: ${way.cloud}`}`
    case 'emulator':
      return 'connection: "UseDevelopmentStorage=true"'
    case 'secret':
      return `connection: "\${env:${way.variable}}"`
    case 'none':
      return null
  }
}

/** As our source takes it. */
export function isQueueName(name: string): boolean {
  return /^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/.test(name)
}

const LONGEST_ALIAS = 40

function variableOf(alias: string, taken: Set<string>): string {
  const base = `STORAGE_${alias
    .slice(0, LONGEST_ALIAS)
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')}`
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? base : `${base}_${number}`
    if (taken.has(name)) continue
    taken.add(name)
    return name
  }
}
