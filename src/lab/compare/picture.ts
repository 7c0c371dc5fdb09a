/**
 * A comparison as a picture: the two counts, where they differ, and below it when the rules asked for more than there was, and when
 * each KPI was red.
 *
 * Example: of a fleet with one KPI there are two strips, `short` and the KPI's name.
 */
import type { Interval } from '../../model/time.ts'
import { type ComparisonStrip, drawComparison } from '../../pictures/comparison.ts'
import type { Run } from '../../pictures/runs.ts'
import type { Comparison } from './comparison.ts'
import type { Sighting } from './sighting.ts'
import { isCompared, type Span } from './spans.ts'
import { percentText, saysOf, subtitleOf, titleOf } from './words.ts'

/** An SVG document. */
export function svgComparison(comparison: Comparison, timeZone: string): string {
  const { spans, window, disagreements } = comparison
  const compared = spans.filter(({ kind }) => isCompared(kind))
  return drawComparison({
    title: titleOf(comparison),
    subtitle: subtitleOf(comparison, timeZone),
    timeZone,
    window,
    theirs: runs(spans, ({ theirs }) => theirs),
    ours: runs(compared, ({ ours }) => ours),
    lowest: runs(compared, ({ lowest }) => lowest),
    highest: runs(compared, ({ highest }) => highest),
    apart: joined(spans, ({ kind }) => !isCompared(kind)),
    strips: stripsOf(comparison, compared),
    marks: [...disagreements]
      .sort((a, b) => b.to - b.from - (a.to - a.from))
      .map(one => ({ from: one.from, to: one.to, says: saysOf(one, timeZone) })),
  })
}

function stripsOf(
  { spans, kpis, short, comparedMs }: Comparison,
  compared: readonly Span[],
): readonly ComparisonStrip[] {
  const share = (ms: number): string => percentText(comparedMs === 0 ? 0 : ms / comparedMs)
  return [
    {
      label: 'short',
      intervals: joined(compared, ({ sighting }) => sighting?.asked === 'grow'),
      total: share(short.ms),
    },
    ...kpis.map(({ kpi, ms }) => ({
      label: kpi,
      intervals: joined(spans, ({ sighting }) => sighting?.kpis[kpi] === 'red'),
      total: share(ms.same.red + ms.more.red + ms.fewer.red),
    })),
  ]
}

/** One value after the other; those that touch and are alike are one. */
function runs(spans: readonly Span[], pick: (sighting: Sighting) => number | null): readonly Run[] {
  const found: { from: number; to: number; value: number }[] = []
  for (const { from, to, sighting } of spans) {
    const value = sighting === null ? null : pick(sighting)
    if (value === null) continue
    const last = found.at(-1)
    if (last?.to === from && last.value === value) last.to = to
    else found.push({ from, to, value })
  }
  return found
}

function joined(spans: readonly Span[], wanted: (span: Span) => boolean): readonly Interval[] {
  const found: { from: number; to: number }[] = []
  for (const span of spans) {
    if (!wanted(span)) continue
    const last = found.at(-1)
    if (last?.to === span.from) last.to = span.to
    else found.push({ from: span.from, to: span.to })
  }
  return found
}
