/**
 * What our servers are called inside HAProxy, and the number each has there. Both say which incarnation it is: HAProxy
 * keeps stick entries by name and by number, and those of a dead instance must never lead to the next one.
 *
 * Example: fleet `rooms`, instance `web/3`, incarnation `2026-11-21T12:00`: `rooms:web_2f3:7c1d09be52`, number
 * 1,043,906,117; the same after a restart of ours or a reload of HAProxy, since both are made from the text alone.
 */
import { createHash } from 'node:crypto'
import type { RoutedInstance } from '../../../ports/session-router.ts'

/** HAProxy numbers static servers from 1 on; we stay away from there. */
const FIRST_NUMBER = 1_048_576
const LAST_NUMBER = 2_147_483_647

/** Letters, digits, dots and hyphens stay; anything else becomes `_` and two hexadecimal digits for each byte. */
export function encodeName(text: string): string {
  return [...Buffer.from(text)]
    .map(byte => {
      const character = String.fromCharCode(byte)
      return /[A-Za-z0-9.-]/.test(character) ? character : `_${byte.toString(16).padStart(2, '0')}`
    })
    .join('')
}

export function decodeName(encoded: string): string {
  const hex = encoded.replace(/_([0-9a-f]{2})|([^_])/g, (_, byte?: string, plain = '') => {
    return byte ?? plain.charCodeAt(0).toString(16)
  })
  return Buffer.from(hex, 'hex').toString()
}

export class Names {
  readonly prefix: string

  constructor(fleet: string, prefix: string | null) {
    this.prefix = prefix ?? `${encodeName(fleet)}:`
  }

  nameOf({ id, incarnation }: Pick<RoutedInstance, 'id' | 'incarnation'>): string {
    const which = incarnation === null ? '' : `:${digest(incarnation).toString('hex').slice(0, 10)}`
    return `${this.prefix}${encodeName(id)}${which}`
  }

  isOurs(server: string): boolean {
    return server.startsWith(this.prefix)
  }

  /** Of one of our servers: what is the same for all incarnations of an instance. */
  instancePart(server: string): string {
    return server.slice(this.prefix.length).split(':')[0] ?? ''
  }

  instanceOf(server: string): string {
    return decodeName(this.instancePart(server))
  }
}

/** `attempt` counts from 0: another number where the one before is taken. */
export function numberOf(server: string, attempt: number): number {
  const number = digest(`${server}\n${attempt}`).readUInt32BE(0)
  return FIRST_NUMBER + (number % (LAST_NUMBER - FIRST_NUMBER))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
