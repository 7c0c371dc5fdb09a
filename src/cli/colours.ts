/**
 * Colours where a person reads, plain text everywhere else. NO_COLOR (any value) switches them off, FORCE_COLOR on.
 *
 * Example: `coloursFor(io).bold('web')` is `web` when the output goes to a file.
 */
import picocolors from 'picocolors'
import type { Io } from './io.ts'

export type Colours = ReturnType<typeof picocolors.createColors>

export function wantsColour({ env, isTerminal }: Pick<Io, 'env' | 'isTerminal'>): boolean {
  if (isSet(env.NO_COLOR)) return false
  if (isSet(env.FORCE_COLOR)) return env.FORCE_COLOR !== '0'
  return isTerminal && env.TERM !== 'dumb'
}

export function coloursFor(io: Pick<Io, 'env' | 'isTerminal'>): Colours {
  return picocolors.createColors(wantsColour(io))
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== ''
}
