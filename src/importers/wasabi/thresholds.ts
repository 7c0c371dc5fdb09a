/**
 * Rules that grow and shrink one target at thresholds that meet: there only the cooldown keeps them from swinging, and here
 * too. Of plain comparisons the loader warns by itself; this looks inside `all` and `any`.
 *
 * Example: "Busy" when any of (cpu > 70, queue > 500), "Calm" when cpu < 70: both meet at 70.
 */
import type { Condition, Term } from './conditions.ts'
import type { Reading } from './reading.ts'
import type { Reactive, Rules } from './rules-file.ts'

interface Threshold {
  readonly operand: string
  readonly side: 'above' | 'below'
  readonly value: number
}

interface Side {
  readonly rule: Reactive
  readonly thresholds: readonly Threshold[]
}

export function findMeetingThresholds(reading: Reading, { reactive }: Rules): void {
  const grow = new Map<string, Side[]>()
  const shrink = new Map<string, Side[]>()
  for (const rule of reactive) {
    if (rule.when === null || !rule.enabled) continue
    const thresholds = thresholdsOf(rule.when)
    for (const action of rule.actions) {
      if (action.kind !== 'scale') continue
      const sides = action.by.startsWith('-') ? shrink : grow
      sides.set(action.target, [...(sides.get(action.target) ?? []).slice(-MOST_RULES), { rule, thresholds }])
    }
  }
  for (const [target, downs] of shrink) {
    for (const down of downs) {
      const up = (grow.get(target) ?? []).find(side => meet(side, down))
      if (up === undefined) continue
      const message = `"${up.rule.name}" and "${down.rule.name}" of "${target}" have thresholds that meet: only the cooldown keeps them apart`
      reading.find('ambiguous', down.rule.place, message)
    }
  }
}

/** Of one target; more are nobody's. */
const MOST_RULES = 100

function meet(up: Side, down: Side): boolean {
  // The loader's own warning.
  if (up.rule.when?.kind === 'compare' && down.rule.when?.kind === 'compare') return false
  return up.thresholds.some(one =>
    down.thresholds.some(
      other => one.operand === other.operand && one.side !== other.side && one.value === other.value,
    ),
  )
}

function thresholdsOf(condition: Condition): Threshold[] {
  switch (condition.kind) {
    case 'compare': {
      const { operator, left, right } = condition
      if (operator === '==') return []
      const isAbove = operator.startsWith('>')
      return [...ofSides(left, right, isAbove), ...ofSides(right, left, !isAbove)]
    }
    case 'all':
    case 'any':
      return condition.conditions.flatMap(thresholdsOf)
    case 'not':
      return thresholdsOf(condition.condition).map(threshold => ({
        ...threshold,
        side: threshold.side === 'above' ? 'below' : 'above',
      }))
    case 'strange':
      return []
  }
}

function ofSides(operand: readonly Term[], number: readonly Term[], isAbove: boolean): Threshold[] {
  const [measured] = operand
  const [bound] = number
  if (operand.length !== 1 || number.length !== 1) return []
  if (measured?.kind !== 'operand' || bound?.kind !== 'number') return []
  return [{ operand: measured.operand.alias, side: isAbove ? 'above' : 'below', value: Number(bound.text) }]
}
