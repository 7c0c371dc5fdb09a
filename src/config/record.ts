/**
 * Mappings of the specification: by name, in the order of the file.
 *
 * Example: `record([['web', 1]]).constructor` is undefined.
 */

export function entriesOf<T>(object: Readonly<Record<string, T>>): readonly [string, T][] {
  return Object.entries(object)
}

/** Without a prototype, so that no name finds what nobody configured. */
export function record<T>(entries: readonly (readonly [string, T])[]): Readonly<Record<string, T>> {
  const result: Record<string, T> = Object.create(null)
  for (const [name, value] of entries) result[name] = value
  return result
}
