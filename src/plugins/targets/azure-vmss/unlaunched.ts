/**
 * What an order is answered that has no instance: why not, and whether it may yet come.
 *
 * Example: the capacity was raised, and nothing is listed within the wait: `{ ok: false, kind: 'unavailable', error: 'PLM-770 ...' }`, so that the same
 * order is asked again and nothing more is launched for it.
 */
import { PluginError, type PluginErrorKind } from '../../../ports/plugin.ts'
import type { LaunchResult } from '../../../ports/target.ts'

export type Failed = Extract<LaunchResult, { readonly ok: false }>

/** The capacity may be raised, or not. */
export class Unanswered extends PluginError {
  constructor({ message, cause }: PluginError) {
    super('unavailable', message, { cause })
  }
}

export function notYet(token: string): Failed {
  return {
    token,
    ok: false,
    kind: 'unavailable',
    error: `PLM-770 the capacity is raised for ${token}, or a deallocated instance is started for it, and it is not listed yet; it is asked again, and nothing more is launched for it.`,
  }
}

export function failures(
  tokens: readonly string[],
  kind: PluginErrorKind,
  { message }: PluginError,
): Map<string, Failed> {
  return new Map(tokens.map(token => [token, { token, ok: false, kind, error: message }]))
}
