/**
 * Options of notifiers and custom actions, parsed at the door of the plugin: a wrong one is said with its name and never
 * with its value, which may be a secret.
 *
 * Example: `parseOptions(webhookOptions, 'notifier "hook"', { url: 'ftp://x' })` throws `misconfigured`,
 * "PLM-388 notifier "hook" cannot be used: url: Invalid URL".
 */
import { z } from 'zod'
import { PluginError } from '../ports/plugin.ts'

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** Milliseconds, given as a number of them or in words such as `30s`. */
export const milliseconds = z.union([
  z.number().positive(),
  z
    .string()
    .regex(/^\d+(\.\d+)?(ms|s|m|h)$/)
    .transform(text => Number.parseFloat(text) * (UNITS[text.replace(/^[\d.]+/, '')] ?? 1)),
])

/** One word or several. */
export const oneOrMore = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
  .transform(given => (typeof given === 'string' ? [given] : given))

export const httpAddress = z.url({ protocol: /^https?$/ })

/** `timeout` as the file says it, `timeoutMs` as a program may; the latter wins. */
export const timeoutShape = { timeout: milliseconds.optional(), timeoutMs: milliseconds.optional() }

export function timeoutOf(
  given: { readonly timeout?: number | undefined; readonly timeoutMs?: number | undefined },
  otherwiseMs: number,
): number {
  return given.timeoutMs ?? given.timeout ?? otherwiseMs
}

/** @throws PluginError `misconfigured` */
export function parseOptions<T extends z.ZodType>(
  schema: T,
  what: string,
  options: Readonly<Record<string, unknown>>,
): z.output<T> {
  const parsed = schema.safeParse(options)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new PluginError('misconfigured', `PLM-388 ${what} cannot be used: ${problems.join('; ')}`)
}
