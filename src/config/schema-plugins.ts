/**
 * Plugins in the configuration: those that come with Plimsoll, each with its own keys, and those a host program has registered.
 *
 * Example: with `{ targets: ['acme'] }` a target `{ type: acme, anything: 7 }` is read as it is written; without, `acme` is no target.
 */
import { z } from 'zod'
import type { PluginRef } from '../model/spec.ts'

/** Names a host program has registered; what they are given is free-form and checked by the plugin itself. */
export interface Extensions {
  readonly sources?: readonly string[]
  readonly targets?: readonly string[]
  readonly routers?: readonly string[]
}

const NONE: Extensions = {}

/** Made once for each set of extensions: a schema costs more to make than to use. */
export function once<T>(make: (extensions: Extensions) => T): (extensions?: Extensions) => T {
  const made = new WeakMap<Extensions, T>()
  return (extensions = NONE) => {
    const earlier = made.get(extensions)
    if (earlier !== undefined) return earlier
    const schema = make(extensions)
    made.set(extensions, schema)
    return schema
  }
}

export function builtIn<N extends string, S extends z.ZodRawShape>(type: N, shape: S, description: string) {
  return z.strictObject({ type: z.literal(type).meta({ description, 'x-examples': [type] }), ...shape })
}
export function extension(type: string) {
  return z.looseObject({ type: z.literal(type) })
}

export function namesBeside(
  names: readonly string[] | undefined,
  taken: readonly string[],
): readonly string[] {
  return [...new Set(names)].filter(extra => !taken.includes(extra))
}

export function isOwn<T extends object>(object: T, property: PropertyKey): property is keyof T {
  return Object.hasOwn(object, property)
}

/**
 * A target or router as written (references replaced), once its schema accepts it. Whoever builds the plugin parses
 * the same options again with the same schema, and so has them typed and in code units.
 */
export function pluginRef(
  options: Readonly<Record<string, z.ZodType<Record<string, unknown>>>>,
  written: unknown,
): PluginRef {
  const { type, ...own } = z.looseObject({ type: z.string() }).parse(written)
  const schema = isOwn(options, type) ? options[type] : undefined
  schema?.parse(own)
  return { type, options: own }
}
