/**
 * A metric's options as its source understands them. The configuration checked them once; a host program that builds
 * its own may be wrong, and then only the metrics concerned are gaps.
 *
 * Example: `timeoutMs: "5s"` is a gap: "PLM-366 metric "orders" has options its source cannot use: ... timeoutMs".
 */
import { z } from 'zod'
import type { MetricSpec } from '../../model/spec.ts'
import { PluginError } from '../../ports/plugin.ts'

export function optionsOf<T>(schema: z.ZodType<T>, { name, options }: MetricSpec): T {
  const parsed = schema.safeParse(options)
  if (parsed.success) return parsed.data
  const problems = z.prettifyError(parsed.error).replaceAll(/\s+/g, ' ')
  throw new PluginError(
    'misconfigured',
    `PLM-366 metric "${name}" has options its source cannot use: ${problems}`,
  )
}
