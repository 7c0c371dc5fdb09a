/**
 * What a Prometheus answers to a range query, and what its series are called as columns.
 *
 * Example: two series `{job="web",instance="a"}` and `{job="web",instance="b"}` are the columns `{instance="a"}` and `{instance="b"}`.
 */
import { z } from 'zod'

export const Answer = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('matrix'),
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        values: z.array(z.tuple([z.number(), z.string()])),
      }),
    ),
  }),
})
export type Answer = z.infer<typeof Answer>

/** Why there is no answer. */
export const Refusal = z.object({ error: z.string() })

export type Labels = Readonly<Record<string, string>>

/** Series by what tells them apart: `{instance="a"}`; a single one by its name, or `value`. */
export function titled<Values>(
  series: readonly { readonly labels: Labels; readonly values: Values }[],
): ReadonlyMap<string, Values> {
  const [first] = series
  if (series.length === 1 && first !== undefined)
    return new Map([[first.labels.__name__ ?? 'value', first.values]])
  const names = [...new Set(series.flatMap(({ labels }) => Object.keys(labels)))].sort()
  const telling = names.filter(name => new Set(series.map(({ labels }) => labels[name])).size > 1)
  return new Map(
    series.map(({ labels, values }) => {
      const shown = telling.filter(name => name !== '__name__' && labels[name] !== undefined)
      const label = shown.length === 0 ? '' : `{${shown.map(name => `${name}="${labels[name]}"`).join(',')}}`
      return [`${telling.includes('__name__') ? (labels.__name__ ?? '') : ''}${label}`, values]
    }),
  )
}
