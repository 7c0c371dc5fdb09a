/**
 * What every key of the file carries for those who read about it: its meaning and an example, on top of its kind's.
 *
 * Example: `key(integer(1, 100), 'Most launches at one tick.', 10)`.
 */
import type { z } from 'zod'

export function key<T extends z.ZodType>(schema: T, description: string, ...examples: unknown[]): T {
  return schema.meta({
    ...schema.meta(),
    description,
    ...(examples.length > 0 ? { 'x-examples': examples } : {}),
  })
}
