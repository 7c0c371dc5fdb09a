/**
 * Which readings tell of one instance's load, so that they rise when fewer instances carry the same load.
 *
 * Example: `avg(cpu, 5m)` of a per-instance metric does: 60 % on 3 would be 90 % on 2. `rate(requests, 5m)` of
 * per-instance counters does not: it is what all of them grew by together.
 */
import type { Aggregate } from './expression.ts'
import type { MetricSpec } from './spec.ts'

export function isShare(
  aggregate: Aggregate,
  { kind, across, dividePerInstance }: Pick<MetricSpec, 'kind' | 'across' | 'dividePerInstance'>,
): boolean {
  // A relative change is the same for a share of it.
  if (aggregate === 'trend') return false
  if (dividePerInstance) return true
  if (kind !== 'perInstance' || aggregate === 'count') return false
  if (across !== null) return across !== 'sum' && across !== 'count'
  return aggregate !== 'sum' && aggregate !== 'rate' && aggregate !== 'increase'
}
