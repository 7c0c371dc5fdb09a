/**
 * Which source, target or router is meant: a built-in one, or one that a host program has registered.
 *
 * Example: `source: proces` is PLM-118 at that word, "did you mean process?".
 */
import { CODES } from './codes.ts'
import { nearest } from './expression/nearest.ts'
import type { Path } from './problem.ts'
import type { Extensions } from './schema-plugins.ts'
import { type Reading, shown } from './shape.ts'

/** What every check works with. */
export interface Check extends Reading {
  readonly extensions: Extensions
}

/** The name of a source, target or router when it is a known one; reports it otherwise. */
export function checkPluginName(
  check: Check,
  what: 'source' | 'target' | 'router' | 'notifier' | 'action',
  raw: unknown,
  known: readonly string[],
  path: Path,
): string | null {
  if (typeof raw === 'string' && known.includes(raw)) return raw
  const allowed = `known: ${known.join(', ')}`
  if (raw === undefined) {
    check.report({
      code: CODES.missing,
      message: `a ${what} must say which it is: ${JSON.stringify(path.at(-1))} is missing`,
      hint: allowed,
      path,
    })
    return null
  }
  const near = typeof raw === 'string' ? nearest(raw, known) : null
  const others = what === 'notifier' || what === 'action' ? '' : '; a host program may register others'
  check.report({
    code: CODES.unknownPlugin,
    message: `there is no ${what} ${shown(check, raw, path)}`,
    hint: near === null ? `${allowed}${others}` : `did you mean ${near}?`,
    path,
  })
  return null
}
