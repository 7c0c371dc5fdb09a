/**
 * JSON Pointer (RFC 6901): finds one value in a document, or says how far it came.
 *
 * Example: in `{ "queues": [{ "length": 7 }] }`, `/queues/0/length` is 7; `/queues/1/length` is not there:
 * "there is no 1 in the list at /queues, which has 1 entry".
 */
export type Pointed =
  | { readonly found: true; readonly value: unknown }
  | { readonly found: false; readonly because: string }

const NAMES_SHOWN = 8

/** `''` is the whole document. */
export function resolvePointer(document: unknown, pointer: string): Pointed {
  if (pointer === '') return { found: true, value: document }
  if (!pointer.startsWith('/')) return missing(`the pointer "${pointer}" does not begin with /`)
  let value = document
  let place = ''
  for (const token of pointer.slice(1).split('/')) {
    const step = descend(value, nameOf(token), place)
    if (!step.found) return step
    value = step.value
    place += `/${token}`
  }
  return { found: true, value }
}

/** `~1` first, so that `~01` stays a tilde followed by a 1. */
function nameOf(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~')
}

function descend(value: unknown, name: string, place: string): Pointed {
  const where = place === '' ? 'the document' : place
  if (Array.isArray(value)) {
    const index = /^(0|[1-9]\d*)$/.test(name) ? Number(name) : -1
    if (index >= 0 && index < value.length) return { found: true, value: value[index] }
    const size = value.length === 1 ? '1 entry' : `${value.length} entries`
    return missing(`there is no ${JSON.stringify(name)} in the list at ${where}, which has ${size}`)
  }
  if (typeof value !== 'object' || value === null) {
    return missing(
      `there is no ${JSON.stringify(name)} in ${where}, which is ${value === null ? 'null' : `a ${typeof value}`}`,
    )
  }
  if (Object.hasOwn(value, name)) return { found: true, value: Reflect.get(value, name) }
  const names = Object.keys(value)
  const shown = names.slice(0, NAMES_SHOWN).map(key => JSON.stringify(key.slice(0, 40)))
  const more = names.length > NAMES_SHOWN ? ', ...' : ''
  const has = names.length === 0 ? 'is empty' : `has ${shown.join(', ')}${more}`
  return missing(`there is no ${JSON.stringify(name)} in ${where}, which ${has}`)
}

function missing(because: string): Pointed {
  return { found: false, because }
}
