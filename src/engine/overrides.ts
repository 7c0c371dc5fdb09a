/**
 * The specification with what operators changed at run time: what `decide` goes by. Pure; the same specification and
 * overrides give the same object, so that what was compiled for it is found again.
 *
 * Example: bounds 2..5 and `set-capacity 12` by ada: the constraint `set-capacity (ada)`, 12..12, ranked above all
 * others, until it ends.
 */
import type { Step } from '../model/decision.ts'
import { isInForce, type Override, type OverrideChange } from '../model/override.ts'
import type { ConstraintRule, FleetSpec } from '../model/spec.ts'
import type { EpochMs } from '../model/time.ts'

interface Applied {
  readonly spec: FleetSpec
  /** The same overrides are in force from the first to before the second. */
  readonly from: EpochMs
  readonly to: EpochMs
}

const known = new WeakMap<FleetSpec, WeakMap<readonly Override[], Applied>>()

export function applyOverrides(spec: FleetSpec, overrides: readonly Override[], at: EpochMs): FleetSpec {
  if (overrides.length === 0) return spec
  const ofSpec = known.get(spec) ?? new WeakMap<readonly Override[], Applied>()
  known.set(spec, ofSpec)
  const before = ofSpec.get(overrides)
  if (before !== undefined && before.from <= at && at < before.to) return before.spec
  const applied = applyAnew(spec, overrides, at)
  ofSpec.set(overrides, applied)
  return applied.spec
}

/** The pause in force, if there is one. */
export function pauseOf(overrides: readonly Override[], at: EpochMs): Override | null {
  return overrides.find(override => override.change.kind === 'pause' && isInForce(override, at)) ?? null
}

/** The count an operator ordered, while it stands. */
export function orderOf(overrides: readonly Override[], at: EpochMs): Override | null {
  return overrides.find(override => override.change.kind === 'capacity' && isInForce(override, at)) ?? null
}

/** One step for each override in force, so that a decision tells what it owes to a person. */
export function overrideSteps(overrides: readonly Override[], at: EpochMs): Step[] {
  const steps: Step[] = []
  for (const override of overrides) {
    if (!isInForce(override, at)) continue
    const { who, why, until, change } = override
    steps.push({ stage: 'overrides', outcome: 'in-force', who, why, until, change })
  }
  return steps
}

function applyAnew(spec: FleetSpec, overrides: readonly Override[], at: EpochMs): Applied {
  let from = Number.NEGATIVE_INFINITY
  let to = Number.POSITIVE_INFINITY
  let changed = spec
  for (const override of overrides) {
    if (isInForce(override, at)) {
      to = Math.min(to, override.until ?? to)
      changed = withChange(changed, override.change, override)
    } else {
      from = Math.max(from, override.until ?? from)
    }
  }
  return { spec: changed, from, to }
}

function withChange(spec: FleetSpec, change: OverrideChange, override: Override): FleetSpec {
  switch (change.kind) {
    case 'pause':
    case 'instance':
    case 'unfreeze':
      // Not a matter of the specification: `decide` holds the count, and `plan` heeds the others.
      return spec
    case 'mode':
      return { ...spec, mode: change.mode }
    case 'capacity':
      return { ...spec, constraints: [...spec.constraints, setCapacity(spec, change.count, override)] }
    case 'rule-enabled':
      return withRule(spec, change.rule, { enabled: change.enabled })
    case 'rule-rank':
      return withRule(spec, change.rule, { rank: change.rank })
  }
}

function setCapacity({ constraints }: FleetSpec, count: number, { who, until }: Override): ConstraintRule {
  const rank = constraints.reduce((highest, constraint) => Math.max(highest, constraint.rank), 0) + 1
  return {
    name: `set-capacity (${who})`,
    rank,
    enabled: true,
    min: count,
    max: count,
    default: count,
    schedule: null,
    until,
  }
}

/** A rule that is no longer in the file is nobody's to change. */
function withRule(
  spec: FleetSpec,
  name: string,
  change: { readonly enabled: boolean } | { readonly rank: number },
): FleetSpec {
  return {
    ...spec,
    rules: spec.rules.map(rule => (rule.name === name ? { ...rule, ...change } : rule)),
  }
}
